# SPDX-License-Identifier: GPL-2.0-or-later
"""What is the internet and what is not, and whose traffic counts."""
import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

import house
import traffic
import wire
from daemon import HOOKS, TRACK_LAN, Daemon, assert_exact
from frames import ip_frame
from watch import wait_until

PUBLIC_LAN4 = "203.0.114.0/24"
OUTSIDE4, OUTSIDE6 = "203.0.113.99", "2001:db8:ffff::99"

NOT_INTERNET = [
    "10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.1", "192.168.2.11", "192.168.2.1",
    "192.168.77.1", "192.168.255.255", "100.64.0.1", "100.127.255.1", "169.254.1.1", "127.0.0.9",
    "0.0.0.0", "0.1.2.3", "192.0.0.8", "192.168.2.255", "255.255.255.255", "224.0.0.1",
    "224.0.0.251", "239.255.255.250",
    house.WAN4,                  # the router's own
    "203.0.114.1", "203.0.114.77", "203.0.114.255",  # a public subnet of the LAN
    "203.0.115.5",               # --local
    "ff02::1", "ff02::fb", "ff05::2", "ff0e::1234", "fe80::1", "febf::1", "fc00::1", "fd12::1",
    "::", "::1", "2001:db8:ca2:2::1", "2001:db8:ca2:2:ffff::2", house.WAN6, "2001:db8:10ca:1::5",
]
INTERNET = ["9.255.255.255", "11.0.0.1", "172.15.0.1", "172.32.0.1", "192.167.1.1", "192.169.1.1",
            "100.63.255.1", "100.128.0.1", "169.253.1.1", "169.255.1.1", "192.0.1.1", "223.1.2.3",
            "198.51.100.3", "203.0.116.1", "2600::1", "fbff::1", "2001:db8:ca2:4::1",
            "2001:db8:10cb::1"]


class Yard:
    """A client and a router that send frames of our making over the wire between them."""

    def __init__(self, home):
        self.home, self.client = home, home.clients[0]
        self.up = self.client.packet_socket("eth0")
        self.down = home.router.packet_socket("br-lan")
        self.router_mac = home.router.mac("br-lan")
        # Nobody is to answer, neither to these frames nor with an error.
        for namespace in (home.router, self.client):
            namespace.run("nft", "-f", "-", input="""
                table inet quiet { chain out { type filter hook output priority 0;
                    icmp type != echo-reply drop; icmpv6 type { 1, 2, 3, 4 } drop; }; }""")

    def close(self):
        self.up.close()
        self.down.close()

    def own(self, remote):
        return self.client.v6 if ":" in remote else self.client.v4

    def exchange(self, remote):
        """One frame from the client to remote and one back."""
        own = self.own(remote)
        self.up.send(ip_frame(self.client.eth0, self.router_mac, own, remote))
        self.down.send(ip_frame(self.router_mac, self.client.eth0, remote, own))


@pytest.fixture(params=HOOKS)
def watched(request, build):
    home = build()
    home.router.ip("addr add 203.0.114.1/24 dev br-lan")
    home.clients[0].ip("addr add 203.0.114.10/24 dev eth0")
    yard = Yard(home)
    local = ["203.0.115.0/24", "2001:db8:10ca::/48"]
    options = [word for network in local for word in ("--local", network)]
    with wire.Truth(home.clients, tracked=(house.LAN4, house.LAN6, PUBLIC_LAN4),
                    not_internet=local) as truth, \
            Daemon(home.router, "--hook", request.param, *options,
                   track=(*TRACK_LAN, "-4", "203.0.114.1/24/br-lan")) as daemon:
        yield yard, truth, daemon
    yard.close()


def test_nothing_but_the_internet_is_counted(watched):
    yard, truth, daemon = watched
    for remote in NOT_INTERNET:
        yard.exchange(remote)
    assert assert_exact(truth, daemon) == {}
    assert daemon.page().addresses(zeros=True) == {}


def test_the_neighbours_of_what_is_reserved_are_counted(watched):
    yard, truth, daemon = watched
    for remote in INTERNET:
        yard.exchange(remote)
    v6 = sum(":" in remote for remote in INTERNET)
    v4 = len(INTERNET) - v6
    client, size4, size6 = yard.client, 14 + 20 + 8 + 60, 14 + 40 + 8 + 60
    counts = assert_exact(truth, daemon)
    for direction in ("upload", "download"):
        assert counts.pop((direction, client.eth0, client.v4)) == (v4, v4 * size4)
        assert counts.pop((direction, client.eth0, client.v6)) == (v6, v6 * size6)
    assert not counts


def test_what_no_host_of_a_tracked_subnet_sends_or_receives_is_unattributed(watched):
    yard, truth, daemon = watched
    strangers = "192.168.99.5", "203.0.116.9", "8.8.8.8", "2001:db8:ca2:3::5"
    size = 0
    for stranger in strangers:
        remote = OUTSIDE6 if ":" in stranger else OUTSIDE4
        frame = ip_frame(yard.client.eth0, yard.router_mac, stranger, remote)
        size += len(frame)
        yard.up.send(frame)
        yard.down.send(ip_frame(yard.router_mac, "ff:ff:ff:ff:ff:ff", remote, stranger))
    assert assert_exact(truth, daemon, strangers=True) == {}
    page = daemon.fresh_page()
    for what, amount in (("packets", len(strangers)), ("bytes", size)):
        for direction in ("upload", "download"):
            assert page.value(f"mezoura_unattributed_{what}_total", direction=direction,
                              reason="untracked") == amount


