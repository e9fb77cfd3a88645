# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits of what a process may have: they are told, and nothing is half done without a word."""
import json
import os
import subprocess

import pytest

import daemon as program
import house
from daemon import AS_KEEPER, PATIENCE, Daemon
from held import sanitized
from test_interfaces import wait_for
from test_status import status_json


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


def limit_size(daemon, size):
    """As in limit_files()."""
    daemon.namespace.run(*AS_KEEPER, "prlimit", f"--pid={daemon.process.pid}", f"--fsize={size}:unlimited")


def test_a_file_that_may_not_be_so_large_is_told(home):
    """What the kernel sends then would end the daemon."""
    daemon = Daemon(home.router)
    daemon.by = AS_KEEPER
    with daemon:
        daemon.fresh_page()
        limit_size(daemon, 2000)  # the text file has more
        wait_for("a line", lambda: "File too large" in daemon.said())
        wait_for("an answer", daemon.answers)
        number = status_json(daemon)["snapshot"]["number"]
        wait_for("more", lambda: status_json(daemon)["snapshot"]["number"] > number + 1)
        assert daemon.said().count("File too large") == 1 and daemon.textfile in daemon.said()
        before = os.stat(daemon.textfile).st_ino
        limit_size(daemon, "unlimited")
        wait_for("another text file", lambda: os.stat(daemon.textfile).st_ino != before)


def test_without_room_to_share_it_does_not_start_and_says_so(home):
    daemon = Daemon(home.router)
    daemon.by = ("prlimit", "--fsize=1000")
    daemon.launch()
    assert daemon.process.wait(PATIENCE) == 1
    assert daemon.said() == "mezoura: cannot start: no memory to share: File too large\n"


def test_an_answer_that_does_not_fit_into_a_file_is_told(home):
    with Daemon(home.router) as daemon, home.router.inside(), \
            open(f"{daemon.directory}/answer", "wb") as answer:
        done = subprocess.run(
            ["prlimit", "--fsize=100", program.BINARY, "status", "--socket", daemon.socket],
            stdout=answer, stderr=subprocess.PIPE, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == 1 and done.stderr.count("\n") == 1
        assert "File too large" in done.stderr


@pytest.mark.parametrize("soft, hard, told", [(64, 1024, 0), (128, 128, 0), (81, 127, 1), (81, 81, 1)])
def test_the_limit_of_open_files_is_raised_as_far_as_may_be(home, soft, hard, told):
    listen = [option for i in range(8) for option in ("--listen", f"127.0.0.{1 + i}")]
    daemon = Daemon(home.router, *listen)  # as many sockets as there can be
    daemon.by = ("prlimit", f"--nofile={soft}:{hard}")
    with daemon:
        assert daemon.fresh_page() and status_json(daemon)["daemon"]
        assert "again" not in daemon.said()
        assert daemon.said().count(f"RLIMIT_NOFILE (ulimit -n) is {hard}, less than 128") == told


@pytest.mark.parametrize("limit", [10, 80])
def test_with_too_few_open_files_it_does_not_start_and_says_so(home, limit):
    daemon = Daemon(home.router)
    daemon.by = ("prlimit", f"--nofile={limit}:{limit}")
    daemon.launch()
    assert daemon.process.wait(PATIENCE) == 1
    assert daemon.said() == (
        f"mezoura: RLIMIT_NOFILE (ulimit -n) is {limit}: expected at least 128 open files\n")
