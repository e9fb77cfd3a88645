# SPDX-License-Identifier: GPL-2.0-or-later
"""Ports of a bridge that come and go under traffic, and that send back what came in."""
import contextlib
import json
import select
import signal
import threading
import time

import pytest

import house
import traffic
import wire
from daemon import HOOKS, Daemon, assert_exact
from frames import ip_frame
from test_paths import FAMILIES, exchange, ok_filter, remote, wait_for_hooks
from watch import wait_until

BOTH = (house.LAN4, house.LAN6, house.FOO4, house.FOO6)
TRACK_BOTH = ("-4", "192.168.2.1/24/br-lan", "-4", "192.168.3.1/24/br-foo", "-6",
              "2001:db8:ca2::/48")
both_hooks = pytest.mark.parametrize("hook", HOOKS)


def settle(router, *bridges):
    """Gives bridges a MAC to keep, which else is that of one port or another."""
    for i, bridge in enumerate(bridges):
        router.ip(f"link set {bridge} address 02:00:00:00:fe:0{i}")


def truth_once_hooked(home, **options):
    """A device that is given a clsact qdisc may drop a frame, which would void the truth."""
    for client in home.clients:
        wait_for_hooks(home.router, client.port)
    return wire.Truth(home.clients, **options)


@contextlib.contextmanager
def datagrams(client, internet, family, answers=True):
    """Like ones, each answered or none, meanwhile."""
    address, stop, heard = remote(family), threading.Event(), []
    with traffic.bind_udp(internet, address, 5005) as far, \
            traffic.bind_udp(client, getattr(client, family)) as near:
        near.connect((address, 5005))

        def talk():
            while not stop.is_set():
                for _ in range(20):
                    near.send(b"x" * 900)
                # as many as the cable holds, however late they are: some may never come
                select.select([far], [], [], 0.5)
                while select.select([far], [], [], 0.02)[0]:
                    data, back = far.recvfrom(2000)
                    heard.append(data)
                    if answers:
                        far.sendto(data, back)
                while select.select([near], [], [], 0)[0]:
                    near.recv(2000)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            wait_until(lambda: heard or not thread.is_alive())
            begun = len(heard)
            yield
            wait_until(lambda: len(heard) > begun or not thread.is_alive())  # else no traffic: test void
        finally:
            stop.set()
            thread.join()
        assert len(heard) > begun


@both_hooks
@pytest.mark.parametrize("family", FAMILIES)
def test_other_ports_that_come_and_go_while_traffic_flows(build, hook, family):
    """Whatever is hooked and loaded anew for them, the traffic goes on."""
    home = build(clients=("h1", "h2"), foo_clients=("f1",))
    port = home.clients[1].port
    settle(home.router, "br-lan", "br-foo")
    with Daemon(home.router, "--hook", hook, track=TRACK_BOTH) as daemon, \
            truth_once_hooked(home, tracked=BOTH) as truth:
        with datagrams(home.clients[0], home.internet, family), \
                datagrams(home.clients[2], home.internet, "v4" if family == "v6" else "v6"):
            for i in range(4):
                for change in (f"{port} nomaster", f"{port} master br-foo", f"{port} nomaster",
                               f"{port} master br-lan"):
                    home.router.ip(f"link set {change}")
                    time.sleep(0.03 * (i % 4))
                home.router.ip(f"""link add new{i} type veth peer name end{i}
                    link set new{i} master br-lan up
                    link set end{i} up""")
                time.sleep(0.1)
                home.router.ip(f"link del new{i}")
        assert_exact(truth, daemon)


@both_hooks
def test_a_port_that_is_hooked_while_traffic_flows(home, hook):
    """Its packets count from the first on, at the bridge, and once when the port is known, too.

    As the kernel adds a clsact qdisc to a device, that sends nothing for a moment: so there the
    client only speaks.
    """
    client, router = home.clients[0], home.router
    settle(router, "br-lan")
    with Daemon(router, "--hook", hook) as daemon, truth_once_hooked(home) as truth:
        exchange(client, home.internet, amount=100_000)
        for i in range(4):
            router.ip(f"link set {client.port} nomaster")
            time.sleep(0.05 * (i % 3))
            router.ip(f"link set {client.port} master br-lan")
            with datagrams(client, home.internet, FAMILIES[i % 2], answers=hook == "tcx"):
                time.sleep(0.5)
        assert_exact(truth, daemon)


@both_hooks
def test_a_bridge_made_anew_while_others_have_traffic(build, hook):
    home = build(clients=("h1", "h2"), foo_clients=("f1",))
    router, other = home.router, home.clients[2]
    settle(router, "br-lan", "br-foo")
    with Daemon(router, "--hook", hook, track=TRACK_BOTH) as daemon, \
            truth_once_hooked(home, tracked=BOTH) as truth:
        for _ in range(2):
            with datagrams(home.clients[0], home.internet, "v4"):
                exchange(other, home.internet, amount=100_000)
                router.ip("link del br-foo")
                wait_for_hooks(router, other.port, 0)
                home.add_bridge("br-foo", "192.168.3.1", "2001:db8:ca2:3::1")
                settle(router, "br-lan", "br-foo")
                router.ip(f"link set {other.port} master br-foo up")
                wait_for_hooks(router, "br-foo")
                wait_for_hooks(router, other.port)
                exchange(other, home.internet, amount=100_000)
        assert_exact(truth, daemon)


