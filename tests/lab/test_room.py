# SPDX-License-Identifier: GPL-2.0-or-later
"""Room for addresses: those that are silent leave, floods are outlived, and nothing is lost."""
import http.client
import os
import random
import signal
import time

import pytest

import house
import traffic
import wire
from daemon import HOOKS, Daemon, Page, by_host, compared
from forger import NOBODY4, Forger, everything
from held import Held
from watch import Watch, talk, wait_until

PRIVACY = [f"2001:db8:ca2:2:a::{i:x}" for i in range(1, 5)]


def speak(home, client, sources, datagrams=20):
    for source in sources:
        remote = house.INTERNET6 if ":" in source else house.INTERNET4
        traffic.udp(client, home.internet, remote, source, datagrams=datagrams, size=700)


def settle(home):
    """Two hosts, the first with several addresses, that exchange nothing by themselves."""
    for address in PRIVACY:
        home.clients[0].ip(f"addr add {address}/64 dev eth0 nodad")
    for client in home.clients:
        traffic.warm_up(client)


def assert_hosts_exact(truth, daemon):
    """By host, wherever their addresses are by now."""
    expected, page = compared(lambda: by_host(truth.settled()), daemon, Page.hosts)
    assert page.hosts() == expected
    assert all(value == 0 for _, value in page.family("mezoura_unattributed_packets_total"))
    return page


def entries(page):
    return [page.value("mezoura_table_entries", ip_version=v) for v in "46"]


def is_empty(daemon):
    """Its tables."""
    try:
        return entries(daemon.page()) == [0, 0]
    except (OSError, http.client.HTTPException):
        return False  # it is just starting, or has ended


@pytest.mark.parametrize("hook", HOOKS)
def test_a_silent_address_leaves_and_continues_where_it_was(home, hook):
    settle(home)
    first, other = home.clients
    everybody = ((first, [first.v4, first.v6, *PRIVACY]), (other, [other.v4, other.v6]))
    with wire.Truth(home.clients) as truth, \
            Daemon(home.router, "--hook", hook, "--idle", "4") as daemon, Watch(daemon):
        began = time.monotonic()
        for client, sources in everybody:
            speak(home, client, sources)
        before = truth.settled()
        page = daemon.fresh_page()
        if time.monotonic() - began < 3:  # else some may have left already
            assert page.addresses() == before
        wait_until(lambda: not daemon.page().addresses(zeros=True))
        page = assert_hosts_exact(truth, daemon)
        assert entries(page) == [0, 0]
        assert page.value("mezoura_table_retired") == 4  # two hosts in two families

        began = time.monotonic()
        speak(home, first, [first.v4, *PRIVACY[:2]], datagrams=30)
        after = truth.settled()
        page = daemon.fresh_page()
        if time.monotonic() - began < 3:  # else they may have left again
            assert page.addresses() == {
                key: tuple(a - b for a, b in zip(after[key], before[key]))
                for key in after if after[key] != before[key]}
        assert_hosts_exact(truth, daemon)
        wait_until(lambda: not daemon.page().addresses(zeros=True))
        assert assert_hosts_exact(truth, daemon).value("mezoura_table_retired") == 4


def test_an_address_that_goes_on_talking_stays(home):
    settle(home)
    first, other = home.clients
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--idle", "5") as daemon:
        speak(home, other, [other.v4])
        with talk(first, home.internet, house.INTERNET4):
            # which was heard of no later
            wait_until(lambda: daemon.page().value("mezoura_table_retired") >= 1)
            wait_until(lambda: {key[1:] for key in daemon.fresh_page().addresses()} == {(first.eth0, first.v4)})
        assert_hosts_exact(truth, daemon)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_killed_at_random_while_addresses_come_and_go(home, seed):
    settle(home)
    first, other = home.clients
    chance = random.Random(seed)
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--idle", "1") as daemon, \
            Watch(daemon):
        for _ in range(10):
            speak(home, first, chance.sample([first.v4, first.v6, *PRIVACY], 3), datagrams=3)
            speak(home, other, [chance.choice([other.v4, other.v6])], datagrams=3)
            time.sleep(chance.uniform(0, 4))
            daemon.stop(chance.choice([signal.SIGKILL, signal.SIGTERM]))
            daemon.start()
        assert_hosts_exact(truth, daemon)
        wait_until(lambda: not daemon.page().addresses(zeros=True))
        assert_hosts_exact(truth, daemon)


