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
import fnmatch
import itertools
import os
import re
import shutil
import socket
import struct
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT = os.path.abspath(os.environ.get("MEZOURA", f"{ROOT}/build/mezoura"))  # by make all lab
KERNEL = tuple(int(n) for n in re.findall(r"\d+", os.uname().release)[:2])
SCRATCH = "/run/lab"  # /run is a tmpfs that only this process and its children see
BINARY = f"{SCRATCH}/mezoura"
BPFFS = "/sys/fs/bpf"
HERE = b"/proc/thread-self/ns/net"
PASSWD = f"{SCRATCH}/passwd"
with open(f"{ROOT}/include/tables.h", encoding="ascii") as header:
    LAYOUT = re.search('MZ_LAYOUT "(.*)"', header.read()).group(1)

# whether the program was built with a history
HISTORY = "without history" not in subprocess.run(
    [BUILT, "--state", "/x"], capture_output=True, text=True, check=False).stderr

USERS = {"mezoura": 64990, "mezoura-exporter": 64991}  # as the package makes them

WAN4, WAN6 = "198.51.100.2", "2001:db8:fffe::2"  # the router's addresses on the internet side
INTERNET4, INTERNET6 = "203.0.113.7", "2001:db8:ffff::7"  # somebody out there
# All of these answer, too.
INTERNET4_RANGE, INTERNET6_RANGE = "203.0.113.0/24", "2001:db8:ffff::/64"

LAN4, LAN6 = "192.168.2.0/24", "2001:db8:ca2:2::/64"
ROUTER4, ROUTER6 = "192.168.2.1", "2001:db8:ca2:2::1"
FOO4, FOO6 = "192.168.3.0/24", "2001:db8:ca2:3::/64"

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 1 << 12, 1 << 14, 1 << 18, 2
RTM_NEWLINK = 16
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
TUNSETIFF = 0x400454ca
IFF_TUN, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0001, 0x0002, 0x1000, 0x4000
SIOCETHTOOL = 0x8946
ETHTOOL_GSTRINGS, ETHTOOL_GSSET_INFO, ETHTOOL_GFEATURES, ETHTOOL_SFEATURES = 0x1b, 0x37, 0x3a, 0x3b
ETH_SS_FEATURES, ETH_GSTRING_LEN = 4, 32
# Patterns of the kernel's names of features, which ethtool -k shows.
SEGMENTATION = ("tx-tcp*-segmentation", "tx-generic-segmentation", "tx-udp-segmentation")
MERGING = ("rx-gro", "rx-udp-gro-forwarding") if KERNEL >= (5, 12) else ("rx-gro",)

libc = ctypes.CDLL(None, use_errno=True)
numbers = itertools.count(1)


def check(result):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def tool(name):
    """Path of the lab's program, or library to preload, of tests/lab/NAME.c."""
    return f"{SCRATCH}/lab/{name}"


def mortal(*command):
    """The command so that it ends with us: see mortal.c."""
    return [tool("mortal"), str(os.getpid()), *command]


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
    check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    check(libc.mount(b"lab", b"/run", b"tmpfs", 0, b"mode=0755"))
    os.makedirs("/run/netns")
    os.mkdir(SCRATCH)
    # where other users reach them, too
    shutil.copy(BUILT, BINARY)
    shutil.copytree(f"{os.path.dirname(BUILT)}/lab", f"{SCRATCH}/lab")
    while libc.umount2(BPFFS.encode(), 0) == 0:  # for us alone: one of its own, and none below
        pass
    check(libc.mount(b"lab", BPFFS.encode(), b"bpf", 0, None))
    with open("/etc/passwd", encoding="utf-8") as before, open(PASSWD, "w", encoding="utf-8") as after:
        after.write("".join(line for line in before if not line.startswith(tuple(USERS))))
        after.write("".join(f"{name}:x:{uid}:{uid}::/:/bin/false\n" for name, uid in USERS.items()))
    os.chmod(PASSWD, 0o644)
    check(libc.mount(PASSWD.encode(), b"/etc/passwd", None, MS_BIND, None))


@contextlib.contextmanager
def staying():
    """In whatever network namespace this thread is meanwhile, it comes back to the present one."""
    with open(HERE, "rb") as back:
        try:
            yield
        finally:
            check(libc.setns(back.fileno(), CLONE_NEWNET))


def ethtool(s, interface, request):
    """The answer to a struct of linux/ethtool.h."""
    data = ctypes.create_string_buffer(request, len(request))
    fcntl.ioctl(s, SIOCETHTOOL, struct.pack("16sP16x", interface.encode(), ctypes.addressof(data)))
    return data.raw


