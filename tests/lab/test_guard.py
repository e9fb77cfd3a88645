# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs is not to grow unnoticed: counts that are the same each time, of tests/recorded."""
import contextlib
import ctypes
import glob
import json
import os
import re
import socket
import statistics
import struct

import pytest

import house
import wire
from daemon import BINARY, ROOT, TRACK_LAN, Daemon
from held import Held
from pulls import WARM, introduce, strace
from watch import wait_until

SLACK = 1.02  # where libraries and compilers differ
MEMORY_SLACK = 1.1  # where libc asks other sources for users, too
HOSTS, MANY = 256, 10000  # addresses, half of them IPv4
PULLS = 4
LOOKS = 3  # a busy machine may add a call to one of them
LOOK = 20  # system calls: a look at the hooks takes twice as many, and what else varies few
NR_BPF = 321  # on x86-64
BPF_PROG_GET_FD_BY_ID, BPF_OBJ_GET_INFO_BY_FD = 13, 15
INFO_SIZE = 24  # of struct bpf_prog_info, up to xlated_prog_len

pytestmark = pytest.mark.slow  # only once, and with the build that is not for sanitizers


def made_by():
    """What had its part in the figures, as far as it is not ours."""
    comment = house.run("readelf", "-p", ".comment", BINARY)
    clang = re.search(r"clang version (\d+)", house.run("clang", "--version"))
    libraries = house.run("ldd", BINARY)
    return {"gcc": "GCC: (Debian 12." in comment and "clang" not in comment and
                   "asan" not in libraries,
            "clang": clang and clang[1] == "14",
            "kernel": house.KERNEL == (6, 18),
            "architecture": os.uname().machine == "x86_64",
            "libuci": "libuci" not in libraries}


def only_with(*what):
    others = [name for name, is_so in made_by().items() if name in what and not is_so]
    if others:
        pytest.skip(f"another {' and '.join(others)} than the figures are of")


def recorded():
    with open(f"{ROOT}/tests/recorded", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if re.match(r"\d", line)]
    return {name: int(figure) for figure, name in lines}


def grown(found, slack):
    before = recorded()
    return {name: f"{figure}, recorded {before[name]}" for name, figure in found.items()
            if figure > before[name] * slack}


def check(found, slack=1.0):
    """Of {what: figure}: none is larger than the recorded one."""
    before = recorded()
    for name, figure in found.items():
        print(f"{name}: {figure}, recorded {before[name]}")
    assert not grown(found, slack)


def program_of(link):
    """Of the program that a pinned link has attached: (instructions, verified ones)."""
    shown = json.loads(house.run("bpftool", "--json", "link", "show", "pinned", link))
    number = ctypes.create_string_buffer(struct.pack("=I12x", shown["prog_id"]))
    fd = house.libc.syscall(NR_BPF, BPF_PROG_GET_FD_BY_ID, number, 16)
    house.check(fd)
    info = ctypes.create_string_buffer(INFO_SIZE)
    ask = ctypes.create_string_buffer(struct.pack("=IIQ", fd, INFO_SIZE, ctypes.addressof(info)))
    house.check(house.libc.syscall(NR_BPF, BPF_OBJ_GET_INFO_BY_FD, ask, 16))
    with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as file:
        verified = re.search(r"^verified_insns:\t(\d+)$", file.read(), re.M)
    os.close(fd)
    return struct.unpack_from("=I", info, 20)[0] // 8, int(verified[1])


def classifiers(daemon, places):
    """{"place, side: what": instructions} of places: {device: place}."""
    found = {}
    with daemon.namespace.inside():
        place_of = {socket.if_nametoindex(device): place for device, place in places.items()}
        for name in os.listdir(daemon.pin):
            match = re.fullmatch(r"link_(\d+)_\d+_(\w+)", name)
            if match and int(match[1]) in place_of:
                where = f"{place_of[int(match[1])]}, {match[2]}"
                for what, number in zip(("translated", "verified"),
                                        program_of(f"{daemon.pin}/{name}")):
                    found[f"{where}: {what}"] = number
    return found


def test_instructions_of_the_classifier(home):
    only_with("clang", "kernel", "architecture")
    home.router.ip("""link add alone0 type veth peer name alone1
        addr add 192.168.9.1/24 dev alone0
        addr add 2001:db8:ca2:9::1/64 dev alone0 nodad
        link set alone0 up""")
    alone = ("-4", "192.168.9.1/24/alone0", "-6", "2001:db8:ca2:9::/64")
    found = {}
    for track, places in ((TRACK_LAN, {"br-lan": "bridge", home.clients[0].port: "port"}),
                          (alone, {"alone0": "alone"})):
        with Daemon(home.router, "--hook", "tcx", track=track) as daemon:
            found.update(classifiers(daemon, places))
    assert len(found) == 12
    check(found)


