# SPDX-License-Identifier: GPL-2.0-or-later
"""All that mezoura might leave behind in the kernel."""
import contextlib
import json
import os
import time

import house
from daemon import PATIENCE, hooked

SIDES = ("ingress", "egress")
KINDS = ("tcx", "clsact") if house.KERNEL >= (6, 6) else ("clsact",)  # of hooks


def objects(kind):
    """Programs, maps or links of the whole machine, others' and other tests' too: {id: object}."""
    for last in (False, False, False, False, True):
        try:
            return {entry["id"]: entry for entry in json.loads(house.run("bpftool", "-j", kind, "show"))}
        except RuntimeError:  # one of others' may go while bpftool looks at it
            if last:
                raise
    return {}


def ours(daemon):
    """What belongs to a running daemon: {"prog": ids, "map": ids, "link": ids}."""
    maps = set()
    for number in os.listdir(f"/proc/{daemon.process.pid}/fdinfo"):
        with contextlib.suppress(FileNotFoundError), \
                open(f"/proc/{daemon.process.pid}/fdinfo/{number}", encoding="ascii") as file:
            maps |= {int(line.split()[1]) for line in file if line.startswith("map_id:")}
    programs = {number: entry for number, entry in objects("prog").items()
                if maps & set(entry.get("map_ids", ()))}
    for entry in programs.values():
        maps |= set(entry["map_ids"])
    links = {number for number, entry in objects("link").items()
             if entry.get("prog_id") in programs}
    return {"prog": set(programs), "map": maps, "link": links}


def assert_gone(there):
    """The kernel takes its time for the last steps."""
    deadline = time.monotonic() + PATIENCE
    while any(ids & set(objects(kind)) for kind, ids in there.items()):
        assert time.monotonic() < deadline, f"in the kernel still: {there}"
        time.sleep(0.2)


def devices(home):
    return [link["ifname"] for link in json.loads(home.router.run("ip", "-json", "link", "show"))]


def mounts():
    with open("/proc/self/mountinfo", encoding="ascii") as file:
        return file.readlines()


def pins():
    return sorted(os.path.join(top, name) for top, directories, files in os.walk(house.BPFFS)
                  for name in directories + files if not name.endswith(".debug"))


def state(home):
    """All that mezoura might leave behind, by what it is."""
    found = {"mounts": mounts(), "pins": pins(), "bpf": {}}
    for device in devices(home):
        found[device] = [home.router.run("tc", "qdisc", "show", "dev", device),
                         hooked(home.router, device)]
        found[device] += [home.router.run("tc", "filter", "show", "dev", device, side)
                          for side in SIDES if "clsact" in found[device][0]]
    return found
