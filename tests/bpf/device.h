/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device with the classifier on it: a tap or a tun, whose far end sends to its ingress, and a
 * packet socket, which sends to its egress. For packets that the kernel's test run does not make.
 */
#ifndef MZ_TEST_DEVICE_H
#define MZ_TEST_DEVICE_H

#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <sys/utsname.h>

#include "rig.h"

#define GSO_UDP_L4 5 /* linux/virtio_net.h of 6.2 */

struct device {
	int tap, socket;
	unsigned ifindex;
};

/* What goes before each frame, on both ways: how it is laid out in memory and cut into segments. */
struct wrapped {
	struct virtio_net_hdr header;
	unsigned char frame[FRAME_MAX];
};

static inline void device_attach(const struct rig *rig, unsigned ifindex)
{
	static const enum bpf_tc_attach_point points[] = {BPF_TC_INGRESS, BPF_TC_EGRESS};
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex,
		.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);

	assert_int_equal(bpf_tc_hook_create(&hook), 0);
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = rig->program[d], .handle = 1,
			.priority = 1);
		hook.attach_point = points[d];
		assert_int_equal(bpf_tc_attach(&hook, &options), 0);
	}
}

static inline void device_set(int fd, unsigned long request, struct ifreq *value)
{
	if (ioctl(fd, request, value) < 0)
		fail_msg("ioctl %#lx: %s", request, strerror(errno));
}

/* A device named lan0; kind: IFF_TAP, which has ROUTER's MAC, or IFF_TUN. */
static inline void device_start(struct device *device, const struct rig *rig, short kind)
{
	struct ifreq request = {.ifr_name = "lan0"};
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	int one = 1, size = sizeof(struct virtio_net_hdr);

	device->tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (device->tap < 0)
		rig_skip("no /dev/net/tun");
	request.ifr_flags = (short)(kind | IFF_NO_PI | IFF_VNET_HDR);
	device_set(device->tap, TUNSETIFF, &request);
	assert_int_equal(ioctl(device->tap, TUNSETVNETHDRSZ, &size), 0);
	device->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	assert_true(device->socket >= 0);
	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	packet_mac(ROUTER, (uint8_t *)request.ifr_hwaddr.sa_data);
	if (kind == IFF_TAP)
		device_set(device->socket, SIOCSIFHWADDR, &request);
	request.ifr_mtu = 16000;
	device_set(device->socket, SIOCSIFMTU, &request);
	request.ifr_flags = IFF_UP;
	device_set(device->socket, SIOCSIFFLAGS, &request);
	device->ifindex = if_nametoindex("lan0");
	assert_int_not_equal(device->ifindex, 0);
	address.sll_ifindex = (int)device->ifindex;
	assert_int_equal(bind(device->socket, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(
		setsockopt(device->socket, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), 0);
	device_attach(rig, device->ifindex);
}

static inline void device_stop(const struct device *device)
{
	close(device->socket);
	close(device->tap); /* and with it the device and its filters */
}

/* What a guest says of a super-packet. */
static inline void device_wrap(const struct packet *packet, struct virtio_net_hdr *header)
{
	bool tcp = packet_protocol(packet) == IPPROTO_TCP;

	header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header->csum_start =
		(__u16)(packet_headers_length(packet) - packet_transport_length(packet));
	header->csum_offset = tcp ? 16 : 6;
	if (!tcp)
		header->gso_type = packet->datagrams ? GSO_UDP_L4 : VIRTIO_NET_HDR_GSO_UDP;
	else
		header->gso_type = strchr(packet->src, ':') ? VIRTIO_NET_HDR_GSO_TCPV6
							    : VIRTIO_NET_HDR_GSO_TCPV4;
	header->gso_size = packet->gso_size;
}

/* Whether the kernel takes super-packets of many datagrams from a guest: since 6.2. */
static inline bool device_knows_datagrams(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	return uname(&name) == 0 && sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 2));
}

/* linear: how many bytes the kernel is to lay where a program may read them directly; 0: all. */
static inline void device_send(const struct device *device, const char *name, enum mz_direction d,
	const struct packet *packet, const struct frame *frame, size_t linear)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_ifindex = (int)device->ifindex,
		.sll_halen = ETH_ALEN};
	struct wrapped wrapped = {.header.hdr_len = (__u16)linear};
	size_t length = sizeof(wrapped.header) + frame->length;
	bool v6 = strchr(packet->src, ':');
	ssize_t sent;

	if (packet->gso_size)
		device_wrap(packet, &wrapped.header);
	to.sll_protocol = htons(v6 ? ETH_P_IPV6 : ETH_P_IP);
	if (!packet->no_link) {
		memcpy(&to.sll_protocol, frame->bytes + offsetof(struct ethhdr, h_proto),
			sizeof(to.sll_protocol));
		memcpy(to.sll_addr, frame->bytes, ETH_ALEN);
	}
	memcpy(wrapped.frame, frame->bytes, frame->length);
	if (d == MZ_UPLOAD)
		sent = write(device->tap, &wrapped, length);
	else
		sent = sendto(
			device->socket, &wrapped, length, 0, (struct sockaddr *)&to, sizeof(to));
	if (sent != (ssize_t)length)
		fail_msg("%s: %s", name, sent < 0 ? strerror(errno) : "sent in part");
	/* leave no queue behind */
	while (read(device->tap, &wrapped, sizeof(wrapped)) > 0)
		;
}

#endif
