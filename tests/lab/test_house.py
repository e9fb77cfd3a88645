# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the lab itself can be trusted."""
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

import house
import traffic
import wire

pytestmark = pytest.mark.plain


@pytest.mark.parametrize("super_packets", [True, False])
@pytest.mark.parametrize("address", [house.INTERNET4, house.INTERNET6])
def test_the_router_sees_super_packets_only_where_asked_and_the_client_never(
        build, super_packets, address):
    home = build(super_packets=super_packets)
    client = home.clients[0]
    with wire.Truth([client]) as truth:
        bridge = wire.Wire(home.router, "br-lan")
        traffic.tcp(client, home.internet, address, up=4 << 20, down=4 << 20)
        counts = truth.settled()
        seen = bridge.read()
        bridge.close()
    assert sum(size for _, size in counts.values()) > 8 << 20
    assert (seen.largest_in > wire.FRAME) == super_packets
    assert (seen.largest_out > wire.FRAME) == super_packets


def test_the_wire_counts_known_frames_to_the_byte(home):
    client = home.clients[0]
    nowhere = traffic.blackhole(home.internet, "203.0.113.99")
    with wire.Truth([client]) as truth:
        for _ in range(7):
            traffic.throw(client, nowhere, size=100)
            traffic.throw(client, house.ROUTER4)
        assert truth.settled() == {("upload", client.eth0, client.v4): (7, 7 * (14 + 20 + 8 + 100))}


def test_nat_hides_the_clients_from_the_internet(build):
    home = build(nat=True)
    client = home.clients[0]
    with traffic.connected(client, home.internet, house.INTERNET4) as (near, far):
        assert far.getpeername()[0] == house.WAN4
        assert near.getsockname()[0] == client.v4


def test_a_lab_that_is_killed_leaves_nothing(home):
    """The child hangs a cable from its house into ours: it goes when the house goes."""
    anchor = home.router.popen("sleep", "600")
    script = f"""
import sys, time
sys.path.insert(0, {os.path.dirname(house.__file__)!r})
import house, wire
house.isolate()
home = house.House()
counter = wire.Wire(home.clients[0])
home.router.ip("link add rope type veth peer name rope netns {anchor.pid}")
print(counter.process.pid, flush=True)
time.sleep(600)
"""

    def counts():
        try:
            with open(f"/proc/{counter}/stat", encoding="ascii") as file:
                return file.read().rsplit(")", 1)[1].split()[0] != "Z"  # not every init buries the dead
        except FileNotFoundError:
            return False

    def rope_hangs():
        with home.router.inside():
            return "rope" in [name for _, name in socket.if_nameindex()]

    with subprocess.Popen(house.mortal(sys.executable, "-c", script),
                          stdout=subprocess.PIPE) as child:
        counter = int(child.stdout.readline())
        assert rope_hangs()
        child.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while (counts() or rope_hangs()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not counts()
    assert not rope_hangs()
    anchor.kill()
    anchor.wait()
