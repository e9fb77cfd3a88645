# SPDX-License-Identifier: GPL-2.0-or-later
"""Interfaces that come, go, change their names and addresses, or lose their hooks to somebody."""
import contextlib
import json
import os
import threading
import time

import pytest

import house
import traffic
import wire
from daemon import HOOKS, PATIENCE, Daemon, assert_exact, compared, hooked, plus
from test_paths import FAMILIES, exchange, remote

both_hooks = pytest.mark.parametrize("hook", HOOKS)
FOLLOW = ("-i", "br-lan")
NEW6 = "2001:db8:ca2:7::"


def wait_for(what, condition, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: still not"
        time.sleep(0.02)


def wait_for_hooks(home):
    """On the bridge and its ports. While the kernel adds a clsact qdisc it drops what leaves there."""
    devices = ["br-lan"] + [c.port for c in home.clients]
    wait_for("hooked", lambda: all(len(hooked(home.router, d)) == 2 for d in devices))


@both_hooks
def test_one_that_is_not_there_yet_is_waited_for(home, hook):
    router, client = home.router, home.clients[0]
    router.ip("link set br-lan name other")
    with wire.Truth(home.clients) as truth, contextlib.ExitStack() as stack:
        daemon = Daemon(router, "--hook", hook)
        stack.push(daemon)
        daemon.launch()
        wait_for("a line", lambda: "br-lan is not there: waiting for it" in daemon.said())
        wait_for("an answer", daemon.answers)
        daemon.await_pulls(2)  # none of which tells it again
        assert len(daemon.said().splitlines()) <= 2  # the other one: where it serves
        assert daemon.page().family("mezoura_hook_info") == []
        router.ip("link set other name br-lan")
        wait_for_hooks(home)
        exchange(client, home.internet, amount=200_000)
        assert_exact(truth, daemon)


@both_hooks
def test_a_new_one_is_hooked_as_it_is_announced(home, hook):
    """It reads the counters, and so looks by itself, too late for that."""
    router = home.router
    router.ip("link add br-new type bridge")
    with Daemon(router, "--hook", hook, "-t", "3600", track=("-i", "br-new")):
        for _ in range(8):
            router.ip("link del br-new")
            router.ip("link add br-new type bridge")
            wait_for("hooked", lambda: len(hooked(router, "br-new")) == 2)


@both_hooks
def test_its_subnets_are_followed(home, hook):
    client, router = home.clients[0], home.router
    tracked = (house.LAN4, house.LAN6, f"{NEW6}/64")
    with wire.Truth(home.clients, tracked=tracked) as truth, \
            Daemon(router, "--hook", hook, track=FOLLOW) as daemon:
        exchange(client, home.internet, amount=200_000)
        assert_exact(truth, daemon)
        # the ISP's new prefix: the old one is deprecated, and gone later
        router.ip(f"""addr add {NEW6}1/64 dev br-lan nodad
            addr change {house.ROUTER6}/64 dev br-lan nodad preferred_lft 0""")
        client.ip(f"addr add {NEW6}10/64 dev eth0 nodad")
        wait_for("the new prefix", lambda: f"{NEW6}/64" in prefixes(daemon))
        for source in (client.v6, f"{NEW6}10"):
            traffic.udp(client, home.internet, house.INTERNET6, source, datagrams=50)
        counts = assert_exact(truth, daemon)
        assert {ip for _, _, ip in counts} == {client.v4, client.v6, f"{NEW6}10"}
        # as long as it is routed there, its hosts are
        router.ip(f"""route add 2001:db8:ca2::/61 dev br-lan
            addr del {house.ROUTER6}/64 dev br-lan""")
        traffic.udp(client, home.internet, house.INTERNET6, client.v6, datagrams=50)
        counts = assert_exact(truth, daemon)
        # its traffic is nobody's now
        wait_for("the old prefix gone", lambda: house.LAN6 not in prefixes(daemon))
        traffic.udp(client, home.internet, house.INTERNET6, client.v6, datagrams=50)
        counts = assert_exact(truth, daemon)
        router.ip("route del 2001:db8:ca2::/61 dev br-lan")
        wait_for("the route gone", lambda: "2001:db8:ca2::/61" not in prefixes(daemon))
        assert strangers(daemon) == 0
        traffic.throw(client, house.INTERNET6, client.v6)
        traffic.udp(client, home.internet, house.INTERNET6, f"{NEW6}10", datagrams=50)
        now, page = compared(lambda: {
            key: counts[key] if key[2] == client.v6 else count
            for key, count in truth.settled().items()}, daemon)
        assert page.addresses() == now
        assert strangers(daemon) == 1


@both_hooks
def test_a_prefix_that_goes_or_comes_is_no_gap(home, hook):
    """What others moved before was counted all the same."""
    client, router = home.clients[0], home.router
    router.ip("addr add 10.8.0.1/24 dev br-lan")
    with wire.Truth(home.clients) as truth, Daemon(router, "--hook", hook, track=FOLLOW) as daemon:
        for change, prefix, there in (("del 10.8.0.1/24", "10.8.0.0/24", False),
                                      ("add 10.9.0.1/24", "10.9.0.0/24", True),
                                      ("add 10.7.0.1/24", "10.7.0.0/24", True),
                                      ("del 10.9.0.1/24", "10.9.0.0/24", False)):
            traffic.udp(client, home.internet, house.INTERNET4, client.v4, datagrams=500)
            router.ip(f"addr {change} dev br-lan")
            wait_for("the change", lambda p=prefix, t=there: (p in prefixes(daemon)) == t)
        assert_exact(truth, daemon)
        assert daemon.fresh_page().value("mezoura_missed_packets_total") == 0


def strangers(daemon):
    """Packets that hosts in no tracked subnet sent."""
    return daemon.fresh_page().value("mezoura_unattributed_packets_total", direction="upload",
                                     reason="untracked")


@both_hooks
def test_what_is_routed_out_of_it_is_followed(home, hook):
    """Subnets behind an inner router, and what a relay adds host by host."""
    client, router = home.clients[0], home.router
    inner = {"v4": "192.168.77.255", "v6": "2001:db8:77::5"}  # what is the last one here may be a host there
    client.ip("".join(f"""
        addr add {address} dev lo""" for address in inner.values()))
    tracked = (house.LAN4, house.LAN6, "192.168.77.255/32", "2001:db8:77::/64")
    with wire.Truth(home.clients, tracked=tracked) as truth, \
            Daemon(router, "--hook", hook, track=FOLLOW) as daemon:
        unknown = {}
        for source, remote in zip(inner.values(), (house.INTERNET4, house.INTERNET6)):
            traffic.throw(client, remote, source)
        wait_for("strangers", lambda: strangers(daemon) == 2)
        unknown = {key: pair for key, pair in truth.settled().items() if key[2] in inner.values()}
        router.ip(f"""route add 192.168.77.0/24 via {client.v4}
            route add {inner["v6"]}/128 via {client.v6}""")
        wait_for("the routes", lambda: {"192.168.77.0/24", "2001:db8:77::/64"} <= set(prefixes(daemon)))
        for source, remote in zip(inner.values(), (house.INTERNET4, house.INTERNET6)):
            traffic.udp(client, home.internet, remote, source, datagrams=50)
        expected, page = compared(lambda: less(truth.settled(), unknown), daemon)
        assert page.addresses() == expected
        assert sum(pair[0] for (_, _, ip), pair in expected.items() if ip in inner.values()) >= 200
        assert strangers(daemon) == 2
        router.ip("route del 192.168.77.0/24")
        wait_for("the route gone", lambda: "192.168.77.0/24" not in prefixes(daemon))


def less(counts, fewer):
    return {key: tuple(a - b for a, b in zip(pair, fewer.get(key, (0, 0)))) for key, pair in counts.items()}


def counted_pings(daemon, client, addresses):
    """Packets that are counted when it asks each for an echo once."""
    before = daemon.fresh_page().addresses()
    for address in addresses:
        traffic.ping(client, address, count=1)
    return sum(pair[0] for pair in less(daemon.fresh_page().addresses(), before).values())


def prefixes(daemon):
    """Those that are in force, by the daemon's own account."""
    status = json.loads(daemon.get("/api/v1/status"))
    return status["interfaces"][0]["prefixes"]


@both_hooks
def test_an_address_that_the_router_gets_is_not_the_internet(home, hook):
    client, router = home.clients[0], home.router
    own = {"v4": "203.0.114.1", "v6": "2001:db8:eeee::1"}
    with wire.Truth(home.clients, not_internet=[f"{own['v4']}/32", f"{own['v6']}/128"]) as truth, \
            Daemon(router, "--hook", hook, track=FOLLOW) as daemon:
        exchange(client, home.internet, amount=100_000)
        router.ip(f"""addr add {own["v4"]}/32 dev lo
            addr add {own["v6"]}/128 dev lo""")
        wait_for("they are known", lambda: counted_pings(daemon, client, own.values()) == 0)
        base = daemon.fresh_page().addresses()
        missed = truth.settled()
        for address in own.values():
            traffic.ping(client, address)
        exchange(client, home.internet, amount=100_000)
        expected, page = compared(lambda: less(plus(base, truth.settled()), missed), daemon)
        assert page.addresses() == expected
        assert sum(pair[0] for pair in less(expected, base).values()) > 100


@both_hooks
def test_another_name_is_another_interface(home, hook):
    client, router = home.clients[0], home.router
    with wire.Truth(home.clients) as truth, Daemon(router, "--hook", hook) as daemon:
        exchange(client, home.internet, amount=100_000)
        counts = assert_exact(truth, daemon)
        router.ip("link set br-lan name other")
        wait_for("not hooked", lambda: hooked(router, "other") == [])
        traffic.ping(client, house.INTERNET4)
        assert daemon.fresh_page().addresses() == counts
        assert daemon.said().count("br-lan is not there") == 1
        router.ip("link set other name br-lan")
        wait_for_hooks(home)
        missed = truth.settled()
        exchange(client, home.internet, amount=100_000)
        now, page = compared(lambda: {
            key: (frames - missed[key][0] + counts[key][0], size - missed[key][1] + counts[key][1])
            for key, (frames, size) in truth.settled().items()}, daemon)
        assert page.addresses() == now


def take_away(daemon, hook):
    if hook == "clsact":
        daemon.namespace.run("tc", "qdisc", "del", "dev", "br-lan", "clsact")
        return
    for name in os.listdir(daemon.pin):
        if name.startswith("link_"):
            house.run("bpftool", "link", "detach", "pinned", f"{daemon.pin}/{name}")


@both_hooks
def test_a_hook_that_somebody_takes_away_is_put_back_and_told(home, hook):
    client, router = home.clients[0], home.router
    with wire.Truth(home.clients) as truth, Daemon(router, "--hook", hook) as daemon:
        exchange(client, home.internet, amount=100_000)
        assert_exact(truth, daemon)
        assert daemon.page().value("mezoura_hooks_restored_total") == 0
        take_away(daemon, hook)
        wait_for_hooks(home)
        exchange(client, home.internet, amount=100_000)
        assert_exact(truth, daemon)
        assert daemon.page().value("mezoura_hooks_restored_total") >= 1


class Stream:
    """Datagrams up and down at a steady pace, some of which may get lost, until close()."""

    def __init__(self, client, internet, pause=0.0005):
        self.ends, self.sent, self.received = [], {}, {}
        self.pause, self.over = pause, threading.Event()
        for family in FAMILIES:
            far = traffic.bind_udp(internet, remote(family), 5000)
            near = traffic.bind_udp(client, getattr(client, family), 6000)
            near.sendto(b"x" * 100, (remote(family), 5000))
            far.recv(2000)
            near.connect((remote(family), 5000))
            far.connect((getattr(client, family), 6000))
            self.ends += [("upload", family, near, far), ("download", family, far, near)]
        for direction, family, _, to in self.ends:
            self.sent[direction, family] = int(direction == "upload")
            self.received[direction, family] = int(direction == "upload")
            to.setblocking(False)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            for direction, family, source, _ in self.ends:
                try:
                    source.send(b"x" * 100)
                    self.sent[direction, family] += 1
                except OSError:
                    pass  # no route at this moment
            self.receive()
            time.sleep(self.pause)

    def receive(self):
        for direction, family, _, to in self.ends:
            try:
                while True:
                    to.recv(2000)
                    self.received[direction, family] += 1
            except OSError:
                pass

    def close(self):
        self.over.set()
        self.thread.join()
        time.sleep(0.5)
        self.receive()
        for _, _, source, _ in self.ends:
            source.close()


# Of the bridge: with that of a port, that port alone would route while there is no bridge.
BRIDGE_MAC = "02:00:00:00:02:01"


def make_bridge_anew(home):
    home.router.ip("link del br-lan")
    home.add_bridge("br-lan", house.ROUTER4, house.ROUTER6, f"address {BRIDGE_MAC}")
    for client in home.clients:
        home.router.ip(f"""link set {client.port} master br-lan
            neigh replace {client.v4} lladdr {client.eth0} dev br-lan
            neigh replace {client.v6} lladdr {client.eth0} dev br-lan""")


@both_hooks
def test_a_bridge_made_anew_ten_times_under_traffic(home, hook):
    """What arrives has passed the bridge, and what was sent may have: the count is between."""
    client, router = home.clients[0], home.router
    router.ip(f"link set br-lan address {BRIDGE_MAC}")
    with Daemon(router, "--hook", hook) as daemon:
        traffic.warm_up(client)
        stream = Stream(client, home.internet)
        for _ in range(10):
            make_bridge_anew(home)
            wait_for_hooks(home)
            time.sleep(0.02)
        wait_for("traffic", lambda: min(stream.received.values()) > 1000)
        stream.close()
        page = daemon.fresh_page()
        missed = page.value("mezoura_missed_packets_total")
        for direction, family, _, _ in stream.ends:
            frames, size = page.addresses()[direction, client.eth0, getattr(client, family)]
            arrived = stream.received[direction, family]
            assert arrived - missed <= frames <= stream.sent[direction, family]
            assert size == frames * (100 + (62 if family == "v6" else 42))
        assert page.value("mezoura_hooks_restored_total") >= 10
        # and when all is quiet again, each packet counts
        with wire.Truth(home.clients) as truth:
            exchange(client, home.internet, amount=300_000)
            expected, now = compared(lambda: plus(page.addresses(), truth.settled()), daemon)
            assert now.addresses() == expected
