# SPDX-License-Identifier: GPL-2.0-or-later
"""The history has what was counted, to the byte, whatever is killed, restarted or taken away when."""
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

import history
import house
import traffic
import wire
from daemon import HOOKS, PATIENCE, Daemon, assert_exact
from forger import Forger
from history import assert_complete, counted, hasten
from test_interfaces import wait_for
from test_room import entries, is_empty, settle, speak
from watch import talk, wait_until

def keep_killing(daemon, seconds, chance, longest):
    """One of the three processes after the other, each at any time of its life up to the longest: how many were."""
    deadline, kills = time.monotonic() + seconds, 0
    while time.monotonic() < deadline:
        for who in ("recorder", "exporter", "recorder"):
            wait_for(who, lambda name=f"mezoura-{who}": daemon.child(name))
            time.sleep(chance.uniform(0, longest))
            with contextlib.suppress(ProcessLookupError, TypeError):  # it has just ended
                os.kill(daemon.child(f"mezoura-{who}"), signal.SIGKILL)
            kills += 1
        assert daemon.process.poll() is None, daemon.said()
        daemon.stop(signal.SIGKILL)
        kills += 1
        daemon.launch()
    return kills


@pytest.mark.parametrize("times, longest", [(1, 0.4), (300, 1.5)], ids=["plain", "hasty"])
def test_killed_all_the_time_under_traffic(home, times, longest):
    """Hasty: with a commit whenever the recorder looks, so that kills meet those, too."""
    settle(home)
    one, two = home.clients
    with wire.Truth(home.clients) as truth:
        daemon = Daemon(home.router, "--commit", "60", history=True)
        if times > 1:
            hasten(daemon, times)
        with daemon:
            with talk(one, home.internet, house.INTERNET4, pause=0.01), \
                    talk(two, home.internet, house.INTERNET6, pause=0.01):
                kills = keep_killing(daemon, 5, random.Random(times), longest)
            daemon.stop(signal.SIGKILL)
            daemon.start()
            assert_exact(truth, daemon)
            assert_complete(daemon)
            print(f"{kills} kills")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_goes_on_with_the_history(home, how):
    settle(home)
    one, two = home.clients
    with Daemon(home.router, history=True) as daemon:
        for client, address in ((one, one.v4), (two, two.v6), (one, one.v6)):
            speak(home, client, [address])
            if how == signal.SIGTERM or client is two:
                assert_complete(daemon)
            assert daemon.stop(how) == (0 if how == signal.SIGTERM else -9)
            speak(home, client, [client.v4], datagrams=7)  # that nobody looks at
            daemon.start()
        counts = assert_complete(daemon)
        assert {mac for _, mac, _ in counts} == {client.eth0 for client in home.clients}


def test_a_clean_end_leaves_all_in_the_directory(home):
    """Also where what is in memory is gone, as after a reboot."""
    settle(home)
    with Daemon(home.router, history=True) as daemon:
        speak(home, home.clients[0], [home.clients[0].v4])
        counts = assert_complete(daemon)
        assert daemon.stop() == 0
        shutil.rmtree(f"{daemon.socket}.recent")
        with sqlite3.connect(f"file:{daemon.state}/history.db?mode=ro", uri=True) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        daemon.start()
        assert assert_complete(daemon) == counts


def test_tables_that_begin_anew_add_to_the_history(home):
    """After an unload, counters begin at zero: what a daemon that ended had seen of them stays."""
    settle(home)
    client, gone = home.clients[0], {}
    with Daemon(home.router, history=True) as daemon:
        for again in (True, False):
            speak(home, client, [client.v4, client.v6])
            counts = assert_complete(daemon, gone)
            if again:
                assert daemon.stop() == 0
                assert daemon.unload().returncode == 0
                gone = counts
                daemon.start()
                assert sum(pair[0] for pair in counted(daemon.fresh_page()).values()) == 0
        assert sum(pair[0] for pair in counts.values()) > sum(
            pair[0] for pair in counted(daemon.fresh_page()).values())


