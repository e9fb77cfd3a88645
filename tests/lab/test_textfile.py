# SPDX-License-Identifier: GPL-2.0-or-later
"""The textfile: whole at every look, never through a symbolic link."""
import os
import stat
import time

import pytest

import house
import traffic
from daemon import LEGACY, PATIENCE, Daemon, Page

HOSTS = 160


def fill(home):
    """More hosts than the older program had room for."""
    client = home.clients[0]
    home.router.ip(f"route add 2001:db8:ca2:2:77::/80 via {client.v6} dev br-lan")
    client.ip("route add local 2001:db8:ca2:2:77::/80 dev lo")
    for i in range(HOSTS):
        traffic.udp(client, home.internet, house.INTERNET6, f"2001:db8:ca2:2:77::{i + 1:x}",
                    size=10)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def assert_whole(text):
    assert text.endswith("\n")
    page = Page(text)
    for family in LEGACY:
        assert len(page.family(family)) == HOSTS
        assert text.count(f"# TYPE {family} gauge\n") == 1
        assert text.count(f"# HELP {family} ") == 1


def inode(path):
    return os.stat(path).st_ino


def wait_for_next(path, old):
    """Until another file than old stands there."""
    deadline = time.monotonic() + PATIENCE
    while inode(path) == old:
        assert time.monotonic() < deadline, "it is not written again"
        time.sleep(0.01)


def test_every_look_finds_a_whole_file_and_no_other_for_collectors(home):
    with Daemon(home.router) as daemon:
        fill(home)
        daemon.fresh_page()
        wait_for_next(daemon.textfile, inode(daemon.textfile))
        seen, others = set(), set()
        began = time.monotonic()
        while len(seen) < 5 and time.monotonic() < began + PATIENCE:
            seen.add(read(daemon.textfile))
            others |= {name for name in os.listdir(daemon.directory) if name.endswith(".prom")}
        assert len(seen) >= 5
        for text in seen:
            assert_whole(text)
        assert not others
        assert daemon.stop() == 0
        assert_whole(read(daemon.textfile))
        assert set(os.listdir(daemon.directory)) == {"prom_c", "dhcp", "log"}


def test_who_has_the_old_file_open_reads_it_to_its_end(home):
    with Daemon(home.router) as daemon:
        fill(home)
        daemon.fresh_page()
        wait_for_next(daemon.textfile, inode(daemon.textfile))
        with open(daemon.textfile, encoding="utf-8") as old:
            half = old.read(5000)
            wait_for_next(daemon.textfile, os.fstat(old.fileno()).st_ino)
            assert_whole(half + old.read())


def test_the_textfile_and_http_say_the_same(home):
    with Daemon(home.router) as daemon:
        traffic.ping(home.clients[0], house.INTERNET4)
        page = daemon.fresh_page()
        daemon.stop()
        written = Page(read(daemon.textfile))
        assert written.addresses() == page.addresses() != {}
        assert written.hosts() == page.hosts()
        assert [s[:2] for s in written.samples] == [
            s[:2] for s in page.samples if not s[0].startswith(("mezoura_http_", "process_"))]


def test_the_mode_is_0644_whatever_the_umask(home):
    before = os.umask(0o077)
    try:
        with Daemon(home.router) as daemon:
            daemon.stop()
            assert stat.S_IMODE(os.stat(daemon.textfile).st_mode) == 0o644
    finally:
        os.umask(before)


@pytest.mark.parametrize("target", ["file", "nothing"])
def test_a_symbolic_link_at_its_path_is_replaced_and_not_followed(home, target):
    daemon = Daemon(home.router)
    victim = f"{daemon.directory}/victim"
    if target == "file":
        with open(victim, "w", encoding="utf-8") as file:
            file.write("precious")
    os.symlink(victim, daemon.textfile)
    with daemon:
        daemon.stop()
        assert stat.S_ISREG(os.lstat(daemon.textfile).st_mode)
        assert "node_nat_traffic" in read(daemon.textfile)
    if target == "file":
        assert read(victim) == "precious"
    else:
        assert not os.path.exists(victim)


def test_links_at_the_temporary_names_are_not_followed_either(home):
    """Whoever may write to the directory learns the name from one run and waits for the next."""
    daemon = Daemon(home.router)
    victim = f"{daemon.directory}/victim"
    with open(victim, "w", encoding="utf-8") as file:
        file.write("precious")
    with daemon:
        names, files, deadline = set(), set(), time.monotonic() + PATIENCE
        while len(files) < 3 and time.monotonic() < deadline:
            names |= set(os.listdir(daemon.directory))
            files.add(inode(daemon.textfile))
        daemon.stop()
        temporary = names - {"prom_c", "dhcp", "log", "victim", "dhcp.new", "socket"}
        for name in temporary:
            os.symlink(victim, f"{daemon.directory}/{name}")
        os.unlink(daemon.textfile)
        daemon.start()
        daemon.stop()
        assert read(victim) == "precious"


def test_no_textfile_is_written_where_none_is_wanted(home):
    with Daemon(home.router, "--textfile", "-") as daemon:
        daemon.fresh_page()
        daemon.stop()
        assert set(os.listdir(daemon.directory)) == {"dhcp", "log"}
