# SPDX-License-Identifier: GPL-2.0-or-later
"""How many bytes the daemon and its exporter have allocated and not freed: see held.c."""
import os
import struct

import daemon
import house
import wire


def sanitized():
    """Whether the allocator is the sanitizers' own, which keeps what was freed."""
    with open(daemon.BINARY, "rb") as file:
        return b"__asan_init" in file.read()


def own_kb(pid):
    """Memory of a process that is in no file."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))


class Held:
    """Of a Daemon that has not been started yet."""

    def __init__(self, mezoura):
        self.mezoura = mezoura
        self.directory = house.scratch("held")
        os.chmod(self.directory, 0o777)
        self.known = not sanitized()
        if self.known:
            mezoura.environment |= {"LD_PRELOAD": house.tool("held.so"),
                                    "MZ_HELD": self.directory}

    def of(self, program):
        """0 where it cannot be known."""
        if not self.known:
            return 0
        with open(f"{self.directory}/{program}", "rb") as file:
            return struct.unpack("=q", file.read(8))[0]

    def keeper(self):
        return self.of("mezoura")

    def exporter(self):
        return self.of("mezoura-exporter")

    def size(self):
        """Descriptors of both, and bytes."""
        return (sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.pids()),
                self.keeper() + self.exporter())

    def anonymous(self):
        """Kilobytes of memory that are in no file: to be told only, as that depends on the machine."""
        return sum(own_kb(pid) for pid in self.pids())

    def pids(self):
        return self.mezoura.process.pid, self.mezoura.exporter()
