# SPDX-License-Identifier: GPL-2.0-or-later
"""What the exporter is born with and cannot choose: sockets of others', a log, a kernel that refuses its sandbox."""
import contextlib
import os
import socket
import subprocess
import time

import pytest

import house
from daemon import PATIENCE, Daemon
from test_interfaces import wait_for

# What a service manager does, with descriptors that it has: from 3 on, and two variables.
PASS = """
import fcntl, os, sys
fds = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 64) for fd in sys.argv[1].split(",")]
for number, fd in enumerate(fds, 3):
    os.dup2(fd, number)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)))
os.execv(sys.argv[2], sys.argv[2:])
"""
# A /dev of its own for the rest of the arguments.
OWN_DEV = """mount --bind "$0" /dev && exec "$@" """


class Passed:
    """Listening sockets that are handed over to a daemon and kept."""

    def __init__(self, home):
        self.home, self.sockets = home, []
        self.directory = house.scratch("passed")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in self.sockets:
            s.close()

    def tcp(self, port):
        s = self.home.router.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.bind(("127.0.0.1", port))
        return self.listen(s)

    def unix(self, name):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.bind(f"{self.directory}/{name}")
        return self.listen(s)

    def listen(self, s):
        s.listen()
        self.sockets.append(s)
        return s

    def command(self, daemon):
        fds = ",".join(str(s.fileno()) for s in self.sockets)
        return *daemon.by, "/usr/bin/python3", "-c", PASS, fds, daemon.binary, *daemon.options

    def launch(self, daemon):
        with open(daemon.log, "a", encoding="utf-8") as log:
            daemon.process = self.home.router.popen(
                *self.command(daemon), stderr=log, pass_fds=[s.fileno() for s in self.sockets])

    def refused(self, daemon):
        """What it says; one line."""
        with self.home.router.inside():
            done = subprocess.run(house.mortal(*self.command(daemon)), capture_output=True, text=True, check=False,
                                  timeout=PATIENCE, pass_fds=[s.fileno() for s in self.sockets])
        assert done.returncode == 1
        line, = done.stderr.splitlines()
        return line

    def answers(self, *where):
        return self.home.router.run("sh", "-c", 'curl -sf --max-time 10 "$@" || true', "sh", *where) == "ok\n"


def rests(pid):
    """Whether it used no time for a while."""
    def used():
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))

    before = used()
    time.sleep(0.5)
    return used() == before


@pytest.mark.parametrize("dead", ["TCP", "Unix"])
def test_sockets_that_somebody_shuts_down(home, dead):
    """One of TCP listens again, one of Unix cannot: the others do."""
    daemon = Daemon(home.router)
    with Passed(home) as passed:
        tcp, unix = passed.tcp(9998), passed.unix("socket")
        at_tcp, at_unix = ("http://127.0.0.1:9998/-/healthy",), (
            "--unix-socket", f"{passed.directory}/socket", "http://x/-/healthy")
        try:
            passed.launch(daemon)
            wait_for("answers", lambda: passed.answers(*at_tcp) and passed.answers(*at_unix))
            pid = daemon.exporter()
            {"TCP": tcp, "Unix": unix}[dead].shutdown(socket.SHUT_RDWR)
            wait_for("a line", lambda: "a listening socket was closed from outside" in daemon.said())
            wait_for("an answer", lambda: passed.answers(*at_tcp))
            assert passed.answers(*at_unix) == (dead == "TCP")
            assert (daemon.exporter() == pid) == (dead == "TCP")
            assert daemon.said().count("from outside") == 1
            pid = daemon.exporter()
            wait_for("it rests", lambda: rests(pid))
        finally:
            daemon.stop()
            daemon.unload()


def test_more_passed_sockets_than_there_may_be(home):
    daemon = Daemon(home.router)
    with Passed(home) as passed:
        for number in range(11):
            passed.tcp(9100 + number)
        assert "LISTEN_FDS=11: expected at most 9 sockets" in passed.refused(daemon)
    addresses = [f"127.0.1.{i}" for i in range(1, 9)]
    daemon.options += [word for address in addresses for word in ("--listen", address)]
    with Passed(home) as passed:  # together with our own, it is too many
        for number in range(9):
            passed.unix(f"socket{number}")
        assert "expected at most 10 sockets to listen on, with those of LISTEN_FDS" in passed.refused(daemon)
    assert not os.path.exists(daemon.pin)


def test_it_serves_and_logs_to_syslog(home):
    """As on OpenWrt: its connection to the log is no socket to serve on."""
    dev = f"{house.scratch('syslog')}/dev"
    os.mkdir(dev)
    home.router.run("cp", "-a", *(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")), dev)
    daemon = Daemon(home.router, "--syslog")
    daemon.by = ("unshare", "-m", "sh", "-c", OWN_DEV, dev)
    heard = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log, Passed(home) as passed:
        log.bind(f"{dev}/log")
        os.chmod(f"{dev}/log", 0o666)
        log.setblocking(False)
        tcp = passed.tcp(9999)

        def hears(words):
            with contextlib.suppress(BlockingIOError):
                while True:
                    heard.append(log.recv(4096).decode())
            return any(words in line for line in heard)

        try:
            passed.launch(daemon)
            wait_for("an answer", daemon.answers)
            daemon.kill_exporter()
            wait_for("the keeper's lines", lambda: hears("counting on br-lan") and hears("killed by signal 9"))
            assert passed.answers("--unix-socket", daemon.socket, "http://x/-/healthy")
            tcp.shutdown(socket.SHUT_RDWR)
            wait_for("the exporter's line", lambda: hears("it listens again"))
            wait_for("an answer", daemon.answers)
            line, = [line for line in heard if "it listens again" in line]
            assert f"mezoura[{daemon.exporter()}]: " in line
            assert daemon.said() == ""
        finally:
            daemon.stop()
            daemon.unload()


@pytest.mark.parametrize("missing", ["Landlock", "seccomp"])
def test_it_serves_where_the_kernel_refuses_its_sandbox(home, missing):
    daemon = Daemon(home.router)
    daemon.by = (house.tool("without"), missing.lower())
    with daemon:
        daemon.kill_exporter()
        daemon.fresh_page()
        assert f"no {missing}: the exporter runs without" in daemon.said()
