# SPDX-License-Identifier: GPL-2.0-or-later
"""A house in network namespaces: clients on bridges, a router, and the internet behind it.

    client h1 ── port ┐
    client h2 ── port ┴ br-lan ─ router ─ wan ── internet

isolate() comes first. It moves this process into a mount namespace of its own, with its own /run
(so names of network namespaces and a scratch directory) and its own bpffs; every child dies with
this process. So whatever happens, kill -9 included, the kernel itself takes everything down, and
any number of labs run side by side.
To look inside from another terminal: nsenter --mount --target <pid of this process>.
"""
import contextlib
import ctypes
import fcntl
import itertools
import json
import os
import re
import socket
import struct
import subprocess

KERNEL = tuple(int(n) for n in re.findall(r"\d+", os.uname().release)[:2])
SCRATCH = "/run/lab"  # /run is a tmpfs that only this process and its children see
BPFFS = "/sys/fs/bpf"
PASSWD = f"{SCRATCH}/passwd"
MORTAL = f"{SCRATCH}/mortal"
USERS = {"mezoura": 64990, "mezoura-exporter": 64991}  # as the package makes them

WAN4, WAN6 = "198.51.100.2", "2001:db8:fffe::2"  # the router's addresses on the internet side
INTERNET4, INTERNET6 = "203.0.113.7", "2001:db8:ffff::7"  # somebody out there
# All of these answer, too.
INTERNET4_RANGE, INTERNET6_RANGE = "203.0.113.0/24", "2001:db8:ffff::/64"

LAN4, LAN6 = "192.168.2.0/24", "2001:db8:ca2:2::/64"
ROUTER4, ROUTER6 = "192.168.2.1", "2001:db8:ca2:2::1"
FOO4, FOO6 = "192.168.3.0/24", "2001:db8:ca2:3::/64"

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
RTM_NEWLINK = 16
TUNSETIFF = 0x400454ca
IFF_TUN, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x0002, 0x1000, 0x4000
SEGMENTATION = ("tso", "gso", "tx-udp-segmentation")
MERGING = ("gro", "rx-udp-gro-forwarding") if KERNEL >= (5, 12) else ("gro",)

libc = ctypes.CDLL(None, use_errno=True)
numbers = itertools.count(1)


def check(result):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def mortal(*command):
    """The command so that it ends with us: see mortal.c, which isolate() compiles."""
    return [MORTAL, str(os.getpid()), *command] if os.path.exists(MORTAL) else command


def run(*command, **options):
    """Runs a command to its end; what it says when it fails is in the exception."""
    done = subprocess.run(mortal(*command), text=True, capture_output=True,
                          **{"timeout": 180, **options})
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def isolate():
    if os.geteuid() != 0:
        raise PermissionError("the lab builds network namespaces: it needs root")
    check(libc.unshare(CLONE_NEWNS))
    run("mount", "--make-rprivate", "/")
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "lab", "/run")
    os.makedirs("/run/netns")
    os.mkdir(SCRATCH)
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mortal.c")
    run("cc", "-static", "-O2", "-o", MORTAL, source)
    while libc.umount2(BPFFS.encode(), 0) == 0:  # for us alone: one of its own, and none below
        pass
    run("mount", "-t", "bpf", "lab", BPFFS)
    with open("/etc/passwd", encoding="utf-8") as before, open(PASSWD, "w", encoding="utf-8") as after:
        after.write("".join(line for line in before if not line.startswith(tuple(USERS))))
        after.write("".join(f"{name}:x:{uid}:{uid}::/:/bin/false\n" for name, uid in USERS.items()))
    os.chmod(PASSWD, 0o644)
    run("mount", "--bind", PASSWD, "/etc/passwd")


