# SPDX-License-Identifier: GPL-2.0-or-later
"""forwarding.py MEZOURA [ROUNDS]   how fast a router forwards while it counts, next to one that does not

A house for each way to count, all there at once. In each round, each of them in turn forwards the
shortest frames for 0.15 seconds, up on one CPU and down on another. What is told is the median over
the rounds of its rate as a share of the rate, in the same round, of a router on which nothing hangs.
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

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
import house  # noqa: E402  pylint: disable=wrong-import-position

MS = 150
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
        """Packets a second, of both directions."""
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


WAYS = {
    "nothing": nothing,
    "nothing, again": nothing,
    "empty TCX": empty_tcx,
    "empty clsact": empty_clsact,
    "mezoura, TCX": counting("tcx"),
    "mezoura, clsact": counting("clsact"),
    "nft, a set of counters": ruleset(SETS),
    "conntrack accounting": ruleset(CONNECTIONS, nf_conntrack_acct=1),
    "darkstat": program("darkstat", "-i", "br-lan", "--no-daemon", "--no-promisc", "-p", "6667"),
    "pmacctd": program("pmacctd", "-i", "br-lan", "-P", "memory", "-c", "src_host,dst_host"),
}


def main(mezoura, rounds="40"):
    house.isolate()
    flood, ways = f"{house.scratch('flood')}/flood", {}
    house.run("cc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-o", flood, f"{HERE}/flood.c", "-lbpf")
    copy = shutil.copy(mezoura, house.SCRATCH)
    with contextlib.ExitStack() as stack:
        for name, prepare in WAYS.items():
            try:
                ways[name] = Way(stack, flood, copy, prepare)
            except Missing as why:
                print(f"SKIP {name}: {why}")
        rates = {name: [] for name in ways}
        for _ in range(int(rounds)):
            for name in random.sample(list(ways), len(ways)):
                rates[name].append(ways[name].run())
    base = rates["nothing"]
    print(f"forwarding of 64-byte frames, {statistics.median(base):.0f} packets a second with nothing "
          f"attached; medians of {rounds} rounds")
    shares = {}
    for name, found in rates.items():
        ratios = sorted(a / b for a, b in zip(found, base))
        shares[name] = statistics.median(ratios)
        print(f"{name:24} {shares[name]:.3f} of that, the middle half {ratios[len(ratios) // 4]:.3f} to "
              f"{ratios[3 * len(ratios) // 4]:.3f}")
    for hook in ("TCX", "clsact"):
        if f"mezoura, {hook}" in shares and f"empty {hook}" in shares:
            share = statistics.median(a / b for a, b in zip(rates[f"mezoura, {hook}"], rates[f"empty {hook}"]))
            print(f"mezoura of an empty program, {hook:6} {share:.3f}  goal 0.990: "
                  f"{'reached' if share >= 0.99 else 'missed'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
