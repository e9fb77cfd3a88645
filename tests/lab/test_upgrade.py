# SPDX-License-Identifier: GPL-2.0-or-later
"""Daemons that are killed, replaced by others, or meet what those left: no packet is lost."""
import itertools
import os
import signal
import time

import pytest

import house
import traffic
import wire
from daemon import HOOKS, ROOT, Daemon, assert_exact, compared, hooked
from history import assert_complete
from watch import Watch, wait_until

RATE = 50_000_000  # so that the cables lose nothing where the CPUs are busy with starting daemons
both_hooks = pytest.mark.parametrize("hook", HOOKS)


@pytest.fixture(name="other", scope="module")
def other_build():
    """A mezoura whose tables have another layout."""
    directory = house.scratch("other")
    try:
        house.run("make", "-s", "-C", ROOT, f"B={directory}", "LAYOUT=v99", "CFLAGS=-O0", "-j2",
                  timeout=1200)
    except RuntimeError as error:
        if "command not found" in str(error) or "No such file" in str(error):
            pytest.skip("no compiler here")
        raise
    return f"{directory}/mezoura"


def keep_killing(daemon, seconds, binaries):
    """Every 200 ms, each time another one."""
    deadline = time.monotonic() + seconds
    kills = 0
    while time.monotonic() < deadline:
        daemon.stop(signal.SIGKILL)
        daemon.binary = binaries[kills % len(binaries)]
        daemon.launch()
        time.sleep(0.2)
        assert daemon.process.poll() is None, daemon.said()
        kills += 1
    daemon.stop(signal.SIGKILL)
    return kills


def under_load(home, daemon, seconds, binaries):
    one, two = home.clients
    with traffic.load(one, home.internet, house.INTERNET4, seconds, rate=RATE), \
            traffic.load(two, home.internet, house.INTERNET6, seconds, rate=RATE):
        kills = keep_killing(daemon, seconds - 1, binaries)
    return kills


@pytest.mark.slow
@both_hooks
def test_kills_under_load(home, hook):
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", hook) as daemon:
        assert under_load(home, daemon, 20, [daemon.binary]) > 1
        daemon.start()
        counts = assert_exact(truth, daemon)
        assert min(frames for frames, _ in counts.values()) > 1000
        assert len(hooked(home.router, "br-lan")) == 2


@both_hooks
def test_other_layouts_under_load(home, hook, other):
    """Upgrades and downgrades, none of which gets the time to finish by itself."""
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", hook) as daemon:
        own = daemon.binary
        assert under_load(home, daemon, 10, [other, own]) > 1
        for daemon.binary in (other, own):
            daemon.start()
            counts = assert_exact(truth, daemon)
            assert min(frames for frames, _ in counts.values()) > 1000
            assert layouts(daemon) == [("v99" if daemon.binary == other else house.LAYOUT) + "_4096"]
            assert len(hooked(home.router, "br-lan")) == 2
            traffic.ping(home.clients[0], house.INTERNET4)
            assert_exact(truth, daemon)
            daemon.stop()
        assert "took over the counts" in daemon.said()
        assert "cannot be read" not in daemon.said()


def test_other_layouts_go_on_with_the_history(home, other):
    client = home.clients[0]
    with wire.Truth(home.clients) as truth, Daemon(home.router, history=True) as daemon:
        own = daemon.binary
        for how, binary in ((signal.SIGTERM, other), (signal.SIGKILL, own), (signal.SIGKILL, other)):
            traffic.tcp(client, home.internet, house.INTERNET4, up=100_000, down=100_000)
            assert_complete(daemon)
            daemon.stop(how)
            traffic.ping(client, house.INTERNET6)
            daemon.binary = binary
            daemon.start()
            assert_exact(truth, daemon)
            assert_complete(daemon)


