# SPDX-License-Identifier: GPL-2.0-or-later
"""Other people's programs, filters and qdiscs on the same interface stay, and go on working."""
import os

import pytest

import house
import traffic
import wire
from daemon import HOOKS, Daemon, assert_exact, hooked
from test_paths import exchange
from watch import wait_until

SIDES = ("ingress", "egress")


def hang(home, kind, side, *priority):
    """Somebody else's counting program; returns a function that reads its count."""
    pin = f"{house.BPFFS}/foreign-{next(house.numbers)}"
    home.router.run(house.tool("foreign"), "attach", kind, "br-lan", side, pin, *priority)
    return lambda: int(house.run(house.tool("foreign"), "read", pin))


def foreign(home):
    return [line for line in hooked(home.router, "br-lan") if "mz_" not in line]


def ours(home):
    return [line for line in hooked(home.router, "br-lan") if "mz_" in line]


def assert_working(home, counters):
    before = [counter() for counter in counters]
    traffic.ping(home.clients[0], house.INTERNET4, count=5)
    for counter, count in zip(counters, before):
        assert counter() >= count + 5


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("kind", HOOKS)
def test_a_foreign_program_stays_and_works_before_with_and_after_mezoura(home, hook, kind):
    counters = [hang(home, kind, side) for side in SIDES]
    there = foreign(home)
    assert len(there) == 2
    assert_working(home, counters)
    with wire.Truth([home.clients[0]]) as truth, Daemon(home.router, "--hook", hook) as daemon:
        assert foreign(home) == there
        assert ours(home) == [f"{hook} ingress mz_ingress", f"{hook} egress mz_egress"]
        assert_working(home, counters)
        assert_exact(truth, daemon)
        daemon.stop()
        assert_working(home, counters)
        assert daemon.unload().returncode == 0
    assert hooked(home.router, "br-lan") == there
    assert_working(home, counters)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("priority", ["1", "2"])
def test_a_foreign_filter_that_ends_the_chain_hides_nothing_when_it_comes_later(
        home, hook, priority):
    """It takes the priority it wants, too, if that is free."""
    with wire.Truth([home.clients[0]]) as truth, Daemon(home.router, "--hook", hook) as daemon:
        if hook == "clsact" and priority == "1":
            pytest.skip("ours is there")
        counters = [hang(home, "clsact", side, priority) for side in SIDES]
        assert_working(home, counters)
        assert_exact(truth, daemon)
        assert daemon.stop() == 0
        assert daemon.unload().returncode == 0
    assert ours(home) == []
    assert_working(home, counters)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_foreign_filter_of_first_priority_is_not_pushed_out(home, hook):
    counters = [hang(home, "clsact", side, "1") for side in SIDES]
    there = foreign(home)
    with Daemon(home.router, "--hook", hook):
        assert foreign(home) == there
        assert_working(home, counters)
    assert hooked(home.router, "br-lan") == there
    assert_working(home, counters)


@pytest.mark.parametrize("hook", HOOKS)
def test_foreign_qdiscs_stay(home, hook):
    def qdiscs():
        return home.router.run("tc", "qdisc", "show", "dev", "br-lan")

    home.router.run("tc", "qdisc", "add", "dev", "br-lan", "root", "handle", "77:", "pfifo",
                    "limit", "999")
    home.router.run("tc", "qdisc", "add", "dev", "br-lan", "clsact")
    there = qdiscs()
    with wire.Truth([home.clients[0]]) as truth, Daemon(home.router, "--hook", hook) as daemon:
        assert qdiscs() == there
        traffic.tcp(home.clients[0], home.internet, house.INTERNET4, up=1 << 20, down=1 << 20)
        assert_exact(truth, daemon)
        daemon.stop()
        daemon.unload()
    assert qdiscs() == there


@pytest.mark.parametrize("hook", HOOKS)
def test_what_came_meanwhile_outlives_mezoura(home, hook):
    with Daemon(home.router, "--hook", hook) as daemon:
        counters = [hang(home, "clsact", side) for side in SIDES]
        daemon.stop()
        daemon.unload()
    assert len(hooked(home.router, "br-lan")) == 2
    assert_working(home, counters)


@pytest.mark.parametrize("hook", HOOKS)
def test_unload_leaves_the_interface_as_if_mezoura_had_never_run(home, hook):
    before = home.router.run("tc", "qdisc", "show")
    with Daemon(home.router, "--hook", hook) as daemon:
        traffic.ping(home.clients[0], house.INTERNET4)
        daemon.stop()
        assert len(ours(home)) == 2
        done = daemon.unload()
        assert (done.returncode, done.stdout) == (0, "")
        assert not os.path.exists(daemon.pin)
    assert hooked(home.router, "br-lan") == []
    assert home.router.run("tc", "qdisc", "show") == before


@pytest.mark.parametrize("hook", HOOKS)
def test_two_daemons_count_the_same_bridge_each_for_itself(home, hook):
    """What one marks as counted, the other has still to count."""
    router, client = home.router, home.clients[0]
    with wire.Truth(home.clients) as truth, Daemon(router, "--hook", hook) as first, \
            Daemon(router, "--hook", hook, "-p", "9998") as second:
        wait_until(lambda: len(hooked(router, "br-lan")) == len(hooked(router, client.port)) == 4)
        exchange(client, home.internet)
        assert_exact(truth, first)
        second.await_pulls(2)
        assert second.written().addresses() == first.fresh_page().addresses()