def outlives(daemon, pulls):
    """Whether it does not end while it reads the counters so many times."""
    files = set()

    def decided():
        files.add(os.stat(daemon.textfile).st_ino)
        return daemon.process.poll() is not None or len(files) > pulls

    wait_until(decided)
    return daemon.process.poll() is None


def test_killed_at_each_step_of_making_room(home):
    """And in the middle of making up for that, as each daemon ends one step later."""
    settle(home)
    client = home.clients[0]
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--idle", "1") as daemon, \
            Watch(daemon):
        for step in range(1, 100):
            speak(home, client, [client.v4, client.v6], datagrams=2 + step)
            daemon.stop(signal.SIGKILL)
            daemon.launch_fatal(step)
            wait_until(lambda: daemon.process.poll() is not None or is_empty(daemon))
            if outlives(daemon, 8):  # what left the tables leaves its slots a bit later
                break
        assert step > 6, "the steps were not those of making room: test void"
        assert_hosts_exact(truth, daemon)
        daemon.stop(signal.SIGKILL)
        daemon.start()
        speak(home, client, [client.v4, client.v6])
        assert_hosts_exact(truth, daemon)


def assert_sum(truth, forger, daemon):
    """Of all that came in, be it whose it may. Returns the page."""
    def expect():
        counts = truth.settled().values()
        return [sum(pair[i] for pair in counts) + forger.forged[i] for i in (0, 1)]

    expected, page = compared(expect, daemon, everything)
    assert everything(page) == expected
    return page


def assert_known_exact(truth, page, silences=(0,)):
    """Unless one of them was silent for so long that it had to leave its place to others."""
    known, seen = by_host(truth.counts()), page.hosts()
    if max(silences) < 2:
        assert {key: pair for key, pair in seen.items() if key in known} == known
    else:
        print(f"silent for {max(silences):.1f} s")
        assert all(some <= every for key, pair in known.items()
                   for some, every in zip(seen.get(key, pair), pair))


def unattributed(page, reason):
    return sum(value for labels, value in page.family("mezoura_unattributed_packets_total")
               if labels["reason"] == reason)


FLOODS = [pytest.param(hook, {"v4": 60000, "v6": 20000}, id=f"80 k-{hook}") for hook in HOOKS] + [pytest.param(
    HOOKS[0], {"v4": 1000000, "v6": 100000}, id="1.1 M", marks=pytest.mark.slow)]


@pytest.mark.parametrize("hook, amounts", FLOODS)
def test_a_flood_of_forged_hosts(build, hook, amounts):
    home = build(clients=("h1", "h2", "h3", "forger"))
    known, newcomer = home.clients[:2], home.clients[2]
    for client in (*known, newcomer):
        traffic.warm_up(client)
    forger = Forger(home, home.clients[-1], hook)
    options = "--hook", hook, "--idle", "3", "--metrics", "native"
    daemon = Daemon(home.router, *options)
    held = Held(daemon)
    with wire.Truth(home.clients[:3]) as truth, daemon, Watch(daemon, every=0.5, forgets=True):
        began = time.monotonic()
        speak(home, newcomer, [newcomer.v4, newcomer.v6])
        sizes, silences = [], []
        for most in (1000000, 80000):
            wait_until(lambda: max(entries(daemon.page())) < 100)  # those that are known find room
            with talk(known[0], home.internet, house.INTERNET4, silences=silences), \
                    talk(known[1], home.internet, house.INTERNET6, silences=silences):
                for family, amount in amounts.items():
                    forger.forge(family, min(amount, most))
            page = assert_sum(truth, forger, daemon)
            assert_known_exact(truth, page, silences)
            assert unattributed(page, "table_full") > 0
            sizes.append(held.keeper() >> 20)
        assert 1 <= daemon.said().count("is full") <= 1 + (time.monotonic() - began) // 60
        # Buffers of a few pages at the most: forty bytes for each of a million would be seen.
        assert max(sizes) < 48 and sizes[1] - sizes[0] <= 4 + 4 * (len(page.text) >> 20), sizes

        room = wait_until(lambda: max(entries(daemon.page())) < 100)
        full = unattributed(assert_sum(truth, forger, daemon), "table_full")
        began = time.monotonic()
        speak(home, newcomer, [newcomer.v4, newcomer.v6])
        page = assert_sum(truth, forger, daemon)
        assert_known_exact(truth, page, silences)
        assert unattributed(page, "table_full") == full
        assert min(entries(page)) > 0 or time.monotonic() - began > 2  # it may have left again
        print(f"MiB allocated {sizes}, room after {room:.1f} s, "
              f"{len(page.text)} bytes a page, {page.value('mezoura_table_retired')} retired")


