# SPDX-License-Identifier: GPL-2.0-or-later
"""mezoura unload: the kernel is as if mezoura had never run, and what is others' is untouched."""
import json
import os
import signal
import socket
import stat
import subprocess

import pytest

import daemon as program
import house
import traffic
import wire
from daemon import HOOKS, PATIENCE, Daemon, assert_exact
from leftovers import KINDS, SIDES, assert_gone, mounts, ours, state
from test_sockets import OWN_DEV

both_hooks = pytest.mark.parametrize("hook", HOOKS)


def hang_everywhere(home):
    """Somebody's programs of all kinds, on the bridge and the ports; functions that read them."""
    counters = []
    for device in ("br-lan", *(client.port for client in home.clients)):
        for kind in KINDS:
            for side in SIDES:
                pin = f"{house.BPFFS}/foreign-{next(house.numbers)}"
                home.router.run(house.tool("foreign"), "attach", kind, device, side, pin)
                counters.append(lambda pin=pin: int(house.run(house.tool("foreign"), "read", pin)))
    return counters


def sockets():
    return [path for top in ("/run", house.SCRATCH) for path in
            (os.path.join(top, name) for name in os.listdir(top))
            if stat.S_ISSOCK(os.lstat(path).st_mode)]


def pin_a_map(path):
    house.run("bpftool", "map", "create", path, "type", "array", "key", "4", "value", "8",
              "entries", "1", "name", "theirs")
    return json.loads(house.run("bpftool", "-j", "map", "show", "pinned", path))["id"]


def assert_unloads(daemon):
    done = daemon.unload()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@both_hooks
@pytest.mark.parametrize("foreign", [False, True])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_kernel_is_as_it_was_before_the_first_start(home, hook, foreign, how):
    counters = hang_everywhere(home) if foreign else []
    before = state(home)
    with Daemon(home.router, "--hook", hook) as daemon:
        for client in home.clients:
            for address in (house.INTERNET4, house.INTERNET6):
                traffic.ping(client, address)
        there = ours(daemon)
        assert len(there["prog"]) >= 2 and len(there["map"]) >= 11
        assert hook != "tcx" or len(there["link"]) == 2 * 3
        assert state(home) != before
        daemon.stop(how)
        assert how == signal.SIGKILL or sockets() == []
        assert_unloads(daemon)
        assert state(home) == before
        assert_gone(there)
    counts = [counter() for counter in counters]
    for client in home.clients:
        traffic.ping(client, house.INTERNET4)
    assert all(counter() > count for counter, count in zip(counters, counts))


@both_hooks
@pytest.mark.parametrize("gone", ["port", "bridge"])
def test_an_interface_that_is_gone_meanwhile(home, hook, gone):
    hang_everywhere(home)
    before = state(home)
    name = home.clients[1].port if gone == "port" else "br-lan"
    with Daemon(home.router, "--hook", hook) as daemon:
        traffic.ping(home.clients[0], house.INTERNET4)
        there = ours(daemon)
        daemon.stop(signal.SIGKILL)
        home.router.ip(f"link del {name}")
        assert_unloads(daemon)
        del before[name]
        assert state(home) == before
        assert_gone(there)


@both_hooks
def test_an_interface_that_comes_and_goes_while_it_is_counted(home, hook):
    before = state(home)
    with Daemon(home.router, "--hook", hook) as daemon:
        for _ in range(3):
            home.router.ip("""link add port-x address fe:00:00:00:00:01 type veth peer name port-y
                link set port-x master br-lan up""")
            traffic.ping(home.clients[0], house.INTERNET4)
            home.router.ip("link del port-x")
        daemon.fresh_page()
        there = ours(daemon)
        daemon.stop()
        assert_unloads(daemon)
        assert state(home) == before
        assert_gone(there)


@pytest.mark.parametrize("started", [False, True])
def test_leftovers_of_an_older_layout(home, started):
    before = state(home)
    daemon = Daemon(home.router)
    os.makedirs(f"{daemon.pin}/v1")
    there = {"map": {pin_a_map(f"{daemon.pin}/v1/mz_{i}") for i in range(3)}}
    if started:
        with daemon:
            daemon.fresh_page()
            assert not os.path.exists(f"{daemon.pin}/v1")
            assert daemon.said().count("v1") == 1
            there["map"] |= ours(daemon)["map"]
            daemon.stop()
    assert_unloads(daemon)
    assert state(home) == before
    assert_gone(there)


