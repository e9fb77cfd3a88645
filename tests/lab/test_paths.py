# SPDX-License-Identifier: GPL-2.0-or-later
"""Once on every path: a packet of a bridge meets up to three hooks, or, through a flowtable, one."""
import contextlib
import json
import signal
import time

import pytest

import house
import traffic
import wire
from daemon import HOOKS, PATIENCE, Daemon, assert_exact, hooked
from watch import wait_until

FAMILIES = ("v4", "v6")
both_hooks = pytest.mark.parametrize("hook", HOOKS)


def remote(family):
    return house.INTERNET4 if family == "v4" else house.INTERNET6


def exchange(client, internet, amount=1 << 20):
    """All kinds of traffic, both ways, in both families."""
    for family in FAMILIES:
        traffic.tcp(client, internet, remote(family), up=amount, down=amount)
        traffic.udp(client, internet, remote(family), getattr(client, family), datagrams=50)
        traffic.ping(client, remote(family))


def volley(client, internet, family, lost):
    """Datagrams both ways while links change. Adds to lost those that the wire never saw.

    As the kernel gives a device a clsact qdisc, that drops for a moment what it is to send, behind
    the bridge's hook, which counted it.
    """
    address, size = getattr(client, family), 1000
    missing = traffic.volley(client, internet, remote(family), address, size=size)
    if missing:
        key = "download", client.eth0, address
        frames, length = lost.get(key, (0, 0))
        headers = 42 if family == "v4" else 62
        lost[key] = frames + missing, length + missing * (size + headers)


def wait_for_hooks(router, interface, number=2):
    deadline = time.monotonic() + PATIENCE
    while len([line for line in hooked(router, interface) if "mz_" in line]) != number:
        assert time.monotonic() < deadline, f"{interface} has not {number} hooks"
        time.sleep(0.02)


def ok_filter(namespace, interface, side):
    """Somebody's filter that ends the chain, and so rewrites what it says of the class."""
    pin = f"{house.BPFFS}/foreign-{next(house.numbers)}"
    namespace.run(house.tool("foreign"), "attach", "clsact", interface, side, pin, "7")
    return lambda: int(house.run(house.tool("foreign"), "read", pin))


@both_hooks
@pytest.mark.parametrize("where", [pytest.param("bridge", marks=pytest.mark.slow),
                                   pytest.param("ports", marks=pytest.mark.slow), "everywhere"])
def test_foreign_filters_that_end_the_chain(home, hook, where):
    places = ["br-lan"] if where != "ports" else []
    places += [client.port for client in home.clients] if where != "bridge" else []
    with Daemon(home.router, "--hook", hook) as daemon:
        counters = [ok_filter(home.router, place, side)
                    for place in places for side in ("ingress", "egress")]
        with wire.Truth(home.clients) as truth:
            for client in home.clients:
                exchange(client, home.internet)
            assert_exact(truth, daemon)
        assert all(counter() for counter in counters)


@both_hooks
@pytest.mark.parametrize("foreign", [False, True], ids=["alone", "foreign_filter"])
def test_a_download_that_is_flooded_to_all_ports(build, hook, foreign):
    home = build(clients=("h1", "h2", "h3"))
    client, router = home.clients[0], home.router
    with wire.Truth(home.clients) as truth, \
            Daemon(router, "--hook", hook) as daemon:
        traffic.warm_up(client)
        counters = [ok_filter(router, "br-lan", "egress")] if foreign else []
        flood(home)
        assert all(counter() >= 400 for counter in counters)
        assert_exact(truth, daemon)


def flood(home):
    """Has the bridge forget where the first client is, and sends it 200 downloads per family: all ports get them."""
    client, router = home.clients[0], home.router
    router.ip(f"""neigh replace {client.v4} lladdr {client.eth0} nud permanent dev br-lan
        neigh replace {client.v6} lladdr {client.eth0} nud permanent dev br-lan
        link set {client.port} type bridge_slave learning off""")
    router.run("bridge", "fdb", "del", client.eth0, "dev", client.port, "master")
    before = flooded(home)
    for family in FAMILIES:
        with traffic.bind_udp(home.internet, remote(family), 5000) as far, \
                traffic.bind_udp(client, getattr(client, family), 6000) as near:
            for _ in range(200):
                far.sendto(b"x" * 700, (getattr(client, family), 6000))
                near.recv(2000)
    wait_until(lambda: flooded(home) >= before + 400)  # else nothing was flooded: test void


def flooded(home):
    """What left on the port of the last client, who was sent nothing."""
    link = json.loads(home.router.run("ip", "-j", "-s", "link", "show", home.clients[-1].port))
    return link[0]["stats64"]["tx"]["packets"]


@both_hooks
def test_ports_that_leave_and_return_while_traffic_flows(home, hook):
    client, lost = home.clients[0], {}
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", hook) as daemon:
        exchange(client, home.internet)
        for i in range(10):
            home.router.ip(f"link set {client.port} nomaster")
            time.sleep(0.01 * i)
            # sent at once, before anyone can have noticed the port
            home.router.ip(f"link set {client.port} master br-lan")
            for family in FAMILIES:
                volley(client, home.internet, family, lost)
        assert hook == "clsact" or not lost
        assert_exact(truth, daemon, lost)


