# SPDX-License-Identifier: GPL-2.0-or-later
"""history.py   what the recorder costs beside a daemon that runs, and how long its answers take over HTTP"""
import os
import statistics
import time
import urllib.parse

from figures import tell
import daemon
import history
import house
import pulls
from held import own_kb

HOSTS = 150
PULLS = 30
YEARS = {100: ("<= 20", "<= 5"), 1000: ("<= 100", "<= 25")}  # hosts: goals
DAYS = 5 * 365 + 1
ASKED = 15
SOMEBODY = "02:00:00:00:00:00"  # as bench_history.c makes them


def spent(pid):
    """Milliseconds of CPU that a process has had."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e6


def private_kb(pid):
    """Memory that no other process has, be it a library's."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))


def pull(home):
    with daemon.Daemon(home.router, history=True) as mezoura:
        pulls.introduce(home, mezoura, HOSTS)
        mezoura.await_pulls(5)
        pid = mezoura.recorder()
        began, marks = spent(pid), []
        for _ in range(PULLS):
            mezoura.await_pulls(1)
            time.sleep(0.2)  # for what it does behind that
            marks.append(spent(pid))
        each = [b - a for a, b in zip([began, *marks], marks)]
        private, own = private_kb(pid), own_kb(pid)
        assert mezoura.recorder() == pid, mezoura.said()
    tell(f"recorder, {HOSTS} hosts: CPU for each pull", f"{statistics.median(each):.3f}", "ms", "<= 0.2",
         f"a pull a second; median of {PULLS}, mean {statistics.mean(each):.3f}")
    tell(f"recorder, {HOSTS} hosts: private memory", private, "kB", "<= 1536",
         f"that no other process has; {own} in no file")


def fill(mezoura, hosts):
    """Years, up to now, as bench_history makes them."""
    history.make_state(mezoura)
    began = time.monotonic()
    house.run(f"{os.path.dirname(house.BUILT)}/bench_history", mezoura.state, str(hosts), str(DAYS), timeout=600)
    for name in os.listdir(mezoura.state):
        os.chown(f"{mezoura.state}/{name}", house.USERS["mezoura"], house.USERS["mezoura"])
    return time.monotonic() - began


def answer_ms(mezoura, **parameters):
    """The least of several, no two of which are the same question: the same one may be kept."""
    found = []
    for i in range(ASKED):
        path = "/api/v1/history?" + urllib.parse.urlencode(
            {**parameters, "from": parameters["from"] + i, "to": int(time.time())})
        began = time.monotonic()
        size = len(mezoura.get(path))
        found.append((time.monotonic() - began) * 1e3)
    return min(found), statistics.median(found), size


def answers(home, hosts, goals):
    mezoura, day = daemon.Daemon(home.router, history=True), 86400
    took, now = fill(mezoura, hosts), int(time.time())
    questions = (("a year by day, the house", goals[0], {"step": "day", "by": "total", "from": now - 365 * day}),
                 ("a year by day, by host", goals[0], {"step": "day", "by": "host", "from": now - 365 * day}),
                 ("a month by hour, one host", goals[1],
                  {"step": "hour", "by": "host", "host": SOMEBODY, "from": now - 30 * day}))
    with mezoura:
        for what, goal, parameters in questions:
            least, median, size = answer_ms(mezoura, **parameters)
            tell(f"HTTP, {hosts} hosts: {what}", f"{least:.1f}", "ms", goal,
                 f"least of {ASKED}, median {median:.1f}; the first {size} bytes of it")
        tell(f"recorder, {hosts} hosts and {DAYS} days: private memory", private_kb(mezoura.recorder()), "kB", "",
             f"after these; {took:.0f} s to make that history")


def main():
    house.isolate()
    with house.House(clients=("h1",)) as home:
        home.router.ip(f"route add blackhole {pulls.NOBODY4}")
        home.clients[0].sysctl("net/ipv6/conf/eth0/disable_ipv6", 1)
        pull(home)
        for hosts, goals in YEARS.items():
            answers(home, hosts, goals)


if __name__ == "__main__":
    main()