def feature_names(s, interface):
    """In the order of their bits."""
    request = struct.pack("=IIQI", ETHTOOL_GSSET_INFO, 0, 1 << ETH_SS_FEATURES, 0)
    count, = struct.unpack_from("=I", ethtool(s, interface, request), 16)
    request = struct.pack("=III", ETHTOOL_GSTRINGS, ETH_SS_FEATURES, count)
    names = ethtool(s, interface, request + bytes(count * ETH_GSTRING_LEN))[12:]
    return [name.rstrip(b"\0").decode() for name, in struct.iter_unpack(f"{ETH_GSTRING_LEN}s", names)]


class Namespace:
    """A network namespace. remove() takes it down with all that is in it."""

    def __init__(self, role):
        self.name = f"mz{os.getpid()}-{next(numbers)}-{role}"
        self.file = f"/run/netns/{self.name}"
        with open(self.file, "x", encoding="ascii"), staying():
            check(libc.unshare(CLONE_NEWNET))
            check(libc.mount(HERE, self.file.encode(), None, MS_BIND, None))
            self.up("lo")
            # nothing is to wait for duplicate address detection or speak before it is asked
            self.sysctl("net/ipv6/conf/default/accept_dad", 0)
            self.sysctl("net/ipv6/conf/default/accept_ra", 0)
            self.sysctl("net/ipv6/conf/default/router_solicitations", 0)
            self.sysctl("net/ipv6/ip_nonlocal_bind", 1)  # to any of a local route's addresses

    def remove(self):
        libc.umount2(self.file.encode(), MNT_DETACH)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.file)

    @contextlib.contextmanager
    def inside(self):
        """Whatever is opened or started meanwhile lives in this namespace."""
        with open(self.file, "rb") as there, staying():
            check(libc.setns(there.fileno(), CLONE_NEWNET))
            yield

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

    def up(self, interface):
        with self.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            request = struct.pack("16sH22x", interface.encode(), 0)
            flags, = struct.unpack_from("H", fcntl.ioctl(s, SIOCGIFFLAGS, request), 16)
            fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH22x", interface.encode(), flags | IFF_UP))

    def offload(self, interface, on, features):
        """Switches what the interface has of these features, as ethtool -K does."""
        with self.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            names = feature_names(s, interface)
            wanted = sum(1 << i for i, name in enumerate(names)
                         if any(fnmatch.fnmatch(name, pattern) for pattern in features))
            number = -(-len(names) // 32)

            def states():  # each block of features: available, requested, active, never changed
                request = struct.pack(f"=II{16 * number}x", ETHTOOL_GFEATURES, number)
                return struct.iter_unpack("=4I", ethtool(s, interface, request)[8:])

            blocks = [wanted >> 32 * i & available for i, (available, *_) in enumerate(states())]
            ethtool(s, interface, struct.pack("=II", ETHTOOL_SFEATURES, number) + b"".join(
                struct.pack("=II", block, block if on else 0) for block in blocks))
            active = [block & state[2] for block, state in zip(blocks, states())]
        if not any(blocks) or active != (blocks if on else [0] * number):
            raise OSError(f"{interface}: {features} cannot be switched {'on' if on else 'off'}")

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
        with self.inside(), open("/proc/thread-self/net/dev", encoding="ascii") as file:
            line, = [line for line in file if line.split(":")[0].strip() == interface]
        counts = [int(word) for word in line.split(":")[1].split()]
        names = "bytes", "packets", "errors", "dropped"
        return {"rx": dict(zip(names, counts)), "tx": dict(zip(names, counts[8:]))}

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
        self.plug_in(bridge, f"""
            addr add {self.v4}/24 dev eth0
            addr add {self.v6}/64 dev eth0 nodad
            route add default via 192.168.{net}.1
            route add default via 2001:db8:ca2:{net}::1""")

    def plug_in(self, bridge, addresses=""):
        """With a new cable."""
        peer = f"{self.port} netns {self.router.name}"
        self.ip(f"""link add eth0 address {self.eth0} type veth peer name {peer}
            link set eth0 up{addresses}""")
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
        router.ip(f"""link add wan type veth peer name eth0 netns {internet.name}
            link set wan up
            addr add {WAN4}/24 dev wan
            addr add {WAN6}/64 dev wan nodad
            route add default via 198.51.100.1
            route add default via 2001:db8:fffe::1""")
        internet.ip(f"""link set eth0 up
            addr add 198.51.100.1/24 dev eth0
            addr add 2001:db8:fffe::1/64 dev eth0 nodad
            route add local {INTERNET4_RANGE} dev lo
            route add local {INTERNET6_RANGE} dev lo
            route add default via {WAN4}
            route add default via {WAN6}""")
        router.offload("wan", super_packets, SEGMENTATION + MERGING)
        internet.offload("eth0", super_packets, SEGMENTATION + MERGING)
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
