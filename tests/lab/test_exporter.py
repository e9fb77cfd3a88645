# SPDX-License-Identifier: GPL-2.0-or-later
"""The process that serves HTTP: what it may do, and what its death or sleep does to others."""
import http.client
import os
import signal
import time

import house
import traffic
import wire
from daemon import Daemon, assert_exact
from test_interfaces import wait_for


def exporter_of(daemon):
    """Its process id; None while there is none."""
    keeper = daemon.process.pid
    with open(f"/proc/{keeper}/task/{keeper}/children", encoding="ascii") as file:
        children = file.read().split()
    assert len(children) <= 1
    return int(children[0]) if children else None


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def answers(daemon):
    try:
        return daemon.get("/-/healthy") == "ok\n"
    except (OSError, http.client.HTTPException):
        return False


def kill_exporter(daemon):
    """And waits for the next one to answer."""
    pid = exporter_of(daemon)
    os.kill(pid, signal.SIGKILL)
    wait_for("another exporter", lambda: exporter_of(daemon) not in (None, pid) and answers(daemon))


def test_it_has_no_rights_and_nothing_open_but_sockets(home):
    with Daemon(home.router) as daemon:
        daemon.fresh_page()
        pid = exporter_of(daemon)
        status = status_of(pid)
        assert "0" not in status["Uid"].split() + status["Gid"].split()
        assert status["Groups"].strip() == ""
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[capabilities], 16) == 0, capabilities
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
        files = {}
        for number in os.listdir(f"/proc/{pid}/fd"):
            files[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
        assert files.pop(0) == files.pop(1) == "/dev/null"
        assert files.pop(2) == daemon.log
        assert all(file.startswith(("socket:", "anon_inode:[event")) for file in files.values()), files
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
            shared = [line for line in maps if "memfd:snapshot" in line]
        assert len(shared) == 1 and " r--s " in shared[0]


def test_when_it_dies_there_is_another_and_no_count_is_lost(home):
    with wire.Truth(home.clients) as truth, Daemon(home.router) as daemon:
        for times in range(1, 4):
            kill_exporter(daemon)
            traffic.tcp(home.clients[0], home.internet, house.INTERNET4, up=100_000, down=100_000)
            assert daemon.said().count("the exporter was killed by signal 9") == times
            page = daemon.fresh_page()
            assert page.value("mezoura_exporter_restarts_total") == times
        assert_exact(truth, daemon)


def test_counts_and_the_text_file_go_on_while_it_sleeps(home):
    client = home.clients[0]
    with Daemon(home.router) as daemon:
        os.kill(exporter_of(daemon), signal.SIGSTOP)
        traffic.ping(client, house.INTERNET4)
        key = ("upload", client.eth0, client.v4)
        wait_for("its row in the text file", lambda: key in daemon.written().addresses())


def test_it_serves_what_it_has_while_the_keeper_sleeps(home):
    with Daemon(home.router) as daemon:
        last = daemon.fresh_page().value("mezoura_snapshot_timestamp_seconds")
        os.kill(daemon.process.pid, signal.SIGSTOP)
        time.sleep(1.1)  # so that a scrape asks for a fresh one
        began = time.monotonic()
        for _ in range(20):
            assert daemon.page().value("mezoura_snapshot_timestamp_seconds") - last < 3
        assert time.monotonic() - began < 10  # it waits for an answer once, not each time
        os.kill(daemon.process.pid, signal.SIGCONT)
        wait_for("a fresh one", lambda: daemon.page().value(
            "mezoura_snapshot_timestamp_seconds") >= last + 3, seconds=20)


def test_it_ends_with_the_keeper(home):
    with Daemon(home.router) as daemon:
        pid = exporter_of(daemon)
        daemon.stop(signal.SIGKILL)
        wait_for("its end", lambda: not os.path.exists(f"/proc/{pid}/fd/5"), seconds=5)
        daemon.start()  # the ports are free again
        assert answers(daemon)