class Namespace:
    """A network namespace. remove() takes it down with all that is in it."""

    def __init__(self, role):
        self.name = f"mz{os.getpid()}-{next(numbers)}-{role}"
        run("ip", "netns", "add", self.name)
        self.ip("link set lo up")
        with self.inside():
            # nothing is to wait for duplicate address detection or speak before it is asked
            self.sysctl("net/ipv6/conf/default/accept_dad", 0)
            self.sysctl("net/ipv6/conf/default/accept_ra", 0)
            self.sysctl("net/ipv6/conf/default/router_solicitations", 0)
            self.sysctl("net/ipv6/ip_nonlocal_bind", 1)  # to any of a local route's addresses

    def remove(self):
        subprocess.run(["ip", "netns", "delete", self.name], check=False)

    @contextlib.contextmanager
    def inside(self):
        """Whatever is opened or started meanwhile lives in this namespace."""
        back = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            check(libc.setns(there, CLONE_NEWNET))
            yield
        finally:
            check(libc.setns(back, CLONE_NEWNET))
            os.close(there)
            os.close(back)

    def sysctl(self, key, value):
        with self.inside(), contextlib.suppress(FileNotFoundError):
            with open(f"/proc/sys/{key}", "w", encoding="ascii") as file:
                file.write(str(value))

    def ip(self, batch):
        """ip commands, one a line."""
        with self.inside():
            run("ip", "-batch", "-", input=batch)

    def run(self, *command, **options):
        with self.inside():
            return run(*command, **options)

    def popen(self, *command, **options):
        with self.inside():
            # not a `with`: it outlives this call
            return subprocess.Popen(mortal(*command), text=True, **options)

    def socket(self, family, kind, protocol=0):
        with self.inside():
            s = socket.socket(family, kind, protocol)
        s.settimeout(60)
        return s

    def packet_socket(self, interface):
        """For whole frames, headers and all."""
        with self.inside():
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            s.bind((interface, 0))
        return s

    def tun(self, name, flags):
        """The file of a new tun or tap device, which goes when that is closed."""
        with self.inside():
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags | IFF_NO_PI))
        return fd

    def offload(self, interface, on, features):
        words = [word for f in features for word in (f, "on" if on else "off")]
        self.run("ethtool", "-K", interface, *words)

    def set_sizes(self, interface, limit, *attributes):
        """Of super-packets; attributes: IFLA_..._MAX_SIZE, not all of which ip knows."""
        with self.inside(), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as s:
            payload = struct.pack("=BxHiII", socket.AF_UNSPEC, 0, socket.if_nametoindex(interface),
                                  0, 0)
            payload += b"".join(struct.pack("=HHI", 8, a, limit) for a in attributes)
            flags = 1 | 4  # NLM_F_REQUEST, NLM_F_ACK
            s.send(struct.pack("=IHHII", 16 + len(payload), RTM_NEWLINK, flags, 1, 0) + payload)
            error = -struct.unpack("=i", s.recv(4096)[16:20])[0]
        if error:
            raise OSError(error, os.strerror(error))

    def dropped(self, interface):
        """How many frames the interface had to drop on their way out."""
        return self.passed(interface)["tx"]["dropped"]

    def passed(self, interface):
        """What the kernel counted on the interface: {"rx": {"bytes": ...}, "tx": ...}."""
        link = json.loads(self.run("ip", "-json", "-stats", "link", "show", "dev", interface))
        return link[0]["stats64"]

    def mac(self, interface):
        with self.inside():
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            s.bind((interface, 0))
            address = s.getsockname()[4].hex(":")
            s.close()
        return address


