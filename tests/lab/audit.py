# SPDX-License-Identifier: GPL-2.0-or-later
"""What has to be so at every rest of the soak test."""
import time

from daemon import NATIVE, PATIENCE, by_host, hooked
from restless import FRAME

BRIDGES = ("br-lan", "br-foo")
DROPS = 64  # frames that the kernel may drop, once they were counted, while a clsact qdisc comes


def totals(page):
    """Of hosts, be it on several interfaces: {(direction, mac, "4" or "6"): [packets, bytes]}."""
    sums = {}
    for family, labels, value in page.samples:
        if family in NATIVE:
            direction, place = NATIVE[family]
            key = direction, labels["mac"].lower(), labels["ip_version"]
            sums.setdefault(key, [0, 0])[place] += int(value)
    return sums


def unattributed(page, *reasons):
    return int(sum(value for labels, value in page.family("mezoura_unattributed_packets_total")
                   if not reasons or labels["reason"] in reasons))


def all_hooked(router, devices):
    return all(sum("mz_" in line for line in hooked(router, device)) == 2 for device in devices)


class Audit:
    """truth: of steady hosts. book: of restless ones. macs: theirs, {name: mac}."""

    def __init__(self, daemon, truth, forger, book, macs):
        self.daemon, self.truth, self.forger, self.book, self.macs = (
            daemon, truth, forger, book, macs)
        self.known = set(macs.values()) | {client.eth0 for client in truth.clients}
        self.grafts = 0  # clsact qdiscs that came or went at steady hosts' ports
        self.missed = {}  # of each daemon
        self.moved = self.restarted = False  # since the last time: interfaces, the daemon
        self.stolen = False  # the hook where a bridge sends, until after it is back
        self.last = {"older": 0, "grafts": 0, "full": 0, "loose": 0,
                     "drops": self.drops()}

    def drops(self):
        return sum(self.truth.dropped_frames())

    def strangers(self, page):
        """Packets of all but the known, and of nobody."""
        return unattributed(page) + sum(
            pair[0] for key, pair in totals(page).items() if key[1] not in self.known)

    def note_missed(self):
        """Of the daemon that runs: the next one does not know."""
        page = self.daemon.page()
        self.missed[self.daemon.process.pid] = int(page.value("mezoura_missed_packets_total"))

    def check(self):
        """While no traffic is. Returns what was compared, in words."""
        deadline = time.monotonic() + PATIENCE
        while True:
            truth, page = by_host(self.truth.settled()), self.daemon.fresh_page()
            self.note_missed()
            sums = totals(page)
            now, complaints = self.compare_steady(truth, page, sums)
            complaints += self.compare_restless(sums, now)
            complaints += self.compare_strangers(truth, sums, page, now)
            if not complaints or time.monotonic() > deadline:
                break
        assert not complaints, "\n".join(map(str, (
            *complaints, *(sample for sample in page.samples
                           if sample[1].get("mac", "").lower() in self.known
                           or "unattributed" in sample[0]), self.daemon.said())))
        self.last = now
        self.moved = self.restarted = False
        self.stolen = self.stolen and not all_hooked(self.daemon.namespace, BRIDGES)
        return (f"steady {sum(frames for frames, _ in truth.values())} packets, restless "
                f"{sum(self.book.arrived.values())} of {sum(self.book.sent.values())} and "
                f"{sum(self.book.back.values())} of {sum(self.book.answered.values())}, forged "
                f"{self.forger.forged[0]}, missed {sum(self.missed.values())}, on the cable {now['drops']}, "
                f"off {sum(abs(now[key]) for key in truth)}, unattributed {unattributed(page)}")

    def compare_steady(self, truth, page, sums):
        """What the next comparison needs to know, and what is wrong."""
        now = {"older": self.last["grafts"], "grafts": self.grafts, "drops": self.drops(),
               "full": unattributed(page, "table_full", "untracked")}
        now["loose"] = sum(self.missed.values()) + now["full"]
        full, drops = now["full"] - self.last["full"], now["drops"] - self.last["drops"]
        grafts = self.grafts - self.last["older"]
        complaints = []
        for key, (frames, size) in truth.items():
            packets, counted = sums.get(key, (0, 0))
            now[key] = packets - frames
            off = now[key] - self.last.get(key, 0)
            low = -full - (drops if key[0] == "upload" else 0)
            high = drops + DROPS * grafts if key[0] == "download" else 0
            if not low <= off <= high or (now[key] == 0 and counted != size):
                complaints.append(("steady", key, {"wire": (frames, size), "mezoura": (
                    packets, counted), "off": off, "allowed": (low, high)}))
        return now, complaints

    def compare_restless(self, sums, now):
        """Between what they sent and what arrived, but for what mezoura says it missed."""
        loose, complaints, book = now["loose"] - self.last["loose"], [], self.book
        for (name, family), sent in book.sent.items():
            for direction, low, high in (
                    ("upload", book.arrived[name, family], sent),
                    ("download", book.back[name, family], book.answered[name, family])):
                key = direction, self.macs[name], family[1]
                packets, size = sums.get(key, (0, 0))
                now["late", key] = high - low  # lost, or to arrive after this comparison
                now["missing", key] = max(low - packets, 0)
                missing = now["missing", key] - self.last.get(("missing", key), 0)
                missing -= self.last.get(("late", key), 0)
                if self.moved and self.restarted:
                    missing = 0  # there was no daemon to tell
                now["excess", key] = max(packets - high, 0)
                excess = now["excess", key] - self.last.get(("excess", key), 0)
                if self.stolen and direction == "download":
                    excess = 0  # each port counts what a bridge floods that did not count it
                if missing > loose or excess > 0 or size != packets * FRAME[family[1]]:
                    complaints.append(("restless", key, {
                        "mezoura": (packets, size), "sent and arrived": (high, low), "missing":
                        missing, "allowed": loose}))
        return complaints

    def compare_strangers(self, truth, sums, page, now):
        """What known hosts lack may be among the packets of nobody."""
        lack = -sum(now[key] for key in truth if now[key] < 0)
        lack += sum(self.book.sent.values()) + sum(self.book.answered.values()) - sum(
            pair[0] for key, pair in sums.items() if key[1] in self.macs.values())
        lack += sum(value for key, value in now.items() if key[0] == "excess")
        found, forged = self.strangers(page), self.forger.forged[0]
        complaints = [] if forged <= found <= forged + lack else [
            ("strangers", (forged, found, lack))]
        if unattributed(page, "insert_failed", "malformed"):
            complaints.append(("unattributed",))
        return complaints + [("stranger", key, pair) for key, pair in sums.items()
                             if key[1] not in self.known and pair[0] > 1]  # each sends but one
