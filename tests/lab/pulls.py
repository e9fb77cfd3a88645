# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon that knows many addresses, and what it asks of the kernel from one text file to the next."""
import contextlib
import re
import socket
import struct
import time

import house
from forger import NOBODY4, NOBODY6
from watch import wait_until

CALM = 500  # system calls a second are more than it has reason for, and fewer than it could
WARM = 2  # pulls behind which everything has the size that it needs


def upload(router_mac, number):
    """A frame of a host of its own to somebody on the internet."""
    mac = struct.pack("!HI", 0x0600, number)
    datagram = struct.pack("!HHHH", 5000, 443, 8 + 22, 0) + bytes(22)
    host = 10 + number % 200
    if number % 2:
        return router_mac + mac + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(datagram), 17, 64) \
            + socket.inet_pton(socket.AF_INET6, f"2001:db8:ca2:2::f:{host:x}") \
            + socket.inet_pton(socket.AF_INET6, NOBODY6) + datagram
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0,
                         socket.inet_aton(f"192.168.2.{host}"), socket.inet_aton(NOBODY4))
    return router_mac + mac + b"\x08\x00" + header + datagram


def known(daemon):
    with open(daemon.textfile, encoding="utf-8") as file:
        return file.read().count("\nnode_nat_traffic_upload{")


def introduce(home, daemon, hosts):
    """Has the daemon know so many addresses, all of which are quiet afterwards."""
    router_mac = bytes.fromhex(home.router.mac("br-lan").replace(":", ""))
    home.router.ip(f"route replace blackhole {NOBODY4}\nroute replace blackhole {NOBODY6}")
    for client in home.clients:
        client.sysctl("net/ipv6/conf/eth0/disable_ipv6", 1)
    with home.clients[0].packet_socket("eth0") as link:
        for _ in range(15):  # a cable that is not served in time loses frames
            for number in range(hosts):
                link.send(upload(router_mac, number))
                if number % 64 == 63:
                    time.sleep(0.002)
            with contextlib.suppress(AssertionError):
                wait_until(lambda: known(daemon) == hosts, 6)
                return
    raise AssertionError(f"{known(daemon)} of {hosts} addresses are known: {daemon.said()}")


def calls_of_pulls(trace):
    """From one text file to the next; not where the kernel announced something."""
    with open(trace, encoding="utf-8", errors="replace") as file:
        periods = re.split(r"^\d+ +renameat\(.*\n", file.read(), flags=re.M)[1:-1]
    # one for renameat() itself; what strace tells in two parts counts where it begins
    return [1 + len(re.findall(r"^\d+ +\w+\(", period, re.M)) for period in periods
            if "nl_groups=0x" not in period]


def is_traced(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return "TracerPid:\t0\n" not in file.read()


@contextlib.contextmanager
def calls(namespace, pid):
    """The file in which a process's system calls are meanwhile, one a line."""
    trace = f"{house.scratch('strace')}/trace"
    with open(trace, "w", encoding="utf-8"):
        pass
    tracer = namespace.popen("strace", "-f", "-qq", "-o", trace, "-p", str(pid))
    try:
        wait_until(lambda: is_traced(pid))
        yield trace
    finally:
        tracer.terminate()
        tracer.wait()


def assert_calm(namespace, *pids):
    """They run in no circles, for as many as a busy machine lets them."""
    for pid in pids:
        with calls(namespace, pid) as trace:
            began = time.monotonic()
            time.sleep(1)
        took = time.monotonic() - began
        with open(trace, encoding="utf-8", errors="replace") as file:
            made = len(file.readlines())
        assert made <= CALM * took, (made, took)


def strace(daemon, enough):
    """System calls of the keeper's pulls, without the first, until there are enough."""
    with calls(daemon.namespace, daemon.process.pid) as trace:
        wait_until(lambda: enough(calls_of_pulls(trace)[WARM:]), seconds=300, daemon=daemon)
    return calls_of_pulls(trace)[WARM:]
