# SPDX-License-Identifier: GPL-2.0-or-later
"""--verbose: the log says what the daemon does, and without it nothing of that."""
import re

import pytest

from daemon import HOOKS, Daemon
from test_interfaces import wait_for

# What is said at a start, and where.
START = [r"loading a classifier: interface number \d+, place 1, depth 0, mark 0x[0-9a-f]+, prefixes 1\+1, .*",
         r"br-lan, device \d+: classifier attached at ingress and egress \((tcx|clsact)\)",
         r"reconciled: 3 devices hooked, 2 prefixes tracked",
         r"read the counters in \d+ us: \d+ addresses, \d+ hosts",
         r"read /\S*/dhcp: 1 names",
         r"started the exporter, process \d+"]
NAMED = "config host\n\toption mac '02:00:00:00:00:77'\n\toption name 'one'\n"


def says(daemon, pattern):
    return re.search(f"^mezoura: {pattern}$", daemon.said(), re.MULTILINE)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_log_says_what_the_daemon_does_and_why(home, hook):
    port = home.clients[0].port
    with Daemon(home.router, "--verbose", "--hook", hook, config=NAMED) as daemon:
        for pattern in START:
            assert says(daemon, pattern), f"{pattern}: {daemon.said()}"
        assert says(daemon, rf"br-lan, device \d+: classifier attached at ingress and egress \({hook}\)")
        assert str(daemon.exporter()) == re.search(r"exporter, process (\d+)", daemon.said())[1]

        home.router.ip("addr add 192.168.2.99/24 dev br-lan")
        wait_for("the address", lambda: says(daemon, r"network change: address of device \d+"))
        swapped = rf"br-lan, device \d+: classifier swapped at ingress and egress \({hook}\)"
        wait_for("a swap", lambda: says(daemon, swapped))

        home.router.ip(f"link set {port} nomaster")
        wait_for("the port", lambda: says(daemon, rf"device \d+: classifier detached from egress \({hook}\)"))
        wait_for("the reason", lambda: says(daemon, r"network change: link of device \d+"))

        daemon.configure(NAMED + NAMED.replace("77", "78").replace("one", "two"))
        wait_for("the names", lambda: says(daemon, r"read /\S*/dhcp: 2 names"))


def test_without_it_nothing_of_that_is_in_the_log(home):
    with Daemon(home.router, config=NAMED) as daemon:
        daemon.await_pulls(2)
        home.router.ip("addr add 192.168.2.99/24 dev br-lan")
        daemon.await_pulls(2)
        for pattern in START:
            assert not says(daemon, pattern), daemon.said()