@both_hooks
def test_a_port_that_moves_between_tracked_bridges(build, hook):
    """Bridges with one MAC, one IPv6 prefix for both, and a daemon that is late: the worst case."""
    home = build(clients=("h1", "h2"), foo_clients=("f1",))
    client, router, lost = home.clients[0], home.router, {}
    both = (house.LAN4, house.LAN6, house.FOO4, house.FOO6)
    track = ("-4", "192.168.2.1/24/br-lan", "-4", "192.168.3.1/24/br-foo", "-6",
             "2001:db8:ca2::/48")
    for bridge in ("br-lan", "br-foo"):
        router.ip(f"link set {bridge} address 02:00:00:00:fe:00")
    with wire.Truth(home.clients, tracked=both) as truth, \
            Daemon(router, "--hook", hook, track=track) as daemon:
        exchange(client, home.internet, amount=300_000)
        router.ip(f"link set {client.port} nomaster")
        wait_for_hooks(router, client.port, 0)
        router.ip(f"link set {client.port} master br-foo")
        wait_for_hooks(router, client.port)
        exchange(home.clients[2], home.internet, amount=300_000)
        daemon.process.send_signal(signal.SIGSTOP)
        router.ip(f"link set {client.port} nomaster")
        router.ip(f"link set {client.port} master br-lan")
        exchange(client, home.internet, amount=300_000)
        daemon.process.send_signal(signal.SIGCONT)
        for family in FAMILIES * 3:
            volley(client, home.internet, family, lost)
        assert hook == "clsact" or not lost
        wait_for_hooks(router, client.port)
        assert_exact(truth, daemon, lost)


@both_hooks
def test_bridged_traffic_never_counts(home, hook):
    """Nor does that with the internet through another router on the LAN."""
    first, other = home.clients
    for key in ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"):
        other.sysctl(key, 1)
    address = "203.0.114.9"  # behind the other router: on itself
    other.ip(f"addr add {address}/32 dev lo")
    first.ip(f"route add {address} via {other.v4}")
    home.router.ip(f"link set {first.port} type bridge_slave hairpin on")
    with wire.Truth(home.clients, not_internet=[f"{address}/32"]) as truth, \
            Daemon(home.router, "--hook", hook) as daemon:
        traffic.tcp(first, other, other.v4, up=1 << 20, down=1 << 20)
        traffic.tcp(first, other, other.v6, up=1 << 20, down=1 << 20)
        traffic.tcp(first, other, address, up=1 << 20, down=1 << 20)
        assert assert_exact(truth, daemon) == {}
        exchange(first, home.internet, amount=100000)
        assert len(assert_exact(truth, daemon)) == 4


@both_hooks
def test_a_queue_between_the_bridge_and_its_ports(home, hook):
    """What leaves the queue does so later, and on any CPU."""
    with contextlib.suppress(RuntimeError):
        home.router.run("tc", "qdisc", "add", "dev", "br-lan", "root", "tbf", "rate", "200mbit",
                        "burst", "64k", "limit", "4m")
    if "tbf" not in home.router.run("tc", "qdisc", "show", "dev", "br-lan"):
        home.router.run("tc", "qdisc", "add", "dev", "br-lan", "root", "pfifo")
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", hook) as daemon:
        for client in home.clients:
            exchange(client, home.internet)
        assert_exact(truth, daemon)


def flowtable(router, devices):
    """Has the kernel forward established flows past the stack, or skips the test."""
    names = ", ".join(devices)
    try:
        router.run("nft", "-f", "-", input=f"""
            table inet fast {{
                flowtable f {{ hook ingress priority 0; devices = {{ {names} }}; }}
                chain forward {{ type filter hook forward priority 0;
                    meta l4proto {{ tcp, udp }} flow add @f counter; }}
            }}""")
    except RuntimeError as error:
        if "refused" in str(error) or "Operation not permitted" in str(error):
            raise
        pytest.skip("this kernel has no software flowtable")


def slow_path_packets(router):
    """Those that a rule of the forward chain still saw."""
    rules = json.loads(router.run("nft", "-j", "list", "table", "inet", "fast"))
    return sum(e["counter"]["packets"] for item in rules["nftables"] if "rule" in item
               for e in item["rule"]["expr"] if "counter" in e)


@both_hooks
@pytest.mark.parametrize("nat", [False, True], ids=["routed", "nat"])
@pytest.mark.parametrize("devices", ["ports", "bridge"])
def test_a_software_flowtable(build, hook, nat, devices):
    home = build(nat=nat)
    client = home.clients[0]
    ports = [c.port for c in home.clients] if devices == "ports" else ["br-lan"]
    flowtable(home.router, [*ports, "wan"])
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", hook) as daemon:
        for round_ in range(2):
            if round_:  # the second time with somebody who takes the marks away
                for port in (*ports, "br-lan"):
                    for side in ("ingress", "egress"):
                        with contextlib.suppress(RuntimeError):
                            ok_filter(home.router, port, side)
            for family in FAMILIES:
                traffic.tcp(client, home.internet, remote(family), up=2 << 20, down=2 << 20)
                traffic.udp(client, home.internet, remote(family), getattr(client, family),
                            datagrams=100)
            seen = assert_exact(truth, daemon)
        everything = sum(packets for packets, _ in seen.values())
        assert slow_path_packets(home.router) < everything / 3, "no fast path: test void"
