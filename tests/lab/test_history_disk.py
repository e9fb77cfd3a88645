# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that is full, gone, slow, or has something else where the history is to be: told, and in nobody's way."""
import contextlib
import os
import shutil
import signal
import sqlite3

import pytest

import history
import house
import traffic
import wire
from daemon import HOOKS, Daemon, assert_exact
from history import assert_complete, hasten, make_state, stored, troubles
from test_interfaces import take_away, wait_for_hooks
from test_room import settle, speak
from watch import Watch, wait_until

SOMEBODY = 1000


@contextlib.contextmanager
def disk(daemon, size="4m"):
    """A small one for its history, and what was mounted there goes."""
    make_state(daemon)
    options = f"size={size},mode=755,uid={house.USERS['mezoura']},gid={house.USERS['mezoura']}"
    house.check(house.libc.mount(b"lab", daemon.state.encode(), b"tmpfs", 0, options.encode()))
    try:
        yield
    finally:
        house.libc.umount2(daemon.state.encode(), house.MNT_DETACH)


def fill(directory):
    """Until there is no room for another byte."""
    with open(f"{directory}/ballast", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass


def wait_for_trouble(daemon, trouble):
    wait_until(lambda: trouble in troubles(daemon), daemon=daemon)


def wait_for_peace(daemon, trouble):
    wait_until(lambda: trouble not in troubles(daemon) and stored(daemon), daemon=daemon)


def written_again(daemon):
    """Until there was a commit that began after this call."""
    before = stored(daemon)
    wait_until(lambda: stored(daemon) != before, daemon=daemon)


def test_a_full_disk_gets_what_it_missed_once_it_has_room(home):
    settle(home)
    client = home.clients[0]
    daemon = Daemon(home.router, "--commit", "60", history=True)
    hasten(daemon)
    with wire.Truth(home.clients) as truth, disk(daemon, "400k"):
        fill(daemon.state)
        with daemon, Watch(daemon):
            speak(home, client, [client.v6], datagrams=200)
            wait_for_trouble(daemon, "disk_full")
            assert_exact(truth, daemon)
            daemon.await_pulls(2)
            os.unlink(f"{daemon.state}/ballast")
            wait_for_peace(daemon, "disk_full")
            speak(home, client, [client.v4])
            assert_exact(truth, daemon)
            assert_complete(daemon)


def test_a_disk_that_may_only_be_read(home):
    settle(home)
    client = home.clients[0]
    daemon = Daemon(home.router, "--commit", "60", history=True)
    hasten(daemon)
    with disk(daemon), wire.Truth(home.clients) as truth, daemon:
        speak(home, client, [client.v4])
        assert daemon.stop() == 0
        house.run("mount", "-o", "remount,ro", daemon.state)
        daemon.start()
        wait_for_trouble(daemon, "not_writable")
        speak(home, client, [client.v6])
        assert_exact(truth, daemon)
        house.run("mount", "-o", "remount,rw", daemon.state)
        wait_for_peace(daemon, "not_writable")
        assert_complete(daemon)


def test_a_directory_that_is_removed_and_made_anew(home):
    """What was written there is gone with it. What comes afterwards is kept."""
    settle(home)
    client = home.clients[0]
    daemon = Daemon(home.router, "--commit", "60", history=True)
    hasten(daemon)
    with wire.Truth(home.clients) as truth, daemon:
        speak(home, client, [client.v4])
        written_again(daemon)
        shutil.rmtree(daemon.state)
        wait_until(lambda: "no_directory" in troubles(daemon) or os.path.exists(f"{daemon.state}/history.db"),
                   daemon=daemon)
        assert_exact(truth, daemon)
        make_state(daemon)
        wait_until(lambda: os.path.exists(f"{daemon.state}/history.db"), daemon=daemon)
        wait_for_peace(daemon, "no_directory")
        before = history.total(history.ask(daemon, step="hour", by="total")["rows"])
        counted = history.in_total(history.counted(daemon.page_at_rest()))
        speak(home, client, [client.v6], datagrams=50)
        more = history.in_total(history.counted(daemon.page_at_rest()))
        wait_until(lambda: history.off(difference(more, counted), difference(
            history.total(history.ask(daemon, step="hour", by="total")["rows"]), before)) == ([0, 0], [0, 0]),
            daemon=daemon)
        assert_exact(truth, daemon)


def difference(more, less):
    return {key: tuple(a - b for a, b in zip(pair, less[key])) for key, pair in more.items()}


class Stall:
    """A file system for the history that answers nobody while it is stopped: see stalled.c."""

    def __init__(self, home, daemon):
        make_state(daemon)
        self.there, self.behind = daemon.state, f"{daemon.directory}/behind"
        os.mkdir(self.behind)
        os.chown(self.behind, house.USERS["mezoura"], house.USERS["mezoura"])
        self.server = home.router.popen(house.tool("stalled"), self.behind, self.there, stdout=-1)
        if self.server.stdout.readline() != "ready\n":
            self.server.wait()
            pytest.skip("no FUSE here")

    def __enter__(self):
        return self

    def stop(self):
        self.server.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.server.send_signal(signal.SIGCONT)

    def __exit__(self, *_):
        house.libc.umount2(self.there.encode(), house.MNT_DETACH)
        self.server.kill()
        self.server.wait()


def test_a_disk_that_stalls_delays_nobody_but_the_recorder(home):
    settle(home)
    client, hook = home.clients[0], HOOKS[0]
    daemon = Daemon(home.router, "--commit", "60", "--hook", hook, history=True)
    hasten(daemon)
    with Stall(home, daemon) as stall, wire.Truth(home.clients) as truth, daemon:
        speak(home, client, [client.v4])
        written_again(daemon)
        stall.stop()
        try:
            speak(home, client, [client.v6])
            daemon.await_pulls(3)  # in which it is to be written, too
            assert_exact(truth, daemon)
            take_away(daemon, hook)
            wait_for_hooks(home)
            speak(home, client, [client.v4])
            assert_exact(truth, daemon)
        finally:
            stall.go_on()
        assert_complete(daemon)


def test_a_daemon_ends_and_starts_while_the_disk_stalls(home):
    settle(home)
    client = home.clients[0]
    daemon = Daemon(home.router, "--commit", "60", history=True)
    hasten(daemon)
    with Stall(home, daemon) as stall, wire.Truth(home.clients) as truth, daemon:
        written_again(daemon)
        stall.stop()
        try:
            speak(home, client, [client.v6])
            daemon.await_pulls(2)
            assert daemon.stop() == 0
            daemon.start()
            assert_exact(truth, daemon)
        finally:
            stall.go_on()
        assert_complete(daemon)


def truncate(path):
    os.truncate(path, os.path.getsize(path) // 2 + 100)


def put_garbage(path):
    with open(path, "wb") as file:
        file.write(b"This is no database. " * 500)


def make_newer(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
        database.commit()


def put_directory(path):
    os.unlink(path)
    os.mkdir(path)


def put_link(path):
    os.rename(path, f"{path}.target")
    os.symlink(f"{path}.target", path)


def give_away(path):
    os.chown(path, SOMEBODY, SOMEBODY)
    os.chmod(path, 0o600)


CASES = {"truncated": (truncate, "damaged"), "garbage": (put_garbage, "damaged"), "newer": (make_newer, "newer"),
         "directory": (put_directory, None), "link": (put_link, None),
         "another's": (give_away, None)}  # None: any


@pytest.mark.parametrize("harm, trouble", CASES.values(), ids=CASES)
def test_what_is_in_the_way_of_the_history_is_told(home, harm, trouble):
    """A damaged file is put aside; all else stays as it is."""
    settle(home)
    client = home.clients[0]
    with wire.Truth(home.clients) as truth, Daemon(home.router, history=True) as daemon:
        speak(home, client, [client.v4])
        assert_complete(daemon)
        assert daemon.stop() == 0
        path = f"{daemon.state}/history.db"
        harm(path)
        before = look(path)
        daemon.start()
        wait_until(lambda: {trouble} & set(troubles(daemon)) if trouble else set(troubles(daemon)) - {"clock"},
                   daemon=daemon)
        assert path in daemon.said() or daemon.state in daemon.said()
        speak(home, client, [client.v6])
        assert_exact(truth, daemon)
        if trouble == "damaged":
            aside, = (name for name in os.listdir(daemon.state)
                      if name.startswith("history.db.damaged") and not name.endswith("-journal"))
            assert look(f"{daemon.state}/{aside}")[1:] == before[1:]
            daemon.stop()
            with contextlib.closing(sqlite3.connect(path)) as database:
                assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        else:
            daemon.stop()
            assert look(path) == before
        daemon.start()
        assert_exact(truth, daemon)


def look(path):
    """What is there, its owner, and the content of a file."""
    status = os.lstat(path)
    content = b""
    if not os.path.isdir(path):
        with open(path, "rb") as file:
            content = file.read()
    return os.path.islink(path), status.st_uid, content


def test_two_daemons_with_one_directory(build):
    """The second one says so, counts all the same, and has its turn once the first has ended."""
    homes = build(), build()
    for home in homes:
        settle(home)
    first, second = (Daemon(home.router, "--commit", "60", history=True) for home in homes)
    second.options += ["--state", first.state]
    for daemon in (first, second):
        hasten(daemon)
    with wire.Truth(homes[1].clients) as truth, first, contextlib.ExitStack() as stack:
        written_again(first)
        stack.enter_context(second)
        wait_for_trouble(second, "in_use")
        for home in homes:
            speak(home, home.clients[0], [home.clients[0].v4])
        traffic.ping(homes[1].clients[1], house.INTERNET6)
        assert_exact(truth, second)
        counts = assert_complete(first)
        first.stop()
        wait_for_peace(second, "in_use")
        assert_complete(second, counts)
        first.start()
