# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose the keeper is and what it may do, and that this is enough."""
import os
import shutil
import stat
import subprocess

import pytest

import house
import traffic
import wire
from daemon import AS_KEEPER, BINARY, HOOKS, PATIENCE, ROOT, Daemon, assert_exact
from test_exporter import status_of
from test_interfaces import wait_for, wait_for_hooks

KEEPER, EXPORTER = house.USERS["mezoura"], house.USERS["mezoura-exporter"]
DAC_OVERRIDE = 1 << 1
KEPT = 1 << 2 | 1 << 12 | 1 << 38 | 1 << 39  # DAC_READ_SEARCH, NET_ADMIN, PERFMON, BPF
# Runs the rest of its arguments on a system without users of ours.
UNKNOWN = """mount --bind "$0" /etc/passwd && exec "$@" """


def capabilities(daemon):
    """Of the keeper: those in effect. None is only permitted, and none can come back."""
    status = status_of(daemon.process.pid)
    assert status["NoNewPrivs"] == "1"
    assert all(int(status[name], 16) == 0 for name in ("CapInh", "CapAmb"))
    assert int(status["CapBnd"], 16) == 0 or daemon.by == AS_KEEPER
    assert status["CapPrm"] == status["CapEff"]
    return int(status["CapEff"], 16)


def ids(pid):
    status = status_of(pid)
    assert status["Uid"] == status["Gid"] and status["Groups"].strip() == ""
    return [int(uid) for uid in status["Uid"].split()]


def owners(*paths):
    return {os.lstat(path).st_uid for path in paths}


@pytest.mark.parametrize("hook", HOOKS)
def test_each_process_is_its_own_user_with_no_more_than_it_needs(home, hook):
    with Daemon(home.router, "--hook", hook) as daemon:
        assert capabilities(daemon) == KEPT
        assert ids(daemon.process.pid) == [KEEPER, KEEPER, EXPORTER, KEEPER]
        assert ids(daemon.exporter()) == [EXPORTER] * 4
        assert owners(daemon.pin, *(entry.path for entry in os.scandir(daemon.pin))) == {KEEPER}
        assert owners(daemon.textfile) == {KEEPER}


def test_it_may_be_started_by_another_than_root(home):
    with wire.Truth(home.clients) as truth:
        daemon = Daemon(home.router)
        daemon.by = AS_KEEPER
        with daemon:
            assert capabilities(daemon) == KEPT
            assert ids(daemon.process.pid) == ids(daemon.exporter()) == [KEEPER] * 4
            daemon.kill_exporter()
            traffic.ping(home.clients[0], house.INTERNET4)
            assert_exact(truth, daemon)


@pytest.mark.parametrize("hook", HOOKS)
def test_that_is_enough(home, hook):
    """For what comes after the start: devices, prefixes, names, room, another exporter."""
    client = home.clients[0]
    with wire.Truth(home.clients) as truth, Daemon(
            home.router, "--hook", hook, "--max-hosts", "64", "--idle", "1",
            track=("-i", "br-lan")) as daemon:
        home.router.ip("link set br-lan down")
        home.router.ip("link set br-lan up")
        home.router.ip("addr add 192.168.77.1/24 dev br-lan")
        daemon.configure("config host\n option name 'laptop'\n"
                         f" option mac '{client.eth0}'\n")
        os.chmod(daemon.dhcp, 0o600)
        daemon.kill_exporter()
        traffic.ping(client, house.INTERNET4)
        wait_for("the name", lambda: "laptop" in daemon.fresh_page().names().get(client.eth0.upper(), ()))
        assert_exact(truth, daemon)
        assert capabilities(daemon) == KEPT
        assert "cannot" not in daemon.said()


def test_a_low_limit_of_locked_memory_is_raised_while_it_may_be(home):
    """Before Linux 5.11 it is the limit of a program, too, which is loaded when there is a device."""
    router = home.router
    daemon = Daemon(router)
    daemon.by = ("prlimit", "--memlock=65536:65536")
    with wire.Truth(home.clients) as truth, daemon:
        assert daemon.stop() == 0
        router.ip("link set br-lan down\nlink set br-lan name other")
        daemon.launch()
        wait_for("a line", lambda: "br-lan is not there: waiting for it" in daemon.said())
        router.ip("link set other name br-lan\nlink set br-lan up")
        wait_for_hooks(home)
        traffic.ping(home.clients[0], house.INTERNET4)
        assert_exact(truth, daemon)


