// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classifier on a device: a tap, whose far end sends to its ingress, and a packet socket, which
 * sends to its egress. For packets that the kernel's test run does not make: headers cut anywhere,
 * and headers outside the part of a packet that a program may read directly.
 */
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>

#include "rig.h"

static const struct site home = SITE_HOME;

struct device {
	int tap, socket;
	unsigned ifindex;
};

/* What goes before each frame, on both ways: how it is laid out in memory and cut into segments. */
struct wrapped {
	struct virtio_net_hdr header;
	unsigned char frame[FRAME_MAX];
};

static void device_attach(const struct rig *rig, unsigned ifindex)
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

static void set(int fd, unsigned long request, struct ifreq *value)
{
	if (ioctl(fd, request, value) < 0)
		fail_msg("ioctl %#lx: %s", request, strerror(errno));
}

/* A tap device named lan0 with ROUTER's MAC. */
static void device_start(struct device *device, const struct rig *rig)
{
	struct ifreq request = {.ifr_name = "lan0"};
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	int one = 1, size = sizeof(struct virtio_net_hdr);

	device->tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (device->tap < 0)
		rig_skip("no /dev/net/tun");
	request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
	set(device->tap, TUNSETIFF, &request);
	assert_int_equal(ioctl(device->tap, TUNSETVNETHDRSZ, &size), 0);
	device->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	assert_true(device->socket >= 0);
	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	packet_mac(ROUTER, (uint8_t *)request.ifr_hwaddr.sa_data);
	set(device->socket, SIOCSIFHWADDR, &request);
	request.ifr_mtu = 16000;
	set(device->socket, SIOCSIFMTU, &request);
	request.ifr_flags = IFF_UP;
	set(device->socket, SIOCSIFFLAGS, &request);
	device->ifindex = if_nametoindex("lan0");
	assert_int_not_equal(device->ifindex, 0);
	address.sll_ifindex = (int)device->ifindex;
	assert_int_equal(bind(device->socket, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(
		setsockopt(device->socket, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), 0);
	device_attach(rig, device->ifindex);
}

static void device_stop(const struct device *device)
{
	close(device->socket);
	close(device->tap); /* and with it the device and its filters */
}

/* linear: how many bytes the kernel is to lay where a program may read them directly; 0: all. */
static void device_send(const struct device *device, const char *name, enum mz_direction d,
	const struct packet *packet, const struct frame *frame, size_t linear)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
		.sll_ifindex = (int)device->ifindex,
		.sll_halen = ETH_ALEN};
	struct wrapped wrapped = {.header.hdr_len = (__u16)linear};
	size_t length = sizeof(wrapped.header) + frame->length;
	bool v6 = strchr(packet->src, ':');
	ssize_t sent;

	if (packet->gso_size) {
		size_t tcp = packet_headers_length(packet) - packet_transport_length(packet);

		wrapped.header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		wrapped.header.csum_start = (__u16)tcp;
		wrapped.header.csum_offset = 16;
		wrapped.header.gso_type = v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
		wrapped.header.gso_size = packet->gso_size;
	}
	memcpy(&to.sll_protocol, frame->bytes + offsetof(struct ethhdr, h_proto),
		sizeof(to.sll_protocol));
	memcpy(to.sll_addr, frame->bytes, ETH_ALEN);
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

static void a_header_cut_anywhere_is_unattributed(void **state)
{
	struct device device;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	device_start(&device, &rig);
	for (int v6 = 0; v6 < 2; v6++)
		for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
			const char *host = v6 ? HOST6 : HOST4;
			struct packet packet = packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
			size_t whole = ETH_HLEN + (v6 ? 40 : 20);
			struct frame frame;

			packet_frame(&packet, &frame);
			for (frame.length = ETH_HLEN; frame.length <= whole; frame.length++) {
				struct books books = {0};
				char name[64];

				snprintf(name, sizeof(name), "%zu bytes of IPv%d", frame.length,
					v6 ? 6 : 4);
				if (frame.length < whole)
					books.unattributed[d][MZ_MALFORMED] =
						(struct mz_volume){frame.length, 1};
				else
					books.booking[0] =
						(struct booking){HOST, host, d, 1, frame.length};
				device_send(&device, name, d, &packet, &frame, 0);
				rig_expect(&rig, name, &books);
			}
		}
	device_stop(&device);
	rig_stop(&rig);
}

