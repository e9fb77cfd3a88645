# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of hosts from the dhcp configuration, in all the ways people write it."""
import os
import time

import pytest

from daemon import PATIENCE, Daemon
from frames import appear
from watch import wait_until

CONFIG = r"""
config dnsmasq
	option domain 'lan'
	list mac '02:00:00:00:00:01'

config host
	option name 'plain'
	option mac '02:0A:BC:00:00:01'

config host
	option mac '02:0a:bc:00:00:02'
	option name lower

config host 'section_name'
	option name "Upper"
	option mac "02:0A:BC:00:00:03"
	option ip '192.168.2.103'

config host
	option name 'several'
	option mac '02:0a:bc:00:00:04 02:0A:BC:00:00:05'

config host
	option name 'listed'
	list mac '02:0a:bc:00:00:06'
	list mac '02:0A:BC:00:00:07'

config host
	option name 'no-mac'
	option ip '192.168.2.200'

config host
	option mac '02:0a:bc:00:00:08'

config host
	option name 'bad-mac'
	option mac '02:0a:bc:00:00'

config host
	option name 'say "hi" \ there'
	option mac '02:0a:bc:00:00:09'
"""

EXPECTED = {1: "plain", 2: "lower", 3: "Upper", 4: "several", 5: "several", 6: "listed",
            7: "listed", 8: "", 9: r'say \"hi\" \\ there'}


def mac(number):
    return f"02:0A:BC:00:00:{number:02X}"


def wait_for_names(daemon, expected, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while daemon.page().names() != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert daemon.page().names() == expected


def test_every_way_to_write_a_host_gives_it_its_name(home):
    with Daemon(home.router, config=CONFIG) as daemon:
        for number in EXPECTED:
            appear(home, home.clients[0], mac(number).lower(), 100 + number)
        wait_for_names(daemon, {mac(n): {name} for n, name in EXPECTED.items()})
        for labels, _ in daemon.page().family("node_nat_traffic_upload"):
            number = int(labels["mac"][-2:], 16)
            v6 = "-v6" if EXPECTED[number] and ":" in labels["ip"] else ""
            assert labels["hostname"] == EXPECTED[number] + v6


def test_hosts_without_a_name_are_left_out_of_the_older_families_by_default(home):
    with Daemon(home.router, "--unknown", "skip", config=CONFIG) as daemon:
        for number in (1, 20):
            appear(home, home.clients[0], mac(number).lower(), 100 + number)
        wait_for_names(daemon, {mac(1): {"plain"}, mac(20): {""}})
        assert {key[1].upper() for key in daemon.page().addresses(zeros=True)} == {mac(1)}


def test_a_changed_file_shows_without_a_restart_or_a_look_of_its_own(home):
    """It is announced: the next look at it would be in an hour."""
    text = "config host\n\toption name '{}'\n\toption mac '{}'\n"

    def shows(name):
        wait_until(lambda: daemon.written().names() == {mac(1): {name}}, daemon=daemon)
        assert daemon.page().names() == {mac(1): {name}}

    with Daemon(home.router, "-t", "3600", config=text.format("before", mac(1))) as daemon:
        appear(home, home.clients[0], mac(1).lower(), 101)
        wait_for_names(daemon, {mac(1): {"before"}})
        daemon.configure(text.format("after", mac(1)))
        shows("after")
        for i in range(2):
            os.unlink(daemon.dhcp)
            shows("")
            daemon.configure(text.format(f"again-{i}", mac(1)))
            shows(f"again-{i}")


def test_a_broken_file_is_reported_once_with_its_line_and_the_good_names_stay(home):
    good = f"config host\n\toption name 'good'\n\toption mac '{mac(1)}'\n"
    with Daemon(home.router, config=good) as daemon:
        appear(home, home.clients[0], mac(1).lower(), 101)
        wait_for_names(daemon, {mac(1): {"good"}})
        said = len(daemon.said().splitlines())
        daemon.configure(good.replace("good", "bad") + "\n\toption name 'never closed\n")
        wait_until(lambda: len(daemon.said().splitlines()) > said)
        daemon.await_pulls(2)  # none of which tells it again
        assert daemon.fresh_page().names() == {mac(1): {"good"}}
        lines = daemon.said().splitlines()[said:]
        assert len(lines) == 1 and daemon.dhcp in lines[0] and "5" in lines[0]


@pytest.mark.parametrize("config, name", [
    (f"config host\n\toption name '{'n' * 1100}'\n\toption mac '{mac(1)}'\n", "n" * 255),
    (f"config host\n\toption name 'caf\u00e9'\n\toption mac '{mac(1)}'\n", "caf\u00e9"),
    (f"config host\n\toption name 'x\xff'\n\toption mac '{mac(1)}'\n".encode("latin-1"), "x\ufffd"),
    (b"\0\1\2" * 500, ""), ("", ""), ("config host\n" * 5000, "")],
    ids=["long", "utf8", "not-utf8", "binary", "empty", "no-options"])
def test_odd_files_do_no_harm(home, config, name):
    with Daemon(home.router, config=config) as daemon:
        appear(home, home.clients[0], mac(1).lower(), 101)
        wait_for_names(daemon, {mac(1): {name}})


def test_no_file_at_all_is_not_an_error(home):
    with Daemon(home.router, "--dhcp-config", "/nonexistent/dhcp") as daemon:
        appear(home, home.clients[0], mac(1).lower(), 101)
        wait_for_names(daemon, {mac(1): {""}})
        assert daemon.page().value("mezoura_names", source="uci") == 0


def test_what_else_the_configuration_names(home):
    """Addresses, a MAC in a DUID, and the lease file, which is followed as it says."""
    text = f"""
config dnsmasq
	option leasefile '{{}}'

config domain
	option name 'printer'
	option ip '192.168.2.101'

config host
	option name 'camera'
	option ip '192.168.2.102'

config host
	option name 'tablet'
	option duid '00030001{mac(3).replace(":", "")}'

config host
	option name 'wild'
	option mac '02:0a:bc:*:*:*'
"""
    daemon = Daemon(home.router, "-t", "3600")
    at = daemon.options.index("--leases")
    del daemon.options[at:at + 2]
    daemon.configure(text.format(f"{daemon.directory}/first"))
    with daemon:
        for number in range(1, 5):
            appear(home, home.clients[0], mac(number).lower(), 100 + number)
        expected = {mac(1): {"printer"}, mac(2): {"camera"}, mac(3): {"tablet"}, mac(4): {""}}
        wait_for_names(daemon, expected)
        for name in ("first", "second"):
            path = f"{daemon.directory}/{name}"
            daemon.configure(f"1 {mac(4)} 192.168.2.104 {name} *\n", path=path)
            daemon.configure(text.format(path))
            wait_until(lambda: daemon.written().names() == {**expected, mac(4): {name}},
                       daemon=daemon)
