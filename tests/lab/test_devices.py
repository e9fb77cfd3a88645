# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices without link layer: a host is its address, and bytes begin at the IP header."""
import contextlib
import ctypes
import fcntl
import os
import select
import socket
import struct

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6

import house
import table
import traffic
import wire
from daemon import HOOKS, PATIENCE, Daemon, Page, assert_exact, compared
from test_paths import FAMILIES, exchange, remote
from test_vlans import BOTH, GUEST4, GUEST6, move_to_guest, need

HOST = {"v4": "192.168.10.20", "v6": "2001:db8:ca2:a::20"}
VIRTUAL, OTHER_VIRTUAL = "00:00:5e:00:01:33", "00:00:5e:00:02:33"  # RFC 5798
AF_PPPOX, PPPIOCGCHAN, PPPIOCATTCHAN = 24, 0x80047437, 0x40047438
PPPIOCNEWUNIT, PPPIOCCONNECT = 0xc004743e, 0x4004743a
both_hooks = pytest.mark.parametrize("hook", HOOKS)


def track(device):
    return "-4", f"192.168.10.1/24/{device}", "-6", GUEST6


def give_addresses(router, device):
    router.ip(f"""link set {device} up
        addr add 192.168.10.1/24 dev {device}
        addr add 2001:db8:ca2:a::1/64 dev {device} nodad""")


def lead_through(client, device):
    """All that the client has to say to the internet goes by this device."""
    client.ip(f"""link set {device} up
        addr add {HOST["v4"]}/24 dev {device}
        addr add {HOST["v6"]}/64 dev {device} nodad
        route replace default dev {device}
        route del ::/0
        route add ::/0 dev {device}""")


def assert_bare(expect, daemon, truth=None):
    """expect(): {(direction, ip): (packets, bytes)}. Nobody there has a MAC, or is in the legacy families."""
    expected, page = compared(expect, daemon, Page.bare)
    table.note(truth or daemon, expected, page.bare())
    assert page.bare() == expected
    assert page.addresses() == {}
    with open(daemon.textfile, encoding="utf-8") as file:
        text = file.read()
    assert not any(line.startswith("node_nat") for line in text.splitlines())
    assert all(value == 0 for _, value in page.family("mezoura_unattributed_packets_total"))


def assert_wire(truth, daemon):
    assert_bare(lambda: {(direction, ip): pair for (direction, _, ip), pair in truth.settled().items()},
                daemon, truth)


def talk(client, internet, amount):
    for family in FAMILIES:
        traffic.tcp(client, internet, remote(family), up=amount, down=amount)
        traffic.udp(client, internet, remote(family), HOST[family], datagrams=50)
        traffic.ping(client, remote(family))


@both_hooks
def test_tun(home, hook):
    """The truth is what we ourselves write into the device and read from it."""
    router = home.router
    expected = {}

    def book(direction, family, packet):
        frames, size = expected.get((direction, HOST[family]), (0, 0))
        expected[direction, HOST[family]] = frames + 1, size + len(packet)

    fd = router.tun("tun0", house.IFF_TUN)
    give_addresses(router, "tun0")
    try:
        with Daemon(router, "--hook", hook, track=track("tun0")) as daemon:
            for family in FAMILIES:
                ip = IP if family == "v4" else IPv6
                with traffic.bind_udp(home.internet, remote(family), 5000) as far:
                    for size in range(1, 1400, 31):
                        packet = bytes(ip(src=HOST[family], dst=remote(family))
                                       / UDP(sport=6000, dport=5000) / (b"x" * size))
                        os.write(fd, packet)
                        book("upload", family, packet)
                        data, back = far.recvfrom(2000)
                        far.sendto(data * 2 if size < 700 else data, back)
                        book("download", family, read_packet(fd, HOST[family]))
            assert_bare(lambda: expected, daemon)
            assert len(expected) == 4
    finally:
        os.close(fd)


def read_packet(fd, destination):
    """The next one to that address; the kernel says things of its own, too."""
    address = socket.inet_pton(traffic.family_of(destination), destination)
    while True:
        assert select.select([fd], [], [], PATIENCE)[0], "nothing comes"
        packet = os.read(fd, 65536)
        if packet[16:20] == address or packet[24:40] == address:
            return packet


