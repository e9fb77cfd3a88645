// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flood INTERFACE ROUTER-MAC FIRST-SOURCE SPAN DESTINATION BEGIN COUNT
 *
 * Two threads, on the first two CPUs allowed, send COUNT small UDP frames, each from another forged
 * pair of MAC and address: the MACs are numbered from BEGIN, the addresses are SPAN consecutive
 * ones. Prints how many frames were sent, of how many bytes each.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAYLOAD 32
#define BATCH	32

static uint8_t model[128];
static size_t length;
static bool v6;
static uint32_t first, span, begin, count; /* first: the low 32 bits of the address */
static int ifindex;

static void pin_to(int which)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		err(1, "sched_getaffinity");
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && which-- == 0)
			CPU_SET(cpu, &one);
	if (CPU_COUNT(&one) && pthread_setaffinity_np(pthread_self(), sizeof(one), &one) != 0)
		errx(1, "pthread_setaffinity_np");
}

static uint16_t checksum(const uint8_t *data, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i += 2)
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void build(const char *from, const char *to)
{
	uint8_t *ip = model + 14, *udp = ip + (v6 ? 40 : 20);
	int family = v6 ? AF_INET6 : AF_INET;

	if (inet_pton(family, from, ip + (v6 ? 8 : 12)) != 1 ||
		inet_pton(family, to, ip + (v6 ? 24 : 16)) != 1)
		errx(2, "bad address");
	memcpy(&first, ip + (v6 ? 20 : 12), sizeof(first));
	first = ntohl(first);
	model[6] = 0x06;
	model[12] = v6 ? 0x86 : 0x08;
	model[13] = v6 ? 0xdd : 0x00;
	ip[0] = v6 ? 0x60 : 0x45;
	ip[v6 ? 5 : 3] = (v6 ? 0 : 20) + 8 + PAYLOAD;
	ip[v6 ? 6 : 9] = IPPROTO_UDP;
	ip[v6 ? 7 : 8] = 64;
	udp[0] = udp[2] = 0x30;
	udp[5] = 8 + PAYLOAD;
	length = (size_t)(udp - model) + 8 + PAYLOAD;
}

static void forge(uint8_t *frame, uint32_t number)
{
	uint32_t mac = htonl(begin + number), addr = htonl(first + number % span);

	memcpy(frame, model, length);
	memcpy(frame + 8, &mac, sizeof(mac));
	memcpy(frame + 14 + (v6 ? 20 : 12), &addr, sizeof(addr));
	if (!v6) {
		uint16_t sum = htons(checksum(frame + 14, 20));

		memcpy(frame + 24, &sum, sizeof(sum));
	}
}

static void send_batch(int s, struct mmsghdr *messages, unsigned size)
{
	for (unsigned done = 0; done < size;) {
		int sent = sendmmsg(s, messages + done, size - done, 0);

		if (sent > 0)
			done += (unsigned)sent;
		else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			err(1, "sendmmsg");
	}
}

static void *send_half(void *which)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};
	uint8_t frames[BATCH][sizeof(model)];
	struct mmsghdr messages[BATCH] = {0};
	struct iovec pieces[BATCH];
	unsigned size = 0;
	int s;

	pin_to(which != NULL);
	s = socket(AF_PACKET, SOCK_RAW, 0);
	if (s < 0 || bind(s, (struct sockaddr *)&at, sizeof(at)) < 0)
		err(1, "packet socket");
	for (unsigned i = 0; i < BATCH; i++) {
		pieces[i] = (struct iovec){frames[i], length};
		messages[i].msg_hdr.msg_iov = &pieces[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (uint32_t number = which != NULL; number < count; number += 2) {
		forge(frames[size++], number);
		if (size == BATCH || number + 2 >= count) {
			send_batch(s, messages, size);
			size = 0;
		}
	}
	close(s);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t other;

	if (argc != 8 || !ether_aton_r(argv[2], (struct ether_addr *)model))
		errx(2, "usage: flood INTERFACE ROUTER-MAC FIRST-SOURCE SPAN DESTINATION BEGIN "
			"COUNT");
	ifindex = (int)if_nametoindex(argv[1]);
	v6 = strchr(argv[3], ':');
	span = (uint32_t)atoi(argv[4]);
	begin = (uint32_t)atoi(argv[6]);
	count = (uint32_t)atoi(argv[7]);
	build(argv[3], argv[5]);
	if (!ifindex || !span || pthread_create(&other, NULL, send_half, model) != 0)
		errx(1, "cannot begin");
	send_half(NULL);
	pthread_join(other, NULL);
	printf("%u %zu\n", count, length);
	return 0;
}
