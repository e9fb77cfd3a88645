# SPDX-License-Identifier: GPL-2.0-or-later
"""mezoura under test: started, asked, stopped, and removed from the kernel."""
import contextlib
import http.client
import os
import re
import signal
import subprocess
import time

import house
import table
import wire

ROOT, BINARY = house.ROOT, house.BINARY
# kinds of hook to try: those of MZ_HOOKS, or the first this kernel has, or all it has
HOOKS = ["tcx", "clsact"] if house.KERNEL >= (6, 6) else ["clsact"]
if os.environ.get("MZ_HOOKS"):
    HOOKS = HOOKS[:1] if os.environ["MZ_HOOKS"] == "first" else os.environ["MZ_HOOKS"].split()
TRACK_LAN = ("-4", "192.168.2.1/24/br-lan", "-6", "2001:db8:ca2:2::1/64")
AS_KEEPER = (  # executes what follows as the keeper, from the beginning
    "setpriv", "--reuid=mezoura", f"--regid={house.USERS['mezoura']}", "--clear-groups", "--pdeathsig=KILL",
    *(f"--{kind}-caps=+dac_read_search,+net_admin,+perfmon,+bpf" for kind in ("inh", "ambient")))
# Only what fails is waited for so long; a machine may be slow, busy with others, and with sanitizers.
PATIENCE = 60
SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
LEGACY = {"node_nat_traffic_download": ("download", 1), "node_nat_traffic_upload": ("upload", 1),
        "node_nat_traffic_download_pkts": ("download", 0),
        "node_nat_traffic_upload_pkts": ("upload", 0)}
NATIVE = {f"mezoura_host_{d}_{unit}_total": (d, i)
          for d in ("download", "upload") for i, unit in enumerate(("packets", "bytes"))}


class Page:
    """A page of metrics, taken apart."""

    def __init__(self, text):
        self.text = text
        self.samples = []  # (family, labels, value)
        for line in text.split("\n"):
            if line and not line.startswith("#"):
                match = SAMPLE.match(line)
                assert match, f"not a sample: {line!r}"
                name, labels, value = match.groups()
                self.samples.append((name, dict(LABEL.findall(labels or "")), float(value)))

    def family(self, name):
        return [(labels, value) for family, labels, value in self.samples if family == name]

    def value(self, name, **wanted):
        found = [value for labels, value in self.family(name)
                 if all(labels.get(k) == v for k, v in wanted.items())]
        assert len(found) == 1, f"{name} {wanted}: {found}"
        return found[0]

    def addresses(self, zeros=False):
        """From the legacy families: {(direction, mac, ip): (packets, bytes)}."""
        return self.collect(LEGACY, lambda labels: labels["ip"], zeros)

    def hosts(self):
        """From the native ones, of all interfaces: {(direction, mac, "4" or "6"): ...}."""
        found = {}
        for interface in {labels.get("interface") for _, labels, _ in self.samples}:
            found = plus(found, self.collect(NATIVE, lambda labels: labels["ip_version"], False,
                                             interface))
        return found

    def bare(self):
        """Of devices without link layer, from the native ones: {(direction, ip): ...}."""
        found = {}
        for family, labels, value in self.samples:
            if family in NATIVE and labels["mac"] == "":
                direction, place = NATIVE[family]
                pair = found.setdefault((direction, labels["hostname"]), [None, None])
                assert pair[place] is None, f"twice: {family} {labels}"
                pair[place] = int(value)
        return {k: tuple(v) for k, v in found.items() if v != [0, 0]}

    def collect(self, families, what, zeros, interface=None):
        found = {}
        for family, labels, value in self.samples:
            if family in families and labels.get("interface") == interface:
                direction, place = families[family]
                key = direction, labels["mac"].lower(), what(labels)
                pair = found.setdefault(key, [None, None])
                assert pair[place] is None, f"twice: {family} {labels}"
                pair[place] = int(value)
        return {k: tuple(v) for k, v in found.items() if zeros or v != [0, 0]}

    def names(self):
        """{mac: names}, upper case MACs as printed."""
        found = {}
        for labels, _ in self.family("mezoura_host_upload_bytes_total"):
            found.setdefault(labels["mac"], set()).add(labels["hostname"])
        return found


