# SPDX-License-Identifier: GPL-2.0-or-later
"""Single frames of our own making."""
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6EchoReply, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw


def ip_frame(source, destination, source_ip, destination_ip):
    """An echo reply that nobody asked for, so nobody answers; its TTL does not leave the house."""
    if ":" in source_ip:
        payload = IPv6(src=source_ip, dst=destination_ip, hlim=1) / ICMPv6EchoReply()
    else:
        payload = IP(src=source_ip, dst=destination_ip, ttl=1) / ICMP(type=0)
    return bytes(Ether(src=source, dst=destination) / payload / Raw(b"x" * 60))


def appear(home, client, mac, number):
    """A machine of this MAC, somewhere behind client, sends something to the internet."""
    sender = client.packet_socket("eth0")
    router = home.router.mac("br-lan")
    for source, destination in ((f"192.168.2.{number}", "203.0.113.99"),
                                (f"2001:db8:ca2:2::1:{number:x}", "2001:db8:ffff::99")):
        sender.send(ip_frame(mac, router, source, destination))
    sender.close()