def test_root_s_own_pins_and_text_file_of_before_are_taken_over(home):
    """Those of a daemon that had no user of its own; the text file lies where all may write."""
    client = home.clients[0]
    with wire.Truth(home.clients) as truth:
        daemon = Daemon(home.router)
        os.chown(daemon.directory, 0, -1)
        os.chmod(daemon.directory, 0o1777)
        daemon.by = ("unshare", "-m", "sh", "-c", UNKNOWN, "/dev/null")
        with daemon:
            pins = [daemon.pin, *(entry.path for entry in os.scandir(daemon.pin))]
            assert owners(daemon.textfile, *pins) == {0}
            assert ids(daemon.process.pid) == [0, 0, 65534, 0]
            assert ids(daemon.exporter()) == [65534] * 4
            assert capabilities(daemon) == KEPT
            traffic.ping(client, house.INTERNET4)
            assert daemon.stop() == 0
            daemon.by = ()
            traffic.ping(client, house.INTERNET4)
            daemon.start()
            assert owners(daemon.textfile, *pins) == {KEEPER}
            assert capabilities(daemon) == KEPT
            last = os.stat(daemon.textfile).st_ino
            wait_for("the next text file", lambda: os.stat(daemon.textfile).st_ino != last)
            assert_exact(truth, daemon)


def test_the_directory_of_the_text_file_may_be_another_s(home):
    directory = house.scratch("collector")
    os.chmod(directory, 0o755)
    with Daemon(home.router, "--textfile", f"{directory}/mezoura.prom") as daemon:
        path = f"{directory}/mezoura.prom"
        assert capabilities(daemon) == KEPT | DAC_OVERRIDE
        assert (f"--textfile {path}: its directory is another user's: keeping CAP_DAC_OVERRIDE; "
                "chown the directory to the daemon's user to avoid that") in daemon.said()
        last = os.stat(path).st_ino
        wait_for("the next text file", lambda: os.stat(path).st_ino != last)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o644


def test_where_it_was_given_the_directory_or_a_right_to_it_it_needs_no_more(home):
    """Also of one that is root's, by an ACL or a group."""
    directory = house.scratch("collector")
    os.chown(directory, 0, KEEPER)
    os.chmod(directory, 0o775)
    with Daemon(home.router, "--textfile", f"{directory}/mezoura.prom") as daemon:
        assert capabilities(daemon) == KEPT
        assert os.path.exists(f"{directory}/mezoura.prom")


def test_something_in_the_way_of_the_text_file_is_no_reason_for_more_rights(home):
    """They would not help, and one who may put something there would have the daemon keep them."""
    directory = house.scratch("open")
    os.chmod(directory, 0o1777)
    os.mkdir(f"{directory}/mezoura.prom")
    os.chown(f"{directory}/mezoura.prom", 1234, 1234)
    with Daemon(home.router, "--textfile", f"{directory}/mezoura.prom") as daemon:
        assert capabilities(daemon) == KEPT
        assert "keeping CAP_DAC_OVERRIDE" not in daemon.said()


def test_the_program_may_lie_where_only_root_looks(home):
    directory = house.scratch("root")
    os.chmod(directory, 0o700)
    daemon = Daemon(home.router)
    daemon.binary = shutil.copy(daemon.binary, directory)
    with daemon:
        daemon.kill_exporter()


def test_its_socket_stays_in_a_directory_of_root_s_and_is_used_again(home):
    daemon = Daemon(home.router, "--socket", f"{house.scratch('run')}/socket")
    daemon.socket = daemon.options[-1]
    with daemon:
        assert daemon.stop() == 0
        assert os.path.exists(daemon.socket)
        home.router.run("sh", "-c", '"$@"; test $? = 3', "sh", daemon.binary, "status", "--socket",
                        daemon.socket, "--pin", daemon.pin)
        daemon.start()
        assert "counting on" in daemon.said()


def test_what_the_keeper_may_not_remove_itself_script_run_does(home, tmp_path):
    for name in ("script", "build", "open"):
        (tmp_path / name).mkdir()
    shutil.copy(os.path.join(ROOT, "script", "run"), tmp_path / "script")
    shutil.copy(BINARY, tmp_path / "build" / "mezoura")
    (tmp_path / "Makefile").write_text("all:\n")
    (tmp_path / "script" / "deps").write_text("#!/bin/sh\n")
    (tmp_path / "script" / "deps").chmod(0o755)
    pin = f"/sys/fs/bpf/mezoura-run-{os.getpid()}"
    socket, textfile = tmp_path / "socket", tmp_path / "open" / "metrics"
    state = f"{house.scratch('history')}/state"
    textfile.parent.chmod(0o1777)  # else the keeper keeps the right to write anywhere
    process = home.router.popen(tmp_path / "script" / "run", "-i", "br-lan", "--pin", pin,
                                "--socket", socket, "--textfile", textfile, "--state",
                                state if house.HISTORY else "-", stderr=subprocess.PIPE)
    wait_for("the text file", textfile.exists)
    assert socket.exists()
    assert (tmp_path / "socket.recent").exists() == house.HISTORY
    process.terminate()
    _, said = process.communicate(timeout=PATIENCE)
    assert f"mezoura: the kernel goes on counting: mezoura unload --pin {pin} ends that\n" in said
    assert said.splitlines()[-1] == "script/run: unloaded it: the kernel counts no more"
    assert not socket.exists() and not textfile.exists() and not os.path.exists(pin)
    assert not (tmp_path / "socket.recent").exists()
    assert os.path.exists(state) == house.HISTORY
