# SPDX-License-Identifier: GPL-2.0-or-later
"""The process that serves HTTP: what it may do, and what its death or sleep does to others."""
import contextlib
import os
import re
import signal
import socket
import time

import pytest

import house
import traffic
import wire
from daemon import Daemon, assert_exact
from test_interfaces import wait_for


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def test_it_has_no_rights_and_nothing_open_but_sockets(home):
    with Daemon(home.router) as daemon:
        daemon.fresh_page()
        pid = daemon.exporter()
        status = status_of(pid)
        assert "0" not in status["Uid"].split() + status["Gid"].split()
        assert status["Groups"].strip() == ""
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[capabilities], 16) == 0, capabilities
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
        files = {}
        for number in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # a connection that it has just closed
                files[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
        assert files.pop(0) == files.pop(1) == "/dev/null"
        assert files.pop(2) == daemon.log
        assert files.pop(4).startswith("pipe:")  # nothing is ever written to it
        files = [file for file in files.values() if not file.startswith(("socket:", "anon_inode:[event"))]
        assert files == [f"/proc/{pid}/statm"]
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
            shared = [line for line in maps if "memfd:snapshot" in line]
        assert len(shared) == 1 and " r--s " in shared[0]


def test_when_it_dies_there_is_another_and_no_count_is_lost(home):
    with wire.Truth(home.clients) as truth, Daemon(home.router) as daemon:
        for times in range(1, 4):
            daemon.kill_exporter()
            traffic.tcp(home.clients[0], home.internet, house.INTERNET4, up=100_000, down=100_000)
            assert daemon.said().count("the exporter was killed by signal 9") == times
            page = daemon.fresh_page()
            assert page.value("mezoura_exporter_restarts_total") == times
        told = home.router.run(daemon.binary, "status", "--socket", daemon.socket)
        assert "exporter      died and was started again 3 times" in told
        assert_exact(truth, daemon)


def test_there_is_another_also_where_the_end_of_children_was_ignored(home):
    daemon = Daemon(home.router)
    daemon.by = ("env", "--ignore-signal=CHLD")
    with daemon:
        daemon.kill_exporter()
        assert daemon.fresh_page().value("mezoura_exporter_restarts_total") == 1


def test_counts_and_the_text_file_go_on_while_it_sleeps(home):
    client = home.clients[0]
    with Daemon(home.router) as daemon:
        os.kill(daemon.exporter(), signal.SIGSTOP)
        traffic.ping(client, house.INTERNET4)
        key = ("upload", client.eth0, client.v4)
        wait_for("its row in the text file", lambda: key in daemon.written().addresses())


@pytest.mark.slow
def test_one_that_hangs_is_replaced(home):
    """After half a minute in which it gave no sign of life; before, it may only be late."""
    client = home.clients[0]
    with wire.Truth(home.clients) as truth, Daemon(home.router) as daemon:
        pid = daemon.exporter()
        stop_and_wait(pid)
        traffic.ping(client, house.INTERNET4)
        wait_for("another", lambda: daemon.exporter() not in (None, pid), 300)
        assert daemon.said().count("the exporter does not answer: it is killed") == 1
        wait_for("an answer", daemon.answers)
        assert not os.path.exists(f"/proc/{pid}/fd/4")
        assert daemon.fresh_page().value("mezoura_exporter_restarts_total") == 1
        assert_exact(truth, daemon)


def stop_and_wait(pid):
    """So that it does nothing any more once this returns."""
    os.kill(pid, signal.SIGSTOP)
    wait_for("it stops", lambda: status_of(pid)["State"].startswith("T"))


def unread(daemon, pid):
    """How many bytes wait in Unix sockets of a process that hears nothing."""
    pattern = rf"^u_(?:str|seq) +ESTAB +(\d+) .*,pid={pid},"
    return sum(map(int, re.findall(pattern, daemon.namespace.run("ss", "-xanp"), re.M)))


def test_it_serves_what_it_has_while_the_keeper_sleeps(home):
    with Daemon(home.router) as daemon:
        daemon.fresh_page()
        stop_and_wait(daemon.process.pid)
        time.sleep(1.1)  # so that a scrape asks for a fresh one
        began = time.monotonic()
        seen = {daemon.page().value("mezoura_snapshot_timestamp_seconds") for _ in range(20)}
        assert len(seen) == 1
        # once, then not for five seconds: it waits half a second for an answer each time
        assert 1 <= unread(daemon, daemon.process.pid) <= 1 + (time.monotonic() - began) // 5
        os.kill(daemon.process.pid, signal.SIGCONT)
        wait_for("a fresh one", lambda: daemon.page().value(
            "mezoura_snapshot_timestamp_seconds") not in seen)


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_keeper(home, hangs, how):
    with Daemon(home.router) as daemon:
        daemon.kill_exporter()  # also one that was started later
        pid = daemon.exporter()
        if hangs:
            os.kill(pid, signal.SIGSTOP)
        daemon.stop(how)
        wait_for("its end", lambda: not os.path.exists(f"/proc/{pid}/fd/4"))
        daemon.start()  # the ports are free again
        assert daemon.answers()


def test_a_start_waits_for_the_exporter_of_a_killed_daemon(home):
    """For two seconds: where we keep it for longer ourselves, it tries again."""
    daemon = Daemon(home.router)
    with contextlib.ExitStack() as stack:
        stack.push(daemon)
        for _ in range(10):
            if os.path.exists(daemon.socket):
                os.unlink(daemon.socket)
            with home.router.socket(socket.AF_INET6, socket.SOCK_STREAM) as port, home.router.socket(
                    socket.AF_UNIX, socket.SOCK_STREAM) as path:
                for s, address in (port, ("::", 9999)), (path, daemon.socket):
                    s.bind(address)
                    s.listen()
                began = time.monotonic()
                daemon.launch()
                time.sleep(0.5)
                waited = daemon.process.poll() is None
            late = time.monotonic() - began > 1.5
            wait_for("an answer or its end", lambda: daemon.answers() or daemon.process.poll() is not None)
            if waited and daemon.process.poll() is None:
                return
            assert late, daemon.said()
        pytest.skip("this machine is too busy to tell")


def test_it_serves_though_standard_descriptors_are_closed(home):
    daemon = Daemon(home.router)
    daemon.by = ("sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-')
    with daemon:
        daemon.fresh_page()
        daemon.kill_exporter()


def test_an_address_to_listen_on_may_come_later(home):
    with Daemon(home.router, "--listen", "127.0.0.1", "--listen", "192.0.2.9", "--allow", "192.0.2.0/24",
                "--listen", "2001:db8:99::9", "--allow", "2001:db8:99::/64") as daemon:
        # of IPv6, the lab lets anybody bind to any
        assert "--listen 192.0.2.9: no interface has this address yet" in daemon.said()
        assert "serving http://192.0.2.9:" in daemon.said() and "serving http://[2001:db8:99::9]:" in daemon.said()
        home.router.ip("""addr add 192.0.2.9/32 dev lo
            addr add 2001:db8:99::9/128 dev lo nodad""")
        for address in ("192.0.2.9", "[2001:db8:99::9]"):
            assert "mezoura_build_info" in home.router.run("curl", "-sf", f"http://{address}:9999/metrics")


# What a service manager does: descriptors from 3 on, and two variables.
ACTIVATE = """
import os, socket, sys
tcp = socket.create_server(("127.0.0.1", 9998))
path = sys.argv[1]
there = socket.socket(socket.AF_UNIX)
there.bind(path)
there.listen()
for number, s in ((3, tcp), (4, there)):
    high = os.dup(os.dup(s.fileno()))
    os.dup2(high, number)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sys.argv[2])
os.execv(sys.argv[3], sys.argv[3:])
"""


def test_sockets_of_a_service_manager(home):
    path = f"{house.scratch('activated')}/socket"
    daemon = Daemon(home.router)
    with contextlib.ExitStack() as stack:
        stack.push(daemon)
        with open(daemon.log, "a", encoding="utf-8") as log:
            daemon.process = home.router.popen("/usr/bin/python3", "-c", ACTIVATE, path, "2",
                                               daemon.binary, *daemon.options, stderr=log)
        for there in (("http://127.0.0.1:9998",), ("--unix-socket", path, "http://x")):
            wait_for("an answer", lambda where=there: "ok" in home.router.run(
                "sh", "-c", f"curl -sf {' '.join(where)}/-/healthy || true"))
        assert not os.path.exists(daemon.socket)
        assert home.router.run("sh", "-c", "curl -s http://127.0.0.1:9999/ || echo none") == "none\n"
        os.kill(daemon.exporter(), signal.SIGKILL)
        wait_for("an answer", lambda: "ok" in home.router.run(
            "sh", "-c", "curl -sf http://127.0.0.1:9998/-/healthy || true"))
        assert daemon.stop() == 0
        assert os.path.exists(path)  # it is not ours to remove


def test_sockets_that_are_none_are_refused(home):
    path = f"{house.scratch('activated')}/socket"
    daemon = Daemon(home.router)
    done = home.router.run("sh", "-c", '"$@" 2>&1; echo $?', "sh", "/usr/bin/python3", "-c", ACTIVATE, path,
                           "9", daemon.binary, *daemon.options).splitlines()
    assert len(done) == 2 and done[-1] == "1"
    assert "LISTEN_FDS=9: descriptor 5: expected a listening stream socket" in done[0]
