# SPDX-License-Identifier: GPL-2.0-or-later
"""script/demo: that it runs, and with no more than what script/deps installs for it."""
import os
import re
import subprocess

import pytest

import house
from daemon import PATIENCE, ROOT

PLACES = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")


def package_of(program):
    """As Debian has it, by whichever of its places dpkg knows a program."""
    name = os.path.basename(program)
    said = subprocess.run(["dpkg", "-S", *(f"{place}/{name}" for place in PLACES)],
                          capture_output=True, text=True, check=False).stdout
    assert said, f"no package has {program}"
    return re.split("[:,]", said)[0]


def is_everywhere(package):
    return house.run("dpkg-query", "-W", "-f", "${Essential}", package) == "yes"


@pytest.mark.slow
def test_it_shows_what_it_is_to_and_takes_only_what_deps_installs_for_it():
    log = f"{house.scratch('demo')}/log"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=execve", "-o", log, "/usr/bin/python3", f"{ROOT}/tests/lab/demo.py"],
        capture_output=True, text=True, check=False, timeout=5 * PATIENCE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("Done, and everything is taken down.")
    with open(log, encoding="utf-8") as file:
        programs = set(re.findall(r'execve\("(/(?:usr/)?s?bin/[^"]+)".* = 0$', file.read(), re.M))
    assert {"curl", "ip", "nft", "python3"} <= {os.path.basename(program) for program in programs}
    installed = house.run(f"{ROOT}/script/deps", "--print", "demo").split()
    assert "python3" in installed  # of which the program itself is in a package of another name
    missing = {package for package in map(package_of, programs - {"/usr/bin/python3"})
               if package not in installed and not is_everywhere(package)}
    assert not missing