def test_what_has_no_address_that_is_forwarded_is_not_counted(watched):
    yard, truth, daemon = watched
    mac, everybody = yard.client.eth0, "ff:ff:ff:ff:ff:ff"
    for remote, strangers in ((OUTSIDE4, ("192.168.2.255", "203.0.114.255", "0.0.0.0", "224.0.0.5", "169.254.7.7")),
                              (OUTSIDE6, ("fe80::5", "::", "ff02::5"))):
        for stranger in strangers:
            yard.up.send(ip_frame(mac, yard.router_mac, stranger, remote))
            yard.down.send(ip_frame(yard.router_mac, everybody, remote, stranger))
    for frame in (Ether(src=mac, dst=everybody) / ARP(psrc=yard.client.v4, pdst="8.8.8.8"),
                  Ether(src=mac, dst=everybody) / IP(src="0.0.0.0", dst="255.255.255.255") /
                  UDP(sport=68, dport=67) / Raw(b"dhcp" * 70),
                  Ether(src=mac, dst="01:80:c2:00:00:00", type=0x88cc) / Raw(b"lldp" * 20)):
        yard.up.send(bytes(frame))
    assert assert_exact(truth, daemon) == {}
    assert not any(value for _, value in daemon.fresh_page().family("mezoura_unattributed_packets_total"))


def test_a_frame_cut_short_is_counted_as_malformed_and_does_no_harm(watched):
    yard, truth, daemon = watched
    for protocol in (0x0800, 0x86dd):
        yard.up.send(bytes(Ether(src=yard.client.eth0, dst=yard.router_mac, type=protocol)) +
                     b"\x45\0\0\x10")
    wait_until(lambda: daemon.fresh_page().value(
        "mezoura_unattributed_packets_total", direction="upload", reason="malformed") == 2)
    yard.exchange(OUTSIDE4)
    wait_until(lambda: len(daemon.fresh_page().addresses()) == 2)
    truth.settled()
    page = daemon.fresh_page()
    assert page.value("mezoura_unattributed_packets_total", direction="upload", reason="malformed") == 2
    assert len(page.addresses()) == 2


def test_an_upload_counts_also_where_the_firewall_drops_it(home):
    client = home.clients[0]
    home.router.run("nft", "-f", "-", input="""
        table inet wall { chain through { type filter hook forward priority 0; policy drop; }; }""")
    with wire.Truth([client]) as truth, Daemon(home.router) as daemon:
        for _ in range(4):
            traffic.throw(client, house.INTERNET4)
            traffic.throw(client, house.INTERNET6)
        counts = assert_exact(truth, daemon)
    assert [frames for frames, _ in counts.values()] == [4, 4]


def test_a_plain_host_counts_what_it_sends_and_receives_itself(home):
    host = home.clients[0]
    track = ("-4", f"{host.v4}/24/eth0", "-6", house.LAN6)
    for hook in HOOKS:
        with wire.Truth([host]) as truth, Daemon(host, "--hook", hook, track=track) as daemon:
            for address in (house.INTERNET4, house.INTERNET6):
                traffic.tcp(host, home.internet, address, up=1 << 20, down=2 << 20)
                traffic.ping(host, address)
            for client in home.clients[1:]:
                traffic.ping(host, client.v4)
                traffic.ping(host, house.ROUTER6)
            counts = assert_exact(truth, daemon)
        assert counts.keys() == {(direction, host.eth0, own) for own in (host.v4, host.v6)
                                 for direction in ("upload", "download")}
        assert counts["download", host.eth0, host.v4][1] > 2 << 20


def test_of_several_delegated_prefixes_all_count(build):
    home = build(clients=("h1",), foo_clients=("f1",))
    track = ("-4", "192.168.2.1/24/br-lan", "-4", "192.168.3.1/24/br-foo",
             "-6", "2001:db8:ca2:2::1/64", "-6", "2001:db8:ca2:3::1/64")
    with wire.Truth(home.clients, tracked=(house.LAN4, house.FOO4, house.LAN6,
                                           house.FOO6)) as truth, \
            Daemon(home.router, track=track) as daemon:
        for client in home.clients:
            traffic.tcp(client, home.internet, house.INTERNET6, up=1 << 20, down=1 << 20)
            traffic.ping(client, home.clients[0].v6)
            traffic.ping(client, home.clients[1].v6)
        counts = assert_exact(truth, daemon)
    assert counts.keys() == {(direction, client.eth0, client.v6) for client in home.clients
                             for direction in ("upload", "download")}


def test_a_subnet_that_is_no_longer_asked_for_is_no_longer_counted(build):
    home = build(clients=("h1",), foo_clients=("f1",))
    h1, f1 = home.clients
    one, other = ("-4", "192.168.2.1/24/br-lan"), ("-4", "192.168.3.1/24/br-foo")
    with Daemon(home.router, track=one) as daemon:
        traffic.ping(h1, house.INTERNET4)
        before = daemon.fresh_page().addresses()
        assert len(before) == 2
        daemon.stop()
        daemon.options[:2] = other
        daemon.start()
        traffic.ping(h1, house.INTERNET4)
        traffic.ping(f1, house.INTERNET4)
        after = daemon.fresh_page().addresses()
        assert {key: after[key] for key in before} == before
        assert {key[1] for key in after if key not in before} == {f1.eth0}
