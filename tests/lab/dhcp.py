# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's dnsmasq in the router, and clients that ask it for leases."""
import socket
import subprocess
import time

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

import house


class Dnsmasq:
    """Serves 192.168.2.100 to .150 on br-lan. leases: the file it keeps, written in place."""

    def __init__(self, router, *options):
        self.router = router
        self.directory = house.scratch("dnsmasq")
        self.leases = f"{self.directory}/leases"
        self.log = f"{self.directory}/log"
        self.options = options
        self.process = None

    def __enter__(self):
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = self.router.popen(
                "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file",
                "--user=root", "--port=0", "--interface=br-lan", "--no-ping", "--log-dhcp",
                "--log-facility=-", "--dhcp-authoritative", "--dhcp-range=192.168.2.100,"
                "192.168.2.150,1h", f"--dhcp-leasefile={self.leases}", *self.options,
                stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while "DHCP, IP range" not in self.said():
            assert self.process.poll() is None and time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def has(self):
        with open(self.leases, "rb") as leases:
            return leases.read()


class Machine:
    """A machine of this MAC, somewhere behind a client of the house."""

    def __init__(self, client, mac):
        self.mac = mac
        self.address = None
        self.socket = client.packet_socket("eth0")
        with client.inside():
            self.socket.close()
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
            self.socket.bind(("eth0", 0))

    def send(self, kind, *options, source="0.0.0.0"):
        chaddr = bytes.fromhex(self.mac.replace(":", ""))
        self.socket.send(bytes(
            Ether(src=self.mac, dst="ff:ff:ff:ff:ff:ff") / IP(src=source, dst="255.255.255.255") /
            UDP(sport=68, dport=67) / BOOTP(chaddr=chaddr, xid=0x4d5a, flags=0x8000, ciaddr=source)
            / DHCP(options=[("message-type", kind), *options, "end"])))

    def receive(self, kind):
        """The answer of this kind: the address in it."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.01))
            packet = Ether(self.socket.recv(4096))
            if (BOOTP in packet and packet[BOOTP].op == 2 and
                    packet[BOOTP].chaddr[:6].hex(":") == self.mac and
                    ("message-type", kind) in packet[DHCP].options):
                return packet[BOOTP].yiaddr
        raise TimeoutError(f"{self.mac}: no answer")

    def lease(self, hostname, *options, address=None):
        """Asks for an address, this one if it may be; hostname: any bytes."""
        wish = [("requested_addr", address)] if address else []
        self.send("discover", ("hostname", hostname), *wish, *options)
        offered = self.receive(2)
        self.send("request", ("hostname", hostname), ("requested_addr", offered),
                  ("server_id", house.ROUTER4), *options)
        self.address = self.receive(5)
        return self.address

    def release(self):
        self.send("release", ("server_id", house.ROUTER4), source=self.address)
