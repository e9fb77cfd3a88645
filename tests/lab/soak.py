# SPDX-License-Identifier: GPL-2.0-or-later
"""A year of a router's life in minutes: everything that happens to mezoura, at random, under traffic.

MZ_SOAK_SECONDS is how long, in all; MZ_SOAK_SEED what happens: the same seed gives the same steps.
Steps come in batches, and traffic rests behind each so that all can be compared:
- steady hosts, whose ports stay, are exact against the wire, whatever happens to others;
- restless hosts, whose ports and bridges come and go, are between what they sent and what arrived;
- all others and nobody's packets together are what was forged;
- meanwhile no counter ever goes back;
- in the end, the history has what was counted.
"""
import contextlib
import itertools
import os
import random
import signal
import socket
import time

import pytest

import house
import leftovers
import traffic
import wire
from audit import BRIDGES, Audit, all_hooked
from daemon import HOOKS, Daemon
from forger import Forger
from held import Held
from history import assert_complete, hasten
from restless import Book, Echo, Restless
from watch import Watch, background, wait_until

SECONDS = float(os.environ.get("MZ_SOAK_SECONDS", "600"))
SEED = os.environ.get("MZ_SOAK_SEED", "") or str(time.time_ns())
GROWN = 16 << 20  # bytes: what a crowd leaves the exporter with, until it is started anew, several times over
PREFIXES = "2001:db8:ca2::/48"
FAMILIES = ("v4", "v6")
RESTARTS = ("kill", "stop", "room")
STEPS = (*RESTARTS, "kill", "kill", "port", "port", "port", "bridge", "bridge", "move", "move",
         "prefix", "foreign", "foreign", "thief", "thief", "thief", "forge", "forge", "forge",
         "scrape", "exporter", "recorder", "silence", "wait", "wait")
BATCH = 3


def plan(seed):
    """What happens, without end: the names of steps, and the chance that decides their details."""
    chance = random.Random(seed)
    while True:
        yield chance.choice(STEPS), random.Random(chance.random())


