// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wire INTERFACE [-t TRACKED]... [-n NOT-INTERNET]...
 *
 * The lab's own count of what passes an interface, to hold mezoura against. It knows the rules of
 * what counts from their description only and shares no code with what it checks. A line on stdin
 * is answered with everything counted so far; end of file ends it.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAMES (1 << 18) /* that may wait for us */
#define FRAME  128	 /* of each, the kernel's and the packet's headers */
#define BLOCK  (1 << 16)
#define SLOTS  (1 << 16) /* of the table; a power of two */

struct ring {
	uint8_t *memory;
	size_t next;
};

struct range {
	int family, bits;
	uint8_t addr[16];
};

/* addr: IPv4 uses the first four bytes. */
struct flow {
	uint8_t mac[6], addr[16];
	char direction; /* 'u'pload, 'd'ownload; 0 is a free slot */
	int family;
	uint64_t frames, bytes;
};

static const char *const reserved[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
	"100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "0.0.0.0/8", "192.0.0.0/24",
	"224.0.0.0/4", "255.255.255.255/32", "fc00::/7", "fe80::/10", "ff00::/8", "::/128",
	"::1/128"};

static struct range tracked[64], not_internet[256];
static int tracked_count, not_internets;
static struct flow table[SLOTS];
static unsigned used, largest[2]; /* the longest frame: [0] in, [1] out */

static struct range parse_range(const char *text)
{
	struct range r = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	char addr[64];
	const char *slash = strchr(text, '/');

	if (!slash || (size_t)(slash - text) >= sizeof(addr))
		errx(2, "not a range: %s", text);
	memcpy(addr, text, (size_t)(slash - text));
	addr[slash - text] = '\0';
	r.bits = atoi(slash + 1);
	if (inet_pton(r.family, addr, r.addr) != 1)
		errx(2, "not an address: %s", addr);
	return r;
}

static bool inside(const struct range *r, int family, const uint8_t *addr)
{
	int bit;

	if (r->family != family)
		return false;
	for (bit = 0; bit < r->bits; bit++)
		if (((r->addr[bit / 8] ^ addr[bit / 8]) >> (7 - bit % 8)) & 1)
			return false;
	return true;
}

/* Whether all bits of addr beyond the range's own are set: its broadcast address. */
static bool is_broadcast(const struct range *r, const uint8_t *addr)
{
	int bit;

	if (r->family != AF_INET || r->bits > 30)
		return false;
	for (bit = r->bits; bit < 32; bit++)
		if (!((addr[bit / 8] >> (7 - bit % 8)) & 1))
			return false;
	return true;
}

static bool is_host(int family, const uint8_t *addr)
{
	for (int i = 0; i < tracked_count; i++)
		if (inside(&tracked[i], family, addr))
			return !is_broadcast(&tracked[i], addr);
	return false;
}

static bool is_internet(int family, const uint8_t *addr)
{
	for (int i = 0; i < not_internets; i++)
		if (inside(&not_internet[i], family, addr))
			return false;
	return true;
}

static struct flow *find_flow(const struct flow *key)
{
	uint32_t hash = 2166136261u;
	const uint8_t *bytes = (const uint8_t *)key;
	size_t i;