THEIRS = ("theirs", "link_layer", "qdisc_statistics", "v4_prefixes", "v6", "v2rules", "mz_past",
          "sub/theirs", "v4rules/theirs", "vlans/theirs")


@both_hooks
def test_pins_of_others_in_the_same_directory_stay(home, hook):
    """Whatever their names are."""
    pin = f"{house.BPFFS}/shared-{next(house.numbers)}"
    for name in THEIRS:
        os.makedirs(os.path.dirname(f"{pin}/{name}"), exist_ok=True)
        pin_a_map(f"{pin}/{name}")
    before = state(home)
    with wire.Truth(home.clients) as truth, \
            Daemon(home.router, "--hook", hook, pin=pin) as daemon:
        for room in ("4096", "100"):
            daemon.options += ["--max-hosts", room]
            daemon.stop()
            daemon.start()
            traffic.ping(home.clients[0], house.INTERNET4)
            assert_exact(truth, daemon)
        there = ours(daemon)
        said = daemon.said()
        assert "dropped" not in said, said
        daemon.stop()
        assert_unloads(daemon)
        assert state(home) == before
        assert_gone(there)


@pytest.fixture
def unmounted():
    """No bpf file system at its place; afterwards there is one again."""
    house.run("umount", house.BPFFS)
    try:
        yield
    finally:
        while house.libc.umount2(house.BPFFS.encode(), 0) == 0:
            pass
        house.run("mount", "-t", "bpf", "lab", house.BPFFS)


@both_hooks
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_mount_goes_where_mezoura_made_it(unmounted, home, hook, how):
    before = state(home)
    with Daemon(home.router, "--hook", hook) as daemon:
        assert len(mounts()) == len(before["mounts"]) + 1
        for _ in range(2):  # the next daemon finds it there, and it is still mezoura's
            daemon.stop(how)
            daemon.start()
        daemon.stop(how)
        assert_unloads(daemon)
        assert state(home) == before


def test_the_mount_stays_where_others_use_it_by_now(unmounted, home):
    before = state(home)
    with Daemon(home.router) as daemon:
        mounted = mounts()
        pin_a_map(f"{house.BPFFS}/theirs")
        daemon.stop()
        assert_unloads(daemon)
        after = state(home)
        assert after.pop("mounts") == mounted != before.pop("mounts")
        assert after.pop("pins") == [f"{house.BPFFS}/theirs"] != before.pop("pins")
        assert after == before


def test_it_is_refused_while_a_daemon_runs(home):
    with wire.Truth(home.clients) as truth, Daemon(home.router) as daemon:
        traffic.ping(home.clients[0], house.INTERNET4)
        there, programs = state(home), ours(daemon)
        done = daemon.unload()
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert daemon.pin in done.stderr and "running" in done.stderr
        assert state(home) == there and ours(daemon) == programs
        traffic.ping(home.clients[0], house.INTERNET6)
        assert len(assert_exact(truth, daemon)) == 4


def test_a_refusal_goes_to_syslog_where_that_is_asked_for(home):
    dev = house.scratch("dev")
    home.router.run("cp", "-a", "/dev/null", dev)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log, Daemon(home.router) as daemon:
        log.bind(f"{dev}/log")
        log.settimeout(PATIENCE)
        with home.router.inside():
            done = subprocess.run(["unshare", "-m", "sh", "-c", OWN_DEV, dev, program.BINARY, "unload", "--syslog",
                                   "--pin", daemon.pin], capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
        assert "a daemon is running" in log.recv(4096).decode()


@both_hooks
def test_a_second_daemon_is_refused_and_the_first_goes_on(home, hook):
    client = home.clients[0]
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", hook) as first:
        traffic.ping(client, house.INTERNET4)
        there, programs = state(home), ours(first)
        options = [*first.options, "-p", "9998", "--max-hosts", "77", "--textfile", "-",
                   "--socket", f"{first.socket}-2"]
        for other in HOOKS:
            with home.router.inside():
                second = subprocess.run([program.BINARY, *options, "--hook", other], text=True,
                                        capture_output=True, check=False, timeout=PATIENCE)
            assert (second.returncode, second.stderr.count("\n")) == (1, 1)
            assert first.pin in second.stderr and "another mezoura" in second.stderr
            assert state(home) == there and ours(first) == programs
        traffic.ping(client, house.INTERNET6)
        assert len(assert_exact(truth, first)) == 4
        assert first.stop() == 0
