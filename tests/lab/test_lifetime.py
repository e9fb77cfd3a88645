# SPDX-License-Identifier: GPL-2.0-or-later
"""Start, stop, kill, start again, unload: what stays and what goes."""
import errno
import os
import signal
import time

import pytest

import house
import traffic
import wire
from daemon import HOOKS, Daemon, assert_exact, hooked
from watch import wait_until

RTM_NEWLINK, RTM_NEWTFILTER = 16, 44  # linux/rtnetlink.h


def test_the_command_line_of_the_readme(build):
    home = build(clients=("koko", "h2"), foo_clients=("f1", "f2"), nat=True)
    command = "-4 192.168.2.1/24/br-lan -4 192.168.3.1/24/br-foo -6 2001:db8:ca2:2::1/64"
    names = f"config host\n\toption name 'koko'\n\toption mac '{home.clients[0].eth0}'\n"
    with wire.Truth(home.clients, tracked=(house.LAN4, house.FOO4, house.LAN6)) as truth, \
            Daemon(home.router, "-e", "-t", "10", track=command.split(), config=names) as daemon:
        for client in home.clients:
            for address in (house.INTERNET4, house.INTERNET6):
                traffic.tcp(client, home.internet, address, up=1 << 20, down=2 << 20)
            for other in home.clients:
                traffic.ping(client, other.v4, count=1)
        counts = assert_exact(truth, daemon, strangers=True)  # v6 is asked for on one bridge only
        assert len(counts) == 2 * (4 + 2)
        koko = home.clients[0]
        page = daemon.page()
        assert page.value("node_nat_traffic_download", hostname="koko", ip=koko.v4,
                          mac=koko.eth0.upper()) > 2 << 20
        assert page.value("node_nat_traffic_upload", hostname="koko-v6", ip=koko.v6) > 1 << 20
        assert page.value("mezoura_host_download_packets_total", interface="br-foo",
                          mac=home.clients[2].eth0.upper(), ip_version="4") > 1000
        kinds = {(labels["device"], labels["direction"]): labels["kind"]
                 for labels, _ in page.family("mezoura_hook_info")}
        kind = "tcx" if "tcx" in HOOKS else "clsact"
        devices = ["br-lan", "br-foo", *(client.port for client in home.clients)]
        assert kinds == {(device, side): kind for device in devices
                         for side in ("ingress", "egress")}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_counting_goes_on_while_no_daemon_runs(home, hook, how):
    client = home.clients[0]
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", hook) as daemon:
        traffic.tcp(client, home.internet, house.INTERNET4, up=1 << 20, down=1 << 20)
        before = hooked(home.router, "br-lan")
        status = daemon.stop(how)
        assert status == (-9 if how == signal.SIGKILL else 0)
        assert hooked(home.router, "br-lan") == before
        traffic.tcp(client, home.internet, house.INTERNET6, up=1 << 20, down=1 << 20)
        daemon.start()
        traffic.tcp(client, home.internet, house.INTERNET4, up=1 << 20, down=1 << 20)
        counts = assert_exact(truth, daemon)
        assert len(counts) == 4
        assert len(hooked(home.router, "br-lan")) == 2


def test_a_restart_under_load_loses_no_packet(home):
    client = home.clients[0]
    with wire.Truth(home.clients) as truth, Daemon(home.router) as daemon:
        with traffic.load(client, home.internet, house.INTERNET4, seconds=3):
            for how in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
                daemon.stop(how)
                daemon.start()
        counts = assert_exact(truth, daemon)
    assert min(frames for frames, _ in counts.values()) > 1000


def disturb(daemon, kind, times, error):
    """The first answers of the kernel to it that begin with such a message fail."""
    daemon.environment = {
        "LD_PRELOAD": house.tool("disturbed.so"),
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        "MZ_TYPE": str(kind), "MZ_TIMES": str(times), "MZ_ERROR": str(error)}