def test_hosts_that_had_to_be_forgotten_are_counted_as_such(build):
    home = build(clients=("h1", "h2", "forger"))
    first, other = home.clients[:2]
    for client in (first, other):
        traffic.warm_up(client)
    forger = Forger(home, home.clients[-1], HOOKS[0])
    with wire.Truth(home.clients[:2]) as truth, \
            Daemon(home.router, "--idle", "1", "--max-hosts", "64") as daemon:
        speak(home, first, [first.v4, first.v6])
        traffic.throw(other, NOBODY4)  # as little as anybody
        wait_until(lambda: daemon.page().value("mezoura_table_retired") == 3)
        for _ in range(4):
            forger.forge("v4", 50)
            wait_until(lambda: entries(daemon.fresh_page()) == [0, 0])
        forger.forge("v6", 60)
        wait_until(lambda: unattributed(daemon.fresh_page(), "forgotten") > 130, daemon=daemon)
        page = assert_sum(truth, forger, daemon)
        assert unattributed(page, "table_full") == 0
        assert page.value("mezoura_table_retired") <= 128
        assert {mac for _, mac, _ in page.hosts()} >= {first.eth0}
        daemon.stop(signal.SIGKILL)
        daemon.start()
        speak(home, first, [first.v4, first.v6])
        speak(home, other, [other.v4])
        page = assert_sum(truth, forger, daemon)
        known = by_host(truth.counts())
        for direction in ("upload", "download"):  # it said more than others and was kept
            key = direction, first.eth0, "4"
            assert page.hosts()[key] == known[key]
            assert page.hosts()[direction, other.eth0, "4"] <= known[direction, other.eth0, "4"]


def test_a_full_table_is_told_once_and_not_by_the_next_daemon_again(build):
    home = build(clients=("h1", "h2", "forger"))
    forger = Forger(home, home.clients[-1], HOOKS[0])
    with wire.Truth(home.clients[:2]) as truth, \
            Daemon(home.router, "--max-hosts", "16") as daemon:
        for _ in range(3):
            forger.forge("v4", 50)
            page = assert_sum(truth, forger, daemon)
            assert unattributed(page, "table_full") == forger.forged[0] - 16
        assert daemon.said().count("is full") == 1
        daemon.stop()
        daemon.start()
        daemon.fresh_page()
        assert daemon.said().count("is full") == 1
        forger.forge("v4", 50)
        assert_sum(truth, forger, daemon)
        assert daemon.said().count("is full") == 2


@pytest.mark.parametrize("hook", HOOKS)
def test_other_room_at_a_restart_under_load(home, hook):
    settle(home)
    first, other = home.clients
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", hook) as daemon, \
            Watch(daemon):
        with talk(first, home.internet, house.INTERNET4, pause=0), \
                talk(other, home.internet, house.INTERNET6, pause=0):
            for room in (16, 512, 4, 4096):
                speak(home, first, [first.v6, *PRIVACY[:2]])
                daemon.stop(signal.SIGKILL if room == 512 else signal.SIGTERM)
                daemon.options += ["--max-hosts", str(room)]
                daemon.start()
                page = daemon.fresh_page()
                assert {value for _, value in page.family("mezoura_table_capacity")} == {room}
        assert_hosts_exact(truth, daemon)
        assert len([name for name in os.listdir(daemon.pin) if name[0] == "v"]) == 1
        daemon.stop()
        daemon.options += ["--idle", "1"]  # the past gets more of those it has already
        daemon.start()
        speak(home, first, [first.v4, *PRIVACY])
        wait_until(lambda: is_empty(daemon))
        daemon.await_pulls(3)  # what left the tables leaves its slots a bit later
        assert_hosts_exact(truth, daemon)
