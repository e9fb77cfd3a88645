# SPDX-License-Identifier: GPL-2.0-or-later
"""VLANs as ports, VLANs tracked alone, two tags through a flowtable."""
import house
from test_vlans import TRACK, add_vlan, both_hooks, check, flow, move_to_guest, need, tag, watched


@both_hooks
@flow
def test_only_the_vlan_is_tracked(home, hook, fast):
    """The bridge below it carries the other clients' traffic, too."""
    plain, guest = home.clients
    add_vlan(home, "br-lan")
    device = tag(guest, 10)
    move_to_guest(guest, device)
    ports = [plain.port, guest.port]
    home.clients = [guest]
    track = ("-4", "192.168.10.1/24/guest", "-6", "2001:db8:ca2:a::/64")
    with watched(home, hook, [device], track) as (truth, daemon):
        check(home, truth, daemon, fast, ports)


@both_hooks
@flow
def test_a_vlan_of_a_cable_as_a_port(home, hook, fast):
    """The port of the bridge is itself a VLAN of the device that has the cable."""
    plain, guest = home.clients
    router = home.router
    router.ip(f"link set {guest.port} nomaster")
    need(router, "ip", "link", "add", "link", guest.port, "name", "tagged", "type", "vlan", "id",
         "7")
    router.ip("link set tagged master br-lan up")
    router.offload("tagged", False, house.SEGMENTATION)
    device = tag(guest, 7)
    guest.ip(f"""addr flush dev eth0
        addr add {guest.v4}/24 dev {device}
        addr add {guest.v6}/64 dev {device} nodad
        route replace default via {house.ROUTER4}
        route replace default via {house.ROUTER6}""")
    with watched(home, hook, ["eth0", device], TRACK[:2] + TRACK[4:]) as (truth, daemon):
        check(home, truth, daemon, fast, [plain.port, guest.port])


@both_hooks
@flow
def test_two_tags_of_a_bridge(home, hook, fast):
    """802.1ad outside, 802.1Q inside."""
    plain, guest = home.clients
    need(home.router, "ip", "link", "add", "link", "br-lan", "name", "outer", "type", "vlan",
         "proto", "802.1ad", "id", "100")
    home.router.ip("link set outer up")
    add_vlan(home, "outer")
    guest.ip("""link add link eth0 name outer type vlan proto 802.1ad id 100
        link set outer up
        link add link outer name inner type vlan id 10
        link set inner up""")
    guest.offload("inner", False, house.SEGMENTATION)
    move_to_guest(guest, "inner")
    with watched(home, hook, ["eth0", "inner"], TRACK) as (truth, daemon):
        check(home, truth, daemon, fast, [plain.port, guest.port])
