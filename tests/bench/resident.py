# SPDX-License-Identifier: GPL-2.0-or-later
"""resident.py PID...   what the memory of processes is made of, in kilobytes, each page once

Whoever else has a page does not make it smaller here, as in PSS. By file: all of it, what only the
first of the processes has, only the second, ..., and what several have. As root.
"""
import collections
import mmap
import os
import re
import struct
import sys

PRESENT, FRAME = 1 << 63, (1 << 55) - 1
KERNELS = ("[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]")  # of every process


def mappings(pid):
    """(name, first page, pages) of each."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
        for line in file:
            begin, end, name = re.match(r"(\w+)-(\w+) \S+ \S+ \S+ \S+ *(.*)", line).groups()
            if name not in KERNELS:
                yield (os.path.basename(name.replace(" (deleted)", "")) or "[anonymous]",
                       int(begin, 16) // mmap.PAGESIZE,
                       (int(end, 16) - int(begin, 16)) // mmap.PAGESIZE)


def frames(pid):
    """{frame of memory: name of what is there}"""
    found = {}
    with open(f"/proc/{pid}/pagemap", "rb") as file:
        for name, first, pages in mappings(pid):
            file.seek(first * 8)
            for entry, in struct.iter_unpack("=Q", file.read(pages * 8)):
                if entry & PRESENT and entry & FRAME:
                    found[entry & FRAME] = name
    return found


def rows(*pids):
    """(all, name, [what only the first has, ..., what several have]), the largest first."""
    processes = [frames(pid) for pid in pids]
    table = collections.defaultdict(lambda: [0] * (len(processes) + 1))
    for which, process in enumerate(processes):
        for frame, name in process.items():
            others = any(frame in other for other in processes if other is not process)
            first = not any(frame in other for other in processes[:which])
            table[name][which if not others else -1] += first * mmap.PAGESIZE // 1024
    return sorted(((sum(row), name, row) for name, row in table.items()), reverse=True)


def main():
    found = rows(*sys.argv[1:])
    found.append((sum(row[0] for row in found), "together",
                  [sum(column) for column in zip(*(row[2] for row in found))]))
    for total, name, row in found:
        print(f"{total:8d} kB  {name:<28}" + "".join(f"{kb:8d}" for kb in row))


if __name__ == "__main__":
    main()