@pytest.mark.skipif(len(HOOKS) < 2, reason="this kernel has one kind of hook, or one is tried")
@pytest.mark.parametrize("bridged", [True, False], ids=["bridge", "alone"])
def test_another_kind_of_hook_under_load(home, bridged):
    """Also where the one before had no time to finish the change."""
    router, client = home.router, home.clients[0]
    device = "br-lan"
    if not bridged:
        device = client.port
        router.ip(f"""addr del {house.ROUTER4}/24 dev br-lan
            link set {device} nomaster
            addr add {house.ROUTER4}/24 dev {device}""")
    track = ("-4", f"{house.ROUTER4}/24/{device}")
    with Daemon(router, "--hook", "clsact", track=track) as daemon, \
            wire.Truth([client], tracked=[house.LAN4]) as truth:
        kinds = itertools.cycle(("tcx", "clsact"))
        with traffic.load(client, home.internet, house.INTERNET4, 12, rate=RATE):
            for i in range(20):
                daemon.stop(signal.SIGKILL if i % 2 else signal.SIGTERM)
                daemon.options[-1] = next(kinds)
                daemon.launch()
                if i % 3:
                    wait_until(lambda: f"counting on {device} ({daemon.options[-1]})" in daemon.said(),
                               daemon=daemon)
                else:
                    time.sleep(0.05 * i / 3)
        assert min(frames for frames, _ in assert_exact(truth, daemon).values()) > 1000
        assert len([line for line in hooked(router, device) if "mz_" in line]) == 2


def layouts(daemon):
    return [name for name in os.listdir(daemon.pin) if name.startswith("v")]


def identities(daemon):
    """Of the tables: what tells that counts are those that they were, or began anew."""
    return [name for layout in layouts(daemon) for name in os.listdir(f"{daemon.pin}/{layout}")
            if name.startswith("id_")]


@pytest.mark.slow
def test_killed_at_each_step_of_a_migration(home):
    """Then comes the layout that was there before, or a third one. The counts are the same ones."""
    client = home.clients[0]
    rooms = itertools.cycle((16, 16, 18, 18))
    with wire.Truth(home.clients) as truth, \
            Daemon(home.router, "--max-hosts", str(next(rooms))) as daemon, Watch(daemon, every=0.1):
        first = identities(daemon)
        assert len(first) == 1
        for step in range(1, 100):
            survivors = 0
            for room in (next(rooms), next(rooms)):
                traffic.udp(client, home.internet, house.INTERNET4, client.v4, datagrams=1 + step)
                daemon.stop(signal.SIGKILL)
                daemon.options[-1] = "17"
                daemon.launch_fatal(step)
                wait_until(lambda: daemon.process.poll() is not None or layouts(daemon) == [f"{house.LAYOUT}_17"])
                survivors += daemon.process.poll() is None
                daemon.stop(signal.SIGKILL)
                daemon.options[-1] = str(room)
                daemon.launch()
                wait_until(lambda r=room: layouts(daemon) == [f"{house.LAYOUT}_{r}"], daemon=daemon)
                assert identities(daemon) == first
            if survivors == 2:
                break
        assert step > 30, "the steps were not those of a migration: test void"
        assert_exact(truth, daemon)
        print(step, "steps")


@both_hooks
def test_a_layout_that_cannot_be_read_is_told_and_goes(home, hook):
    with Daemon(home.router, "--hook", hook) as daemon:
        daemon.stop()
        os.mkdir(f"{daemon.pin}/v1")
        house.run("bpftool", "map", "create", f"{daemon.pin}/v1/mz_slots", "type", "array", "key",
                  "4", "value", "8", "entries", "1", "name", "mz_slots")
        with wire.Truth(home.clients) as truth:
            before = daemon.start().page().addresses()
            assert before == {}
            assert f"{daemon.pin}/v1" in daemon.said()
            assert not os.path.exists(f"{daemon.pin}/v1")
            traffic.ping(home.clients[0], house.INTERNET4)
            assert_exact(truth, daemon)


@both_hooks
def test_another_subnet_after_a_restart(home, hook):
    """What is not tracked any more does not count any more."""
    first, other = home.clients
    with wire.Truth(home.clients, tracked=[f"{first.v4}/32"]) as truth, \
            Daemon(home.router, "--hook", hook, track=["-4", f"{first.v4}/32/br-lan"]) as daemon:
        traffic.ping(first, house.INTERNET4)
        traffic.ping(other, house.INTERNET4)
        assert_exact(truth, daemon, strangers=True)
        daemon.stop()
        daemon.options[1] = f"{other.v4}/32/br-lan"
        daemon.start()
        kept = truth.settled()
        with wire.Truth(home.clients, tracked=[f"{other.v4}/32"]) as later:
            traffic.ping(first, house.INTERNET4)
            traffic.ping(other, house.INTERNET4)
            expected, page = compared(lambda: {**kept, **later.settled()}, daemon)
            assert page.addresses() == expected