	for (i = 0; i < offsetof(struct flow, direction) + 1; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	for (i = hash;; i++) {
		struct flow *f = &table[i % SLOTS];

		if (!f->direction) {
			if (++used > SLOTS / 2)
				errx(1, "table full");
			*f = *key;
			return f;
		}
		if (!memcmp(f, key, offsetof(struct flow, frames)))
			return f;
	}
}

/* link: whether it begins with an Ethernet header. */
static void count(const uint8_t *frame, size_t captured, size_t length, bool link, bool out)
{
	struct flow key;
	size_t head = link ? 14 : 0, size;
	const uint8_t *ip = frame + head, *host, *remote;
	struct flow *f;

	if (length > largest[out])
		largest[out] = (unsigned)length;
	memset(&key, 0, sizeof(key));
	key.direction = out ? 'u' : 'd';
	if (captured >= head + 20 &&
		(link ? frame[12] == 0x08 && frame[13] == 0x00 : ip[0] >> 4 == 4))
		key.family = AF_INET;
	else if (captured >= head + 40 &&
		 (link ? frame[12] == 0x86 && frame[13] == 0xdd : ip[0] >> 4 == 6))
		key.family = AF_INET6;
	else
		return;
	size = key.family == AF_INET ? 4 : 16;
	host = ip + (key.family == AF_INET ? 12 : 8);
	remote = host + size;
	if (!out) {
		host += size;
		remote -= size;
	}
	if (!is_host(key.family, host) || !is_internet(key.family, remote))
		return;
	if (link)
		memcpy(key.mac, out ? frame + 6 : frame, 6);
	memcpy(key.addr, host, size);
	f = find_flow(&key);
	f->frames++;
	f->bytes += length;
}

/*
 * The kernel copies a frame into the ring the moment it passes. Read later, from a plain socket, a
 * frame may have been rewritten: forwarding with NAT changes fragments in the memory we share.
 */
static void drain(struct ring *ring)
{
	for (;; ring->next = (ring->next + 1) % FRAMES) {
		struct tpacket2_hdr *head = (void *)(ring->memory + ring->next * FRAME);
		const struct sockaddr_ll *from =
			(const void *)((uint8_t *)head + TPACKET_ALIGN(sizeof(*head)));

		if (!(__atomic_load_n(&head->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			return;
		if (from->sll_pkttype !=
			PACKET_OTHERHOST) /* else flooded by the bridge, not for us */
			count((uint8_t *)head + head->tp_mac, head->tp_snaplen, head->tp_len,
				from->sll_hatype == ARPHRD_ETHER,
				from->sll_pkttype == PACKET_OUTGOING);
		__atomic_store_n(&head->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	}
}

static void print(int s)
{
	static unsigned long drops; /* the kernel forgets them when asked */
	struct tpacket_stats stats;
	socklen_t size = sizeof(stats);
	char addr[INET6_ADDRSTRLEN];

	if (getsockopt(s, SOL_PACKET, PACKET_STATISTICS, &stats, &size) < 0)
		err(1, "PACKET_STATISTICS");
	drops += stats.tp_drops;
	for (size_t i = 0; i < SLOTS; i++) {
		const struct flow *f = &table[i];
		const uint8_t *m = f->mac;

		if (f->direction)
			printf("%s %02x:%02x:%02x:%02x:%02x:%02x %s %llu %llu\n",
				f->direction == 'u' ? "upload" : "download", m[0], m[1], m[2], m[3],
				m[4], m[5], inet_ntop(f->family, f->addr, addr, sizeof(addr)),
				(unsigned long long)f->frames, (unsigned long long)f->bytes);
	}
	printf("end %lu %u %u\n", drops, largest[0], largest[1]);
	fflush(stdout);
}

static int open_wire(const char *interface, struct ring *ring)
{
	struct tpacket_req request = {.tp_block_size = BLOCK,
		.tp_block_nr = FRAMES / (BLOCK / FRAME),
		.tp_frame_size = FRAME,
		.tp_frame_nr = FRAMES};
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface)};
	int version = TPACKET_V2, s = socket(AF_PACKET, SOCK_RAW, 0);

	if (s < 0 || at.sll_ifindex == 0)
		err(1, "%s", interface);
	if (setsockopt(s, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
		setsockopt(s, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) < 0)
		err(1, "PACKET_RX_RING");
	ring->memory = mmap(NULL, (size_t)FRAMES * FRAME, PROT_READ | PROT_WRITE, MAP_SHARED, s, 0);
	if (ring->memory == MAP_FAILED)
		err(1, "mmap");
	if (bind(s, (struct sockaddr *)&at, sizeof(at)) < 0)
		err(1, "bind");
	return s;
}

int main(int argc, char **argv)
{
	int option, s;
	char line[64];
	struct ring ring = {0};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		not_internet[not_internets++] = parse_range(reserved[i]);
	while ((option = getopt(argc, argv, "t:n:")) != -1) {
		struct range r;

		if (option == '?' || tracked_count == 64 || not_internets == 256)
			errx(2, "usage: wire INTERFACE [-t TRACKED]... [-n NOT-INTERNET]...");
		r = parse_range(optarg);
		not_internet[not_internets++] = r;
		if (option == 't')
			tracked[tracked_count++] = r;
	}
	if (optind + 1 != argc)
		errx(2, "which interface?");
	s = open_wire(argv[optind], &ring);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		struct pollfd fds[] = {{.fd = s, .events = POLLIN}, {.fd = 0, .events = POLLIN}};

		if (poll(fds, 2, -1) < 0)
			err(1, "poll");
		drain(&ring);
		if (fds[1].revents) {
			if (read(0, line, sizeof(line)) <= 0)
				return 0;
			print(s);
		}
	}
}
