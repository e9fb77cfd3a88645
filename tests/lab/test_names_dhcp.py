# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that clients choose: from dnsmasq in the router, and as other servers would note them."""
import json
import os
import subprocess
import time

import pytest

import daemon as program
from daemon import PATIENCE, Daemon, Page
from dhcp import Dnsmasq, Machine
from frames import ip_frame

# So rarely is the kernel read by itself that what shows sooner was followed.
RARELY = ("-t", "3600")


def send(home, machine, mac=None, count=1):
    frame = ip_frame(mac or machine.mac, home.router.mac("br-lan"), machine.address, "203.0.113.99")
    for _ in range(count):
        machine.socket.send(frame)


def status(daemon):
    """Bytes: what is in them is not to be trusted."""
    with daemon.namespace.inside():
        return subprocess.run([program.BINARY, "status", "--socket", daemon.socket],
                              capture_output=True, check=True, timeout=PATIENCE).stdout


def api_names(daemon):
    """{mac: (name, source)}"""
    return {host["mac"]: (host["name"], host["source"])
            for host in json.loads(daemon.get("/api/v1/hosts"))["hosts"]}


def wait_for(what, seconds=PATIENCE):
    """The time is for machines with other things to do: usually it takes 0.1 to 0.6 s."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it does not show"
        time.sleep(0.02)


def written_names(daemon):
    try:
        return daemon.written().names()
    except FileNotFoundError:
        return {}


def test_a_lease_shows_in_every_output(home):
    with Dnsmasq(home.router) as dnsmasq:
        with Daemon(home.router, *RARELY, "--leases", dnsmasq.leases) as daemon:
            machine = Machine(home.clients[0], "02:0a:bc:00:00:01")
            machine.address = "192.168.2.99"  # before it has one
            send(home, machine)
            wait_for(lambda: daemon.page().names() == {machine.mac.upper(): {""}})
            machine.lease(b"annas-phone")
            wait_for(lambda: written_names(daemon) == {machine.mac.upper(): {"annas-phone"}})
            assert daemon.page().names() == {machine.mac.upper(): {"annas-phone"}}
            assert api_names(daemon) == {machine.mac.upper(): ("annas-phone", "leases")}
            assert b"annas-phone\n" in status(daemon)
            assert daemon.page().value("mezoura_names", source="leases") == 1
            machine.lease(b"renamed")
            wait_for(lambda: written_names(daemon) == {machine.mac.upper(): {"renamed"}})


# dnsmasq itself lets through what may be a label of the DNS. (2.90 notes '*' for all others.)
HARMLESS = {b"x" * 63: "x" * 63, b"null": "null", b"localhost": "localhost", b"a\0b": "a",
            b"1.2.3.4": "1", b"xn--bro-hoa": "xn--bro-hoa"}
HOSTILE = (b"a\"b", b"</script><script>alert(1)</script>", b"a\nb 1", b"a\\b", b"\x1b[31mred", b"*",
           "b\u00fcro".encode(), b"\xff\xfe", b"x" * 200, b"", b"a b c",
           b"x\n# br-lan 020abc000001 ipv4 forged 0 0 32")


def test_what_a_client_asks_dnsmasq_to_call_it_does_no_harm(home):
    with Dnsmasq(home.router) as dnsmasq:
        with Daemon(home.router, "--leases", dnsmasq.leases) as daemon:
            expected = {}
            for i, wish in enumerate((*HARMLESS, *HOSTILE)):
                machine = Machine(home.clients[0], f"02:0a:bc:00:00:{i:02x}")
                machine.lease(wish)
                send(home, machine)
                machine.socket.close()
                expected[machine.mac.upper()] = {HARMLESS.get(wish, "")}
            wait_for(lambda: daemon.page().names() == expected)
            wait_for(lambda: written_names(daemon) == expected)
            assert {mac: {name or ""} for mac, (name, _) in api_names(daemon).items()} == expected
            assert b"\x1b" not in status(daemon)
            assert daemon.said().count("\n") == 2, daemon.said()


# As a server that is less strict notes them: in the file, in a label as Prometheus reads it, as
# JSON says it, and in a terminal.
NOTED = {
    b'say"hi"\\': ('say\\"hi\\"\\\\', 'say"hi"\\', b'say"hi"\\'),
    b"</script>": ("</script>", "</script>", b"</script>"),
    "b\u00fcro\u260e\U0001f600".encode(): ("b\u00fcro\u260e\U0001f600",) * 2 + (
        "b\u00fcro\u260e\U0001f600".encode(),),
    b"\xff\xc3(": ("\ufffd\ufffd(",) * 2 + ("\ufffd\ufffd(".encode(),),
    b"\x1b[31mred\x07\x7f": ("\x1b[31mred\x07\x7f",) * 2 + (b"?[31mred??",),
    b"\xc2\x9b5n": ("\x9b5n",) * 2 + (b"?",),
    b"broken\\x20two\\x0alines\\x20": ("two\\nlines ", "two\nlines ", b"two?lines "),
    b"x" * 300: ("x" * 255,) * 2 + (b"x" * 76 + b"...",),
    "\u00fc".encode() * 200: ("\u00fc" * 127,) * 2 + ("\u00fc".encode() * 38 + b"...",),
    b"{{7*7}}${x}%s%n=1+1": ("{{7*7}}${x}%s%n=1+1",) * 2 + (b"{{7*7}}${x}%s%n=1+1",),
    b"y" * 65536: ("y" * 255,) * 2 + (b"y" * 76 + b"...",),
}


def test_a_hostile_name_that_is_noted_shows_escaped_in_every_output(home):
    with Daemon(home.router, *RARELY) as daemon:
        machine = Machine(home.clients[0], "02:0a:bc:00:00:01")
        machine.address = "192.168.2.100"
        send(home, machine)
        wait_for(lambda: daemon.page().names() == {machine.mac.upper(): {""}})
        for noted, (label, name, shown) in NOTED.items():
            daemon.configure(b"# br-lan 020abc000001 ipv4 " + noted +
                             b" 1 c0a80264 32 192.168.2.100/32\n", path=daemon.leases)
            wait_for(lambda: written_names(daemon) == {machine.mac.upper(): {label}})
            assert Page(daemon.get()).names() == {machine.mac.upper(): {label}}
            assert api_names(daemon) == {machine.mac.upper(): (name, "leases")}
            assert "</script>" not in daemon.get("/api/v1/hosts")
            assert shown in status(daemon)
            assert b"\x1b" not in status(daemon)


def test_a_lease_that_moves_leaves_everybody_the_own_name_and_count(home):
    with Dnsmasq(home.router) as dnsmasq:
        with Daemon(home.router, "--leases", dnsmasq.leases) as daemon:
            first = Machine(home.clients[0], "02:0a:bc:00:00:01")
            other = Machine(home.clients[1], "02:0a:bc:00:00:02")
            address = first.lease(b"anna")
            send(home, first, count=5)
            wait_for(lambda: daemon.page().names() == {first.mac.upper(): {"anna"}})
            first.release()
            wait_for(lambda: b"anna" not in dnsmasq.has())
            assert other.lease(b"otto", address=address) == address
            send(home, other, count=3)
            expected = {first.mac.upper(): {"anna"}, other.mac.upper(): {"otto"}}
            wait_for(lambda: daemon.page().names() == expected)
            wait_for(lambda: b"otto" in dnsmasq.has() and b"anna" not in dnsmasq.has())

            def counts():
                now = daemon.fresh_page().addresses()
                return [now["upload", who.mac, address][0] for who in (first, other)]

            wait_for(lambda: counts() == [5, 3])
            send(home, other, count=2)
            wait_for(lambda: counts() == [5, 5])
            assert daemon.page().names() == expected


def test_a_directory_of_hosts_files(home):
    """As /tmp/hosts is on OpenWrt; what another user puts there does not count."""
    with Daemon(home.router, *RARELY) as daemon:
        machine = Machine(home.clients[0], "02:0a:bc:00:00:01")
        machine.address = "192.168.2.100"
        send(home, machine)
        wait_for(lambda: daemon.page().names() == {machine.mac.upper(): {""}})
        os.mkdir(daemon.hosts)
        for name in ("zoe", "anna"):
            daemon.configure(f"192.168.2.100 {name}\n", path=f"{daemon.hosts}/{name}")
            wait_for(lambda: written_names(daemon) == {machine.mac.upper(): {name}})
        os.unlink(f"{daemon.hosts}/anna")
        wait_for(lambda: written_names(daemon) == {machine.mac.upper(): {"zoe"}})
        os.chmod(daemon.hosts, 0o1777)
        with open(f"{daemon.hosts}/.a", "w", encoding="utf-8") as file:
            file.write("192.168.2.100 forged\n")
        os.chown(f"{daemon.hosts}/.a", 4711, 4711)
        os.rename(f"{daemon.hosts}/.a", f"{daemon.hosts}/a")
        wait_for(lambda: "another user" in daemon.said())
        assert daemon.fresh_page().names() == {machine.mac.upper(): {"zoe"}}


def hostnames(daemon):
    """{address: hostname}, as the older families say it."""
    return {labels["ip"]: labels["hostname"]
            for labels, _ in daemon.page().family("node_nat_traffic_upload")}


def test_hosts_behind_one_mac_have_the_names_of_their_own_leases(home):
    with Dnsmasq(home.router) as dnsmasq:
        with Daemon(home.router, "--leases", dnsmasq.leases) as daemon:
            machine = Machine(home.clients[0], "02:0a:bc:00:00:01")
            expected = {}
            for name in (b"anna", b"otto"):
                address = machine.lease(name, ("client_id", b"\xff" + name))
                send(home, machine)
                expected[address] = name.decode()
            machine.address = "192.168.2.99"  # one without a lease
            send(home, machine)
            assert len(expected) == 2
            expected[machine.address] = ""
            wait_for(lambda: hostnames(daemon) == expected)
            assert daemon.page().names() == {machine.mac.upper(): {""}}


@pytest.mark.parametrize("source, line", [
    ("ethers", "02:0a:bc:00:00:01 {}\n"),
    ("hosts", "192.168.2.100 {} alias\n")])
def test_other_files_are_followed_too(home, source, line):
    with Daemon(home.router, *RARELY) as daemon:
        machine = Machine(home.clients[0], "02:0a:bc:00:00:01")
        machine.address = "192.168.2.100"
        send(home, machine)
        wait_for(lambda: daemon.page().names() == {machine.mac.upper(): {""}})
        for name in ("anna", "otto"):
            daemon.configure(line.format(name), path=getattr(daemon, source))
            wait_for(lambda: written_names(daemon) == {machine.mac.upper(): {name}})
            assert api_names(daemon) == {machine.mac.upper(): (name, source)}
        os.unlink(getattr(daemon, source))
        wait_for(lambda: written_names(daemon) == {machine.mac.upper(): {""}})
        daemon.configure("nonsense\n" + line.format("back"), path=getattr(daemon, source))
        wait_for(lambda: written_names(daemon) == {machine.mac.upper(): {"back"}})
        assert daemon.said().count("it is passed over") == 1
