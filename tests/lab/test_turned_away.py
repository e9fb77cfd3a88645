# SPDX-License-Identifier: GPL-2.0-or-later
"""Others take all connections that there are: whoever scrapes as it should be done is served nevertheless."""
import socket
import subprocess
import time

import pytest

import house
from daemon import Daemon

CONNECTIONS = 4000  # of the attacker's, in two seconds or more
ALLOWED = "198.51.100.1"
GET = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
V4 = [f"192.168.2.{100 + i}" for i in range(64)]
V6 = [f"2001:db8:ca2:2::bad:{i:x}" for i in range(200)]


def connect(namespace, family, address):
    s = namespace.socket(family, socket.SOCK_STREAM)
    s.connect(address)
    return s


def answer(s):
    received = b""
    while piece := s.recv(1 << 16):
        received += piece
    return received


def scrape_all(places):
    """They connect, wait for a moment, and ask. None is turned away."""
    opened = {name: connect(*place) for name, place in places.items()}
    time.sleep(0.1)
    for name, s in opened.items():
        try:
            s.sendall(GET)
            received = answer(s)
        except ConnectionError as error:
            received = repr(error).encode()
        s.close()
        assert received.startswith(b"HTTP/1.1 200 OK\r\n") and b"mezoura_hook_info" in received, (
            f"{name}: {received[:100]}")


@pytest.mark.parametrize("host, sources", [(house.ROUTER4, V4), (house.ROUTER6, V6[:64]), (house.ROUTER6, V6)],
                         ids=["IPv4", "IPv6", "all of a network"])
def test_nobody_else_is_turned_away(home, host, sources):
    """Of a network of IPv6, a host has as many as it likes, and its neighbours are in the same one."""
    attacker, scraper = home.clients
    attacker.ip("\n".join(f"addr add {a}{'/64' if ':' in a else '/24'} dev eth0{' nodad' if ':' in a else ''}"
                          for a in sources))
    daemon = Daemon(home.router, "--allow", f"{ALLOWED}/32")
    places = {
        "loopback": (home.router, socket.AF_INET, ("127.0.0.1", 9999)),
        "Unix": (home.router, socket.AF_UNIX, daemon.socket),
        "--allow": (home.internet, socket.AF_INET, (house.WAN4, 9999)),
        "LAN": (scraper, socket.AF_INET, (house.ROUTER4, 9999)),
    }
    if len(sources) == 64:  # else there are more than half as many as places, all in its own network
        places["LAN, IPv6"] = (scraper, socket.AF_INET6, (house.ROUTER6, 9999))
    with daemon:
        scrape_all(places)
        with attacker.popen(house.tool("throng"), host, "9999", str(CONNECTIONS), *sources,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE) as throng:
            assert throng.stdout.readline() == "ready\n", throng.stderr.read()
            rounds = 0
            while throng.poll() is None:
                scrape_all(places)
                home.router.run(daemon.binary, "status", "--socket", daemon.socket)
                rounds += 1
            assert throng.returncode == 0, throng.stderr.read()
            print(f"{rounds} rounds")
