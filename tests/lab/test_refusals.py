# SPDX-License-Identifier: GPL-2.0-or-later
"""What cannot work is refused: one line on stderr, an exit status, and nothing left behind."""
import os
import socket
import subprocess

import pytest

import daemon as program
import house
import wire
from daemon import PATIENCE, hooked

GOOD = ("-4", "192.168.2.1/24/br-lan")
BAD_COMMAND_LINES = {
    "no subnet": [],
    "only v6": ["-6", house.LAN6],
    "mask of 33": ["-4", "192.168.2.1/33/br-lan"],
    "negative mask": ["-4", "192.168.2.1/-1/br-lan"],
    "v4 mask in dots": ["-4", "192.168.2.1/255.255.255.0/br-lan"],
    "v4 without interface": ["-4", "192.168.2.1/24"],
    "v4 with empty interface": ["-4", "192.168.2.1/24/"],
    "v4 without mask": ["-4", "192.168.2.1//br-lan"],
    "v4 without address": ["-4", "/24/br-lan"],
    "v4 of one word": ["-4", "br-lan"],
    "v4 empty": ["-4", ""],
    "v4 address of five parts": ["-4", "192.168.2.1.1/24/br-lan"],
    "v4 address too large": ["-4", "192.168.2.256/24/br-lan"],
    "v4 that is v6": ["-4", "2001:db8::1/24/br-lan"],
    "interface name too long": ["-4", "192.168.2.1/24/abcdefghijklmnop"],
    "interface name with a command": ["-4", "192.168.2.1/24/x;touch /tmp/x"],
    "more after the interface": ["-4", "192.168.2.1/24/br-lan/9"],
    "same subnet on two interfaces": [*GOOD, "-4", "192.168.2.9/24/wan"],
    "v6 mask of 129": [*GOOD, "-6", "2001:db8::/129"],
    "v6 without mask": [*GOOD, "-6", "2001:db8::"],
    "v6 that is v4": [*GOOD, "-6", "192.168.2.0/24"],
    "v6 twice": [*GOOD, "-6", "2001:db8::1/64", "-6", "2001:db8::2/64"],
    "port too large": [*GOOD, "-e", "-p", "99999"],
    "port of 0": [*GOOD, "-e", "-p", "0"],
    "port with a tail": [*GOOD, "-e", "-p", "80x"],
    "port empty": [*GOOD, "-e", "-p", ""],
    "interval negative": [*GOOD, "-t", "-5"],
    "interval of 0": [*GOOD, "-t", "0"],
    "interval too large for an int": [*GOOD, "-t", "99999999999999999999"],
    "unknown option": [*GOOD, "-x"],
    "unknown long option": [*GOOD, "--frobnicate"],
    "argument too many": [*GOOD, "now"],
    "value missing": [*GOOD, "-p"],
    "unknown metrics": [*GOOD, "--metrics", "some"],
    "unknown bytes": [*GOOD, "--bytes", "bits"],
    "unknown hook": [*GOOD, "--hook", "xdp"],
    "unknown unknown": [*GOOD, "--unknown", "maybe"],
    "listen on a name": [*GOOD, "-e", "--listen", "localhost"],
    "listen on one of a link": [*GOOD, "-e", "--listen", "fe80::55"],  # which link?
    "listen on multicast": [*GOOD, "-e", "--listen", "ff02::55"],
    "listen on IPv4 as IPv6": [*GOOD, "-e", "--listen", "::ffff:127.0.0.1"],
    "allow IPv4 as IPv6": [*GOOD, "--allow", "::ffff:203.0.113.0/120"],
    "listen twice": [*GOOD, "-e", "--listen", "::1", "--listen", "0::1"],
    "allow a name": [*GOOD, "--allow", "friends"],
    "host name with a port": [*GOOD, "--host-name", "router:80"],
    "host name of a pattern": [*GOOD, "--host-name", "*.example.org"],
    "host name with an empty label": [*GOOD, "--host-name", "router..lan"],
    "host name empty": [*GOOD, "--host-name", ""],
    "host name twice": [*GOOD, "--host-name", "router.lan", "--host-name", "Router.LAN"],
    "local of nonsense": [*GOOD, "--local", "10.0.0.0/8/8"],
    "room for nobody": [*GOOD, "--max-hosts", "0"],
    "interface twice": ["-i", "br-lan", "-i", "br-lan"],
    "loopback": ["-i", "lo"],
    "v4 on the loopback": ["-4", "192.168.2.1/24/lo"],
    "interface with a slash": ["-i", "br/lan"],
    "idle for no time": [*GOOD, "--idle", "0"],
    "idle for longer than a year": [*GOOD, "--idle", "31536001"],
    "socket without a directory": [*GOOD, "--socket", "mezoura.sock"],
    "socket whose path is too long": [*GOOD, "--socket", "/" + 107 * "x"],
    "json of the daemon": [*GOOD, "--json"],
    "pin empty": [*GOOD, "--pin", ""],
    "unknown command": ["statsu"],
    "unload with an option of the daemon": ["unload", "-t", "5"],
    "unload with an argument": ["unload", "all"],
    "status with an option of the daemon": ["status", "-t", "5"],
    "status with an argument": ["status", "all"],
}


