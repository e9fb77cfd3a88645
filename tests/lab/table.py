# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lab measured, as the table of docs/accuracy.md.

While tests run: where MZ_ACCURACY names a file, each comparison of mezoura with the wire leaves a
line there. Afterwards: table.py DOCUMENT FILE... puts the sums of such files, of one kernel or of
several, between the two marks of the document.
"""
import json
import os
import re
import sys

BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
PARTS = {"test_exact": "One bridge, all kinds of frames", "test_frames": "Super-packets and jumbos",
         "test_paths": "Bridges and flowtables", "test_ports": "Ports",
         "test_vlans": "VLANs", "test_devices": "Devices without link layer"}


# What of a test's parameters is no path of its own. All of test_exact's settings share a row.
NO_PATH = {"tcx", "clsact", "v4", "v6"}


def total(counts):
    """Packets and bytes of all hosts, both directions."""
    return [sum(pair[i] for pair in counts.values()) for i in (0, 1)]


def note(truth, wire, counted):
    """Both are {host: (packets, bytes)}, from the beginning of this truth on."""
    path = os.environ.get("MZ_ACCURACY")
    now = total(wire) + total(counted)
    before = getattr(truth, "noted", [0, 0, 0, 0])
    truth.noted = now
    if path:
        test = os.environ["PYTEST_CURRENT_TEST"].split(" (")[0]
        with open(path, "a", encoding="utf-8") as file:
            json.dump({"test": test, "kernel": os.uname().release,
                       "sums": [a - b for a, b in zip(now, before)]}, file)
            file.write("\n")


def path_of(test):
    """The test's file and, in words, what it is about."""
    part, name, parameters = re.search(r"(\w+)\.py::(?:test_)?(\w+)(?:\[(.*)\])?", test).groups()
    words = [w for w in (parameters or "").split("-") if w not in NO_PATH]
    if words != [""] and words and part != "test_exact":
        name += f" ({', '.join(words)})"
    return part, name.replace("_", " ")


def short(kernel):
    return ".".join(re.findall(r"\d+", kernel)[:2])


def read(paths):
    """{(part, path): {kernel: [wire's packets, bytes, mezoura's packets, bytes]}}"""
    rows = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                measured = json.loads(line)
                part, name = path_of(measured["test"])
                if part in PARTS:
                    cells = rows.setdefault((part, name), {})
                    sums = cells.setdefault(short(measured["kernel"]), [0, 0, 0, 0])
                    for i, value in enumerate(measured["sums"]):
                        sums[i] += value
    return rows


def version(kernel):
    return [int(n) for n in re.findall(r"\d+", kernel)]


def cell(sums):
    if not sums:
        return "–"
    packets, size = sums[2] - sums[0], sums[3] - sums[1]
    found = f"{packets:+,} / {size:+,}" if packets or size else "0"
    return f"{sums[0]:,} / {sums[1]:,}: **{found}**"


def render(rows):
    kernels = sorted({kernel for cells in rows.values() for kernel in cells}, key=version)
    lines = []
    for part, title in PARTS.items():
        within = [(name, cells) for (p, name), cells in rows.items() if p == part]
        if within:
            lines += ["", f"| {title} | " + " | ".join(kernels) + " |", "|---" * (len(kernels) + 1)
                      + "|"]
            lines += [f"| {name} | " + " | ".join(cell(cells.get(k)) for k in kernels) + " |"
                      for name, cells in within]
    return "\n".join(lines[1:]) + "\n"


def main(document, *paths):
    with open(document, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
    _, after = rest.split(END)
    rows = read(paths)
    with open(document, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + render(rows) + END + after)
    return any(sums[:2] != sums[2:] for cells in rows.values() for sums in cells.values())


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: table.py DOCUMENT FILE...")
    sys.exit(main(*sys.argv[1:]))
