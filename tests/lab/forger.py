# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody on the LAN who sends frames from MACs and addresses that are nobody's."""
import time

import house
import wire

NOBODY4, NOBODY6 = "203.0.113.99", "2001:db8:ffff::99"  # the router throws away what is for them


class Forger:
    """A client of a house that sends frames from addresses and MACs that are nobody's."""

    def __init__(self, home, client, hook):
        self.client = client
        self.router = home.router
        self.sent = self.seen = 0
        self.forged = [0, 0]  # packets and bytes that arrived
        self.client.sysctl("net/ipv6/conf/eth0/disable_ipv6", 1)  # it says nothing else
        home.router.ip(f"""route add blackhole {NOBODY4}
            route add blackhole {NOBODY6}""")
        home.router.run("bridge", "link", "set", "dev", self.client.port, "learning", "off")
        self.dropped_before = client.dropped("eth0")
        self.pin = f"{house.BPFFS}/foreign-{next(house.numbers)}"
        home.router.run(house.tool("foreign"), "attach", hook, self.client.port, "ingress",
                        self.pin)
        self.mac = home.router.mac("br-lan")

    def forge(self, family, amount, first6="2001:db8:ca2:2:f::", span=100):
        """So many frames, or some more, that arrive; no two are of the same host."""
        first, target = ("192.168.2.100", NOBODY4) if family == "v4" else (first6, NOBODY6)
        seen, before = 0, self.seen
        while seen < amount:
            count = str(min(amount, 100000))
            said = self.client.run(house.tool("flood"), "eth0", self.mac, first, str(span), target,
                                   str(self.sent), count)
            self.sent += int(count)
            self.seen = self.arrived()
            seen = self.seen - before
        self.forged[0] += seen
        self.forged[1] += seen * int(said.split()[1])

    def arrived(self):
        """How many came to mezoura's own hook, by somebody's program behind it.

        They may be late on a busy machine: those that are missing are waited for, and for long those
        that the cable did not drop.
        """
        before, now, looks, most = None, 0, 0, 0
        while looks < most or now != before:
            time.sleep(0.1)
            before, now = now, int(house.run(house.tool("foreign"), "read", self.pin))
            looks = looks + 1 if now == before else 0
            most = 0 if now >= self.sent else 10 if now >= self.sent - self.dropped() else 100
        return now

    def dropped(self):
        """By the client's end of the cable."""
        return self.client.dropped("eth0") - self.dropped_before


def everything(page):
    """Packets and bytes of all hosts and of nobody."""
    return [sum(pair[i] for pair in page.hosts().values())
            + sum(value for _, value in page.family(f"mezoura_unattributed_{unit}_total"))
            for i, unit in enumerate(("packets", "bytes"))]
