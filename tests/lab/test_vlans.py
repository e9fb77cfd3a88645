# SPDX-License-Identifier: GPL-2.0-or-later
"""VLANs on bridges, as their ports, and on cables, with and without a flowtable."""
import contextlib

import pytest

import house
import traffic
import wire
from daemon import HOOKS, Daemon, assert_exact
from test_paths import exchange, flowtable, remote, slow_path_packets, wait_for_hooks

GUEST4, GUEST6 = "192.168.10.0/24", "2001:db8:ca2:a::/64"
BOTH = (house.LAN4, house.LAN6, GUEST4, GUEST6)
both_hooks = pytest.mark.parametrize("hook", HOOKS)


def need(namespace, *command):
    try:
        namespace.run(*command)
    except RuntimeError as error:
        pytest.skip(f"this kernel has none of that: {' '.join(command)}: {error}")


def add_vlan(home, carrier, name="guest", vlan=10):
    """The router's interface of a VLAN with a subnet of its own."""
    need(home.router, "ip", "link", "add", "link", carrier, "name", name, "type", "vlan", "id",
         str(vlan))
    home.router.ip(f"""link set {name} up
        addr add 192.168.10.1/24 dev {name}
        addr add 2001:db8:ca2:a::1/64 dev {name} nodad""")


def move_to_guest(client, device="eth0"):
    """Gives a client addresses of the VLAN's subnet, on a device that is there."""
    client.v4, client.v6 = "192.168.10.20", "2001:db8:ca2:a::20"
    client.ip(f"""addr flush dev eth0
        link set eth0 up
        link set {device} up
        addr add {client.v4}/24 dev {device}
        addr add {client.v6}/64 dev {device} nodad
        route replace default via 192.168.10.1
        route replace default via 2001:db8:ca2:a::1""")


def tag(client, *vlans):
    """VLAN devices over the client's cable; returns the last one's name."""
    device = "eth0"
    for vlan in vlans:
        need(client, "ip", "link", "add", "link", device, "name", f"v{vlan}", "type", "vlan", "id",
             str(vlan))
        client.ip(f"link set v{vlan} up")
        device = f"v{vlan}"
    client.offload(device, False, house.SEGMENTATION)
    return device


@contextlib.contextmanager
def watched(home, hook, devices, track):
    """The truth is that of each client's own interface, which shows frames without tags."""
    wires = [wire.Truth([client], tracked=BOTH, interface=device)
             for client, device in zip(home.clients, devices)]

    class Sum:  # pylint: disable=too-few-public-methods
        @staticmethod
        def settled():
            counts = {}
            for one in wires:
                counts.update(one.settled())
            return counts

    with contextlib.ExitStack() as stack:
        for one in wires:
            stack.enter_context(one)
        yield Sum, stack.enter_context(Daemon(home.router, "--hook", hook, track=track))


TRACK = ("-4", "192.168.2.1/24/br-lan", "-4", "192.168.10.1/24/guest", "-6", "2001:db8:ca2::/48")


def check(home, truth, daemon, devices):
    """First by the kernel's stack, then through a flowtable, where it has that."""
    for client in home.clients:
        exchange(client, home.internet, amount=500_000)
    seen = assert_exact(truth, daemon)
    assert len(seen) == 4 * len(home.clients)
    flowtable(home.router, [*devices, "wan"])
    before = sum(packets for packets, _ in seen.values())
    for client in home.clients:
        for family in ("v4", "v6"):
            traffic.tcp(client, home.internet, remote(family), up=2 << 20, down=2 << 20)
    everything = sum(packets for packets, _ in assert_exact(truth, daemon).values()) - before
    assert slow_path_packets(home.router) < everything / 2, "no fast path: test void"


@both_hooks
def test_a_vlan_on_a_bridge(home, hook):
    plain, guest = home.clients
    add_vlan(home, "br-lan")
    device = tag(guest, 10)
    move_to_guest(guest, device)
    with watched(home, hook, ["eth0", device], TRACK) as (truth, daemon):
        check(home, truth, daemon, [plain.port, guest.port])


@both_hooks
@pytest.mark.parametrize("trunk", [False, True], ids=["port", "trunk"])
def test_a_bridge_that_tells_vlans_apart(home, hook, trunk):
    plain, guest = home.clients
    device = "eth0"
    need(home.router, "ip", "link", "set", "br-lan", "type", "bridge", "vlan_filtering", "1")
    add_vlan(home, "br-lan")
    home.router.run("bridge", "vlan", "add", "vid", "10", "dev", "br-lan", "self")
    if trunk:
        home.router.run("bridge", "vlan", "add", "vid", "10", "dev", guest.port)
        device = tag(guest, 10)
    else:
        home.router.run("bridge", "vlan", "del", "vid", "1", "dev", guest.port)
        home.router.run("bridge", "vlan", "add", "vid", "10", "dev", guest.port, "pvid", "untagged")
    move_to_guest(guest, device)
    with watched(home, hook, ["eth0", device], TRACK) as (truth, daemon):
        check(home, truth, daemon, [plain.port, guest.port])


