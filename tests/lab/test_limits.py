# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits of what a process may have: they are told, and nothing is half done without a word."""
import json
import os
import subprocess

import pytest

import daemon as program
import house
from daemon import PATIENCE, Daemon
from held import sanitized


def starve(daemon, number, *options):
    """mezoura status, whose allocation of that number fails."""
    with daemon.namespace.inside():
        return subprocess.run(
            [program.BINARY, "status", "--socket", daemon.socket, "--pin", daemon.pin, *options],
            capture_output=True, text=True, check=False, timeout=PATIENCE,
            env={**os.environ, "LD_PRELOAD": house.tool("starved.so"), "MZ_STARVE": str(number)})


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_status_without_memory_says_so_or_says_all(home, options):
    if sanitized():
        pytest.skip("sanitizers have an allocator of their own")
    with Daemon(home.router) as daemon:
        daemon.fresh_page()
        lines = set()
        for number in range(1, 31):
            done = starve(daemon, number, *options)
            assert done.returncode in (0, 1), (number, done)
            assert ("Cannot allocate memory" in done.stderr) == bool(done.returncode), done
            assert done.stderr.count("\n") == done.returncode, done
            if done.returncode == 0:
                lines.add(done.stdout.count("\n"))
        assert len(lines) == 1, lines
        if options:
            assert "incomplete" in json.loads(done.stdout)
