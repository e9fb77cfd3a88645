# SPDX-License-Identifier: GPL-2.0-or-later
"""Every byte and packet, as on the wire: both families, both directions, super-packets or not.

The counts of a house grow from test to test, in mezoura as in the lab's own book, and are compared
as a whole each time: what one test gets wrong fails the next ones, too.
"""
import types

import pytest

import house
import traffic
import wire
from daemon import HOOKS, Daemon, assert_exact, compared

SLOW = [("tcx", "single", "routed"), ("clsact", "merged", "routed"), ("tcx", "merged", "routed")]
SETTINGS = [("tcx", "merged", "nat"), ("clsact", "single", "nat"), *SLOW]
both_families = pytest.mark.parametrize("family", ["v4", "v6"])


@pytest.fixture(scope="module", ids="-".join, params=[
    pytest.param(setting, marks=[pytest.mark.slow] if setting in SLOW else [])
    for setting in SETTINGS if setting[0] in HOOKS])
def lived_in(request):
    hook, merged, nat = request.param
    with house.House(nat=nat == "nat", super_packets=merged == "merged") as home, \
            wire.Truth(home.clients) as truth, \
            Daemon(home.router, "--hook", hook) as daemon:
        yield types.SimpleNamespace(home=home, client=home.clients[0], internet=home.internet,
                                    truth=truth, daemon=daemon, merged=merged == "merged")


def remote(family):
    return house.INTERNET4 if family == "v4" else house.INTERNET6


@both_families
def test_bulk_tcp_in_both_directions(lived_in, family):
    traffic.tcp(lived_in.client, lived_in.internet, remote(family), up=20 << 20, down=30 << 20)
    counts = assert_exact(lived_in.truth, lived_in.daemon)
    assert sum(size for _, size in counts.values()) > 50 << 20


@both_families
def test_many_short_flows(lived_in, family):
    traffic.short_flows(lived_in.client, lived_in.internet, remote(family))
    assert_exact(lived_in.truth, lived_in.daemon)


@both_families
def test_udp_datagrams(lived_in, family):
    client = lived_in.client
    for size in (1, 100, 1400):
        traffic.udp(client, lived_in.internet, remote(family), getattr(client, family),
                    datagrams=200, size=size)
    assert_exact(lived_in.truth, lived_in.daemon)


@both_families
def test_udp_datagrams_that_the_kernel_segments_and_merges(lived_in, family):
    """The last datagram of each batch is shorter than the others."""
    client = lived_in.client
    seen = [wire.Wire(lived_in.home.router, interface) for interface in ("br-lan", "wan")]
    traffic.udp(client, lived_in.internet, remote(family), getattr(client, family),
                datagrams=50, size=40 * 1300 + 7, segment=1300)
    largest = [interface.read().largest_in for interface in seen]
    for interface in seen:
        interface.close()
    assert_exact(lived_in.truth, lived_in.daemon)
    if lived_in.merged:
        assert min(largest) > wire.FRAME


@both_families
def test_fragments_of_datagrams(lived_in, family):
    client = lived_in.client
    traffic.udp(client, lived_in.internet, remote(family), getattr(client, family),
                datagrams=50, size=5000)
    assert_exact(lived_in.truth, lived_in.daemon)


@both_families
def test_icmp_echo(lived_in, family):
    for size in (0, 56, 1400, 3000):
        traffic.ping(lived_in.client, remote(family), size=size)
    assert_exact(lived_in.truth, lived_in.daemon)


def test_two_hosts_on_two_cpus_in_both_directions_at_once(lived_in):
    one, other = lived_in.home.clients
    with traffic.load(one, lived_in.internet, house.INTERNET4, seconds=2), \
            traffic.load(other, lived_in.internet, house.INTERNET6, seconds=2):
        pass
    counts = assert_exact(lived_in.truth, lived_in.daemon)
    assert {mac for _, mac, _ in counts} == {c.eth0 for c in lived_in.home.clients}


@pytest.mark.parametrize("hook", HOOKS)
def test_bytes_can_be_counted_from_the_ip_header_on(build, hook):
    home = build()
    client = home.clients[0]
    with wire.Truth([client]) as truth, \
            Daemon(home.router, "--hook", hook, "--bytes", "ip") as daemon:
        for address in (house.INTERNET4, house.INTERNET6):
            traffic.tcp(client, home.internet, address, up=3 << 20, down=3 << 20)
            traffic.ping(client, address, size=1)
        expected, page = compared(lambda: {key: (frames, size - 14 * frames)
                                           for key, (frames, size) in truth.settled().items()}, daemon)
        assert page.addresses() == expected