/* A whole frame of which a program may read the first linear bytes only. */
static void check_linear(struct rig *rig, const struct device *device, bool v6, size_t linear)
{
	for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
		const char *host = v6 ? HOST6 : HOST4;
		struct packet packet = packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
		struct frame frame;
		char name[64];

		packet.payload = 9000; /* less than a page would be laid in one piece */
		packet.to = d == MZ_UPLOAD ? ROUTER : HOST;
		packet_frame(&packet, &frame);
		snprintf(name, sizeof(name), "%zu linear bytes of IPv%d", linear, v6 ? 6 : 4);
		device_send(device, name, d, &packet, &frame, linear);
		rig_expect(
			rig, name, &(struct books){.booking = {{HOST, host, d, 1, frame.length}}});
	}
}

static void headers_in_another_page_are_read(void **state)
{
	struct device device;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	device_start(&device, &rig);
	for (size_t linear = ETH_HLEN; linear < ETH_HLEN + 50; linear++) {
		check_linear(&rig, &device, false, linear);
		check_linear(&rig, &device, true, linear);
	}
	device_stop(&device);
	rig_stop(&rig);
}

/* What a guest or a client with large sends hands over: gso_size, and no count of segments. */
static void a_super_packet_without_a_count_counts_as_its_frames(void **state)
{
	struct device device;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	device_start(&device, &rig);
	for (int v6 = 0; v6 < 2; v6++)
		for (enum mz_direction d = MZ_UPLOAD; d < MZ_DIRECTIONS; d++) {
			const char *host = v6 ? HOST6 : HOST4;
			struct packet packet = packet_between(d, host, v6 ? REMOTE6 : REMOTE4);
			const char *name = v6 ? "v6 super-packet" : "super-packet";
			uint64_t headers;
			struct frame frame;

			packet.protocol = IPPROTO_TCP;
			packet.tcp_options = 12;
			packet.payload = 9 * 1400 + 1;
			packet.gso_size = 1400;
			headers = packet_headers_length(&packet);
			packet_frame(&packet, &frame);
			device_send(&device, name, d, &packet, &frame, headers);
			rig_expect(&rig, name,
				&(struct books){.booking = {{HOST, host, d, 10,
							packet.payload + 10 * headers}}});
		}
	device_stop(&device);
	rig_stop(&rig);
}

static void what_is_overheard_is_not_counted(void **state)
{
	struct packet packet = packet_between(MZ_UPLOAD, HOST4, REMOTE4);
	struct frame frame;
	struct device device;
	struct rig rig;

	rig_start(&rig, state, &home, 64);
	device_start(&device, &rig);
	packet.to = OTHER;
	packet_frame(&packet, &frame);
	device_send(&device, "a frame for another", MZ_UPLOAD, &packet, &frame, 0);
	rig_expect_nothing(&rig, "a frame for another");
	frame.length = ETH_HLEN + 10;
	device_send(&device, "a cut frame for another", MZ_UPLOAD, &packet, &frame, 0);
	rig_expect_nothing(&rig, "a cut frame for another");
	device_stop(&device);
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_cut_anywhere_is_unattributed),
		cmocka_unit_test(headers_in_another_page_are_read),
		cmocka_unit_test(a_super_packet_without_a_count_counts_as_its_frames),
		cmocka_unit_test(what_is_overheard_is_not_counted),
	};

	return cmocka_run_group_tests(tests, rig_isolate, NULL);
}
