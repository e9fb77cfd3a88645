# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever clients of the exporter do: others are served, counts are exact, the file is written."""
import contextlib
import http.client
import os
import time

import pytest

import house
import wire
from crowd import harms, scraper_of
from daemon import PATIENCE, Daemon, assert_exact
from held import Held, own_kb
from test_interfaces import wait_for
from watch import talk

SECONDS = 2  # that each kind goes on for, at least
FILES = 2  # and so many text files are written
MANY = 100  # addresses of one host
GROWN = 1 << 20  # bytes that the exporter may have allocated more, when it rests
TURNED_AWAY = "too many open files: HTTP clients are turned away"


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def files_at_rest(pid):
    """Once it has seen all that there was to see, such as the end of the last connection."""
    looks = []

    def same_and_asleep():
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            looks.append((open_files(pid), file.read().rsplit(")", 1)[1].split()[0]))
        time.sleep(0.02)
        return len(looks) >= 10 and set(looks[-10:]) == {(looks[-1][0], "S")}

    wait_for("at rest", same_and_asleep)
    return looks[-1][0]


@contextlib.contextmanager
def unharmed(home, daemon, held, kept=0):
    """Whatever happens to the exporter meanwhile, nothing of it is left, and counting went on.

    kept: how many connections it may keep for a while, as it cannot know that they are over.
    """
    pid = daemon.exporter()
    files, kilobytes, allocated = files_at_rest(pid), own_kb(pid), held.exporter()
    with talk(home.clients[1], home.internet, house.INTERNET4):
        yield
    wait_for("its descriptors are closed", lambda: files <= open_files(pid) <= files + kept)
    # it gives memory back as it rests
    wait_for("its memory is free", lambda: held.exporter() <= allocated + GROWN)
    print(f"{held.exporter() - allocated} bytes more, {own_kb(pid) - kilobytes} kB")
    assert daemon.exporter() == pid
    assert daemon.page().value("mezoura_exporter_restarts_total") == 0


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


@pytest.mark.parametrize("kind, addresses, kept", [
    ("silent", 1, 0), slow("silent", MANY, 0), slow("dribbling", 1, 0), slow("pipelined_read", 1, 0),
    ("pipelined_unread", 1, 0), ("greedy", MANY, 0), slow("resetting", 1, 0), ("verbose", 1, 0),
    ("badly_chunked", 1, 2 * 16), ("garbage", 1, 2 * 16),  # what two addresses may have
    ("old", 1, 0), ("encrypted", 1, 0), ("prying", 1, 0)])
def test_others_do_not_suffer(home, kind, addresses, kept):
    """They are served while it goes on, and the text file is written."""
    daemon, scraper = Daemon(home.router), scraper_of(home)
    held = Held(daemon)
    with wire.Truth(home.clients) as truth, daemon:
        scraper.go_on(0.5)
        with unharmed(home, daemon, held, kept), harms(kind, home, addresses):
            scraper.go_on(SECONDS, crowd=addresses == MANY)
            daemon.await_pulls(FILES)
        assert_exact(truth, daemon)


def with_so_few_descriptors(daemon, count):
    """A program that starts it with no more; the keeper needs fewer than a crowd of clients does."""
    path = f"{daemon.directory}/few"
    with open(path, "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\nulimit -n {count}\nexec {daemon.binary} "$@"\n')
    os.chmod(path, 0o755)
    daemon.binary = path


def test_without_descriptors_it_turns_them_away_and_recovers(home):
    daemon, scraper = Daemon(home.router), scraper_of(home)
    held = Held(daemon)
    with_so_few_descriptors(daemon, 81)
    with wire.Truth(home.clients) as truth, daemon:
        scraper.go_on(0.5)
        with unharmed(home, daemon, held), harms("silent", home, MANY):
            end = time.monotonic() + SECONDS
            while time.monotonic() < end or TURNED_AWAY not in daemon.said():
                for place in scraper.places:  # answered or turned away, and not left to wait in vain
                    with contextlib.suppress(ConnectionError, http.client.HTTPException):
                        scraper.scrape(*place)
                assert time.monotonic() < end + PATIENCE, daemon.said()
                time.sleep(0.01)
        scraper.go_on(0.5)
        assert_exact(truth, daemon)