def looks(calls):
    """Those of system calls of pulls that are of ones that looked at the hooks."""
    return [number for number in calls if number > statistics.median(calls) + LOOK]


def allocations(path):
    """Calls of each pull that is over: (libraries', the program's)."""
    with open(path, "rb") as file:
        pulls, = struct.unpack("=I", file.read(4))
        return [struct.unpack("=II", file.read(8)) for _ in range(pulls)]


def test_system_calls_and_allocations_of_a_pull(home):
    """At rest, with so many addresses that each would be noticed."""
    only_with("gcc", "architecture")
    daemon = Daemon(home.router, "--max-hosts", "16384")
    counts = f"{daemon.directory}/counts"
    with open(counts, "wb"):
        pass
    daemon.environment = {"LD_PRELOAD": house.tool("allocations.so"),
                          "MZ_ALLOCATIONS": counts}
    with daemon:
        introduce(home, daemon, MANY)
        before = len(allocations(counts)) + WARM
        calls = strace(daemon, lambda calls: len(calls) > PULLS and len(looks(calls)) >= LOOKS)
        each = allocations(counts)[before:]
    check({"system calls of a pull": statistics.median_low(calls),
           **{f"allocations of {whose} in a pull": statistics.median_low(figures)
              for whose, figures in zip(("libraries", "the program"), zip(*each))}})
    if made_by()["kernel"]:  # others have other hooks, and other answers to a look at them
        # the least, as announcements have the keeper look more often
        check({"system calls of a pull that looks at the hooks, too": min(looks(calls)),
               **{f"allocations of {whose} in a pull that looks at the hooks, too": figure
                  for whose, figure in zip(("libraries", "the program"),
                                           min(filter(all, each), default=(0, 0)))}})


def totals(directory, trigger):
    """What callgrind counted up to each of the moments that trigger tells."""
    found = []
    for path in glob.glob(f"{directory}/callgrind.*"):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if f"desc: Trigger: {trigger}\n" in text and "\ntotals: " in text:
            number = int(re.search(r"^part: (\d+)$", text, re.M)[1])
            found.append((number, int(re.search(r"^totals: (\d+)$", text, re.M)[1])))
    return [total for _, total in sorted(found)]


def test_instructions_of_a_pull_and_of_its_text_file(home):
    only_with("gcc", "architecture")
    daemon = Daemon(home.router)
    daemon.by = ("valgrind", "-q", "--vgdb=no", "--tool=callgrind", "--collect-atstart=no",
                 *(f"--toggle-collect={name}" for name in ("keeper_pull", "metrics_render")),
                 "--dump-before=metrics_render", "--dump-after=metrics_render",
                 f"--callgrind-out-file={daemon.directory}/callgrind")
    ends = {"pull": "--dump-before=metrics_render", "text file": "--dump-after=metrics_render"}
    daemon.launch()  # start() would wait for an exporter, which cannot be executed so
    try:
        wait_until(lambda: os.path.exists(daemon.textfile), daemon=daemon)
        introduce(home, daemon, HOSTS)
        so_far = {what: len(totals(daemon.directory, end)) for what, end in ends.items()}
        wait_until(lambda: len(totals(daemon.directory, ends["text file"])) >
                   so_far["text file"] + PULLS)
        found = {what: totals(daemon.directory, end)[so_far[what]:] for what, end in ends.items()}
    finally:
        daemon.stop()
        daemon.unload()
    check({f"instructions of a {what}": min(figures) for what, figures in found.items()}, SLACK)


def test_memory_at_rest(home):
    """What is allocated and not freed: by how much that is resident differs from time to time."""
    only_with("gcc", "architecture", "libuci")
    daemon = Daemon(home.router)
    held = Held(daemon)
    found = {}

    def rests():
        """However long it takes until it has freed the pages of its last scrape."""
        found.update({"bytes that the keeper has allocated at rest": held.keeper(),
                      "bytes that the exporter has allocated at rest": held.exporter()})
        return not grown(found, MEMORY_SLACK)

    with daemon:
        introduce(home, daemon, HOSTS)
        daemon.get()
        with contextlib.suppress(AssertionError):
            wait_until(rests)
    check(found, MEMORY_SLACK)


def test_size():
    only_with("gcc", "clang", "architecture", "libuci")
    stripped = f"{house.scratch('size')}/mezoura"
    house.run("strip", "-o", stripped, BINARY)
    check({"bytes of the stripped program": os.path.getsize(stripped)}, SLACK)
