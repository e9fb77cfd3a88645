# SPDX-License-Identifier: GPL-2.0-or-later
"""mezoura status, the daemon's Unix socket, and how the daemon gets on with a service manager."""
import calendar
import contextlib
import json
import os
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

import daemon as program
import house
import traffic
from daemon import AS_KEEPER, HOOKS, PATIENCE, Daemon, hooked
from pulls import assert_calm
from test_exporter import stop_and_wait
from test_interfaces import wait_for

SIDES = ("ingress", "egress")


def status(daemon, *options, expect=0):
    """What mezoura status prints; all that is wrong with it is in the assertion."""
    with daemon.namespace.inside():
        done = subprocess.run([program.BINARY, "status", "--socket", daemon.socket, "--pin",
                               daemon.pin, *options], capture_output=True, text=True, check=False,
                              timeout=PATIENCE)
    assert done.returncode in (expect if isinstance(expect, tuple) else (expect,)), done
    assert len(done.stderr.splitlines()) == (expect == 1), done.stderr
    return done.stderr if expect == 1 else done.stdout


def status_json(daemon, expect=0):
    return json.loads(status(daemon, "--json", expect=expect))


def seconds(timestamp):
    return calendar.timegm(time.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ"))


def hooks_of(answer, name):
    """{(device, direction): kind} of an interface."""
    found = [i for i in answer["interfaces"] if i["name"] == name]
    assert len(found) == 1, answer
    return {(h["device"], h["direction"]): h["kind"] for h in found[0]["hooks"]}


@pytest.mark.parametrize("hook", HOOKS)
def test_it_tells_what_is_so(build, hook):
    home = build(clients=("h1", "h2"), foo_clients=("f1",))
    started = time.time()
    track = (*program.TRACK_LAN, "-4", "192.168.3.1/24/br-foo")
    names = f"config host\n\toption name 'koko'\n\toption mac '{home.clients[0].eth0}'\n"
    with Daemon(home.router, "--hook", hook, "--max-hosts", "100", track=track,
                config=names) as daemon:
        for client in home.clients[:2]:
            traffic.ping(client, house.INTERNET4)
        page = daemon.fresh_page()
        answer = status_json(daemon)
        assert answer["daemon"] is True
        assert answer["version"] == page.family("mezoura_build_info")[0][0]["version"]
        assert [i["name"] for i in answer["interfaces"]] == ["br-lan", "br-foo"]
        lan, foo = answer["interfaces"]
        assert lan["present"] and not lan["followed"]
        assert set(lan["prefixes"]) == {house.LAN4, house.LAN6}
        assert house.FOO4 in foo["prefixes"]
        ports = [client.port for client in home.clients]
        for name, devices in (("br-lan", ["br-lan", *ports[:2]]), ("br-foo", ["br-foo", ports[2]])):
            assert hooks_of(answer, name) == {(d, s): hook for d in devices for s in SIDES}
            for device in devices:
                assert hooked(home.router, device) == [f"{hook} {s} mz_{s}" for s in SIDES]
        for each in lan["hooks"] + foo["hooks"]:
            assert started - 2 <= seconds(each["since"]) <= time.time() + 1
            assert 0 <= each["age_seconds"] <= time.time() - started + 1
        assert answer["table"]["ipv4"]["capacity"] == page.value("mezoura_table_capacity",
                                                                 ip_version="4")
        assert answer["table"]["ipv4"]["entries"] == 2
        assert answer["names"]["uci"] == 1
        assert answer["incomplete"] == []
        assert answer["snapshot"]["pull_seconds"] > 0
        text = status(daemon)
        assert re.search(r"^br-lan: .*192\.168\.2\.0/24", text, re.M)
        assert "COUNTS ARE TOO LOW" not in text
        for device in ["br-lan", "br-foo", *ports]:
            assert re.search(rf"^  {device} +ingress, egress +{hook} +since 2\S+Z \(\d+ s\)$",
                             text, re.M), text
        assert re.search(r"IPv4 +2 of +100 addresses +2\.0 %", text)
        assert "1 of uci" in text


def hooked_interfaces(daemon):
    return {labels["interface"]: value
            for labels, value in daemon.fresh_page().family("mezoura_interface_hooked")}


def eventually(daemon, condition, expect=(0, 4)):
    """Until what status says is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition(answer := status_json(daemon, expect=expect)):
        assert time.monotonic() < deadline, answer
        time.sleep(0.2)


def test_what_makes_counts_too_low_is_loud(home):
    with Daemon(home.router, track=("-i", "br-lan")) as daemon:
        assert status_json(daemon)["incomplete"] == []
        more = [f"addr add 192.168.{i}.1/24 dev br-lan" for i in range(100, 120)]
        home.router.ip("\n".join(more))
        eventually(daemon, lambda answer: answer["incomplete"] == ["prefixes"])
        assert "\nCOUNTS ARE TOO LOW: an interface has more prefixes" in status(daemon)
        home.router.ip("\n".join(more).replace("addr add", "addr del"))
        eventually(daemon, lambda answer: answer["incomplete"] == [])
        assert "COUNTS ARE TOO LOW" not in status(daemon)


def test_more_addresses_than_there_is_room_for_are_told_as_what_they_do(home):
    with Daemon(home.router) as daemon:
        more = [f"addr add 198.18.0.{i}/32 dev wan" for i in range(1, 131)]
        home.router.ip("\n".join(more))
        eventually(daemon, lambda answer: answer["incomplete"] == ["addresses"])
        assert "\nCOUNTS ARE TOO HIGH: " in status(daemon)
        assert "counts are too high" in daemon.said()
        home.router.ip("\n".join(more).replace("addr add", "addr del"))
        eventually(daemon, lambda answer: answer["incomplete"] == [])


def test_interfaces_are_told_as_they_come_go_and_change(home):
    router = home.router
    with Daemon(router, track=("-i", "br-lan", "-i", "br-new")) as daemon:
        lan, new = status_json(daemon, expect=4)["interfaces"]
        assert lan["present"] and lan["hooked"] and lan["followed"]
        assert set(lan["prefixes"]) == {house.LAN4, house.LAN6}
        assert (new["present"], new["hooked"], new["prefixes"], new["hooks"]) == (False, False, [], [])
        assert hooked_interfaces(daemon) == {"br-lan": 1, "br-new": 0}
        text = status(daemon, expect=4)
        assert "\nNOT COUNTING on br-new: no such interface; the daemon waits for it\n" in text
        assert "\nbr-new: no subnet (followed) (not there yet)\n" in text
        router.ip("link add br-new type bridge\nlink set br-new up\n"
                  "addr add 10.77.0.1/16 dev br-new")
        eventually(daemon, lambda a: a["interfaces"][1]["prefixes"] == ["10.77.0.0/16"])
        assert len(hooks_of(status_json(daemon), "br-new")) == 2
        assert hooked_interfaces(daemon) == {"br-lan": 1, "br-new": 1}
        assert "NOT COUNTING" not in status(daemon)
        router.ip("link delete br-new")
        eventually(daemon, lambda a: not a["interfaces"][1]["present"])
        assert hooks_of(status_json(daemon, expect=4), "br-new") == {}


def answers(client, address):
    try:
        return client.run("curl", "-s", "--max-time", "60", f"http://{address}:9999/-/healthy")
    except RuntimeError:
        return ""


def test_who_may_connect_follows_the_prefixes(home):
    client = home.clients[0]
    with Daemon(home.router, track=("-i", "br-lan")) as daemon:
        assert answers(client, house.ROUTER4) == "ok\n"
        assert answers(home.internet, house.WAN4) == ""
        home.router.ip("addr add 192.168.77.1/24 dev br-lan")
        client.ip("addr add 192.168.77.9/24 dev eth0")
        eventually(daemon, lambda a: "192.168.77.0/24" in a["interfaces"][0]["prefixes"])
        assert answers(client, "192.168.77.1") == "ok\n"
        home.router.ip("addr del 192.168.77.1/24 dev br-lan")
        eventually(daemon, lambda a: "192.168.77.0/24" not in a["interfaces"][0]["prefixes"])
        client.ip("route add 192.168.2.1/32 dev eth0 src 192.168.77.9")
        home.router.ip("route add 192.168.77.9/32 dev br-lan")
        with client.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.bind(("192.168.77.9", 0))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # closed while it connects
                s.connect((house.ROUTER4, 9999))
                assert s.recv(1) == b""  # closed at once


@pytest.mark.parametrize("hook", HOOKS)
def test_without_a_daemon_it_tells_that_the_classifier_counts(home, hook):
    with Daemon(home.router, "--hook", hook) as daemon:
        daemon.stop(signal.SIGKILL)
        assert stat.S_ISSOCK(os.lstat(daemon.socket).st_mode)
        before = sorted(os.listdir(daemon.pin))
        text = status(daemon, expect=3)
        assert "No daemon answers" in text and "still counts" in text
        answer = status_json(daemon, expect=3)
        assert answer["daemon"] is False
        devices = ["br-lan", *(client.port for client in home.clients)]
        assert {(h["device"], h["direction"], h["kind"]) for h in answer["classifier"]} == {
            (d, s, hook) for d in devices for s in SIDES}
        assert len(answer["classifier"]) == 2 * len(devices)
        for device in devices:
            assert len(re.findall(rf"^  {device} +(?:in|e)gress +{hook}$", text, re.M)) == 2
        home.router.ip("link delete port-h1")  # what hung there hangs no more
        assert not any(h["device"] == "port-h1"
                       for h in status_json(daemon, expect=3)["classifier"])
        assert sorted(os.listdir(daemon.pin)) == before
        daemon.start()  # in spite of the socket that was left
        assert status_json(daemon)["daemon"] is True
        assert daemon.stop() == 0
        assert not os.path.exists(daemon.socket)
        assert "still counts" in status(daemon, expect=3)
        daemon.unload()
        assert "No classifier counts either" in status(daemon, expect=3)
        assert status_json(daemon, expect=3) == {"daemon": False, "classifier": []}


def test_where_there_is_nothing_it_makes_nothing(home):
    daemon = Daemon(home.router)
    assert "No classifier counts either" in status(daemon, expect=3)
    assert not os.path.exists(daemon.pin) and not os.path.exists(daemon.socket)


@pytest.mark.parametrize("body", [b"\x1b[2J{}garbage", b"{}\0\x1b[2J"], ids=["other", "behind-nul"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_answers_is_not_always_mezoura(home, options, body):
    daemon = Daemon(home.router)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(daemon.socket)
        other.listen()
        with home.router.inside():
            asking = subprocess.Popen([program.BINARY, "status", "--socket", daemon.socket, *options],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        client, _ = other.accept()
        client.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + body)
        client.recv(4096)
        client.close()
        assert asking.wait(PATIENCE) == 1
        said = asking.stderr.read()
        asking.stderr.close()
    assert daemon.socket in said and len(said.splitlines()) == 1 and "\x1b" not in said


def test_full_disks_are_told(home):
    with Daemon(home.router) as daemon, open("/dev/full", "w", encoding="ascii") as full, \
            home.router.inside():
        for options in ([], ["--json"]):
            done = subprocess.run([program.BINARY, "status", "--socket", daemon.socket, *options],
                                  stdout=full, stderr=subprocess.PIPE, check=False, timeout=PATIENCE)
            assert done.returncode == 1 and b"No space left" in done.stderr


def refused(daemon, *options):
    """A start that fails with one line, which is returned."""
    with daemon.namespace.inside():
        done = subprocess.run([program.BINARY, *daemon.options, *options], capture_output=True,
                              text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_a_second_daemon_on_the_same_socket_is_refused(home):
    with Daemon(home.router) as first:
        second = Daemon(home.router, "-p", "9998", "--socket", first.socket)
        line = refused(second)
        assert first.socket in line and "another mezoura" in line
        assert not os.path.exists(second.pin)
        assert status_json(first)["daemon"] is True


def test_a_socket_that_cannot_be_made_is_refused(home):
    daemon = Daemon(home.router)
    assert "/nonexistent/socket" in refused(daemon, "--socket", "/nonexistent/socket")
    with open(daemon.socket, "w", encoding="ascii") as file:
        file.write("precious")
    assert daemon.socket in refused(daemon)
    with open(daemon.socket, encoding="ascii") as file:
        assert file.read() == "precious"
    assert not os.path.exists(daemon.pin)


class Manager:
    """A service manager: what it is told, and when."""

    def __init__(self, namespace, address):
        self.socket = namespace.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        if not address.startswith("\0"):
            os.chmod(address, 0o777)  # as systemd's is

    def next(self, timeout=PATIENCE):
        """None where nothing comes."""
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(4096).decode()
        except TimeoutError:
            return None

    def drain(self):
        while self.next(0.05):
            pass


@pytest.mark.parametrize("abstract", [False, True])
def test_a_service_manager_is_told(home, monkeypatch, abstract):
    daemon = Daemon(home.router)
    name = f"{daemon.directory}/manager"
    manager = Manager(home.router, f"\0{name}" if abstract else name)
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else name)
    monkeypatch.setenv("WATCHDOG_USEC", "600000")
    with daemon:
        assert manager.next() == "READY=1\nSTATUS=Counting on br-lan"
        assert hooked(home.router, "br-lan")
        for _ in range(5):
            assert manager.next() == "WATCHDOG=1"
        stop_and_wait(daemon.process.pid)  # one that hangs gives no sign of life
        manager.drain()
        assert manager.next(1) is None
        daemon.process.send_signal(signal.SIGCONT)
        assert manager.next() == "WATCHDOG=1"
        manager.drain()
        daemon.process.send_signal(signal.SIGTERM)
        said = manager.next()
        while said == "WATCHDOG=1":
            said = manager.next()
        assert said == "STOPPING=1"
    manager.socket.close()


def test_what_watches_another_process_is_left_alone(home, monkeypatch):
    daemon = Daemon(home.router)
    manager = Manager(home.router, f"{daemon.directory}/manager")
    monkeypatch.setenv("NOTIFY_SOCKET", f"{daemon.directory}/manager")
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    with daemon:
        assert manager.next().startswith("READY=1")
        assert manager.next(1) is None
    manager.socket.close()


def limit_files(daemon, pid, limit):
    """Which only one who is the same user may, where root has no CAP_SYS_RESOURCE."""
    daemon.namespace.run(*AS_KEEPER, "prlimit", f"--pid={pid}", f"--nofile={limit}:4096")


def connect(daemon, count, unix):
    """Connections that stay open and say nothing."""
    made = []
    with daemon.namespace.inside():
        for i in range(count):
            s = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
            s.settimeout(0.2)
            made.append(s)
            with contextlib.suppress(OSError):
                if not unix:
                    s.bind((f"127.0.1.{i}", 0))  # each address may have a few only
                s.connect(daemon.socket if unix else ("127.0.0.1", 9999))
    return made


@pytest.mark.slow
@pytest.mark.parametrize("spare", [0, 1, 10])
@pytest.mark.parametrize("unix", [False, True])
def test_without_file_descriptors_nothing_runs_in_circles(home, spare, unix):
    daemon = Daemon(home.router)
    daemon.by = AS_KEEPER
    with daemon:
        both = daemon.process.pid, daemon.exporter()
        for pid in both:
            limit_files(daemon, pid, len(os.listdir(f"/proc/{pid}/fd")) + spare)
        for _ in range(2):
            clients = connect(daemon, 100, unix)
            assert_calm(daemon.namespace, *both)
            for client in clients:
                client.close()
        time.sleep(0.5)
        for pid in both:
            limit_files(daemon, pid, 1024)
        wait_for("an answer", daemon.answers)
        assert daemon.fresh_page()  # all is well again
        assert status_json(daemon)["daemon"] is True
        assert daemon.exporter() == both[1]
        assert len(daemon.said().splitlines()) < 12, daemon.said()


def test_a_listening_socket_that_breaks_is_no_reason_to_run_in_circles(home):
    with Daemon(home.router) as daemon:
        try:
            home.router.run("ss", "-K", "-l", "-t", "sport", "=", "9999")
        except RuntimeError as error:
            pytest.skip(f"sockets cannot be destroyed here: {error}")
        assert_calm(daemon.namespace, daemon.process.pid)
        assert status_json(daemon)["daemon"] is True
