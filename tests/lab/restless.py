# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts that exchange datagrams whatever happens to their cables, and keep book of it."""
import collections
import contextlib
import select
import socket
import time

import traffic

ECHO = {"v4": "203.0.113.20", "v6": "2001:db8:ffff::20"}
PAYLOAD = 100
FRAME = {"4": 14 + 20 + 8 + PAYLOAD, "6": 14 + 40 + 8 + PAYLOAD}  # all of their frames


class Book:
    """Packets by (host, family): what restless hosts and the echo know of their own."""

    def __init__(self):
        self.sent, self.arrived, self.answered, self.back = (
            collections.Counter() for _ in range(4))


class Echo:
    """Somebody on the internet who sends everything back."""

    def __init__(self, internet, book):
        self.sockets = {traffic.bind_udp(internet, ECHO[family], 7): family for family in ECHO}
        self.book = book

    def once(self):
        for s in select.select(list(self.sockets), [], [], 0.1)[0]:
            data, source = s.recvfrom(2000)
            key = data[:1], self.sockets[s]
            self.book.arrived[key] += 1
            with contextlib.suppress(OSError):
                s.sendto(data, source)
                self.book.answered[key] += 1


class Restless:
    """A host that exchanges datagrams with the echo, and is not surprised by anything."""

    def __init__(self, client, name, book):
        self.client, self.name, self.book = client, name, book
        self.sockets = {family: client.socket(traffic.family_of(ECHO[family]), socket.SOCK_DGRAM)
                        for family in ECHO}

    def once(self):
        for family, s in self.sockets.items():
            key = self.name, family
            with contextlib.suppress(OSError):
                s.settimeout(0.3)
                s.sendto(self.name * PAYLOAD, (ECHO[family], 7))
                self.book.sent[key] += 1
                s.recv(2000)
                self.book.back[key] += 1
        time.sleep(0.005)

    def drain(self):
        """Answers that nobody waited for any more."""
        for family, s in self.sockets.items():
            s.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while s.recv(2000):
                    self.book.back[self.name, family] += 1
