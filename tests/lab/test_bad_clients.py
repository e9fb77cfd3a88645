# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever clients of the exporter do: others are served, counts are exact, the file is written."""
import contextlib
import http.client
import math
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
TRIES = 4  # of which one has to be good: a busy machine may delay whom it wants
BUSY = 0.05  # a scrape may take that long where the machine has other things to do
MANY = 100  # addresses of one host
TURNED_AWAY = "too many open files: HTTP clients are turned away"


def waited_for_cpu(*pids):
    """Seconds that processes could have run but did not get to; 0 where the kernel does not say."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[1])
    return total / 1e9


class Scraper:
    """Asks for /metrics as it should be done: over the LAN, and from the machine itself."""

    def __init__(self, daemon, *places):
        self.daemon, self.places = daemon, places

    def scrape(self, namespace, address):
        """Seconds that it took from connecting to the last byte, but for those without a CPU."""
        both = self.daemon.exporter(), "thread-self"
        stolen = waited_for_cpu(*both)
        with namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            began = time.monotonic()
            s.connect((address, 9999))
            connection = http.client.HTTPConnection(address)
            connection.sock = s
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            body = answer.read()
            took = time.monotonic() - began
        took -= min(waited_for_cpu(*both) - stolen, took)
        assert answer.status == 200 and int(answer.headers["Content-Length"]) == len(body)
        assert Page(body.decode()).family("mezoura_hook_info")
        return took

    def medians(self, seconds, crowd=False):
        """One of each place, in seconds. None of the scrapes fails.

        crowd: there are more addresses than connections are served at once, so that even who has just
        come may have to make room before it asks, if rarely. Where that is not so rare: for ever.
        """
        times, end = [[] for _ in self.places], time.monotonic() + seconds
        lost = 0
        while time.monotonic() < end or not all(times) and time.monotonic() < end + 30:
            for place, took in zip(self.places, times):
                try:
                    took.append(self.scrape(*place))
                except ConnectionError:
                    if not crowd:
                        raise
                    lost += 1
            time.sleep(0.01)
        if lost > 1 + sum(map(len, times)) // 20 or not all(times):
            print(f"{lost} failed, {[len(took) for took in times]} did not")
            return [math.inf for _ in times]
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
            rounds, complaint = process.communicate(timeout=120)
            assert process.returncode == 0 and int(rounds) > 0, complaint
        finally:
            process.kill()


@contextlib.contextmanager
def written_all_the_time(daemon):
    """A file a second: three without a new one are too many, but for those without a CPU."""
    keeper = daemon.process.pid
    last = [0, 0, 0, 0]  # file, seconds since, of now, the keeper's without a CPU

    def look():
        written, now, stolen = os.stat(daemon.textfile).st_mtime_ns, time.monotonic(), waited_for_cpu(keeper)
        # who looks so rarely had no CPU itself
        since = max(last[1] + min(now - last[2], 0.2) - (stolen - last[3]), 0)
        last[:] = written, 0 if written != last[0] else since, now, stolen
        assert last[1] < 3, "the text file is not written"
        time.sleep(0.02)

    with background(look):
        yield


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def files_at_rest(pid):
    """Once it has seen all that there was to see, such as the end of the last connection."""
    looks = []

    def same_and_asleep():
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            looks.append((open_files(pid), file.read().rsplit(")", 1)[1].split()[0]))
        time.sleep(0.02)
        return len(looks) >= 10 and set(looks[-10:]) == {(looks[-1][0], "S")}

    wait_for("at rest", same_and_asleep)
    return looks[-1][0]


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
    files, kilobytes = files_at_rest(pid), own_kb(pid)
    with written_all_the_time(daemon), talk(home.clients[1], home.internet, house.INTERNET4):
        yield
    wait_for("its descriptors are closed", lambda: files <= open_files(pid) <= files + held)
    print(f"{own_kb(pid) - kilobytes} kB more")
    # it gives memory back as it rests
    wait_for("its memory is free", lambda: own_kb(pid) - kilobytes <= allowance() << 10)
    assert daemon.exporter() == pid
    assert daemon.page().value("mezoura_exporter_restarts_total") == 0


def scrapers(home, daemon):
    return Scraper(daemon, (home.clients[1], house.ROUTER4), (home.router, "127.0.0.1"))


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize("kind, addresses, held", [
    ("silent", 1, 0), slow("silent", MANY, 0), slow("dribbling", 1, 0), slow("pipelined_read", 1, 0),
    ("pipelined_unread", 1, 0), ("greedy", MANY, 0), slow("resetting", 1, 0), ("verbose", 1, 0),
    ("badly_chunked", 1, 2 * 16), ("garbage", 1, 2 * 16),  # what two addresses may have
    ("old", 1, 0), ("encrypted", 1, 0), ("prying", 1, 0)])
def test_others_do_not_suffer(home, kind, addresses, held):
    with wire.Truth(home.clients) as truth, Daemon(home.router) as daemon:
        scraper = scrapers(home, daemon)
        usual, tries = scraper.medians(0.5), []
        with unharmed(home, daemon, held), harms(kind, home, addresses):
            while len(tries) < TRIES:
                now = scraper.medians(SECONDS, crowd=addresses == MANY)
                tries.append([f"{1000 * t:.2f}" for t in now])
                if fine := all(n <= max(2 * u, BUSY) for n, u in zip(now, usual)):
                    break
        print(kind, addresses, [f"{1000 * t:.2f}" for t in usual], *tries)
        assert fine, (usual, tries)
        assert_exact(truth, daemon)


def with_so_few_descriptors(daemon, count):
    """A program that starts it with no more; the keeper needs fewer than a crowd of clients does."""
    path = f"{daemon.directory}/few"
    with open(path, "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\nulimit -n {count}\nexec {daemon.binary} "$@"\n')
    os.chmod(path, 0o755)
    daemon.binary = path


def test_without_descriptors_it_turns_them_away_and_recovers(home):
    daemon = Daemon(home.router)
    scraper = scrapers(home, daemon)
    with_so_few_descriptors(daemon, 73)
    with wire.Truth(home.clients) as truth, daemon:
        scraper.medians(0.5)
        with unharmed(home, daemon), harms("silent", home, MANY):
            end = time.monotonic() + SECONDS
            while time.monotonic() < end or TURNED_AWAY not in daemon.said():
                began = time.monotonic()
                with contextlib.suppress(OSError, http.client.HTTPException):
                    scraper.scrape(*scraper.places[0])
                    scraper.scrape(*scraper.places[1])
                assert time.monotonic() - began < 15  # less than a socket's own patience
                assert time.monotonic() < end + 60, daemon.said()
                time.sleep(0.01)
        scraper.medians(0.5)
        assert_exact(truth, daemon)
