# SPDX-License-Identifier: GPL-2.0-or-later
"""A flowtable that hands flows to the hardware takes them out of every program's sight: told."""
import time

import pytest

from daemon import PATIENCE, Daemon

LOUD = "COUNTS ARE TOO LOW"


def add_table(router, name="fast", flags="flags offload;"):
    """Without devices, as none here has the hardware; the kernel takes it all the same."""
    try:
        router.run("nft", "-f", "-", input=f"""table inet {name} {{
            flowtable f {{ hook ingress priority 0; {flags} }}
        }}""")
    except RuntimeError as error:
        pytest.skip(f"this kernel has no flowtable: {error}")


def told(daemon, value):
    deadline = time.monotonic() + PATIENCE
    while daemon.fresh_page().value("mezoura_incomplete", reason="hardware_offload") != value:
        assert time.monotonic() < deadline, f"still not {value}: {daemon.said()}"
        time.sleep(0.1)


def test_a_flowtable_in_hardware_is_told_while_it_is_there(home):
    with Daemon(home.router) as daemon:
        told(daemon, 0)
        add_table(home.router, "soft", flags="")
        told(daemon, 0)
        add_table(home.router)
        told(daemon, 1)
        assert daemon.said().count(LOUD) == 1
        assert "inet fast f" in daemon.said()
        home.router.run("nft", "delete", "flowtable", "inet", "fast", "f")
        told(daemon, 0)
        add_table(home.router)
        told(daemon, 1)
        home.router.run("nft", "delete", "table", "inet", "fast")
        told(daemon, 0)
        assert daemon.said().count(LOUD) == 2


def test_one_that_was_there_before(home):
    add_table(home.router)
    with Daemon(home.router) as daemon:
        told(daemon, 1)
        home.router.run("nft", "flush", "ruleset")
        told(daemon, 0)


def test_many_rules_are_no_reason_to_look(home):
    add_table(home.router)
    with Daemon(home.router) as daemon:
        elements = ", ".join(f"10.0.{i >> 8}.{i & 255}" for i in range(20000))
        home.router.run("nft", "-f", "-", input=f"""table ip many {{
            set s {{ type ipv4_addr; elements = {{ {elements} }}; }}
        }}""")
        told(daemon, 1)
        home.router.run("nft", "delete", "table", "ip", "many")
        told(daemon, 1)
        assert daemon.said().count(LOUD) == 1
