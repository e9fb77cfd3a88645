# SPDX-License-Identifier: GPL-2.0-or-later
"""running.py MEZOURA   what the daemon costs in a router with a bridge: its start, a pull, its memory"""
import gzip
import os
import shutil
import statistics
import sys
import threading
import time
import urllib.request

from figures import tell
import daemon
import house
import pulls
import resident
from watch import wait_until

STARTS = 11
PULLS = 20
PULL_HOSTS = 150  # as many as the older program could have
USUAL, MANY = 256, (10000, 100000)  # hosts in memory, of one address each; every other IPv6
PAUSE = 0.00005  # between two packets; with what the clock adds they are 0.1 ms apart


class Stream:
    """A host that uploads all the time, and when it sent each packet."""

    def __init__(self, home):
        mac = bytes.fromhex(home.router.mac("br-lan").replace(":", ""))
        self.link = home.clients[0].packet_socket("eth0")
        self.frame, self.sent, self.over = pulls.upload(mac, 0), [], threading.Event()
        self.thread = threading.Thread(target=self.loop)

    def loop(self):
        while not self.over.is_set():
            self.sent.append(time.monotonic())
            self.link.send(self.frame)
            time.sleep(PAUSE)

    def __enter__(self):
        self.thread.start()
        time.sleep(0.05)
        return self

    def __exit__(self, *_):
        time.sleep(0.05)
        self.over.set()
        self.thread.join()
        self.link.close()


def inode(path):
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return None


def wait_for_text_file(mezoura, old, pause=0.0005):
    deadline = time.monotonic() + 20
    while inode(mezoura.textfile) == old:
        assert time.monotonic() < deadline, f"no text file: {mezoura.said()}"
        time.sleep(pause)


def launch(home, mezoura):
    """Starts it under traffic: (the traffic, when it started, when the text file was there)."""
    old = inode(mezoura.textfile)
    with Stream(home) as stream:
        began = time.monotonic()
        mezoura.launch()
        wait_for_text_file(mezoura, old)
        written = time.monotonic()
    wait_until(mezoura.answers, daemon=mezoura)
    return stream.sent, began, written


def counted(mezoura):
    (packets, _), = mezoura.fresh_page().addresses().values()
    return packets


def start(home):
    """Once without anything in the kernel, and once more: ms to the first counted packet, ms to the
    text file, ms to that where the classifier is there already, and packets not counted meanwhile.

    Packets are counted in the order in which they were sent, and all from the first one on: so how
    many were counted tells which one was the first.
    """
    mezoura = daemon.Daemon(home.router)
    try:
        sent, began, written = launch(home, mezoura)
        before = counted(mezoura)
        assert 0 < before < len(sent), f"{before} of {len(sent)} packets: {mezoura.said()}"
        mezoura.stop()
        more, again, rewritten = launch(home, mezoura)
        return ((sent[-before] - began) * 1e3, (written - began) * 1e3, (rewritten - again) * 1e3,
                len(more) - (counted(mezoura) - before))
    finally:
        mezoura.stop()
        mezoura.unload()


def starts(home):
    first, written, again, missed = zip(*(start(home) for _ in range(STARTS)))
    for what, found, goal in (("start to the first counted packet", first, "<= 50"),
                              ("start to the first text file", written, ""),
                              ("start to the first text file, classifier there", again, "")):
        # while it waits for others' work, it is not starting
        tell(what, f"{min(found):.1f}", "ms", goal,
             f"least of {STARTS}, median {statistics.median(found):.1f}; from before the fork on")
    tell("packets not counted in a restart", max(missed), "", "<= 0", f"most of {STARTS}")


def spent(mezoura):
    """Milliseconds of CPU that the keeper has had."""
    with open(f"/proc/{mezoura.process.pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e6


def pull(home):
    with daemon.Daemon(home.router) as mezoura:
        pulls.introduce(home, mezoura, PULL_HOSTS)
        marks = []
        for _ in range(pulls.WARM + PULLS + 1):
            wait_for_text_file(mezoura, inode(mezoura.textfile), 0.01)
            time.sleep(0.1)  # for what it does behind that
            marks.append(spent(mezoura))
        each = [b - a for a, b in zip(marks[pulls.WARM:], marks[pulls.WARM + 1:])]
        calls = pulls.strace(mezoura, lambda calls: len(calls) > 4)
    tell(f"pull and text file, {PULL_HOSTS} hosts: CPU", f"{statistics.median(each):.3f}", "ms", "<= 0.18",
         f"of the keeper, a pull a second; median of {PULLS}, least {min(each):.3f}, "
         f"mean with looks at the hooks {statistics.mean(each):.3f}")
    tell(f"pull and text file, {PULL_HOSTS} hosts: system calls", statistics.median_low(calls), "", "<= 20",
         f"median of {len(calls)}")


def pids(mezoura):
    return mezoura.process.pid, mezoura.exporter()


def held(mezoura):
    """Kilobytes of memory of both processes: shared pages by their share, and in full."""
    found = {"Pss:": 0, "Rss:": 0}
    for pid in pids(mezoura):
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for word, size, *_ in map(str.split, file.readlines()[1:]):
                if word in found:
                    found[word] += int(size)
    return found["Pss:"], found["Rss:"]


def scrape(mezoura):
    """As Prometheus does: it takes gzip."""
    with mezoura.namespace.inside():
        request = urllib.request.Request("http://127.0.0.1:9999/metrics", headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=10) as response:
            assert gzip.decompress(response.read()).count(b"\nnode_nat_traffic_upload{")


def rest(home, mezoura, hosts):
    """Has it know so many hosts and be scraped, and waits until it rests."""
    pulls.introduce(home, mezoura, hosts)
    scrape(mezoura)
    time.sleep(3)


def memory(home):
    with daemon.Daemon(home.router) as mezoura:
        rest(home, mezoura, USUAL)
        pss, rss = held(mezoura)
        tell(f"memory of both processes, {USUAL} hosts", pss, "kB", "<= 3072",
             f"PSS, 3 s behind a scrape; RSS {rss}; each page once, whoever else has it:")
        for total, name, (keeper, exporter, both) in resident.rows(*pids(mezoura)):
            tell(f"    {name}", total, "kB", note=f"keeper {keeper}, exporter {exporter}, both {both}")
    found = {}
    with daemon.Daemon(home.router, "--max-hosts", str(MANY[-1])) as mezoura:
        for hosts in (USUAL, *MANY):
            rest(home, mezoura, hosts)
            found[hosts] = sum(total for total, *_ in resident.rows(*pids(mezoura)))
    for hosts in MANY:
        tell(f"memory of a host above {USUAL}, up to {hosts}",
             round((found[hosts] - found[USUAL]) * 1024 / (hosts - USUAL)), "bytes", "<= 200",
             "of pages, each once, whoever else has it")


def main(mezoura):
    house.isolate()
    daemon.BINARY = shutil.copy(mezoura, house.SCRATCH)
    with house.House(clients=("h1",)) as home:
        home.router.ip(f"route add blackhole {pulls.NOBODY4}")
        home.clients[0].sysctl("net/ipv6/conf/eth0/disable_ipv6", 1)
        for measure in (starts, pull, memory):
            measure(home)


if __name__ == "__main__":
    main(*sys.argv[1:])
