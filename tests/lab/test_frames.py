# SPDX-License-Identifier: GPL-2.0-or-later
"""Super-packets as the kernel and virtual machines make them, and frames longer than usual."""
import fcntl
import os
import select
import socket
import struct
import time

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

import house
import traffic
import wire
from daemon import HOOKS, PATIENCE, Daemon, assert_exact
from test_paths import FAMILIES, remote

pytestmark = pytest.mark.plain
GSO_MAX, GRO_MAX, GSO_IPV4_MAX, GRO_IPV4_MAX = 41, 58, 63, 64  # IFLA_..._SIZE
BIG = 200_000
BIG_SINCE = {"v4": (6, 3), "v6": (5, 19)}
VETH_MERGES_SINCE = (5, 13)  # without an XDP program
TUNSETOFFLOAD, TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6 = 0x400454d0, 1, 2, 4
NEEDS_CSUM, GSO_TCPV4, GSO_UDP, GSO_TCPV6 = 1, 1, 3, 4  # struct virtio_net_hdr
ETH_P_ALL = 3

both_hooks = pytest.mark.parametrize("hook", HOOKS)
both_families = pytest.mark.parametrize("family", FAMILIES)


@both_hooks
@both_families
def test_super_packets_beyond_64_kb(home, hook, family, monkeypatch):
    """BIG TCP: their length is not in the IP header."""
    if house.KERNEL < BIG_SINCE[family]:
        pytest.skip("this kernel has no BIG TCP of that family")
    sizes = (GSO_MAX, GRO_MAX) if family == "v6" else (GSO_IPV4_MAX, GRO_IPV4_MAX)
    client, router = home.clients[0], home.router
    home.internet.set_sizes("eth0", BIG, *sizes)
    for interface in ("wan", "br-lan", client.port):
        router.set_sizes(interface, BIG, *sizes)
    # The kernel takes the jumbo header for a part of each frame, and would refuse to forward them.
    router.ip(f"""link set {client.port} mtu 1600
        link set {home.clients[1].port} mtu 1600
        link set br-lan mtu 1600""")
    monkeypatch.setattr(traffic, "WINDOW", 600_000)
    with wire.Truth(home.clients) as truth, Daemon(router, "--hook", hook) as daemon:
        end = time.monotonic() + PATIENCE
        largest = 0
        while largest <= 66_000:
            assert time.monotonic() < end, "no packet beyond 64 kB: test void"
            with wire.largest(router, "br-lan") as seen:
                traffic.tcp(client, home.internet, remote(family), down=8 << 20)
            largest = seen["br-lan"][1]
        assert_exact(truth, daemon)


@both_hooks
@both_families
def test_datagrams_merged_as_a_list_of_frames(home, hook, family):
    client, router = home.clients[0], home.router
    if house.KERNEL < VETH_MERGES_SINCE:
        pytest.skip("in this kernel a veth device does not merge what it receives")
    try:
        for interface in ("wan", client.port):
            router.offload(interface, True, ["rx-gro-list"])
    except RuntimeError:
        pytest.skip("this kernel has no rx-gro-list")
    with wire.Truth(home.clients) as truth, Daemon(router, "--hook", hook) as daemon:
        with wire.largest(router, "br-lan", "wan") as seen:
            traffic.udp(client, home.internet, remote(family), getattr(client, family),
                        datagrams=30, size=40 * 1300 + 7, segment=1300)
            traffic.tcp(client, home.internet, remote(family), up=2 << 20, down=2 << 20)
        assert_exact(truth, daemon)
        assert seen["br-lan"][0] > wire.FRAME


@both_hooks
def test_jumbo_frames(home, hook):
    client = home.clients[0]
    home.internet.ip("link set eth0 mtu 9000")
    home.router.ip("\n".join(f"link set {d} mtu 9000" for d in
                             ("wan", *(c.port for c in home.clients), "br-lan")))
    client.ip("link set eth0 mtu 9000")
    with wire.Truth(home.clients, longest=9014) as truth, \
            Daemon(home.router, "--hook", hook) as daemon, wire.largest(client, "eth0") as seen:
        for family in FAMILIES:
            traffic.tcp(client, home.internet, remote(family), up=2 << 20, down=2 << 20)
            traffic.udp(client, home.internet, remote(family), getattr(client, family),
                        datagrams=30, size=8000)
            traffic.ping(client, remote(family), size=20_000)
        assert_exact(truth, daemon)
    assert min(seen["eth0"]) > 8000


