# SPDX-License-Identifier: GPL-2.0-or-later
"""Daemons that are killed, replaced by others, or meet what those left: no packet is lost."""
import os
import signal
import time

import pytest

import house
import traffic
import wire
from daemon import HOOKS, ROOT, Daemon, assert_exact, compared, hooked

RATE = 200_000_000  # so that the cables lose nothing where the CPUs are busy with starting daemons
both_hooks = pytest.mark.parametrize("hook", HOOKS)


@pytest.fixture(name="other", scope="module")
def other_build():
    """A mezoura whose tables have another layout."""
    directory = house.scratch("other")
    try:
        house.run("make", "-s", "-C", ROOT, f"B={directory}", "LAYOUT=v99", timeout=1200)
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
def test_a_minute_of_kills_under_load(home, hook):
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", hook) as daemon:
        assert under_load(home, daemon, 60, [daemon.binary]) > 1
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
            layouts = [name for name in os.listdir(daemon.pin) if name.startswith("v")]
            assert layouts == [("v99" if daemon.binary == other else "v3") + "_4096"]
            assert len(hooked(home.router, "br-lan")) == 2
            traffic.ping(home.clients[0], house.INTERNET4)
            assert_exact(truth, daemon)
            daemon.stop()
        assert "took over the counts" in daemon.said()
        assert "cannot be read" not in daemon.said()


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
        assert_exact(truth, daemon)
        daemon.stop()
        daemon.options[1] = f"{other.v4}/32/br-lan"
        daemon.start()
        kept = truth.settled()
        with wire.Truth(home.clients, tracked=[f"{other.v4}/32"]) as later:
            traffic.ping(first, house.INTERNET4)
            traffic.ping(other, house.INTERNET4)
            expected, page = compared(lambda: {**kept, **later.settled()}, daemon)
            assert page.addresses() == expected