@both_hooks
def test_wireguard(home, hook, tmp_path):
    guest, router, keys = home.clients[1], home.router, {}
    for side in (router, guest):
        need(side, "ip", "link", "add", "wg0", "type", "wireguard")
        keys[side] = house.run("wg", "genkey").strip()
        (tmp_path / side.name).write_text(keys[side])
    for side, other, endpoint, allowed in (
            (router, guest, guest.v4, f"{HOST['v4']}/32,{HOST['v6']}/128"),
            (guest, router, house.ROUTER4, "0.0.0.0/0,::/0")):
        side.run("wg", "set", "wg0", "listen-port", "51820",
                 "private-key", str(tmp_path / side.name),
                 "peer", house.run("wg", "pubkey", input=keys[other]).strip(),
                 "endpoint", f"{endpoint}:51820", "allowed-ips", allowed)
    give_addresses(router, "wg0")
    lead_through(guest, "wg0")
    guest.offload("wg0", False, house.SEGMENTATION + house.MERGING)
    with wire.Truth([guest], interface="wg0", tracked=(GUEST4, GUEST6)) as truth, \
            Daemon(router, "--hook", hook, track=track("wg0")) as daemon:
        talk(guest, home.internet, amount=200_000)
        assert_wire(truth, daemon)
        assert len(truth.counts()) == 4


@both_hooks
@pytest.mark.parametrize("bridged", [True, False], ids=["bridge", "port"])
def test_a_virtual_router_with_a_mac_of_its_own(home, hook, bridged):
    """As keepalived makes it with use_vmac: frames to it look as if they were for others."""
    client, router, device, options = home.clients[0], home.router, "br-lan", {}
    if not bridged:
        client, device = home.clients[1], home.clients[1].port
        router.ip(f"link set {device} nomaster")
        give_addresses(router, device)
        move_to_guest(client)
        options = {"track": track(device)}
    traffic.udp(client, home.internet, house.INTERNET4, client.v4)
    with wire.Truth([client], tracked=BOTH) as truth, \
            Daemon(router, "--hook", hook, **options) as daemon:
        for mac, last in (VIRTUAL, "99"), (OTHER_VIRTUAL, "98"):
            need(router, "ip", "link", "add", f"vrrp{last}", "link", device, "address", mac, "type",
                 "macvlan", "mode", "private")
            router.ip(f"link set vrrp{last} up")
            daemon.await_pulls(2)  # it has seen it by then
            client.ip(f"""neigh replace 192.168.{2 if bridged else 10}.{last} lladdr {mac} dev eth0
                neigh replace fe80::{last} lladdr {mac} dev eth0
                route replace default via 192.168.{2 if bridged else 10}.{last}
                route del ::/0
                route add ::/0 via fe80::{last} dev eth0""")
            exchange(client, home.internet, amount=200_000)
            assert_exact(truth, daemon)


@contextlib.contextmanager
def pppoe(namespace, device, peer):
    """One end of a PPPoE session, without the talk that usually precedes it: ppp0."""
    with contextlib.ExitStack() as stack, namespace.inside():
        try:
            session = stack.enter_context(socket.socket(AF_PPPOX, socket.SOCK_STREAM, 0))
            files = [os.open("/dev/ppp", os.O_RDWR) for _ in range(2)]
        except OSError:
            pytest.skip("this kernel has no PPPoE")
        for fd in files:
            stack.callback(os.close, fd)
        # struct sockaddr_pppox: family, PX_PROTO_OE, session, MAC, device; all packed
        address = struct.pack("=HI2s6s16s", AF_PPPOX, 0, b"\x12\x34",
                              bytes.fromhex(peer.replace(":", "")), device.encode()).ljust(30, b"\0")
        house.check(house.libc.connect(session.fileno(), address, len(address)))
        channel = ctypes.c_int()
        fcntl.ioctl(session.fileno(), PPPIOCGCHAN, channel)
        fcntl.ioctl(files[0], PPPIOCATTCHAN, channel)
        unit = ctypes.c_int(0)
        fcntl.ioctl(files[1], PPPIOCNEWUNIT, unit)
        fcntl.ioctl(files[0], PPPIOCCONNECT, unit)
        namespace.ip("link set ppp0 mtu 1492")
        yield


@both_hooks
def test_pppoe(home, hook):
    guest, router = home.clients[1], home.router
    router.ip(f"link set {guest.port} nomaster")
    with pppoe(router, guest.port, guest.eth0), pppoe(guest, "eth0", router.mac(guest.port)):
        give_addresses(router, "ppp0")
        lead_through(guest, "ppp0")
        with wire.Truth([guest], interface="ppp0", tracked=(GUEST4, GUEST6)) as truth, \
                Daemon(router, "--hook", hook, track=track("ppp0")) as daemon:
            talk(guest, home.internet, amount=200_000)
            assert_wire(truth, daemon)
            assert len(truth.counts()) == 4
