# SPDX-License-Identifier: GPL-2.0-or-later
"""reboots.py DIRECTORY NTPD   in a guest that boots several times, with DIRECTORY kept: see tests/vm/reboots

Each boot counts something, and the history has the sum of all boots. The first one ends in a clean
way, the others without: what was written before is there. In the second one, NTPD asks a server that
does not answer; in the third one, whose clock is a month behind, one that does. NTPD: busybox's; or
"# SKIP" and why there is none. Prints TAP, of five lines in all.
"""
import contextlib
import datetime
import json
import sqlite3
import sys
import time

import daemon
import history
import house
import ntp
import traffic
from watch import wait_until

BEHIND = 30 * 86400  # see tests/vm/reboots
LONG = 86400  # far more than three boots take


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


def boot(mezoura, home, before):
    """What the history has at its end, of which all is written."""
    client = home.clients[0]
    mezoura.start()
    if before:
        assert history.assert_complete(mezoura, before) == before
    traffic.tcp(client, home.internet, house.INTERNET4, up=100_000, down=200_000)
    traffic.ping(client, house.INTERNET6)
    history.assert_complete(mezoura, before)
    assert mezoura.stop() == 0  # which writes it
    mezoura.start()
    counts = history.assert_complete(mezoura, before)
    assert_held(mezoura, counts)
    return counts


def size(counts):
    return sum(size for _, size in counts.values())


def written(mezoura):
    """Bytes in the database: of what waits for its date, and of what has it."""
    database = sqlite3.connect(f"file:{mezoura.state}/history.db?mode=ro", uri=True)
    with contextlib.closing(database):
        return tuple(database.execute(f"SELECT total(upload_bytes + download_bytes) FROM {table}").fetchone()[0]
                     for table in ("held_traffic", "hour_traffic"))


def assert_held(mezoura, counts):
    """All is shown, and marked; no date is final."""
    answer = history.ask(mezoura, step="hour", by="total")
    assert not answer["settled"]
    assert "clock" in {gap["reason"] for gap in answer["gaps"]}, answer["gaps"]
    assert size(history.total(answer["rows"])) == size(counts)
    assert written(mezoura) == (size(counts), 0)
    assert history.troubles(mezoura) == ["clock"]


@contextlib.contextmanager
def asking(home, program, **server):
    """With an NTP client on the router, and the server that it asks, on the internet."""
    with ntp.Server(home.internet, house.INTERNET4, **server).serving() as serving:
        client = home.router.popen(program, "-n", "-p", house.INTERNET4, stderr=sys.stderr)
        try:
            yield serving
        finally:
            client.kill()
            client.wait()


def begins(answer):
    return datetime.datetime.fromisoformat(answer["rows"][0]["start"]).timestamp()


def correct(mezoura, home, before, program):
    """The client sets the clock: what was counted in this boot moves to its true date, every byte once."""
    believed = begins(history.ask(mezoura, step="5m", by="total"))
    assert abs(time.time() - believed) < LONG
    with asking(home, program, ahead=BEHIND) as server:
        wait_until(lambda: not history.troubles(mezoura), seconds=300, daemon=mezoura)
        assert abs(time.time() - server.now()) < 60  # a busy machine measures it badly
    counts = history.assert_complete(mezoura, before)
    recent, hours = (history.ask(mezoura, step=step, by="total") for step in ("5m", "hour"))
    assert recent["settled"] and hours["settled"]
    assert "clock" not in {gap["reason"] for gap in hours["gaps"]}, hours["gaps"]
    assert history.total(recent["rows"]) == history.in_total(history.counted(mezoura.page()))
    assert abs(begins(recent) - believed - BEHIND) <= 300, recent["rows"]  # rows are of five minutes
    assert begins(hours) > time.time() - LONG, hours["rows"]
    assert mezoura.stop() == 0
    assert written(mezoura) == (0, size(counts))
    mezoura.start()
    assert history.assert_complete(mezoura, before) == counts
    assert history.ask(mezoura)["settled"]
    return counts


def test(mezoura, home, number, before, ntpd):
    """Returns what the history has at its end."""
    lines, skip = iter(range(max(2 * number - 2, 1), 6)), ntpd if ntpd.startswith("#") else ""

    def tell(what):
        print(f"ok {next(lines)} - {what}", flush=True)

    with asking(home, ntpd, silent=True) if number == 2 and not skip else contextlib.nullcontext() as server:
        counts = boot(mezoura, home, before)
        if server:
            wait_until(lambda: server.asked, seconds=300)
            assert_held(mezoura, counts)
    tell(f"boot {number}: 0 bytes lost, 0 twice")
    if number == 2:
        tell(f"busybox ntpd gets no answer: all is held, shown and marked {skip}")
    elif number == 3:
        if not skip:
            counts = correct(mezoura, home, before, ntpd)
        tell(f"busybox ntpd sets the clock: 0 bytes lost, 0 twice, all at its true date {skip}")
    return counts


def main():
    kept, ntpd = sys.argv[1:]
    done = load(f"{kept}/counted")
    number = len(done) + 1
    house.isolate()
    with house.House(clients=("h1",)) as home:
        traffic.warm_up(home.clients[0])
        mezoura = daemon.Daemon(home.router, history=True)
        mezoura.state = f"{kept}/state"
        mezoura.options += ["--state", mezoura.state]
        history.make_state(mezoura)
        try:
            counts = test(mezoura, home, number, pairs(done[-1]) if done else {}, ntpd)
            if number == 1:
                assert mezoura.stop() == 0
            else:
                wait_until(lambda: time.time() % 3600 < 3570)  # a full hour would have it written
                traffic.ping(home.clients[0], house.INTERNET4)  # is lost, as the power fails now
        finally:
            print(mezoura.said(), file=sys.stderr)
        with open(f"{kept}/counted", "w", encoding="ascii") as file:
            json.dump([*done, pairs(counts)], file)
        if number > 1:
            with open("/proc/sysrq-trigger", "w", encoding="ascii") as file:
                file.write("b")  # at once, without writing anything


if __name__ == "__main__":
    main()