@both_hooks
def test_a_bridge_made_anew_with_its_old_index(home, hook):
    """Nothing but the missing hook tells the two apart."""
    router, client = home.router, home.clients[0]
    settle(router, "br-lan")
    index = json.loads(router.run("ip", "-j", "link", "show", "br-lan"))[0]["ifindex"]
    with Daemon(router, "--hook", hook) as daemon, truth_once_hooked(home) as truth:
        exchange(client, home.internet, amount=100_000)
        daemon.process.send_signal(signal.SIGSTOP)  # it sees the second only
        router.ip(f"""link del br-lan
            link add br-lan index {index} address 02:00:00:00:fe:00 type bridge mcast_snooping 0
            link set br-lan up
            addr add {house.ROUTER4}/24 dev br-lan
            addr add {house.ROUTER6}/64 dev br-lan nodad""")
        daemon.process.send_signal(signal.SIGCONT)
        wait_for_hooks(router, "br-lan")
        router.ip(f"link set {client.port} master br-lan")
        wait_for_hooks(router, client.port)
        exchange(client, home.internet, amount=100_000)
        assert_exact(truth, daemon)


@both_hooks
def test_what_a_hairpin_sends_back_never_counts(home, hook):
    """Two machines behind one port, which hear each other through the bridge only."""
    first, router = home.clients[0], home.router
    second = home.add(house.Namespace("second"))
    try:
        first.ip(f"link add link eth0 name deep netns {second.name} type macvlan mode vepa")
    except RuntimeError as error:
        pytest.skip(f"this kernel has no macvlan: {error}")
    address = "203.0.114.9"
    second.ip(f"""link set deep address 02:00:00:00:02:77 up
        addr add 192.168.2.77/24 dev deep
        addr add {address}/32 dev lo
        route add default via 192.168.2.1""")
    first.ip(f"route add {address} via 192.168.2.77")
    router.ip(f"link set {first.port} type bridge_slave hairpin on")
    with wire.Truth([first], not_internet=[f"{address}/32"]) as truth, \
            Daemon(router, "--hook", hook) as daemon:
        for there in ("192.168.2.77", address):
            traffic.tcp(first, second, there, up=200_000, down=200_000)
        passed = router.passed(first.port)
        assert min(passed[way]["bytes"] for way in ("rx", "tx")) > 800_000, "no hairpin: test void"
        assert assert_exact(truth, daemon) == {}
        traffic.tcp(first, home.internet, house.INTERNET4, up=200_000, down=200_000)
        assert len(assert_exact(truth, daemon)) == 2


@both_hooks
@pytest.mark.parametrize("foreign", [False, True], ids=["alone", "foreign_filter"])
def test_a_forged_download_never_counts(build, hook, foreign):
    """From host to host, with the router's MAC as its sender's: to one port, and to all others."""
    home = build(clients=("h1", "h2", "h3"))
    router, (first, second, third) = home.router, home.clients
    settle(router, "br-lan")
    own, flooded = router.mac("br-lan"), "02:00:00:00:99:99"
    router.run("bridge", "fdb", "replace", second.eth0, "dev", second.port, "master", "static")
    with Daemon(router, "--hook", hook) as daemon, first.packet_socket("eth0") as sender:
        way = (first, "ingress"), (second, "egress"), (third, "egress")
        counters = [ok_filter(router, client.port, side) for client, side in way if foreign]
        before = [router.passed(client.port)["tx"]["packets"] for client in (second, third)]
        for target in (second.eth0, flooded):
            for family in FAMILIES:
                for _ in range(50):
                    sender.send(ip_frame(own, target, remote(family), getattr(second, family)))
        for client, already, frames in zip((second, third), before, (200, 100)):
            wait_until(lambda c=client, n=already + frames:
                       router.passed(c.port)["tx"]["packets"] >= n)
        assert daemon.fresh_page().addresses() == {}
        assert all(counter() >= 100 for counter in counters)
        exchange(second, home.internet, amount=1000)
        assert {host[1] for host in daemon.fresh_page().addresses()} == {second.eth0}


@both_hooks
def test_a_mirror_of_ports_never_counts(build, hook):
    """What nftables sends to another port, too: all but what the bridge itself is about to send."""
    home = build(clients=("h1", "h2", "h3"))
    client, target, router = home.clients[0], home.clients[-1].port, home.router
    chains = "".join(f"""chain {side}{i} {{
            type filter hook {side} device "{device}" priority 0; dup to "{target}"; }};
        """ for i, (device, side) in enumerate((
            ("wan", "ingress"), (client.port, "ingress"), (client.port, "egress"))))
    try:
        router.run("nft", "-f", "-", input=f"table netdev mirror {{ {chains} }}")
    except RuntimeError as error:
        pytest.skip(f"this kernel mirrors nothing there: {error}")
    with wire.Truth([client]) as truth, Daemon(router, "--hook", hook) as daemon:
        before = router.passed(target)["tx"]["packets"]
        for family in FAMILIES:
            traffic.udp(client, home.internet, remote(family), getattr(client, family),
                        datagrams=50)
        wait_until(lambda: router.passed(target)["tx"]["packets"] >= before + 4 * 50)
        assert_exact(truth, daemon)