class Client(Namespace):
    """A host with one interface, eth0, which sends and receives single wire frames."""

    def __init__(self, router, bridge, number, mac, name):
        super().__init__(name)
        net = 2 if bridge == "br-lan" else 3
        self.router, self.eth0 = router, mac
        self.port = f"port-{name}"
        self.v4 = f"192.168.{net}.{number}"
        self.v6 = f"2001:db8:ca2:{net}::{number:x}"
        self.plug_in(bridge)
        self.ip(f"""addr add {self.v4}/24 dev eth0
            addr add {self.v6}/64 dev eth0 nodad
            route add default via 192.168.{net}.1
            route add default via 2001:db8:ca2:{net}::1""")

    def plug_in(self, bridge):
        """With a new cable, and no addresses on it."""
        self.ip(f"link add eth0 type veth peer name {self.port} netns {self.router.name}")
        self.ip(f"link set eth0 address {self.eth0} up")
        self.router.ip(f"link set {self.port} master {bridge} up")
        self.offload("eth0", False, SEGMENTATION + MERGING)

    def dropped_frames(self):
        """On the cable between router and client, both ways."""
        return self.dropped("eth0") + self.router.dropped(self.port)


class House:
    """super_packets: GRO and GSO on, so that the router handles packets of up to 64 kB."""

    def __init__(self, clients=("h1", "h2"), foo_clients=(), nat=False, super_packets=True):
        self.namespaces = []
        try:
            self.build(clients, foo_clients, nat, super_packets)
        except BaseException:
            self.remove()
            raise

    def remove(self):
        for namespace in self.namespaces:
            namespace.remove()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def add(self, namespace):
        self.namespaces.append(namespace)
        return namespace

    def build(self, clients, foo_clients, nat, super_packets):
        self.router = self.add(Namespace("r"))
        self.internet = self.add(Namespace("i"))
        self.connect_internet(nat, super_packets)
        self.add_bridge("br-lan", ROUTER4, ROUTER6)
        if foo_clients:
            self.add_bridge("br-foo", "192.168.3.1", "2001:db8:ca2:3::1")
        self.clients = [
            self.add(Client(self.router, bridge, 10 + i, f"02:00:00:00:{net:02x}:{10 + i:02x}", n))
            for net, (bridge, names) in enumerate((("br-lan", clients), ("br-foo", foo_clients)), 2)
            for i, n in enumerate(names)]
        for client in self.clients:
            # The client's end is to receive single frames, so its port has to make them.
            self.router.offload(client.port, False, SEGMENTATION)
            self.router.offload(client.port, super_packets, MERGING)

    def connect_internet(self, nat, super_packets):
        router, internet = self.router, self.internet
        for key in ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding",
                    "net/ipv6/conf/default/forwarding"):
            router.sysctl(key, 1)
        for key in ("arptables", "ip6tables", "iptables"):
            router.sysctl(f"net/bridge/bridge-nf-call-{key}", 0)
        router.ip(f"link add wan type veth peer name eth0 netns {internet.name}")
        router.offload("wan", super_packets, SEGMENTATION + MERGING)
        internet.offload("eth0", super_packets, SEGMENTATION + MERGING)
        router.ip(f"""link set wan up
            addr add {WAN4}/24 dev wan
            addr add {WAN6}/64 dev wan nodad""")
        internet.ip(f"""link set eth0 up
            addr add 198.51.100.1/24 dev eth0
            addr add 2001:db8:fffe::1/64 dev eth0 nodad
            route add local {INTERNET4_RANGE} dev lo
            route add local {INTERNET6_RANGE} dev lo
            route add default via {WAN4}
            route add default via {WAN6}""")
        router.ip("""route add default via 198.51.100.1
            route add default via 2001:db8:fffe::1""")
        if nat:
            router.run("nft", "-f", "-", input="""
                table ip nat { chain post { type nat hook postrouting priority 100;
                    oifname "wan" masquerade; }; }""")

    def add_bridge(self, bridge, v4, v6, options=""):
        self.router.ip(f"""link add {bridge} {options} type bridge mcast_snooping 0
            link set {bridge} up
            addr add {v4}/24 dev {bridge}
            addr add {v6}/64 dev {bridge} nodad""")


def scratch(name):
    """A new directory that goes when this process does."""
    path = f"{SCRATCH}/{name}-{next(numbers)}"
    os.mkdir(path)
    return path
