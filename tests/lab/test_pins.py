# SPDX-License-Identifier: GPL-2.0-or-later
"""A pin directory that another user made or may change, and tables in it that are none, are refused."""
import os
import stat
import subprocess

import pytest

import house
import traffic
import wire
from daemon import PATIENCE, Daemon, assert_exact, hooked

SOMEBODY, SERVICE = 1000, 33
REFUSED = "expected a directory that no other user made or may change"


def make(path, owner=0, mode=0o700):
    os.mkdir(path)
    os.chown(path, owner, owner)
    os.chmod(path, mode)


def link(target, path, owner=0):
    os.symlink(target, path)
    os.chown(path, owner, owner, follow_symlinks=False)


def seen(path):
    """All that is there, whose it is and what may be done to it."""
    found = {}
    for directory, names, files in os.walk(path):
        for name in names + files:
            status = os.lstat(f"{directory}/{name}")
            found[f"{directory}/{name}"] = status.st_ino, status.st_uid, status.st_gid, oct(status.st_mode)
    return found


CASES = {
    "another user's": lambda base: make(f"{base}/pin", SOMEBODY),
    "a service's": lambda base: make(f"{base}/pin", SERVICE),
    "its group may write": lambda base: make(f"{base}/pin", mode=0o770),
    "all may write": lambda base: make(f"{base}/pin", mode=0o1777),
    "a link": lambda base: (make(f"{base}/target"), link("target", f"{base}/pin")),
    "another user's link": lambda base: (make(f"{base}/target"), link("target", f"{base}/pin", SOMEBODY)),
    "a link to nowhere": lambda base: link("target", f"{base}/pin"),
    "below another user's": lambda base: make(f"{base}/theirs", SOMEBODY),
    "below a service's": lambda base: make(f"{base}/theirs", SERVICE),
    "below another user's link": lambda base: (make(f"{base}/target"), link("target", f"{base}/theirs", SOMEBODY)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_directory_of_others_is_refused(home, case):
    base = f"{house.BPFFS}/{os.path.basename(house.scratch('shared'))}"
    make(base, mode=0o1777)
    case(base)
    pin = f"{base}/theirs/pin" if os.path.lexists(f"{base}/theirs") else f"{base}/pin"
    before = seen(base)
    daemon = Daemon(home.router, "--pin", pin)
    with home.router.inside():
        done = subprocess.run(house.mortal(daemon.binary, *daemon.options), capture_output=True, text=True,
                              check=False, timeout=PATIENCE)
        unloaded = subprocess.run(house.mortal(daemon.binary, "unload", "--pin", pin), capture_output=True,
                                  text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1 and done.stderr == f"mezoura: --pin {pin}: {REFUSED}\n"
    if os.path.exists(pin) or "theirs" in pin:
        assert unloaded.returncode == 1 and unloaded.stderr == f"mezoura: --pin {pin}: {REFUSED}\n"
    assert seen(base) == before
    assert hooked(home.router, "br-lan") == []


def test_the_default_directory_is_taken_where_all_may_make_others(home):
    """As in a bpffs of mode 1777; it stays the keeper's over a restart."""
    assert stat.S_IMODE(os.stat(house.BPFFS).st_mode) == 0o1777
    with Daemon(home.router) as daemon:
        assert os.stat(daemon.pin).st_uid == house.USERS["mezoura"]
        assert daemon.stop() == 0
        daemon.start()


@pytest.mark.parametrize("victim, other", [("mz_hosts4", "mz_hosts6"), ("mz_slots", "mz_counts"),
                                           ("mz_geometry", "mz_nets"), ("mz_past", "mz_index")])
def test_tables_that_are_none_are_refused_until_unloaded(home, victim, other):
    with wire.Truth(home.clients[1:]) as truth, Daemon(home.router) as daemon:
        traffic.ping(home.clients[0], house.INTERNET4)
        assert daemon.stop() == 0
        layout, = [entry.path for entry in os.scandir(daemon.pin) if entry.name.startswith("v")]
        if os.path.exists(f"{layout}/{victim}"):
            os.rename(f"{layout}/{victim}", f"{layout}/kept")
        os.rename(f"{layout}/{other}", f"{layout}/{victim}")
        if os.path.exists(f"{layout}/kept"):
            os.rename(f"{layout}/kept", f"{layout}/{other}")
        with home.router.inside():
            done = subprocess.run(house.mortal(daemon.binary, *daemon.options), capture_output=True, text=True,
                                  check=False, timeout=PATIENCE)
        assert done.returncode == 1
        line, = done.stderr.splitlines()
        assert line == (f"mezoura: --pin {daemon.pin}: what lies in {layout} is no table of mezoura's: "
                        'remove it by "mezoura unload"')
        assert daemon.unload().returncode == 0
        assert not os.path.exists(daemon.pin)
        daemon.start()
        traffic.ping(home.clients[1], house.INTERNET4)
        assert_exact(truth, daemon)