def test_a_start_while_devices_come_and_go(home):
    client = home.clients[0]
    with wire.Truth(home.clients) as truth:
        daemon = Daemon(home.router)
        disturb(daemon, RTM_NEWLINK, 5, errno.EINTR)  # as the kernel says of such a list
        with daemon:
            traffic.ping(client, house.INTERNET4)
            assert_exact(truth, daemon)


def test_a_start_that_cannot_list_the_devices_says_so(home):
    daemon = Daemon(home.router)
    disturb(daemon, RTM_NEWLINK, 1, errno.ENOBUFS)
    with pytest.raises(AssertionError, match="ended at once: mezoura: cannot list the devices"):
        daemon.start()
    daemon.process = None
    assert not os.path.exists(daemon.pin)


def test_a_restart_that_cannot_list_the_filters_adds_none(home):
    client = home.clients[0]
    with wire.Truth(home.clients) as truth, Daemon(home.router, "--hook", "clsact") as daemon:
        before = hooked(home.router, "br-lan")
        daemon.stop()
        disturb(daemon, RTM_NEWTFILTER, 1, errno.ENOBUFS)
        daemon.launch()
        wait_until(lambda: daemon.process.poll() == 1 or daemon.answers(), daemon=daemon)
        assert hooked(home.router, "br-lan") == before
        daemon.stop()
        daemon.environment = {}
        daemon.start()
        traffic.ping(client, house.INTERNET4)
        assert_exact(truth, daemon)


@pytest.mark.skipif(len(HOOKS) < 2, reason="there is but one kind of hook here")
def test_changing_the_kind_of_hook_keeps_the_counts_and_leaves_one_hook(home):
    client = home.clients[0]
    with wire.Truth(home.clients) as truth, Daemon(home.router) as daemon:
        for hook in ("tcx", "clsact", "tcx"):
            daemon.stop()
            daemon.options += ["--hook", hook]
            daemon.start()
            traffic.ping(client, house.INTERNET4)
            assert_exact(truth, daemon)
            assert hooked(home.router, "br-lan") == [
                f"{hook} {side} mz_{side}" for side in ("ingress", "egress")]
        daemon.stop()
        daemon.unload()
        assert "clsact" not in home.router.run("tc", "qdisc", "show", "dev", "br-lan")


@pytest.mark.skipif(house.KERNEL >= (6, 6), reason="this kernel has tcx")
def test_tcx_is_refused_where_the_kernel_has_none(home):
    daemon = Daemon(home.router, "--hook", "tcx")
    with pytest.raises(AssertionError, match="ended at once: mezoura: "):
        daemon.start()
    daemon.process = None
    assert hooked(home.router, "br-lan") == []


def test_unload_where_nothing_is_loaded_says_so_and_does_no_harm(home):
    daemon = Daemon(home.router)
    done = daemon.unload()
    assert len(done.stderr.splitlines()) <= 1
    assert done.returncode != 2
    assert not os.path.exists(daemon.pin)


@pytest.mark.skipif("MZ_OWN_CLOCK" not in os.environ, reason="the clock is set in guests only")
def test_the_clock_is_set_while_it_runs(home):
    client = home.clients[0]
    real, steady = time.time(), time.monotonic()
    with wire.Truth(home.clients) as truth, Daemon(home.router) as daemon:
        try:
            for year in (2040, 1971, 2026):
                time.clock_settime(time.CLOCK_REALTIME, (year - 1970) * 31556952)
                traffic.ping(client, house.INTERNET4, count=3)
                daemon.await_pulls(2)
                told = daemon.written().value("mezoura_snapshot_timestamp_seconds")
                assert abs(told - time.time()) < 86400  # of that year
                assert_exact(truth, daemon)
                assert daemon.written().addresses() == daemon.page().addresses()
            assert daemon.page().value("mezoura_missed_packets_total") == 0
        finally:
            time.clock_settime(time.CLOCK_REALTIME, real + time.monotonic() - steady)