@pytest.mark.skipif(house.KERNEL < (6, 1), reason="here a program has the time of its parent")
def test_reboots(home):
    """After a clean one all is there; after a power cut, what had been written."""
    settle(home)
    client, gone = home.clients[0], {}
    with history.Boots() as boots, Daemon(home.router, history=True) as daemon:
        for clean in (True, False):
            speak(home, client, [client.v4])
            counts = assert_complete(daemon, gone)
            if not clean:  # what was written last, and the kernel's counts go on
                daemon.stop()
                daemon.start()
                written = history.stored(daemon)
                speak(home, client, [client.v6])
                more = assert_complete(daemon, gone)
                if history.stored(daemon) != written:  # as at a full hour
                    counts = more
            boots.reboot(daemon, clean)
            gone = counts
            daemon.start()
            assert assert_complete(daemon, gone) == gone


def test_hosts_that_retire_and_return(home):
    settle(home)
    one, two = home.clients
    with Daemon(home.router, "--idle", "1", history=True) as daemon:
        for how in (None, signal.SIGKILL):
            speak(home, one, [one.v4, one.v6])
            speak(home, two, [two.v6])
            wait_until(lambda: is_empty(daemon), daemon=daemon)
            assert_complete(daemon)
            speak(home, one, [one.v4], datagrams=5)
            if how:
                daemon.stop(how)
                daemon.start()
            assert_complete(daemon)


def test_a_full_table_and_hosts_that_had_to_be_forgotten(build):
    """What left the tables for good stays with its host in the history: only its sums are compared."""
    home = build(clients=("h1", "forger"))
    client = home.clients[0]
    traffic.warm_up(client)
    forger = Forger(home, home.clients[1], HOOKS[0])
    with Daemon(home.router, "--max-hosts", "16", "--idle", "1", history=True) as daemon:
        forger.forge("v4", 60)
        assert_complete(daemon)
        for _ in range(2):
            wait_until(lambda: entries(daemon.fresh_page()) == [0, 0], daemon=daemon)
            speak(home, client, [client.v4], datagrams=5)
            forger.forge("v4", 60)
        wait_until(lambda: daemon.fresh_page().value(
            "mezoura_unattributed_packets_total", reason="forgotten", direction="upload") > 0, daemon=daemon)
        assert_complete(daemon, hosts=False)
        daemon.stop(signal.SIGKILL)
        daemon.start()
        assert_complete(daemon, hosts=False)


def is_stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "T"


def is_hot(journal):
    """Whether it has what a reader is to undo. Its head is zeroed otherwise."""
    with contextlib.suppress(FileNotFoundError), open(journal, "rb") as file:
        return file.read(1) not in (b"", b"\0")
    return False


def checked(daemon, state):
    """What the program says to a copy of the directory."""
    done = subprocess.run([daemon.binary, "history", "check", "--state", state], capture_output=True, text=True,
                          check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_power_cut_leaves_a_history_that_is_whole(home):
    """Copies of the directory, each of a moment in which the recorder may be writing."""
    settle(home)
    client, chance = home.clients[0], random.Random(1)
    daemon = Daemon(home.router, "--commit", "60", history=True)
    hasten(daemon, 120)
    with daemon, talk(client, home.internet, house.INTERNET4, pause=0):
        wait_until(lambda: history.stored(daemon), daemon=daemon)
        torn = 0
        for number in range(20):
            time.sleep(chance.uniform(0, 0.25))
            pid = daemon.recorder()
            os.kill(pid, signal.SIGSTOP)
            wait_until(lambda p=pid: is_stopped(p))
            least = stored_bytes(f"{daemon.state}/history.db") if number % 10 == 0 else 0
            copy = f"{daemon.directory}/copy-{number}"
            shutil.copytree(daemon.state, copy)
            os.kill(pid, signal.SIGCONT)
            torn += is_hot(f"{copy}/history.db-journal")
            checked(daemon, copy)
            assert stored_bytes(f"{copy}/history.db") >= least
            shutil.rmtree(copy)
        print(f"{torn} of 20 copies in the middle of a commit")


def stored_bytes(path):
    """As a reader of the documented schema sums them up, whatever is half written rolled back in a copy."""
    copy = f"{path}.read"
    shutil.copy(path, copy)
    with contextlib.suppress(FileNotFoundError):
        shutil.copy(f"{path}-journal", f"{copy}-journal")
    database = sqlite3.connect(copy)
    try:
        return sum(database.execute(
            f"SELECT coalesce(sum(upload_bytes + download_bytes), 0) FROM {table}").fetchone()[0]
            for table in ("hour_traffic", "day_traffic", "held_traffic"))
    finally:
        database.close()
        for name in (copy, f"{copy}-journal"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
