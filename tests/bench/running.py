# SPDX-License-Identifier: GPL-2.0-or-later
"""running.py   what the daemon costs in a router with a bridge: its start, a pull, its memory,
how soon it notices what changes, and what strangers take from it
"""
import contextlib
import gzip
import os
import socket
import statistics
import threading
import time
import urllib.request

from figures import tell
from crowd import harms, scraper_of
import daemon
import forger
import frames
import house
import pulls
import resident
from held import own_kb
from watch import wait_until

STARTS = 11
PULLS = 20
PULL_HOSTS = 150  # as many as the older program could have
USUAL, MANY = 256, (10000, 100000)  # hosts in memory, of one address each; every other IPv6
CHANGES = 8
SCRAPES = 50
CROWD = {"a thousand silent connections": ("silent", 1), "as many of a hundred addresses": ("silent", 100),
         "connections that ask and never read": ("greedy", 100)}
FORGED = 80000
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
    deadline = time.monotonic() + 60
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
        with urllib.request.urlopen(request, timeout=60) as response:
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
        for who, pid, goal in zip(("keeper", "exporter"), pids(mezoura), (1082, 752)):
            tell(f"memory of the {who} that is in no file, {USUAL} hosts", own_kb(pid), "kB", f"<= {goal}")
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


def until(what):
    """Milliseconds, looking all the time."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < 60
        time.sleep(0.001)
    return (time.monotonic() - began) * 1e3


def least(found):
    """As the machine may be busy with others."""
    return f"{min(found):.1f}", f"least of {len(found)}, median {statistics.median(found):.1f}"


def hooking(home):
    """By what it leaves in its directory, as asking the kernel takes longer than hooking."""
    for hook in daemon.HOOKS:
        found = []
        home.router.ip("link add br-new type bridge")
        with daemon.Daemon(home.router, "--hook", hook, track=("-i", "br-new")) as mezoura:
            for _ in range(CHANGES):
                home.router.ip("link del br-new")
                home.router.ip("link add br-new type bridge")
                with home.router.inside():
                    index = socket.if_nametoindex("br-new")
                left = [f"link_{index}_0_{side}" for side in ("ingress", "egress")]
                left = [f"{mezoura.pin}/{name}" for name in (left if hook == "tcx" else [f"qdisc_{index}"])]
                found.append(until(lambda those=left: all(map(os.path.exists, those))))
        home.router.ip("link del br-new")
        took, note = least(found)
        tell(f"a new interface, until it is hooked by {hook}", took, "ms", "<= 100", note)


def naming(home):
    mac, found = "02:0a:bc:00:00:01", []
    with daemon.Daemon(home.router) as mezoura:
        frames.appear(home, home.clients[0], mac, 101)
        wait_until(mezoura.fresh_page().names)
        for i in range(CHANGES):
            mezoura.configure(f"config host\n\toption name 'n{i}'\n\toption mac '{mac}'\n")
            found.append(until(lambda name=f"n{i}": mezoura.page().names() == {mac.upper(): {name}}))
            time.sleep(1)  # it reads no more often than twice a second
    took, note = least(found)
    tell("a changed name, until a page has it", took, "ms", "<= 2000", note)


def scrape_ms(scraper, place):
    """The median, of those that are answered."""
    found = []
    while len(found) < SCRAPES:
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            scraper.scrape(*place)
            found.append((time.monotonic() - began) * 1e3)
    return statistics.median(found)


def crowds():
    for crowd, (kind, addresses) in CROWD.items():
        with house.House() as home, daemon.Daemon(home.router) as mezoura:
            scraper = scraper_of(home)
            place = scraper.places[0]
            calm, before = scrape_ms(scraper, place), own_kb(mezoura.exporter())
            with harms(kind, home, addresses):
                beside = scrape_ms(scraper, place)
            time.sleep(3)
            after = own_kb(mezoura.exporter())
        tell(f"a scrape beside {crowd}", f"{beside:.2f}", "ms", "<= 50", f"median of {SCRAPES}; {calm:.2f} without")
        tell(f"memory of the exporter that stays after {crowd}", after - before, "kB", "<= 4096")


def flood():
    with house.House(clients=("h1", "forger")) as home:
        forging, slowest = forger.Forger(home, home.clients[1], daemon.HOOKS[0]), 0
        with daemon.Daemon(home.router, "--idle", "3", "--metrics", "native") as mezoura:
            before = own_kb(mezoura.process.pid)
            for _ in range(FORGED // 20000):
                forging.forge("v4", 20000)
                slowest = max(slowest, mezoura.fresh_page().value("mezoura_pull_duration_seconds"))
            tell(f"pull in a flood of {FORGED} forged hosts", f"{slowest * 1e3:.1f}", "ms", "<= 500", "the longest seen")
            tell("memory of the keeper that is in no file, more by that flood",
                 own_kb(mezoura.process.pid) - before, "kB", "<= 16384")


def main():
    house.isolate()
    with house.House(clients=("h1",)) as home:
        home.router.ip(f"route add blackhole {pulls.NOBODY4}")
        home.clients[0].sysctl("net/ipv6/conf/eth0/disable_ipv6", 1)
        for measure in (starts, pull, memory, hooking, naming):
            measure(home)
    crowds()
    flood()


if __name__ == "__main__":
    main()
