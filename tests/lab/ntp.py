# SPDX-License-Identifier: GPL-2.0-or-later
"""A time server for guests, whose clock may be set."""
import contextlib
import socket
import struct
import time

from watch import background

PORT = 123
SINCE_1900 = 2208988800  # seconds until 1970
HEAD = struct.pack(">BBbbii4s", 4 << 3 | 4, 1, 4, -20, 1, 1, b"LAB")  # version 4, a server of stratum 1


class Server:
    """Its time is what the clock says now, and ahead seconds more, whatever the clock is set to later.

    silent: it listens, and answers nothing. asked: how often it was.
    """

    def __init__(self, namespace, address, ahead=0, silent=False):
        self.socket = namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, PORT))
        self.socket.settimeout(0.5)
        self.offset = time.time() + ahead - time.clock_gettime(time.CLOCK_BOOTTIME)
        self.silent = silent
        self.asked = 0

    @contextlib.contextmanager
    def serving(self):
        with self.socket, background(self.serve):
            yield self

    def now(self):
        return self.offset + time.clock_gettime(time.CLOCK_BOOTTIME)

    def stamp(self):
        seconds, rest = divmod(self.now() + SINCE_1900, 1)
        return struct.pack(">II", int(seconds) & 0xffffffff, int(rest * 2**32))

    def serve(self):
        with contextlib.suppress(TimeoutError):
            question, client = self.socket.recvfrom(512)
            self.asked += 1
            if not self.silent:
                received = self.stamp()
                sent = question[40:48]
                self.socket.sendto(HEAD + received + sent + received + self.stamp(), client)
