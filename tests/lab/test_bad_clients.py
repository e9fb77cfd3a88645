# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever clients of the exporter do: others are served, counts are exact, the file is written."""
import contextlib
import http.client
import os
import socket
import statistics
import subprocess
import sys
import time

import pytest

import daemon as program
import house
import rude
import wire
from daemon import Daemon, Page, assert_exact
from test_exporter import own_kb
from test_interfaces import wait_for
from watch import background, talk

SECONDS = 2  # that each kind goes on for, at least
BUSY = 0.05  # a scrape may take that long where the machine has other things to do
MANY = 100  # addresses of one host


class Scraper:
    """Asks for /metrics as it should be done: over the LAN, and from the machine itself."""

    def __init__(self, *places):
        self.places = places

    def scrape(self, namespace, address):
        """Seconds that it took from connecting to the last byte."""
        with namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            began = time.monotonic()
            s.connect((address, 9999))
            connection = http.client.HTTPConnection(address)
            connection.sock = s
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            body = answer.read()
            took = time.monotonic() - began
        assert answer.status == 200 and int(answer.headers["Content-Length"]) == len(body)
        assert Page(body.decode()).family("mezoura_hook_info")
        return took

    def medians(self, seconds, crowd=False):
        """One of each place, in seconds. None of the scrapes fails.

        crowd: there are more addresses than connections are served at once, so that even who has just
        come may have to make room before it asks, if rarely.
        """
        times, end = [[] for _ in self.places], time.monotonic() + seconds
        lost = 0
        while time.monotonic() < end:
            for place, took in zip(self.places, times):
                try:
                    took.append(self.scrape(*place))
                except ConnectionError:
                    if not crowd:
                        raise
                    lost += 1
            time.sleep(0.01)
        assert lost <= 1 + sum(map(len, times)) // 20, f"{lost} failed"
        return [statistics.median(took) for took in times]


@contextlib.contextmanager
def harm(kind, namespace, host, sources):
    """A program that does it meanwhile; what it has to complain about is in the assertion."""
    with namespace.popen(sys.executable, rude.__file__, kind, host, *sources, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == "ready\n", process.stderr.read()
            yield
            assert process.poll() is None, process.stderr.read()
            rounds, complaint = process.communicate(timeout=30)
            assert process.returncode == 0 and int(rounds) > 0, complaint
        finally:
            process.kill()


@contextlib.contextmanager
def written_all_the_time(daemon):
    """A file a second: three without a new one are too many."""
    last = [0, time.monotonic()]

    def look():
        written = os.stat(daemon.textfile).st_mtime_ns
        if written != last[0]:
            last[:] = written, time.monotonic()
        assert time.monotonic() - last[1] < 3, "the text file is not written"
        time.sleep(0.02)

    with background(look):
        yield


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def allowance():
    """Megabytes that it may grow by; the sanitizers keep what is freed, and book of it."""
    with open(program.BINARY, "rb") as file:
        return 16 if b"__asan_init" in file.read() else 4


def harms(kind, home, addresses):
    """It comes from a host on the LAN and from the router itself."""
    attacker = home.clients[0]
    lan = [f"192.168.2.{100 + i}" for i in range(addresses)]
    attacker.ip("\n".join(f"addr add {address}/24 dev eth0" for address in lan))
    stack = contextlib.ExitStack()
    stack.enter_context(harm(kind, attacker, house.ROUTER4, lan))
    stack.enter_context(harm(kind, home.router, "127.0.0.1",
                             [f"127.0.0.{2 + i}" for i in range(addresses)]))
    return stack


@contextlib.contextmanager
def unharmed(home, daemon, held=0):
    """Whatever happens to the exporter meanwhile, nothing of it is left, and counting went on.

    held: how many connections it may keep for a while, as it cannot know that they are over.
    """
    pid = daemon.exporter()
    files, kilobytes = open_files(pid), own_kb(pid)
    with written_all_the_time(daemon), talk(home.clients[1], home.internet, house.INTERNET4):
        yield
    wait_for("its descriptors are closed", lambda: files <= open_files(pid) <= files + held)
    grown = own_kb(pid) - kilobytes
    print(f"{grown} kB more")
    assert grown <= allowance() << 10
    assert daemon.exporter() == pid
    assert daemon.page().value("mezoura_exporter_restarts_total") == 0


def scrapers(home):
    return Scraper((home.clients[1], house.ROUTER4), (home.router, "127.0.0.1"))


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize("kind, addresses, held", [
    ("silent", 1, 0), slow("silent", MANY, 0), slow("dribbling", 1, 0), slow("pipelined_read", 1, 0),
    ("pipelined_unread", 1, 0), ("greedy", MANY, 0), slow("resetting", 1, 0), ("verbose", 1, 0),
    ("badly_chunked", 1, 2 * 16), ("garbage", 1, 2 * 16),  # what two addresses may have
    ("old", 1, 0), ("encrypted", 1, 0), ("prying", 1, 0)])
def test_others_do_not_suffer(home, kind, addresses, held):
    scraper = scrapers(home)
    with wire.Truth(home.clients) as truth, Daemon(home.router) as daemon:
        usual = scraper.medians(0.5)
        with unharmed(home, daemon, held), harms(kind, home, addresses):
            now = scraper.medians(SECONDS, crowd=addresses == MANY)
        print(kind, addresses, [f"{1000 * t:.2f}" for t in (*usual, *now)])
        assert all(n <= max(2 * u, BUSY) for n, u in zip(now, usual)), (usual, now)
        assert_exact(truth, daemon)


def with_so_few_descriptors(daemon, count):
    """A program that starts it with no more; the keeper needs fewer than a crowd of clients does."""
    path = f"{daemon.directory}/few"
    with open(path, "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\nulimit -n {count}\nexec {daemon.binary} "$@"\n')
    os.chmod(path, 0o755)
    daemon.binary = path


def test_without_descriptors_it_turns_them_away_and_recovers(home):
    scraper = scrapers(home)
    daemon = Daemon(home.router)
    with_so_few_descriptors(daemon, 73)
    with wire.Truth(home.clients) as truth, daemon:
        scraper.medians(0.5)
        with unharmed(home, daemon), harms("silent", home, MANY):
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                began = time.monotonic()
                with contextlib.suppress(OSError, http.client.HTTPException):
                    scraper.medians(0.01)
                assert time.monotonic() - began < 5
                time.sleep(0.01)
        assert "too many open files: HTTP clients are turned away" in daemon.said()
        scraper.medians(0.5)
        assert_exact(truth, daemon)
