# SPDX-License-Identifier: GPL-2.0-or-later
"""What another user put into /tmp, where text file and leases are, stops nothing and is not believed."""
import os
import stat

import pytest

import house
import traffic
import wire
from daemon import Daemon, assert_exact
from test_interfaces import wait_for

SOMEBODY, DNSMASQ = 1000, 453
# A /tmp of its own for the rest of the arguments.
OWN_TMP = """mount --bind "$0" /tmp && exec "$@" """


class Tmp:
    """A daemon's own /tmp, in which all users may make files."""

    def __init__(self, home):
        self.path = house.scratch("tmp")
        os.chmod(self.path, 0o1777)
        self.prom = f"{self.path}/prom_c"
        self.leases = f"{self.path}/dhcp.leases"
        self.daemon = Daemon(home.router, "--textfile", "/tmp/prom_c", "--leases", "/tmp/dhcp.leases")
        self.daemon.by = ("unshare", "-m", "sh", "-c", OWN_TMP, self.path)

    def lease(self, client, name, owner, path=None):
        path = path or self.leases
        with open(f"{path}.new", "w", encoding="ascii") as file:
            file.write(f"4102444800 {client.eth0} {client.v4} {name} *\n")
        os.chown(f"{path}.new", owner, owner)
        os.rename(f"{path}.new", path)

    def lines(self, about):
        return [line for line in self.daemon.said().splitlines() if about in line]

    def name_of(self, client):
        return self.daemon.fresh_page().names().get(client.eth0.upper())


@pytest.fixture
def tmp(home):
    return Tmp(home)


def make_directory(path):
    os.mkdir(path)


def make_full_directory(path):
    os.mkdir(path)
    os.mkdir(f"{path}/more")


@pytest.mark.parametrize("make, owner", [(make_directory, SOMEBODY), (make_full_directory, SOMEBODY),
                                         (os.mkfifo, SOMEBODY), (make_directory, DNSMASQ)])
def test_what_is_in_the_way_of_the_text_file_stops_nothing(home, tmp, make, owner):
    make(tmp.prom)
    os.chown(tmp.prom, owner, owner)
    with wire.Truth(home.clients) as truth, tmp.daemon as daemon:
        traffic.ping(home.clients[0], house.INTERNET4)
        assert_exact(truth, daemon)
        # where it is written each second, it would be told by now
        assert tmp.lines("/tmp/prom_c") == [
            "mezoura: --textfile /tmp/prom_c: something of another user's is in the way: no text file is written "
            "until that is gone"]
        assert not stat.S_ISREG(os.lstat(tmp.prom).st_mode)
        os.rename(tmp.prom, f"{tmp.path}/away")
        wait_for("the text file", lambda: os.path.exists(tmp.prom))
        status = os.lstat(tmp.prom)
        assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (house.USERS["mezoura"], 0o644)


def test_a_file_of_another_user_is_replaced(tmp):
    with open(tmp.prom, "w", encoding="ascii") as file:
        file.write("precious")
    os.link(tmp.prom, f"{tmp.path}/other")
    os.chown(tmp.prom, SOMEBODY, SOMEBODY)
    os.chmod(tmp.prom, 0o666)
    with tmp.daemon:
        wait_for("the text file", lambda: os.path.exists(tmp.prom) and os.stat(
            tmp.prom).st_uid == house.USERS["mezoura"])
        with open(f"{tmp.path}/other", encoding="ascii") as file:
            assert file.read() == "precious"
        assert os.stat(f"{tmp.path}/other").st_uid == SOMEBODY


def test_leases_of_another_user_are_not_read(home, tmp):
    client = home.clients[0]
    tmp.lease(client, "forged", SOMEBODY)
    with tmp.daemon:
        traffic.ping(client, house.INTERNET4)
        assert tmp.name_of(client) == {""}
        assert tmp.lines("dhcp.leases") == ["mezoura: /tmp/dhcp.leases: another user may have put it there: it is not "
                                            "read; the names known so far stay"]
        tmp.lease(client, "leased", DNSMASQ)
        wait_for("the name", lambda: tmp.name_of(client) == {"leased"})
        # it was good, and is another's now: the good names stay
        tmp.lease(client, "forged", SOMEBODY)
        wait_for("a line", lambda: len(tmp.lines("dhcp.leases")) > 1)
        assert tmp.name_of(client) == {"leased"}


def test_a_link_of_another_user_is_not_followed(home, tmp):
    client = home.clients[0]
    target = f"{tmp.path}/target"
    tmp.lease(client, "elsewhere", 0, target)
    os.symlink("target", tmp.leases)
    os.chown(tmp.leases, SOMEBODY, SOMEBODY, follow_symlinks=False)
    with tmp.daemon:
        traffic.ping(client, house.INTERNET4)
        assert tmp.name_of(client) == {""}
        assert len(tmp.lines("another user may have put it there")) == 1
