# SPDX-License-Identifier: GPL-2.0-or-later
"""What truly passed, counted by the lab itself (wire.c), and the lab's other helpers in C."""
import collections
import contextlib
import subprocess
import time

import house

FRAME = 1514  # the longest an Ethernet frame of MTU 1500 gets, without FCS


Reading = collections.namedtuple("Reading", "counts drops largest_in largest_out")


class Wire:
    """Counts on one interface from now on."""

    def __init__(self, namespace, interface="eth0", tracked=(house.LAN4, house.LAN6),
                 not_internet=()):
        ranges = [word for t in tracked for word in ("-t", t)]
        ranges += [word for n in not_internet for word in ("-n", n)]
        self.process = namespace.popen(house.tool("wire"), *ranges, interface, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == "ready\n"

    def read(self):
        """Counts are {(direction, mac, ip): (frames, bytes)}."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        counts = {}
        for line in self.process.stdout:
            word, *rest = line.split()
            if word == "end":
                return Reading(counts, *map(int, rest))
            mac, ip, frames, size = rest
            counts[word, mac, ip] = (int(frames), int(size))
        raise RuntimeError("the wire counter died")

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@contextlib.contextmanager
def largest(namespace, *interfaces):
    """The lengths of the longest packets meanwhile: {interface: (in, out)}."""
    found = {}
    wires = {interface: Wire(namespace, interface) for interface in interfaces}
    try:
        yield found
        for interface, wire in wires.items():
            found[interface] = wire.read()[2:]
    finally:
        for wire in wires.values():
            wire.close()


class Truth:
    """The wires of several clients together.

    longest: of their frames.
    """

    def __init__(self, clients, longest=FRAME, **options):
        own = [f"{house.WAN4}/32", f"{house.WAN6}/128"]
        own += options.pop("not_internet", [])
        self.clients = clients
        self.longest = longest
        self.dropped = self.dropped_frames()
        self.wires = [Wire(client, not_internet=own, **options) for client in clients]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for wire in self.wires:
            wire.close()

    def dropped_frames(self):
        return [client.dropped_frames() for client in self.clients]

    def counts(self):
        counts = {}
        for wire in self.wires:
            reading = wire.read()
            assert reading.drops == 0, "the lab's own count is incomplete: test void"
            assert max(reading[2:]) <= self.longest, "the lab saw a super-packet: test void"
            assert not counts.keys() & reading.counts.keys()
            counts.update(reading.counts)
        return counts

    def settled(self, quiet=0.2):
        """The counts once nothing has come for a while."""
        before, now = None, self.counts()
        deadline = time.monotonic() + 60
        while now != before:
            assert time.monotonic() < deadline, "the wire does not come to rest"
            time.sleep(quiet)
            before, now = now, self.counts()
        return now

    def doubt(self):
        """Of a difference; frames that the cable lost were seen at one end of it only.

        A difference there need not be: what was lost may be neighbour discovery's, as links change
        and as the kernel gives a device its clsact qdisc.
        """
        if self.dropped_frames() == self.dropped:
            return "miscounted"
        return "the cable lost frames: test void"
