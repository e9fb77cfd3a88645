# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of the exporter that behave badly, from two hosts, and one that behaves well beside them."""
import contextlib
import http.client
import socket
import subprocess
import sys
import time

import house
import rude
from daemon import PATIENCE, Page

LOOPBACK = "127.0.0.1"
SCRAPES = 10  # of each place that are answered, at least


class Scraper:
    """Asks for /metrics as it should be done: over the LAN, and from the machine itself."""

    def __init__(self, *places):
        self.places = places

    @staticmethod
    def scrape(namespace, address):
        with namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.connect((address, 9999))
            connection = http.client.HTTPConnection(address)
            connection.sock = s
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            body = answer.read()
        assert answer.status == 200 and int(answer.headers["Content-Length"]) == len(body)
        assert Page(body.decode()).family("mezoura_hook_info")

    def go_on(self, seconds, crowd=False):
        """For so long, and until each place had enough answers. None of the scrapes fails.

        crowd: on the machine itself there are more addresses than connections are kept for it, so that
        even who has just come may have to make room before it asks; it tries again.
        """
        end, deadline = time.monotonic() + seconds, time.monotonic() + PATIENCE
        answered = [0] * len(self.places)
        while time.monotonic() < end or min(answered) < SCRAPES:
            for i, place in enumerate(self.places):
                try:
                    self.scrape(*place)
                    answered[i] += 1
                except ConnectionError:
                    if not crowd or place[1] != LOOPBACK:
                        raise
            assert time.monotonic() < deadline, f"not answered: {answered}"
            time.sleep(0.01)


@contextlib.contextmanager
def harm(kind, namespace, host, sources):
    """A program that does it meanwhile; what it has to complain about is in the assertion."""
    with namespace.popen(sys.executable, rude.__file__, kind, host, *sources, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == "ready\n", process.stderr.read()
            yield
            assert process.poll() is None, process.stderr.read()
            rounds, complaint = process.communicate(timeout=300)
            assert process.returncode == 0 and int(rounds) > 0, complaint
        finally:
            process.kill()


def harms(kind, home, addresses):
    """It comes from a host on the LAN and from the router itself."""
    attacker = home.clients[0]
    lan = [f"192.168.2.{100 + i}" for i in range(addresses)]
    attacker.ip("\n".join(f"addr add {address}/24 dev eth0" for address in lan))
    stack = contextlib.ExitStack()
    stack.enter_context(harm(kind, attacker, house.ROUTER4, lan))
    stack.enter_context(harm(kind, home.router, LOOPBACK,
                             [f"127.0.0.{2 + i}" for i in range(addresses)]))
    return stack


def scraper_of(home):
    return Scraper((home.clients[1], house.ROUTER4), (home.router, LOOPBACK))