class Attempt:
    """A run that is to fail by itself, with what it may leave looked at afterwards."""

    def __init__(self, home):
        self.home = home
        self.directory = house.scratch("refused")
        self.pin = f"{house.BPFFS}/{os.path.basename(self.directory)}"
        self.textfile = f"{self.directory}/prom_c"

    def run(self, *options, through=()):
        with self.home.router.inside():
            done = subprocess.run(house.mortal(*through, program.BINARY, *options), text=True,
                                  check=False, capture_output=True, stdin=subprocess.DEVNULL,
                                  timeout=PATIENCE)
        assert done.stdout == ""
        lines = done.stderr.splitlines()
        assert len(lines) == 1 and done.stderr.endswith("\n"), done.stderr
        assert lines[0].startswith("mezoura: ")
        assert not os.path.exists(self.pin)
        assert os.listdir(self.directory) == []
        for interface in ("br-lan", "wan"):
            assert hooked(self.home.router, interface) == []
            assert "clsact" not in self.home.router.run("tc", "qdisc", "show", "dev", interface)
        return done.returncode, lines[0]

    def start(self, *options, through=()):
        """The options of a good start, but for these: an option given twice counts last."""
        return self.run(*GOOD, "--pin", self.pin, "--textfile", self.textfile, "--socket",
                        f"{self.directory}/socket", *options, through=through)


@pytest.fixture(scope="module")
def attempt():
    with house.House(clients=()) as home:
        yield Attempt(home)


@pytest.mark.parametrize("options", BAD_COMMAND_LINES.values(), ids=BAD_COMMAND_LINES)
def test_a_bad_command_line_is_refused_before_anything_is_touched(attempt, options):
    more = [] if "--pin" in options else ["--pin", attempt.pin]
    if options[:1] in (["unload"], ["status"]):
        options = [options[0], *more, *options[1:]]
    else:
        options = [*more, "--textfile", attempt.textfile, *options]
    status, line = attempt.run(*options)
    assert status == 2
    if len(options) > len(more) + 2 and options[-1] not in (house.LAN6, "now", "all", ""):
        assert options[-1][:80] in line or options[-2] in line


def test_a_directory_for_the_textfile_that_is_not_there(attempt):
    status, line = attempt.start("--textfile", "/nonexistent/prom_c")
    assert status not in (0, 2) and "/nonexistent" in line


@pytest.mark.parametrize("family, any_address", [(socket.AF_INET, "0.0.0.0"),
                                                 (socket.AF_INET6, "::")])
def test_a_port_that_is_taken(attempt, family, any_address):
    with attempt.home.router.socket(family, socket.SOCK_STREAM) as other:
        other.bind((any_address, 9999))
        other.listen()
        status, line = attempt.start("-e")
    assert status not in (0, 2) and "9999" in line


@pytest.mark.parametrize("option", ["-V", "-h"])
def test_an_answer_that_cannot_be_written(option):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([program.BINARY, option], check=False, stdout=full,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "No space left on device" in done.stderr


def test_without_root(attempt):
    as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                 "--inh-caps=-all", "--bounding-set=-all")
    status, _ = attempt.start("--textfile", "-", through=as_nobody)
    assert status not in (0, 2)


def test_a_pin_directory_outside_a_bpf_file_system(attempt):
    outside = f"{house.scratch('outside')}/pins"
    status, line = attempt.start("--pin", outside)
    assert status not in (0, 2) and outside in line
    assert not os.path.exists(outside)


def test_a_bpf_file_system_that_cannot_be_mounted(attempt):
    """Nothing is mounted there, and without CAP_SYS_ADMIN nobody may."""
    bare = ("unshare", "--mount", "--", "sh", "-c",
            f'umount {house.BPFFS} && exec setpriv --bounding-set=-sys_admin '
            '--inh-caps=-sys_admin -- "$@"', "sh")
    status, _ = attempt.start(through=bare)
    assert status not in (0, 2)


def test_a_kernel_without_bpf(attempt):
    status, _ = attempt.start(through=(house.tool("without"), "bpf"))
    assert status not in (0, 2)


def test_a_second_daemon_of_the_same_pin_directory(attempt, build):
    home = build()
    with program.Daemon(home.router) as first:
        before = hooked(home.router, "br-lan")
        with home.router.inside():
            second = subprocess.run([program.BINARY, *first.options, "-p", "9998", "--socket",
                                     f"{first.socket}.2"], text=True, capture_output=True,
                                    check=False, timeout=PATIENCE)
        assert second.returncode not in (0, 2)
        assert len(second.stderr.splitlines()) == 1 and first.pin in second.stderr
        assert hooked(home.router, "br-lan") == before
        assert first.unload().returncode not in (0, 2)  # it runs
        assert hooked(home.router, "br-lan") == before