def by_host(addresses):
    """Sums of addresses, as the native families give them."""
    sums = {}
    for (direction, mac, ip), pair in addresses.items():
        key = direction, mac, "6" if ":" in ip else "4"
        sums[key] = tuple(a + b for a, b in zip(sums.get(key, (0, 0)), pair))
    return sums


class Daemon:
    def __init__(self, namespace, *options, track=TRACK_LAN, pin=None, config="", history=False):
        """history: it keeps one, in self.state."""
        self.namespace = namespace
        self.directory = house.scratch("daemon")
        os.chown(self.directory, house.USERS["mezoura"], -1)
        self.pin = pin or f"{house.BPFFS}/mz-{os.path.basename(self.directory)}"
        self.textfile = f"{self.directory}/prom_c"
        self.dhcp = f"{self.directory}/dhcp"
        self.leases, self.ethers, self.hosts = (f"{self.directory}/{name}" for name in
                                                ("leases", "ethers", "hosts"))
        self.log = f"{self.directory}/log"
        self.socket = f"{self.directory}/socket"
        self.state = f"{self.directory}/state"
        self.options = [*track, "-e", "-t", "1", "--textfile", self.textfile, "--dhcp-config",
                        self.dhcp, "--pin", self.pin, "--socket", self.socket, "--unknown", "show",
                        "--leases", self.leases, "--ethers", self.ethers, "--hosts", self.hosts,
                        "--state", self.state if history else "-", *options]
        self.binary = BINARY
        self.by = ()  # a program that executes it
        # on top of ours; freed memory is to be used again, as without the sanitizers
        self.environment = {
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"}
        self.process = None
        self.configure(config)

    def configure(self, text, path=None):
        """Writes a file with names, whole; by default UCI's."""
        path = path or self.dhcp
        with open(f"{path}.new", "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.rename(f"{path}.new", path)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:  # nothing of it is to be in the way of the next test
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                self.stop(signal.SIGKILL)
                self.unload()
            raise

    def __exit__(self, kind, *_):
        self.stop()
        self.unload()
        if kind is None:
            assert "Sanitizer" not in self.said() and "runtime error" not in self.said()

    def launch(self):
        """Without waiting for anything."""
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = self.namespace.popen(*self.by, self.binary, *self.options, stderr=log,
                                                env={**os.environ, **self.environment})

    def launch_fatal(self, step):
        """It is to kill itself at that step, see fatal.c; the next one is launched as ever."""
        plain = self.environment
        options = plain["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
        self.environment = {"ASAN_OPTIONS": options, "LD_PRELOAD": house.tool("fatal.so"), "MZ_FATAL": str(step)}
        self.launch()
        self.environment = plain

    def start(self):
        self.launch()
        deadline = time.monotonic() + PATIENCE
        while True:
            assert self.process.poll() is None, f"ended at once: {self.said()}"
            try:
                if self.page().family("mezoura_hook_info"):
                    return self
            except (OSError, http.client.HTTPException):
                pass
            assert time.monotonic() < deadline, f"does not answer: {self.said()}"
            time.sleep(0.05)

    def stop(self, how=signal.SIGTERM):
        """Ends it and returns its exit status; None where it does not run."""
        if not self.process:
            return None
        self.process.send_signal(how)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process = None
        return status

    def exporter(self):
        """Process id of its exporter; None while there is none."""
        return self.child("mezoura-exporter")

    def recorder(self):
        """Process id of its recorder; None while there is none."""
        return self.child("mezoura-recorder")

    def child(self, name):
        keeper, found = self.process.pid, []
        with contextlib.suppress(FileNotFoundError), \
                open(f"/proc/{keeper}/task/{keeper}/children", encoding="ascii") as file:
            for pid in file.read().split():
                with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as words:
                    if words.read().split(b"\0")[0].decode() == name:
                        found.append(int(pid))
        assert len(found) <= 1
        return found[0] if found else None

    def answers(self):
        try:
            return self.get("/-/healthy") == "ok\n"
        except (OSError, http.client.HTTPException):
            return False

    def kill_exporter(self):
        """And waits for the next one to answer."""
        pid = self.exporter()
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while self.exporter() in (None, pid) or not self.answers():
            assert time.monotonic() < deadline, f"no other exporter answers: {self.said()}"
            time.sleep(0.05)

    def unload(self):
        with self.namespace.inside():
            return subprocess.run([self.binary, "unload", "--pin", self.pin], capture_output=True,
                                  text=True, check=False, timeout=PATIENCE)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def get(self, path="/metrics", headers=None):
        """Where it has nothing yet, on a busy machine, it is asked again, as its answer says."""
        deadline = time.monotonic() + PATIENCE
        status, body = self.ask(path, headers)
        while status == 503 and time.monotonic() < deadline:
            time.sleep(0.2)
            status, body = self.ask(path, headers)
        assert status == 200, status
        return body

    def ask(self, path, headers=None):
        """The status and the body of the answer."""
        with self.namespace.inside():
            connection = http.client.HTTPConnection("127.0.0.1", 9999, timeout=PATIENCE)
            connection.connect()
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, body.decode()

    def page(self):
        return Page(self.get())

    def fresh_page(self):
        """A page whose figures are from after this call."""
        asked = time.time()
        deadline = time.monotonic() + PATIENCE
        while True:
            page = self.page()
            if page.value("mezoura_snapshot_timestamp_seconds") >= asked:
                return page
            assert time.monotonic() < deadline, "no fresh figures"
            time.sleep(0.1)

    def page_at_rest(self):
        """Once nobody has anything to say any more, such as a last acknowledgement."""
        deadline = time.monotonic() + PATIENCE
        page, looks = self.fresh_page(), 0
        while looks < 2:
            assert time.monotonic() < deadline, "traffic does not come to rest"
            time.sleep(0.5)
            before, page = page, self.fresh_page()
            looks = looks + 1 if page.hosts() == before.hosts() else 0
        return page

    def await_pulls(self, count):
        """Until it has read the counters so many times more: it writes a text file each time."""
        for _ in range(count):
            last, deadline = os.stat(self.textfile).st_ino, time.monotonic() + PATIENCE
            while os.stat(self.textfile).st_ino == last:
                assert time.monotonic() < deadline, f"does not read the counters: {self.said()}"
                time.sleep(0.02)

    def written(self):
        with open(self.textfile, encoding="utf-8") as file:
            return Page(file.read())


def hooked(namespace, interface):
    """Whatever programs hang there: ["tcx ingress mz_ingress", ...], clsact ones as tc's lines."""
    lines = namespace.run(house.tool("foreign"), "list", interface).splitlines()
    qdiscs = namespace.run("tc", "qdisc", "show", "dev", interface)
    places = {"clsact": ("ingress", "egress"), "ingress": ("parent ffff:",)}
    for kind in re.findall(r"qdisc (clsact|ingress) ", qdiscs):
        for side in places[kind]:
            shown = namespace.run("tc", "filter", "show", "dev", interface, *side.split())
            lines += [f"{kind} {side.split()[0]} {n}"
                      for n in re.findall(r" handle \S+ ([^\s:]+)", shown)]
    return lines


def plus(counts, more):
    """Of {host: (packets, bytes)}, the sum."""
    return {key: tuple(a + b for a, b in zip(counts.get(key, (0, 0)), more.get(key, (0, 0))))
            for key in counts.keys() | more.keys()}


def compared(expect, daemon, counts=Page.addresses):
    """What was expected, and the page whose counts are that, or that still were not after a while.

    A frame may be under way between the two; a miscount, however, stays.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        expected = expect()
        page = daemon.fresh_page()
        if counts(page) == expected or time.monotonic() > deadline:
            return expected, page


def assert_exact(truth, daemon, lost=None, strangers=False):
    """What mezoura says is what passed, to the byte; also in its sums. Returns it.

    lost: what the router dropped behind the hook that counted it, {host: (packets, bytes)}.
    strangers: somebody in no tracked subnet spoke with the internet, too.
    """
    expected, page = compared(lambda: plus(truth.settled(), lost or {}), daemon)
    table.note(truth, expected, page.addresses())
    assert page.addresses() == expected, getattr(truth, "doubt", lambda: "miscounted")()
    assert page.hosts() == by_host(expected)
    assert all(value == 0 or (strangers and labels["reason"] == "untracked")
               for labels, value in page.family("mezoura_unattributed_packets_total"))
    return expected
