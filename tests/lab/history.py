# SPDX-License-Identifier: GPL-2.0-or-later
"""What a daemon's history says, and whether that is what was counted."""
import contextlib
import http.client
import json
import os
import shutil
import signal
import time
import urllib.parse
import uuid

import house
from daemon import PATIENCE, plus

BOOT_ID = "/proc/sys/kernel/random/boot_id"
EVER = {"from": "2000-01-01", "to": "2100-01-01"}
STEPS = ("5m", "hour", "day", "month")
DIRECTIONS = ("upload", "download")


def hasten(daemon, times=60):
    """Has time pass so many times faster for its recorder, from now on: see hasty.c."""
    options = daemon.environment["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
    others = daemon.environment.get("LD_PRELOAD", "")
    daemon.environment |= {
        "ASAN_OPTIONS": options, "LD_PRELOAD": f"{others} {house.tool('hasty.so')}".strip(),
        "MZ_HASTY": f"{times} {time.clock_gettime_ns(time.CLOCK_BOOTTIME)} {time.time_ns()}"}


def ask(daemon, **parameters):
    """The answer, with the rows of all its pages."""
    path, whole = f"/api/v1/history?{urllib.parse.urlencode({**EVER, **parameters})}", None
    while path:
        answer = json.loads(daemon.get(path))
        rows = whole["rows"] if whole else []
        whole = {**answer, "rows": rows + answer["rows"]}
        path = answer.get("next")
    return whole


def total(rows):
    """{direction: (packets, bytes)}"""
    return {direction: tuple(sum(row[direction][unit] for row in rows) for unit in ("packets", "bytes"))
            for direction in DIRECTIONS}


def by_host(rows):
    """As counted() has them."""
    found = {}
    for row in rows:
        for direction in DIRECTIONS:
            key = (direction, row["mac"].lower(), str(row["ip_version"])) if row.get("mac") else \
                (direction, None, row.get("reason"))
            found = plus(found, {key: (row[direction]["packets"], row[direction]["bytes"])})
    return {key: pair for key, pair in found.items() if pair != (0, 0)}


def counted(page):
    """Of a page: {(direction, mac, "4" or "6"): (packets, bytes)}; of nobody: {(direction, None, reason): ...}."""
    found = page.hosts()
    for labels, packets in page.family("mezoura_unattributed_packets_total"):
        size = page.value("mezoura_unattributed_bytes_total", **labels)
        found = plus(found, {(labels["direction"], None, labels["reason"]): (int(packets), int(size))})
    return {key: pair for key, pair in found.items() if pair != (0, 0)}


def off(expected, found):
    """Bytes and packets that are not there, and that are there once too often."""
    lost, twice = [0, 0], [0, 0]
    for key in expected.keys() | found.keys():
        for i in (0, 1):
            more = found.get(key, (0, 0))[i] - expected.get(key, (0, 0))[i]
            lost[i] += max(-more, 0)
            twice[i] += max(more, 0)
    return lost, twice


def in_total(counts):
    return {direction: tuple(sum(pair[i] for key, pair in counts.items() if key[0] == direction) for i in (0, 1))
            for direction in DIRECTIONS}


def views(daemon, counts, hosts):
    """What is to be the same: (what it is, as counted, as the history has it)."""
    for step in STEPS[1:]:
        yield f"{step} by total", in_total(counts), total(ask(daemon, step=step, by="total")["rows"])
    if hosts:
        yield "hour by host", counts, by_host(ask(daemon, step="hour", by="host")["rows"])


def assert_complete(daemon, before=None, hosts=True, but=None):
    """While no traffic is: the history is what was counted, to the byte and packet. Returns that.

    before: what counters had that are gone since. but: of the history, what was not counted by these.
    hosts: also of each host, where none had to be forgotten.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        counts = plus(plus(counted(daemon.page_at_rest()), before or {}), but or {})
        wrong = [(what, off(expected, found)) for what, expected, found in views(daemon, counts, hosts)
                 if expected != found]
        if not wrong:
            break
        assert time.monotonic() < deadline, "\n".join(
            [f"{what}: lost (packets, bytes) {lost}, twice {twice}" for what, (lost, twice) in wrong]
            + [daemon.said()[-3000:]])
    packets, size = (sum(pair[i] for pair in in_total(counts).values()) for i in (0, 1))
    assert packets > 0, "nothing was counted: test void"
    print(f"{packets} packets, {size} bytes: 0 bytes lost, 0 twice", flush=True)
    return counts


def status(daemon):
    """The part of the status that is about the history."""
    return json.loads(daemon.get("/api/v1/status"))["history"]


def troubles(daemon):
    try:
        return status(daemon)["trouble"]
    except (OSError, http.client.HTTPException):
        return []  # it is just starting


def stored(daemon):
    """When the history was last written, or None."""
    return status(daemon)["last_commit"]


def make_state(daemon):
    """As the daemon leaves its directory."""
    os.makedirs(daemon.state, exist_ok=True)
    os.chown(daemon.state, house.USERS["mezoura"], house.USERS["mezoura"])


class Boots:
    """A router that can be booted anew, as far as a history sees that.

    Another boot id, a clock that begins near 0, no tables in the kernel, nothing in memory: all of it
    only for what is started here. The kernel itself goes on, of course: tests/vm/reboots really boots.
    """

    def __init__(self):
        self.file = f"{house.scratch('boot')}/boot_id"

    def __enter__(self):
        self.begin()
        house.check(house.libc.mount(self.file.encode(), BOOT_ID.encode(), None, house.MS_BIND, None))
        return self

    def __exit__(self, *_):
        house.libc.umount2(BOOT_ID.encode(), house.MNT_DETACH)

    def begin(self):
        with open(self.file, "w", encoding="ascii") as file:
            file.write(f"{uuid.uuid4()}\n")

    def reboot(self, daemon, clean):
        """The daemon is gone then, and to be started."""
        daemon.stop(signal.SIGTERM if clean else signal.SIGKILL)
        daemon.unload()
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(f"{daemon.socket}.recent")
        self.begin()
        up = int(time.clock_gettime(time.CLOCK_BOOTTIME))
        daemon.by = ("unshare", "--time", "--boottime", str(20 - up))
