# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody new does wrong, and the one line that tells."""
import os
import signal
import stat
import subprocess

import pytest

import house
from daemon import BINARY, PATIENCE, Daemon
from test_interfaces import wait_for
from test_status import Manager


def without_tcp(home, *options, **how):
    """A daemon that serves the Unix socket only."""
    daemon = Daemon(home.router, *options, **how)
    daemon.options.remove("-e")
    return daemon


def launched(daemon):
    """Its log, once it counts."""
    daemon.launch()
    wait_for("the start", lambda: "counting on" in daemon.said() or daemon.process.poll() is not None)
    return daemon.said().splitlines()


@pytest.mark.parametrize("option, value", [("-p", "9999"), ("--listen", "127.0.0.1"), ("--allow", "10.0.0.0/8"),
                                           ("--host-name", "router.example")])
def test_what_is_for_tcp_alone_does_nothing_without_it_and_that_is_told(home, option, value):
    daemon = without_tcp(home, option, value)
    try:
        told = [line for line in launched(daemon) if "-e" in line]
        assert told == [f"mezoura: {option}: nothing is served over TCP: that takes -e, too"]
    finally:
        daemon.stop()
        daemon.unload()


def test_nothing_is_told_of_what_has_its_effect(home):
    options = ("-p", "9999", "--allow", "10.0.0.0/8", "--host-name", "router.example")
    with Daemon(home.router, *options) as daemon:
        assert "that takes -e" not in daemon.said()
    daemon = without_tcp(home)
    try:
        assert "that takes -e" not in "".join(launched(daemon))
    finally:
        daemon.stop()
        daemon.unload()


def test_a_service_manager_is_told_where_nothing_counts(home, monkeypatch):
    daemon = Daemon(home.router, track=("-i", "br-lan", "-i", "br-new"))
    manager = Manager(home.router, f"{daemon.directory}/manager")
    monkeypatch.setenv("NOTIFY_SOCKET", f"{daemon.directory}/manager")
    with daemon:
        assert manager.next() == "READY=1\nSTATUS=Counting on br-lan; NOT on br-new"
        home.router.ip("link add br-new type bridge")
        assert manager.next() == "STATUS=Counting on br-lan, br-new"
        home.router.ip("link del br-new")
        assert manager.next() == "STATUS=Counting on br-lan; NOT on br-new"
    manager.socket.close()


AS_OTHER = """mount --bind "$1" /etc/group && exec setpriv --reuid=65534 --regid=65534 --groups="$2" \
    "$3" status --socket "$4" """


def test_the_socket_is_for_root_and_a_group_and_others_are_told_so(home):
    group = house.USERS["mezoura"]
    groups = f"{house.scratch('groups')}/group"
    with Daemon(home.router) as daemon:
        made = os.lstat(daemon.socket)
        assert (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) == (0, group, 0o660)
        os.chmod(daemon.directory, 0o755)

        def ask(known, member):
            with open(groups, "w", encoding="ascii") as file:
                file.write(known)
            with home.router.inside():
                done = subprocess.run(
                    ["unshare", "-m", "sh", "-c", AS_OTHER, "sh", groups, str(member), BINARY, daemon.socket],
                    capture_output=True, text=True, check=False, timeout=PATIENCE)
            return done.returncode, done.stderr

        assert ask("", group) == (0, "")
        assert ask("", 65534) == (1, f"mezoura: {daemon.socket}: only root may ask: try sudo\n")
        assert ask(f"mezoura:x:{group}:\n", 65534) == (
            1, f"mezoura: {daemon.socket}: only root and the group mezoura may ask: try sudo, or join that group\n")


@pytest.mark.parametrize("target, peer", [(house.WAN4, "198.51.100.1"), (f"[{house.WAN6}]", "2001:db8:fffe::1")])
def test_who_may_not_connect_is_told_in_the_log_once(home, target, peer):
    with Daemon(home.router) as daemon:
        for _ in range(3):
            home.internet.run("sh", "-c", '! curl -s --max-time 60 "$1"', "sh", f"http://{target}:9999/metrics")
        refused = "mezoura_http_rejected_connections_total"
        wait_for("all of them", lambda: daemon.page().value(refused, reason="address") == 3)
        assert [line for line in daemon.said().splitlines() if "--allow" in line] == [
            f"mezoura: HTTP: no answer to {peer}, which is in no tracked subnet: see --allow"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_end_tells_that_counting_goes_on_and_how_that_ends(home, how):
    with Daemon(home.router) as daemon:
        assert daemon.stop(how) == 0
        assert daemon.said().splitlines()[-1] == (
            f"mezoura: the kernel goes on counting: mezoura unload --pin {daemon.pin} ends that")


def test_where_nothing_counts_an_end_tells_nothing(home):
    daemon = Daemon(home.router, track=("-i", "brr0"))
    daemon.launch()
    try:
        wait_for("an answer", daemon.answers)
        assert daemon.stop() == 0
        assert "counting" not in daemon.said().splitlines()[-1]
    finally:
        daemon.stop()
        daemon.unload()
