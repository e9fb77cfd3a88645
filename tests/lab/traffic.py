# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic between two namespaces, made by this one process: it is over when the call returns."""
import contextlib
import select
import socket
import struct
import subprocess
import time

import house

SOL_UDP, UDP_SEGMENT = 17, 103
SO_RCVBUFFORCE = 33  # Linux, all architectures but sparc and parisc
CHUNK = b"x" * (256 << 10)
WINDOW = 64 << 10  # of a TCP connection: what is under way fits a veth's ring of 256 frames


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


@contextlib.contextmanager
def connected(client, server, address, port=80, source=None):
    """A TCP connection from client to address at server: both ends of it."""
    family = family_of(address)
    listener = server.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    near = client.socket(family, socket.SOCK_STREAM)
    with listener, near:
        for s in (listener, near):
            s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, WINDOW)
        listener.bind((address, port))
        listener.listen()
        if source:
            near.bind((source, 0))
        near.connect((address, port))
        far, _ = listener.accept()
        with far:
            far.settimeout(60)
            yield near, far


def pump(source, sink, amount):
    """Moves amount bytes from one end of a connection to the other."""
    source.setblocking(False)
    sink.setblocking(False)
    sent = received = 0
    while received < amount:
        writers = [source] if sent < amount else []
        readable, writable, _ = select.select([sink], writers, [], 60)
        assert readable or writable, "stuck"
        if writable:
            sent += source.send(CHUNK[:amount - sent])
        if readable:
            received += len(sink.recv(1 << 20))


def tcp(client, server, address, up=0, down=0):
    with connected(client, server, address) as (near, far):
        pump(near, far, up)
        pump(far, near, down)


def short_flows(client, server, address, flows=100, source=None):
    for i in range(flows):
        with connected(client, server, address, source=source) as (near, far):
            pump(near, far, 100 + 30 * i)
            pump(far, near, 200 + 90 * i)


@contextlib.contextmanager
def load(client, server, address, seconds, port=5201, rate=0):
    """iperf3 meanwhile, both ways at once; waits for its end. rate: bits a second, 0 for all."""
    listener = server.popen("iperf3", "-s", "-1", "-B", address, "-p", str(port), "--forceflush",
                            stdout=subprocess.PIPE)
    while "listening" not in listener.stdout.readline():
        assert listener.poll() is None
    sender = client.popen("iperf3", "-c", address, "-p", str(port), "--bidir", "-w", "64K",
                          "-b", str(rate), "-t", str(seconds), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    yield
    said, _ = sender.communicate(timeout=seconds + 120)
    assert sender.returncode == 0, said
    listener.communicate(timeout=120)


def bind_udp(namespace, address, port=0):
    s = namespace.socket(family_of(address), socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
    if family_of(address) == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, port))
    return s


def udp(client, server, address, source, datagrams=1, size=1000, segment=0, port=5000):
    """Datagrams up and the same down. segment: the kernel splits each into ones of that size."""
    with bind_udp(server, address, port) as far, bind_udp(client, source) as near:
        near.sendto(b"h" * 20, (address, port))
        _, back = far.recvfrom(65535)
        near.connect((address, port))
        far.connect(back)
        for sender, receiver in ((near, far), (far, near)):
            if segment:
                sender.setsockopt(SOL_UDP, UDP_SEGMENT, segment)
            for _ in range(datagrams):
                left = size
                sender.send(CHUNK[:size])
                while left > 0:
                    left -= len(receiver.recv(65535))


def volley(client, server, address, source, datagrams=20, size=1000, port=5000):
    """As udp(), where links change meanwhile: how many of those sent down did not arrive.

    None is waited for long. On their way up they all arrive.
    """
    with bind_udp(server, address, port) as far, bind_udp(client, source) as near:
        sent, arrived = 0, set()
        near.connect((address, port))

        def wait(seconds):
            """For any one."""
            if found := select.select([near], [], [], seconds)[0]:
                arrived.add(int(near.recv(65535)[:8]))
            return bool(found)

        for _ in range(datagrams):
            near.send(CHUNK[:size])
            _, back = far.recvfrom(65535)
        end = time.monotonic() + 60
        # late is not lost: what is not there when a later one is never comes
        while sent < datagrams or len(arrived) < sent and sent - 1 not in arrived:
            assert time.monotonic() < end, "nothing arrives any more"
            far.sendto(b"%08d" % sent + CHUNK[8:size], back)
            sent += 1
            wait(0.05 if sent < datagrams else 1)
        while len(arrived) < sent and wait(1):
            pass
    return sent - len(arrived)


def throw(client, address, source=None, port=9, size=100):
    """One datagram that nobody answers."""
    with client.socket(family_of(address), socket.SOCK_DGRAM) as s:
        if source:
            s.bind((source, 0))
        s.sendto(CHUNK[:size], (address, port))


def ping(client, address, count=3, size=56):
    v6 = family_of(address) == socket.AF_INET6
    protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    with client.socket(family_of(address), socket.SOCK_RAW, protocol) as s:
        for number in range(count):
            packet = struct.pack("!BBHHH", 128 if v6 else 8, 0, 0, 4711, number) + CHUNK[:size]
            if not v6:  # the kernel sees to it in ICMPv6
                packet = packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]
            s.sendto(packet, (address, 0))
            while True:  # neighbour discovery comes by, too
                answer = s.recv(65535)
                answer = answer if v6 else answer[20:]
                if answer[:1] == (b"\x81" if v6 else b"\0") and answer[4:] == packet[4:]:
                    break


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def blackhole(internet, address):
    """Nothing answers from there, not even an ICMP error."""
    internet.ip(f"route add blackhole {address} table local")
    return address


def warm_up(client):
    """Neighbours learn each other's MACs, and no error counts as traffic later."""
    for router in (house.ROUTER4, house.ROUTER6):
        ping(client, router, count=1)