class Soak:
    def __init__(self, home, hook, stack):
        self.home, self.router, self.hook = home, home.router, hook
        self.steady, self.mover = home.clients[:2], home.clients[2]
        self.stayer = home.clients[4]
        self.bridge = {self.mover: "br-lan", self.stayer: "br-foo"}
        self.prefix, self.prefixes = "2001:db8:ca2:2", itertools.count(0x100)
        self.stolen = 0
        self.foreign, self.slow = [], []
        self.fix_macs("br-lan", "br-foo")
        for client in self.steady:
            self.settle_steady(client)
            traffic.warm_up(client)
        self.forger = Forger(home, home.clients[3], hook)
        self.before = leftovers.state(home)
        book = Book()
        self.restless = [Restless(client, name, book)
                         for client, name in ((self.mover, b"m"), (self.stayer, b"s"))]
        truth = stack.enter_context(wire.Truth(
            self.steady, tracked=(house.LAN4, PREFIXES)))
        self.daemon = Daemon(home.router, "--hook", hook, "--idle", "2", "--max-hosts", "256",
                             track=("-i", "br-lan", "-i", "br-foo"), history=True)
        self.held = Held(self.daemon)
        hasten(self.daemon, 30)  # hours, and so commits
        stack.enter_context(self.daemon)
        self.audit = Audit(self.daemon, truth, self.forger, book,
                           {b"m": self.mover.eth0, b"s": self.stayer.eth0})
        stack.enter_context(background(Echo(home.internet, book).once))
        stack.enter_context(Watch(self.daemon, every=0.5, macs=self.audit.known))
        self.talkers = {}
        stack.callback(self.silence)

    def fix_macs(self, *bridges):
        """Else a bridge has the lowest of its ports' and neighbours know an old one."""
        for bridge in bridges:
            last = "02" if bridge == "br-lan" else "03"
            self.router.ip(f"link set {bridge} address 02:00:00:00:ff:{last}")

    def settle_steady(self, client):
        """Gives it addresses in the prefix of now, the first host some more."""
        last = client.v6.rsplit("::", 1)[1]
        client.v6 = f"{self.prefix}::{last}"
        client.privacy = [f"{self.prefix}::{last}:{i}" for i in range(1, 4)]
        client.ip("\n".join(f"addr replace {address}/64 dev eth0 nodad"
                            for address in (client.v6, *client.privacy)))
        client.ip(f"route replace default via {self.prefix}::1")

    def settle_restless(self, client):
        net = 2 if self.bridge[client] == "br-lan" else 3
        prefix = self.prefix if net == 2 else "2001:db8:ca2:3"
        last = client.v4.rsplit(".", 1)[1]
        client.ip(f"""addr flush dev eth0 scope global
            addr add 192.168.{net}.{last}/24 dev eth0
            addr add {prefix}::{last}/64 dev eth0 nodad
            route replace default via 192.168.{net}.1
            route replace default via {prefix}::1""")

    # traffic

    def converse(self, client, family, ports, chance):
        sources = [client.v4] if family == "v4" else [client.v6, *client.privacy]
        remote = house.INTERNET4 if family == "v4" else house.INTERNET6
        with traffic.connected(client, self.home.internet, remote, port=next(ports),
                               source=chance.choice(sources)) as (near, far):
            traffic.pump(near, far, 60000)
            traffic.pump(far, near, 120000)
        time.sleep(0.05)  # other tests want the processors, too

    def talk(self, families=FAMILIES):
        for family in families:
            for i, client in enumerate(self.steady):
                ports = itertools.cycle(range(10000 + 1000 * i, 11000 + 1000 * i))
                self.start((client, family), self.converse, client, family, ports,
                           random.Random())
        for host in self.restless:
            self.start(host, host.once)

    def start(self, key, *work):
        if key not in self.talkers:
            self.talkers[key] = background(*work)
            self.talkers[key].__enter__()

    def silence(self, families=FAMILIES):
        for key in list(self.talkers):
            if not isinstance(key, tuple) or key[1] in families:
                self.talkers.pop(key).__exit__(None, None, None)

    # steps

    def step_wait(self, chance):
        time.sleep(chance.uniform(0, 3))

    def step_silence(self, chance):
        self.silence()
        time.sleep(chance.uniform(2, 7))
        self.talk()

    def step_kill(self, chance, how=signal.SIGKILL):
        self.audit.note_missed()
        self.audit.restarted = True
        assert self.daemon.stop(how) == (-9 if how == signal.SIGKILL else 0)
        time.sleep(chance.choice([0, 0, 0.2, 2]))
        self.daemon.start()

    def step_stop(self, chance):
        self.step_kill(chance, chance.choice([signal.SIGTERM, signal.SIGINT]))

    def step_room(self, chance):
        room = chance.choice(["100", "256", "1000", "4096"])
        self.daemon.options += ["--max-hosts", room]
        self.step_kill(chance)
        return room

    def step_port(self, chance):
        """The mover's cable is another one: both of its devices are."""
        self.audit.moved = True
        self.router.ip(f"link del {self.mover.port}")
        time.sleep(chance.choice([0, 0, 0.05, 1]))
        self.mover.plug_in(self.bridge[self.mover])
        self.settle_restless(self.mover)

    def step_bridge(self, chance):
        self.audit.moved = True
        ports = [client.port for client, bridge in self.bridge.items() if bridge == "br-foo"]
        self.router.ip("link del br-foo")
        time.sleep(chance.choice([0, 0, 0.05, 1]))
        self.home.add_bridge("br-foo", "192.168.3.1", "2001:db8:ca2:3::1")
        self.fix_macs("br-foo")
        self.router.ip("\n".join(f"link set {port} master br-foo" for port in ports))

    def step_move(self, chance):
        self.audit.moved = True
        to = "br-foo" if self.bridge[self.mover] == "br-lan" else "br-lan"
        self.router.ip(f"link set {self.mover.port} nomaster")
        # a subnet's packets are not tracked on the other bridge, though the router takes them
        self.mover.ip("addr flush dev eth0 scope global")
        time.sleep(chance.choice([0, 0, 0.05, 0.5]))
        self.router.ip(f"link set {self.mover.port} master {to}")
        self.bridge[self.mover] = to
        self.settle_restless(self.mover)
        return to

    def step_prefix(self, _):
        """A new one comes; hosts use it once mezoura knows it; then the old one goes."""
        old, self.prefix = self.prefix, f"2001:db8:ca2:{next(self.prefixes):x}"
        self.router.ip(f"addr add {self.prefix}::1/64 dev br-lan nodad")
        self.silence()
        self.audit.truth.settled()
        wait_until(self.follows_prefix)
        for client in self.steady:
            gone = [client.v6, *client.privacy]
            self.settle_steady(client)
            client.ip("\n".join(f"addr del {address}/64 dev eth0" for address in gone))
        self.router.ip(f"addr del {old}::1/64 dev br-lan")
        if self.bridge[self.mover] == "br-lan":
            self.settle_restless(self.mover)
        self.talk()
        return self.prefix

    def follows_prefix(self):
        """Whether a frame from there is counted."""
        forged, counted = list(self.forger.forged), self.audit.strangers(self.daemon.fresh_page())
        self.forger.forge("v6", 1, first6=f"{self.prefix}:f::")
        if self.audit.strangers(self.daemon.fresh_page()) != counted:
            return True
        self.forger.forged = forged
        return False

    def step_foreign(self, chance):
        device = chance.choice([self.steady[1].port, self.mover.port, "br-foo"])
        kind = chance.choice([*leftovers.KINDS, leftovers.KINDS[0]])
        if device in self.foreign and chance.random() < 0.5:
            self.foreign.remove(device)
            for side in leftovers.SIDES:
                self.router.run(house.tool("foreign"), "detach", device, side)
            return f"off {device}"
        for side in leftovers.SIDES:
            with contextlib.suppress(RuntimeError):  # there is one of the same priority
                self.router.run(house.tool("foreign"), "attach", kind, device, side,
                                f"{house.BPFFS}/foreign-{next(house.numbers)}")
        self.audit.grafts += kind == "clsact"
        self.foreign.append(device)
        return f"{kind} on {device}"

    def step_thief(self, chance):
        """Somebody takes a hook of mezoura's away, but not all that a packet passes at once."""
        device = chance.choice([self.steady[0].port, self.steady[1].port, "br-lan", "br-foo",
                                self.mover.port])
        how, side = chance.choice(["detach", "rm"]), chance.choice(leftovers.SIDES)
        if time.monotonic() - self.stolen < 15:
            return "not now"
        self.stolen = time.monotonic()
        self.audit.stolen |= device in BRIDGES and side == "egress"
        with contextlib.suppress(RuntimeError, OSError):
            if self.hook == "clsact":
                self.audit.grafts += 2  # and when it is put back
                self.router.run("tc", *(["qdisc", "del", "dev", device, "clsact"] if how == "rm"
                                        else ["filter", "del", "dev", device, side]))
            else:
                with self.router.inside():
                    index = socket.if_nametoindex(device)
                for pin in os.listdir(self.daemon.pin):
                    if pin.startswith(f"link_{index}_") and pin.endswith(side):
                        if how == "rm":
                            os.unlink(f"{self.daemon.pin}/{pin}")
                        else:
                            house.run("bpftool", "link", "detach", "pinned",
                                      f"{self.daemon.pin}/{pin}")
        return f"{how} {device} {side}"

    def step_forge(self, chance):
        family, amount = chance.choice(FAMILIES), chance.choice([20, 20, 100, 300, 2000])
        self.forger.forge(family, amount, first6=f"{self.prefix}:f::")
        return f"{amount} {family}"

    def step_scrape(self, chance):
        """By clients who do not finish, or do not read; they stay for this batch."""
        with self.router.inside():
            for _ in range(min(chance.randint(1, 12), 10 - len(self.slow))):  # 16 an address
                s = socket.create_connection(("127.0.0.1", 9999), timeout=60)
                s.sendall(chance.choice([b"GET /metr", b"GET /metrics HTTP/1.0\r\n\r\n"]))
                self.slow.append(s)
        self.daemon.page()

    def step_exporter(self, _):
        """While slow clients are there or not."""
        self.daemon.kill_exporter()

    def step_recorder(self, _):
        """Also where the next one waits for its turn still."""
        pid = self.daemon.recorder()
        if pid is None:
            return "none"
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return pid

    def fill(self):
        """From here on mezoura has as many hosts as it may, and so no reason to grow."""
        self.daemon.options += ["--max-hosts", "1000"]
        self.step_kill(random.Random(0))
        wait_until(self.is_full, 120)

    def is_full(self):
        """Its tables are, and the past: of 2,000 it keeps 1,750 whenever there are more."""
        for family in FAMILIES:
            self.forger.forge(family, 1000, first6=f"{self.prefix}:f::")
        return self.daemon.fresh_page().value("mezoura_table_retired") >= 1750

    def check(self):
        self.silence()
        for s in self.slow:
            s.close()
        self.slow = []
        time.sleep(0.5)
        for host in self.restless:
            host.drain()
        return self.audit.check()

    def is_hooked(self):
        """Whether nothing that was stolen is missing still."""
        return all_hooked(self.router, [*BRIDGES, *(c.port for c in self.home.clients)])

    def assert_clean(self, there):
        """What others hung up is theirs, and may keep a qdisc."""
        theirs = {self.steady[1].port, self.mover.port, "br-foo"}
        states = [self.before, leftovers.state(self.home)]
        for state in states:
            state["pins"] = [pin for pin in state["pins"] if "/foreign-" not in pin]
            for device in theirs:
                assert "mz_" not in str(state.pop(device))
        assert states[0] == states[1]
        leftovers.assert_gone(there)


