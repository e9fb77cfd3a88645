# SPDX-License-Identifier: GPL-2.0-or-later
"""Other people's ingress qdiscs, as shapers have them: where clsact would be, with one hook instead of two."""
import time

import pytest

import house
import traffic
import wire
from daemon import HOOKS, PATIENCE, Daemon, assert_exact, hooked
from test_paths import FAMILIES, exchange, flood, remote, wait_until

pytestmark = pytest.mark.skipif("clsact" not in HOOKS, reason="tcx alone is tried here")
BY_CLSACT = ("--hook", "clsact")
INCOMPLETE = {"reason": "ingress_qdisc"}


def shape(router, device):
    """What sqm-scripts do to redirect uploads to a device of their own, but for the filter."""
    router.run("tc", "qdisc", "add", "dev", device, "handle", "ffff:", "ingress")


def has_shaper(router, device):
    return "ingress ffff:" in router.run("tc", "qdisc", "show", "dev", device)


def ours(router, device):
    return [line for line in hooked(router, device) if "mz_" in line]


def said(daemon, words):
    return [line for line in daemon.said().split("\n") if words in line]


def test_a_bridge_with_one_counts_at_its_ports(build):
    """All downloads, those that are flooded to each port as well."""
    home = build(clients=("h1", "h2", "h3"))
    client, router = home.clients[0], home.router
    shape(router, "br-lan")
    with wire.Truth(home.clients) as truth, Daemon(router, *BY_CLSACT) as daemon:
        assert has_shaper(router, "br-lan")
        assert ours(router, "br-lan") == ["ingress parent mz_ingress"]
        exchange(client, home.internet)
        flood(home)
        assert_exact(truth, daemon)
        page = daemon.fresh_page()
        assert page.value("mezoura_incomplete", **INCOMPLETE) == 0
        assert {labels["direction"] for labels, _ in page.family("mezoura_hook_info")
                if labels["device"] == "br-lan"} == {"ingress"}
        assert len(said(daemon, "br-lan: another program's ingress qdisc")) == 1
        daemon.stop()
        assert daemon.unload().returncode == 0
    assert has_shaper(router, "br-lan")
    assert ours(router, "br-lan") == []


def test_what_the_router_itself_exchanges_counts_at_the_ports(home):
    """With the internet on the LAN's side, as on a plain host with a bridge for its guests."""
    client, router = home.clients[0], home.router
    client.ip(f"addr add {house.INTERNET4}/32 dev lo")
    router.ip(f"route add {house.INTERNET4} via {client.v4}")
    shape(router, "br-lan")
    with Daemon(router, *BY_CLSACT) as daemon:
        traffic.ping(router, house.INTERNET4, count=7)
        own = {(direction, ip): packets for (direction, _, ip), (packets, _)
               in daemon.fresh_page().addresses().items()}
        assert own == {("upload", house.ROUTER4): 7, ("download", house.ROUTER4): 7}


def test_a_device_of_its_own_says_that_downloads_are_missing(home):
    client, router = home.clients[0], home.router
    router.ip(f"""addr del {house.ROUTER4}/24 dev br-lan
        link set {client.port} nomaster
        addr add {house.ROUTER4}/24 dev {client.port}""")
    shape(router, client.port)
    track = ("-4", f"{house.ROUTER4}/24/{client.port}")
    with Daemon(router, *BY_CLSACT, track=track) as daemon:
        traffic.ping(client, house.INTERNET4, count=9)
        page = daemon.fresh_page()
        assert {direction: packets for (direction, _, _), (packets, _)
                in page.addresses().items()} == {"upload": 9}
        assert page.value("mezoura_incomplete", **INCOMPLETE) == 1
        assert len(said(daemon, f"{client.port}: another program's ingress qdisc")) == 1
        status = house.run(house.BINARY, "status", "--socket", daemon.socket)
        assert "COUNTS ARE TOO LOW: another program's ingress qdisc" in status
        router.run("tc", "qdisc", "del", "dev", client.port, "ingress")
        router.run("tc", "qdisc", "add", "dev", client.port, "clsact")
        wait_until(lambda: len(ours(router, client.port)) == 2)
        traffic.ping(client, house.INTERNET4, count=4)
        page = daemon.fresh_page()
        assert page.value("mezoura_incomplete", **INCOMPLETE) == 0


def test_a_shaper_that_starts_anew_finds_its_place_free(home):
    router, client = home.router, home.clients[0]
    shape(router, "br-lan")
    with wire.Truth(home.clients) as truth, Daemon(router, *BY_CLSACT) as daemon:
        for _ in range(2):
            began = time.monotonic()
            router.run("tc", "qdisc", "del", "dev", "br-lan", "ingress")
            traffic.ping(client, house.INTERNET4)
            daemon.await_pulls(1)
            if time.monotonic() - began > 8 and ours(router, "br-lan"):
                pytest.skip("the machine is too busy to start anew within ten seconds")
            shape(router, "br-lan")
            wait_until(lambda: ours(router, "br-lan") == ["ingress parent mz_ingress"])
            exchange(client, home.internet, amount=100_000)
        assert_exact(truth, daemon)


def test_where_a_shaper_went_for_good_clsact_comes(home):
    """As the kernel gives the bridge a clsact qdisc, it may drop what the bridge is to send: never counted."""
    router, client = home.router, home.clients[0]
    shape(router, "br-lan")
    with wire.Truth(home.clients) as truth, Daemon(router, *BY_CLSACT) as daemon:
        router.run("tc", "qdisc", "del", "dev", "br-lan", "ingress")
        deadline = time.monotonic() + PATIENCE
        while len(ours(router, "br-lan")) != 2:
            assert time.monotonic() < deadline
            for family in FAMILIES:
                traffic.volley(client, home.internet, remote(family), getattr(client, family))
        exchange(client, home.internet, amount=100_000)
        assert_exact(truth, daemon)
        assert len(said(daemon, "br-lan: the ingress qdisc is gone")) == 1


def test_a_port_with_one_is_told(home):
    """A flowtable may take its downloads past the bridge."""
    router, client = home.router, home.clients[0]
    shape(router, client.port)
    with wire.Truth(home.clients) as truth, Daemon(router, *BY_CLSACT) as daemon:
        exchange(client, home.internet, amount=100_000)
        assert_exact(truth, daemon)
        assert daemon.fresh_page().value("mezoura_incomplete", **INCOMPLETE) == 1


def test_two_daemons_leave_each_other_their_filters(build):
    home = build(clients=("h1",), foo_clients=("f1",))
    router = home.router
    with Daemon(router, *BY_CLSACT) as first, \
            Daemon(router, *BY_CLSACT, "-p", "9998", track=("-4", "192.168.3.1/24/br-foo")) as second:
        for daemon in (first, second):
            daemon.stop()
            daemon.start()  # each removes at its start what it left elsewhere
            assert len(ours(router, "br-lan")) == len(ours(router, "br-foo")) == 2
        for client, daemon in zip(home.clients, (first, second)):
            traffic.ping(client, house.INTERNET4, count=6)
            daemon.await_pulls(2)
            counted = daemon.written().addresses()
            assert {pair[0] for (_, mac, _), pair in counted.items() if mac == client.eth0} == {6}
        first.stop()
        first.unload()
        assert len(ours(router, "br-foo")) == 2 and ours(router, "br-lan") == []