class Machine:
    """What a virtual machine is to the router's kernel: somebody behind a tap."""

    def __init__(self, router, name):
        self.fd = router.tun(name, house.IFF_TAP | house.IFF_VNET_HDR)
        fcntl.ioctl(self.fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def send(self, packet, segment):
        """A super-packet. In how many frames it is to leave is not said."""
        start = 14 + (40 if IPv6 in packet else 20)
        if UDP in packet:  # one datagram, in fragments
            kind, length, checksum = GSO_UDP, 8, 6
        else:
            kind, length, checksum = GSO_TCPV6 if IPv6 in packet else GSO_TCPV4, 20, 16
        os.write(self.fd, struct.pack("=BBHHHH", NEEDS_CSUM, kind, start + length, segment, start,
                                      checksum) + bytes(packet))


TCP_HEADER, UDP_HEADER = TCP(sport=4000, dport=4000, flags="A"), UDP(sport=4000, dport=4000)


def packet_of(source, destination, source_ip, destination_ip, transport, payload):
    ip = (IPv6 if ":" in source_ip else IP)(src=source_ip, dst=destination_ip)
    return Ether(src=source, dst=destination) / ip / transport / payload


def on_the_wire(family, transport, payload, segment):
    """Of a super-packet: (frames, bytes)."""
    headers = 14 + (20 if family == "v4" else 40)
    if transport is TCP_HEADER:
        headers += 20
    else:
        payload += 8  # the header is in the first fragment
        headers += 0 if family == "v4" else 8
    frames = -(-payload // segment)
    return frames, payload + frames * headers


def arrived(sniffer, source_ip, expected):
    """(frames, bytes) that came from there, which are to be so many frames."""
    source = socket.inet_pton(traffic.family_of(source_ip), source_ip)
    count = size = 0
    while select.select([sniffer], [], [], PATIENCE if count < expected else 0.5)[0]:
        frame, address = sniffer.recvfrom(65536)
        if address[2] != socket.PACKET_OUTGOING and source in frame[14:54]:
            count, size = count + 1, size + len(frame)
    return count, size


@both_hooks
@both_families
def test_super_packets_of_a_virtual_machine(build, hook, family):
    """Both ways: from one on the LAN, and from one on the internet's side."""
    home = build(super_packets=False)
    client, router, vm_mac = home.clients[0], home.router, "02:00:00:00:99:01"
    vm_ip = "192.168.2.99" if family == "v4" else "2001:db8:ca2:2::99"
    nowhere = traffic.blackhole(home.internet, "203.0.113.99" if family == "v4" else
                                "2001:db8:ffff::99")
    with Machine(router, "tap-lan") as lan, Machine(router, "tap-wan") as wan, \
            wire.Truth(home.clients) as truth, Daemon(router, "--hook", hook) as daemon:
        router.ip("""link set tap-lan master br-lan up
            link set tap-wan up""")
        traffic.warm_up(client)
        router.sysctl("net/ipv4/conf/all/rp_filter", 0)
        with home.internet.inside():
            sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            sniffer.bind(("eth0", ETH_P_ALL))
        sent, down = [], 0
        with sniffer:
            for transport, payload, segment in (
                    (TCP_HEADER, 5000, 1400), (TCP_HEADER, 30_001, 1000), (TCP_HEADER, 1401, 1400),
                    (TCP_HEADER, 2800, 1400), (UDP_HEADER, 9000, 1440), (UDP_HEADER, 2872, 1440),
                    (UDP_HEADER, 2873, 1440), (UDP_HEADER, 2880, 1440)):
                text = (b"mzmz" * 20000)[:payload]
                sent.append(on_the_wire(family, transport, payload, segment))
                lan.send(packet_of(vm_mac, router.mac("br-lan"), vm_ip, nowhere, transport, text),
                         segment)
                if family == "v6" and transport is UDP_HEADER:
                    continue  # the kernel loses fragments that it made in front of a bridge
                down += sent[-1][0]
                wan.send(packet_of(vm_mac, router.mac("tap-wan"), nowhere,
                                   getattr(client, family), transport, text), segment)
            frames, size = (sum(part) for part in zip(*sent))
            left = arrived(sniffer, vm_ip, frames)
        assert left == (frames, size), "the lab's own count is wrong: test void"

        class WithMachine:  # pylint: disable=too-few-public-methods
            @staticmethod
            def settled():
                return {**truth.settled(), ("upload", vm_mac, vm_ip): left}

        seen = assert_exact(WithMachine, daemon)
        assert seen["download", client.eth0, getattr(client, family)][0] == down