def live(soak, seconds, say):
    """The daemon is not restarted in the last third: there its size is to stay.

    It is that of a moment: one that grows for good is never small again, however long it is waited for.
    """
    began = time.monotonic()
    sizes, full = [], False
    steps = enumerate(plan(SEED))

    def stays():
        now = soak.held.size()
        return now[0] <= sizes[0][0] + 2 and now[1] <= sizes[0][1] + GROWN

    while time.monotonic() - began < seconds or len(sizes) < 2:
        soak.talk()
        if not full and time.monotonic() - began > seconds * 0.67:
            soak.fill()
            full = True
        for number, (name, chance) in itertools.islice(steps, BATCH):
            calm = full and name in RESTARTS
            detail = "left out" if calm else getattr(soak, f"step_{name}")(chance)
            say(f"{time.monotonic() - began:7.1f} {number} {name} {detail or ''}")
        say(f"{time.monotonic() - began:7.1f} {soak.check()}")
        if full:
            sizes.append(soak.held.size())
            say(f"descriptors, bytes allocated: {sizes[-1]}, anonymous memory {soak.held.anonymous()} kB")
            wait_until(stays)


@pytest.mark.parametrize("hook, share", [("tcx", 0.75), ("clsact", 0.25)]
                         if len(HOOKS) > 1 else [(HOOKS[0], 1)])
def test_soak(build, hook, share):
    print(f"seed {SEED}", flush=True)
    home = build(clients=("h1", "h2", "mover", "forger"), foo_clients=("stayer",))
    with contextlib.ExitStack() as stack:
        soak = Soak(home, hook, stack)
        live(soak, SECONDS * share, lambda line: print(line, flush=True))
        assert all(value == 0 for labels, value in soak.daemon.page().family("mezoura_incomplete"))
        wait_until(soak.is_hooked)
        soak.silence()
        assert_complete(soak.daemon, hosts=False)  # some had to be forgotten
        there = leftovers.ours(soak.daemon)
        assert soak.daemon.stop() == 0
        assert soak.daemon.unload().returncode == 0
        soak.assert_clean(there)
