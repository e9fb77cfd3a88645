# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts and devices are called by strangers; nothing that we print steers a terminal or turns text around."""
import signal
import subprocess
import time
import unicodedata

import daemon as program
import house
import traffic
from daemon import PATIENCE, Daemon

HOSTILE = "p\x1b[2J\x9b31m\u202e"
BIDI = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "B")


def steers(character):
    return (unicodedata.category(character) == "Cc" and character != "\n") or (
        unicodedata.bidirectional(character) in BIDI and character != "\n") or (
        character in "\u200e\u200f\u061c\u2028\u2029")


def ask(daemon, command, *options, expect=0):
    """All that a command prints, as a terminal would get it."""
    with daemon.namespace.inside():
        done = subprocess.run(
            [program.BINARY, command, "--pin", daemon.pin, *options], check=False, timeout=PATIENCE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == expect, done
    return done.stdout.decode()


def test_no_name_steers_a_terminal(home):
    client = home.clients[0]
    for change in ((client.port, "down"), (client.port, "name", HOSTILE), (HOSTILE, "up")):
        home.router.run("ip", "link", "set", *change)
    daemon = Daemon(home.router)
    ends = int(time.time()) + 3600
    daemon.configure(f"{ends} {client.eth0} {client.v4} {HOSTILE} *\n", daemon.leases)
    with daemon:
        traffic.ping(client, house.INTERNET4)
        daemon.fresh_page()
        texts = [ask(daemon, "status", "--socket", daemon.socket),
                 ask(daemon, "status", "--socket", daemon.socket, "--json"),
                 daemon.get("/api/v1/hosts"),
                 ask(daemon, "unload", expect=1)]
        assert "p?[2J?31m?" in texts[0] and "p\\u001b[2J\\u009b31m\\u202e" in texts[1]
        assert "p\\u001b[2J\\u009b31m\\u202e" in texts[2]
        daemon.stop(signal.SIGKILL)
        texts += [ask(daemon, "status", "--socket", daemon.socket, expect=3),
                  ask(daemon, "status", "--socket", daemon.socket, "--json", expect=3)]
        assert "p?[2J?31m?" in texts[4] and "p\\u001b[2J\\u009b31m\\u202e" in texts[5]
        texts += [ask(daemon, "status", "--socket", f"/tmp/{HOSTILE}", expect=3),
                  ask(daemon, "status", "--socket", f"/{'x' * 200}{HOSTILE}", expect=2),
                  ask(daemon, "unload", HOSTILE, expect=2), daemon.said()]
    for text in texts:
        assert not [c for c in text if steers(c)], text