@both_hooks
def test_a_port_with_all_vlans(home, hook):
    """Told one by one, they are more than an answer of the kernel has room for."""
    need(home.router, "ip", "link", "set", "br-lan", "type", "bridge", "vlan_filtering", "1")
    home.router.run("bridge", "vlan", "add", "vid", "2-4094", "dev", home.clients[1].port)
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", hook) as daemon:
        for client in home.clients:
            wait_for_hooks(home.router, client.port)
            traffic.ping(client, house.INTERNET4)
        assert len(assert_exact(truth, daemon)) == 4


@both_hooks
def test_a_vlan_on_a_cable(home, hook):
    plain, guest = home.clients
    home.router.ip(f"link set {guest.port} nomaster")
    add_vlan(home, guest.port)
    device = tag(guest, 10)
    move_to_guest(guest, device)
    with watched(home, hook, ["eth0", device], TRACK) as (truth, daemon):
        check(home, truth, daemon, [plain.port, guest.port])


@both_hooks
def test_only_the_vlan_is_tracked(home, hook):
    """The bridge below it carries the other clients' traffic, too."""
    plain, guest = home.clients
    add_vlan(home, "br-lan")
    device = tag(guest, 10)
    move_to_guest(guest, device)
    ports = [plain.port, guest.port]
    home.clients = [guest]
    track = ("-4", "192.168.10.1/24/guest", "-6", "2001:db8:ca2:a::/64")
    with watched(home, hook, [device], track) as (truth, daemon):
        check(home, truth, daemon, ports)


@both_hooks
def test_a_vlan_of_a_cable_as_a_port(home, hook):
    """The port of the bridge is itself a VLAN of the device that has the cable."""
    plain, guest = home.clients
    router = home.router
    router.ip(f"link set {guest.port} nomaster")
    need(router, "ip", "link", "add", "link", guest.port, "name", "tagged", "type", "vlan", "id",
         "7")
    router.ip("link set tagged master br-lan up")
    router.offload("tagged", False, house.SEGMENTATION)
    device = tag(guest, 7)
    guest.ip(f"""addr flush dev eth0
        addr add {guest.v4}/24 dev {device}
        addr add {guest.v6}/64 dev {device} nodad
        route replace default via {house.ROUTER4}
        route replace default via {house.ROUTER6}""")
    with watched(home, hook, ["eth0", device], TRACK[:2] + TRACK[4:]) as (truth, daemon):
        check(home, truth, daemon, [plain.port, guest.port])


@both_hooks
def test_a_vlan_of_a_cable_as_an_untagged_port(home, hook):
    """Of a bridge that tells VLANs apart: on the cable frames have but the port's own tag."""
    plain, guest = home.clients
    router = home.router
    need(router, "ip", "link", "set", "br-lan", "type", "bridge", "vlan_filtering", "1")
    add_vlan(home, "br-lan")
    router.run("bridge", "vlan", "add", "vid", "10", "dev", "br-lan", "self")
    router.ip(f"""link set {guest.port} nomaster
        link add link {guest.port} name tagged type vlan id 7
        link set tagged master br-lan up""")
    router.offload("tagged", False, house.SEGMENTATION)
    router.run("bridge", "vlan", "del", "vid", "1", "dev", "tagged")
    router.run("bridge", "vlan", "add", "vid", "10", "dev", "tagged", "pvid", "untagged")
    device = tag(guest, 7)
    move_to_guest(guest, device)
    with watched(home, hook, ["eth0", device], TRACK) as (truth, daemon):
        check(home, truth, daemon, [plain.port, guest.port])


@both_hooks
@pytest.mark.parametrize("carrier", ["bridge", "cable"])
def test_two_tags(home, hook, carrier):
    """802.1ad outside, 802.1Q inside."""
    plain, guest = home.clients
    if carrier == "cable":
        home.router.ip(f"link set {guest.port} nomaster")
    need(home.router, "ip", "link", "add", "link",
         "br-lan" if carrier == "bridge" else guest.port, "name", "outer", "type", "vlan",
         "proto", "802.1ad", "id", "100")
    home.router.ip("link set outer up")
    add_vlan(home, "outer")
    guest.ip("""link add link eth0 name outer type vlan proto 802.1ad id 100
        link set outer up
        link add link outer name inner type vlan id 10
        link set inner up""")
    guest.offload("inner", False, house.SEGMENTATION)
    move_to_guest(guest, "inner")
    with watched(home, hook, ["eth0", "inner"], TRACK) as (truth, daemon):
        check(home, truth, daemon, [plain.port, guest.port])
