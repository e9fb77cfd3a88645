# SPDX-License-Identifier: GPL-2.0-or-later
"""A web page elsewhere whose name leads to the router (DNS rebinding) reads nothing; who asks by its own name does."""
import contextlib
import os
import socket

import pytest

import house
from daemon import Daemon
from readers import Prometheus

NAME = "gate.example.org"
NAMED = ("unshare", "-u", "sh", "-c", 'hostname "$0" && exec "$@"', NAME)
FOREIGN = ["attacker.example", "attacker.example:9999", "localhost.attacker.example", "gate.attacker.example",
           "attacker.gate.example.org", "gate.example.org.attacker.example", "gate.example", "gat", "gate..lan",
           "192.168.2.1.attacker.example", "192.168.2.1x", "[::1", "[::1]x", "[attacker.example]", "::1", "local host",
           "localhost@attacker.example", "localhost:80x", ":9999", ".", "-", "", "a" * 300, "lan", ".lan"]
OWN = ["localhost", "LOCALHOST:9999", "localhost.", "127.0.0.1", "192.168.2.1", "192.168.2.1:9999", "192.168.2.1.",
       "198.51.100.2:80", "[::1]", "[::1]:9999", "[2001:db8:ca2:2::1]:9999", "[2001:DB8::FFFF]", "gate", "gate.", "GATE:9999",
       "gate.lan", "Gate.Lan.", "gate.local", "gate.home.arpa", NAME, f"{NAME.upper()}.:9999",
       "stats.example.net", "STATS.example.net.:443"]
PATHS = ["/metrics", "/api/v1/hosts", "/api/v1/status", "/-/healthy", "/", "/missing", "/metrics?x=y", "*"]
HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
           "cross-origin-resource-policy": "same-origin"}


class Client:
    """On the LAN, with a connection for each request, as it is written here."""

    def __init__(self, home):
        self.namespace = home.clients[0]

    def ask(self, target, *fields, method="GET", version="1.1"):
        """The status and the body; what holds for all answers is looked at here."""
        with self.namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.connect((house.ROUTER4, 9999))
            s.sendall("".join(f"{line}\r\n" for line in (f"{method} {target} HTTP/{version}", *fields,
                                                         "Connection: close", "")).encode())
            answer = b""
            while piece := s.recv(1 << 16):
                answer += piece
        head, _, body = answer.decode().partition("\r\n\r\n")
        status, *lines = head.split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        assert headers | HEADERS == headers, (target, fields, answer[:300])
        assert not [name for name in headers if name.startswith("access-control")]
        return int(status.split()[1]), body


@pytest.fixture
def client(home):
    daemon = Daemon(home.router, "--host-name", "stats.example.net")
    daemon.by = NAMED
    with daemon:
        yield Client(home)


def test_by_another_name_nothing_is_answered(client):
    for host in FOREIGN:
        status, body = client.ask("/metrics", f"Host: {host}", "Origin: http://attacker.example")
        assert status == 421 and "mezoura_" not in body, host
    for path in PATHS:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
            assert client.ask(path, "Host: attacker.example", method=method)[0] == 421, (method, path)
        assert client.ask(path, "Host: attacker.example", version="1.0")[0] == 421
    # the name in the target is the one that counts
    assert client.ask("http://attacker.example/metrics", "Host: localhost")[0] == 421
    assert client.ask("http://localhost/metrics", "Host: attacker.example")[0] == 200
    assert client.ask("HTTP://attacker.example", "Host: localhost")[0] == 421
    assert client.ask("http://localhost@attacker.example/metrics", "Host: localhost")[0] == 421


def test_by_its_own_names_and_addresses_it_answers(client):
    for host in OWN:
        status, body = client.ask("/metrics", f"Host: {host}")
        assert status == 200 and "mezoura_build_info" in body, host
    for path, status in zip(PATHS, (200, 200, 200, 200, 404, 404, 200, 404)):
        assert client.ask(path, "Host: gate.lan")[0] == status, path
    # who does not say by which name it asks is no browser
    assert client.ask("/metrics", version="1.0")[0] == 200


@contextlib.contextmanager
def known(address, *names):
    """In the lab's /etc/hosts, which only the lab sees."""
    path = f"{house.scratch('hosts')}/hosts"
    with open(path, "w", encoding="ascii") as file:
        file.write(f"127.0.0.1 localhost\n{address} {' '.join(names)}\n")
    os.chmod(path, 0o644)
    house.check(house.libc.mount(path.encode(), b"/etc/hosts", None, house.MS_BIND, None))
    try:
        yield
    finally:
        house.check(house.libc.umount2(b"/etc/hosts", house.MNT_DETACH))


@pytest.mark.usefixtures("client")
def test_prometheus_scrapes_by_name(home):
    names = ["gate.lan", NAME, "stats.example.net", "attacker.example"]
    with known(house.ROUTER4, *names):
        with Prometheus(home.clients[1], **{name: f"{name}:9999" for name in names}) as prometheus:
            found = prometheus.wait_for("up", lambda found: len(found) == len(names) and sum(
                value for _, value in found) == len(names) - 1)
            assert {labels["job"] for labels, value in found if value} == set(names[:-1])
            errors = [target["lastError"] for target in prometheus.get("targets")["activeTargets"]]
            assert any("421" in error for error in errors)
