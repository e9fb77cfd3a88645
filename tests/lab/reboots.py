# SPDX-License-Identifier: GPL-2.0-or-later
"""reboots.py DIRECTORY   in a guest that boots several times, with DIRECTORY kept: see tests/vm/reboots

Each boot counts something, and the history has the sum of all boots. The first one ends in a clean
way, the second one without: what it wrote before is there. Prints a line of TAP for each boot.
"""
import json
import os
import sys

import daemon
import history
import house
import traffic

def load(path):
    """What the history had at the end of each boot before."""
    try:
        with open(path, encoding="ascii") as file:
            return json.load(file)
    except FileNotFoundError:
        return []


def pairs(counts):
    """To and from what JSON can have."""
    if isinstance(counts, dict):
        return [[*key, *pair] for key, pair in counts.items()]
    return {tuple(row[:3]): tuple(row[3:]) for row in counts}


def boot(home, mezoura, before):
    """What the history has at its end, of which all is written."""
    client = home.clients[0]
    mezoura.start()
    try:
        if before:
            assert history.assert_complete(mezoura, before) == before
        traffic.tcp(client, home.internet, house.INTERNET4, up=100_000, down=200_000)
        traffic.ping(client, house.INTERNET6)
        history.assert_complete(mezoura, before)
        assert mezoura.stop() == 0  # which writes it
        mezoura.start()
        counts = history.assert_complete(mezoura, before)
        traffic.ping(client, house.INTERNET4)  # is lost, where the power fails now
        return counts
    finally:
        print(mezoura.said(), file=sys.stderr)


def main():
    kept = sys.argv[1]
    done = load(f"{kept}/counted")
    number = len(done) + 1
    house.isolate()
    with house.House(clients=("h1",)) as home:
        traffic.warm_up(home.clients[0])
        mezoura = daemon.Daemon(home.router, history=True)
        mezoura.state = f"{kept}/state"
        mezoura.options += ["--state", mezoura.state]
        history.make_state(mezoura)
        counts = boot(home, mezoura, pairs(done[-1]) if done else {})
        if number == 1:
            counts = history.assert_complete(mezoura)
            assert mezoura.stop() == 0
        with open(f"{kept}/counted", "w", encoding="ascii") as file:
            json.dump([*done, pairs(counts)], file)
        print(f"ok {number} - boot {number}: 0 bytes lost, 0 twice", flush=True)
        if number > 1:
            with open("/proc/sysrq-trigger", "w", encoding="ascii") as file:
                file.write("b")  # at once, without writing anything


if __name__ == "__main__":
    main()
