# SPDX-License-Identifier: GPL-2.0-or-later
"""forwarding.py [ROUNDS]   how fast a router forwards while it counts, next to one that does not

A house for each way to count, all there at once. In each round, each of them in turn forwards the
shortest frames for a moment, up on one CPU and down on another. Its rate is by the CPU time that this
takes, which other work on the machine hardly changes. It is that of sending and forwarding, not that
of programs beside, such as pmacctd, which are slower than they look here. What is told is the median
over the rounds of the rate as a share of another's in the same round.
"""
import contextlib
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time

from figures import HERE, tell
import house

MS = 30
HOOKED = ("br-lan", "port-h1")  # what mezoura hooks to count on the bridge
SETS = """table ip counted {
    set up { type ipv4_addr; size 65535; flags dynamic; counter; }
    set down { type ipv4_addr; size 65535; flags dynamic; counter; }
    chain forward { type filter hook forward priority 0;
        iifname "br-lan" update @up { ip saddr }
        oifname "br-lan" update @down { ip daddr }
    }
}"""
CONNECTIONS = """table ip counted { chain forward { type filter hook forward priority 0;
    ct state invalid drop
    }
}"""


class Missing(Exception):
    """Why a way to count cannot be had here."""


class Way:
    """One house, whose router counts in one way or not at all."""

    def __init__(self, stack, flood, mezoura, prepare):
        self.flood, self.mezoura = flood, mezoura
        self.home = stack.enter_context(house.House(clients=("h1",)))
        self.router, self.processes = self.home.router, []
        stack.callback(self.end)
        self.sinks = [self.sink(self.home.internet, house.INTERNET4),
                      self.sink(self.home.clients[0], self.home.clients[0].v4)]
        prepare(self)
        self.floods = [self.start(self.home.clients[0], flood, "0", house.INTERNET4),
                       self.start(self.home.internet, flood, str(os.cpu_count() - 1),
                                  self.home.clients[0].v4)]
        self.run()  # neighbours are known from here on

    def end(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()

    def sink(self, namespace, address):
        """Takes datagrams so that nobody answers; full at once, it drops them."""
        s = namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        s.bind((address, 5000))
        return s

    def start(self, namespace, *command):
        process = namespace.popen(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        self.processes.append(process)
        return process

    def run(self):
        """Packets in a second of CPU time, of both directions."""
        for process in self.floods:
            process.stdin.write(f"{MS}\n")
            process.stdin.flush()
        rate = 0
        for process in self.floods:
            sent, ns = map(int, process.stdout.readline().split())
            rate += sent / ns * 1e9
        return rate


def nothing(_):
    pass


def empty_tcx(way):
    for interface in HOOKED:
        if way.start(way.router, way.flood, "hang", interface).stdout.readline() != "hangs\n":
            raise Missing("this kernel has no TCX")


def empty_clsact(way):
    for interface in HOOKED:
        way.router.run("tc", "qdisc", "add", "dev", interface, "clsact")
        for side in ("ingress", "egress"):
            way.router.run("tc", "filter", "add", "dev", interface, side, "bpf", "da", "bytecode",
                           "1,6 0 0 4294967295")


def counting(hook):
    def prepare(way):
        directory = house.scratch("mezoura")
        way.start(way.router, way.mezoura, "-i", "br-lan", "-t", "5", "--hook", hook, "--textfile",
                  f"{directory}/page", "--pin", f"{house.BPFFS}/{os.path.basename(directory)}",
                  "--socket", f"{directory}/socket")
        for _ in range(100):
            if os.path.exists(f"{directory}/page"):
                return
            time.sleep(0.1)
        raise Missing("mezoura does not start: " + way.processes[-1].stdout.readline())
    return prepare


def ruleset(text, **sysctls):
    def prepare(way):
        for key, value in sysctls.items():
            way.router.sysctl(f"net/netfilter/{key}", value)
        try:
            way.router.run("nft", "-f", "-", input=text)
        except RuntimeError as error:
            raise Missing(str(error).splitlines()[0]) from error
    return prepare


def program(*command):
    def prepare(way):
        path = shutil.which(command[0], path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not path:
            raise Missing(f"{command[0]} is not installed")
        process = way.start(way.router, path, *command[1:])
        time.sleep(1)
        if process.poll() is not None:
            raise Missing(f"{command[0]}: {process.stdout.read().strip()}")
        process.stdout.close()
    return prepare


NOTHING = "nothing"
OURS = {"an empty program, TCX": "mezoura, TCX", "an empty program, clsact": "mezoura, clsact"}
PEERS = {
    "nft, a set of counters": ruleset(SETS),
    "conntrack accounting": ruleset(CONNECTIONS, nf_conntrack_acct=1),
    "darkstat": program("darkstat", "-i", "br-lan", "--no-daemon", "--no-promisc", "-p", "6667"),
    "pmacctd": program("pmacctd", "-i", "br-lan", "-P", "memory", "-c", "src_host,dst_host"),
}
WAYS = {
    NOTHING: nothing,
    "nothing, again": nothing,
    "an empty program, TCX": empty_tcx,
    "an empty program, clsact": empty_clsact,
    "mezoura, TCX": counting("tcx"),
    "mezoura, clsact": counting("clsact"),
    **PEERS,
}


def measure(ways, rounds):
    """Rates of each way, in the order of the rounds."""
    rates = {name: [] for name in ways}
    for _ in range(rounds):
        for name in random.sample(list(ways), len(ways)):
            rates[name].append(ways[name].run())
    return rates


def shares(rates, base):
    """What the median is of, and the middle half as a note."""
    found = sorted(a / b for a, b in zip(rates, base))
    return statistics.median(found), f"{found[len(found) // 4]:.3f} to {found[3 * len(found) // 4]:.3f}"


def report(rates):
    rounds = f"median of {len(rates[NOTHING])} rounds"
    tell("forwarding of 64-byte frames, nothing counts", f"{statistics.median(rates[NOTHING]):.0f}",
         "/ CPU s", note=rounds)
    found = {}
    for name in rates:
        found[name], middle = shares(rates[name], rates[NOTHING])
        tell(f"forwarding, {name}", f"{found[name]:.3f}", "x", note=f"{rounds}, middle half {middle}")
    for empty, ours in OURS.items():
        if ours in rates and empty in rates:
            share, middle = shares(rates[ours], rates[empty])
            tell(f"forwarding, {ours}, of {empty}", f"{share:.3f}", "x", ">= 0.99",
                 f"{rounds}, middle half {middle}")
    if peers := {name: found[name] for name in PEERS if name in found}:
        fastest = max(peers, key=peers.get)
        for ours in filter(found.__contains__, OURS.values()):
            share, middle = shares(rates[ours], rates[fastest])
            tell(f"forwarding, {ours}, of the fastest peer", f"{share:.3f}", "x", ">= 1",
                 f"{fastest}; {rounds}, middle half {middle}")


def main(rounds="150"):
    house.isolate()
    flood, ways = f"{house.scratch('flood')}/flood", {}
    house.run("cc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-o", flood, f"{HERE}/flood.c", "-lbpf")
    with contextlib.ExitStack() as stack:
        for name, prepare in WAYS.items():
            try:
                ways[name] = Way(stack, flood, house.BINARY, prepare)
            except Missing as why:
                print(f"forwarding.py: {name}: {why}", file=sys.stderr)
        report(measure(ways, int(rounds)))
    return 0 if len(ways) == len(WAYS) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
