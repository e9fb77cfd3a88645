# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody new does wrong, and the one line that tells."""
import pytest

from daemon import Daemon
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
