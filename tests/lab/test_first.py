# SPDX-License-Identifier: GPL-2.0-or-later
"""First packets, many addresses, and a full table."""
import ipaddress
import os
import time

import pytest

import house
import traffic
import wire
from daemon import HOOKS, TRACK_LAN, Daemon, assert_exact, compared

MANY = 4000


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("first, target", [("172.20.1.1", "203.0.113.99"),
                                           ("2001:db8:ca2:2:5::1", "2001:db8:ffff::99")])
def test_two_first_packets_of_an_address_on_two_cpus_are_both_counted(build, hook, first, target):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("this needs two CPUs")
    home = build(super_packets=False)
    client = home.clients[0]
    track = ("-4", "172.20.0.1/16/br-lan", "-6", house.LAN6)
    traffic.blackhole(home.internet, target)
    traffic.warm_up(client)
    with wire.Truth([client], tracked=("172.20.0.0/16", house.LAN6)) as truth, \
            Daemon(home.router, "--hook", hook, "--max-hosts", "5000", track=track) as daemon:
        client.run(house.tool("burst"), "eth0", home.router.mac("br-lan"), first, target, str(MANY))
        counts = assert_exact(truth, daemon)
        packets = [frames for frames, _ in counts.values()]
        assert packets == [2] * MANY


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("family", ["v4", "v6"])
def test_a_first_packet_counts_once_and_in_its_own_direction_only(build, hook, family):
    home = build()
    sender, receiver = home.clients
    target = traffic.blackhole(
        home.internet, "203.0.113.99" if family == "v4" else "2001:db8:ffff::99")
    length = 14 + (20 if family == "v4" else 40) + 8 + 100
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", hook) as daemon:
        traffic.throw(sender, target)
        with traffic.bind_udp(receiver, getattr(receiver, family), 9):  # else it would object
            traffic.throw(home.internet, getattr(receiver, family))
            assert_exact(truth, daemon)
        # the sender's address alone answers, were there anything to answer
        assert daemon.page().addresses(zeros=True) == {
            ("upload", sender.eth0, getattr(sender, family)): (1, length),
            ("download", sender.eth0, getattr(sender, family)): (0, 0),
            ("upload", receiver.eth0, getattr(receiver, family)): (0, 0),
            ("download", receiver.eth0, getattr(receiver, family)): (1, length)}


def test_a_host_with_320_privacy_addresses_locks_nobody_out(build):
    home = build(clients=("busy", "h2", "h3"))
    busy = home.clients[0]
    first = int(ipaddress.ip_address("2001:db8:ca2:2:abcd::"))
    privacy = [str(ipaddress.ip_address(first + 0x10001 * i)) for i in range(1, 321)]
    busy.ip("\n".join(f"addr add {a}/64 dev eth0 nodad" for a in privacy))
    with wire.Truth(home.clients) as truth, Daemon(home.router) as daemon:
        for address in privacy:
            traffic.udp(busy, home.internet, house.INTERNET6, address, datagrams=2)
        for client in home.clients:
            for remote, own in ((house.INTERNET4, client.v4), (house.INTERNET6, client.v6)):
                traffic.udp(client, home.internet, remote, own, datagrams=3)
        counts = assert_exact(truth, daemon)
        assert len(counts) == 2 * (320 + 2 * 3)
        page = daemon.page()
        assert len(page.hosts()) == 2 * 2 * 3  # directions, families, hosts
        assert page.value("mezoura_table_entries", ip_version="6") == 320 + 3


def sums(counts):
    """[packets, bytes] of each direction."""
    return {direction: [sum(pair[i] for (d, *_), pair in counts.items() if d == direction) for i in (0, 1)]
            for direction in ("upload", "download")}


def nowhere(page, direction):
    return [int(page.value(f"mezoura_unattributed_{unit}_total", direction=direction, reason="table_full"))
            for unit in ("packets", "bytes")]


@pytest.mark.parametrize("hook", HOOKS)
def test_what_finds_no_room_in_the_table_is_counted_as_such(build, hook):
    home = build()
    client = home.clients[0]
    home.router.ip(f"route add 192.168.2.128/25 via {client.v4} dev br-lan")
    client.ip("route add local 192.168.2.128/25 dev lo")
    with wire.Truth([client]) as truth, \
            Daemon(home.router, "--hook", hook, "--max-hosts", "50") as daemon:
        for i in range(130, 230):
            traffic.udp(client, home.internet, house.INTERNET4, f"192.168.2.{i}")
        expected, page = compared(lambda: sums(truth.settled()), daemon, lambda page: {
            direction: [a + b for a, b in zip(booked, nowhere(page, direction))]
            for direction, booked in sums(page.addresses()).items()})
        assert page.value("mezoura_table_entries", ip_version="4") == 50
        for direction, booked in sums(page.addresses()).items():
            assert nowhere(page, direction)[0] >= 50
            assert [a + b for a, b in zip(booked, nowhere(page, direction))] == expected[direction]


def test_an_address_that_moves_to_another_machine_leaves_the_old_count_alone(home):
    old, new = home.clients
    target = traffic.blackhole(home.internet, "203.0.113.99")
    with wire.Truth(home.clients) as truth, Daemon(home.router, track=TRACK_LAN[:2]) as daemon:
        for owner, packets in ((old, 3), (new, 5)):
            owner.ip("addr add 192.168.2.77/24 dev eth0")
            for _ in range(packets):
                traffic.throw(owner, target, source="192.168.2.77")
            owner.ip("addr del 192.168.2.77/24 dev eth0")
            time.sleep(0.1)
        counts = assert_exact(truth, daemon)
    assert counts["upload", old.eth0, "192.168.2.77"][0] == 3
    assert counts["upload", new.eth0, "192.168.2.77"][0] == 5
