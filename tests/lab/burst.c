// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * burst INTERFACE ROUTER-MAC FIRST-SOURCE DESTINATION COUNT
 *
 * Two processes, one on each of the first two CPUs allowed, send one small UDP frame from each of
 * COUNT consecutive source addresses. They wait for each other before each, so that both frames
 * of an address enter the router in the same moment, and both are its first.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAYLOAD 32

static void pin_to(int which)
{
	cpu_set_t all, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		err(1, "sched_getaffinity");
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && which-- == 0)
			break;
	if (cpu == CPU_SETSIZE)
		errx(3, "this needs two CPUs");
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		err(1, "sched_setaffinity");
}

static uint16_t checksum(const uint8_t *data, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += (uint32_t)(data[i] << 8 | data[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Returns the frame's length. addr: the source address as it is for frame number 0. */
static size_t build(uint8_t *frame, bool v6, const uint8_t *addr, const uint8_t *to)
{
	uint8_t *ip = frame + 14, *udp = ip + (v6 ? 40 : 20);
	size_t size = v6 ? 16 : 4;

	frame[12] = v6 ? 0x86 : 0x08;
	frame[13] = v6 ? 0xdd : 0x00;
	if (v6) {
		ip[0] = 0x60;
		ip[5] = 8 + PAYLOAD;
		ip[6] = IPPROTO_UDP;
		ip[7] = 64;
	} else {
		ip[0] = 0x45;
		ip[3] = 20 + 8 + PAYLOAD;
		ip[8] = 64;
		ip[9] = IPPROTO_UDP;
	}
	memcpy(ip + (v6 ? 8 : 12), addr, size);
	memcpy(ip + (v6 ? 24 : 16), to, size);
	udp[0] = udp[2] = 0x30;
	udp[5] = 8 + PAYLOAD;
	return (size_t)(udp - frame) + 8 + PAYLOAD;
}

static void send_all(int s, uint8_t *frame, bool v6, size_t length, int count, atomic_int *turn)
{
	uint8_t *low = frame + 14 + (v6 ? 8 + 12 : 12); /* the source's last 32 bits */
	uint32_t first;

	memcpy(&first, low, sizeof(first));
	first = ntohl(first);
	for (int i = 0; i < count; i++) {
		uint32_t now = htonl(first + (uint32_t)i);
		uint16_t sum;

		memcpy(low, &now, sizeof(now));
		if (!v6) {
			frame[24] = frame[25] = 0;
			sum = htons(checksum(frame + 14, 20));
			memcpy(frame + 24, &sum, sizeof(sum));
		}
		atomic_fetch_add(turn, 1);
		while (atomic_load(turn) < 2 * (i + 1))
			;
		if (send(s, frame, length, 0) != (ssize_t)length)
			err(1, "send");
	}
}

int main(int argc, char **argv)
{
	uint8_t frame[256] = {0}, from[16], to[16];
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct ifreq request = {0};
	atomic_int *turn;
	size_t length;
	bool v6;
	int s, status;
	pid_t child;

	if (argc != 6)
		errx(2, "usage: burst INTERFACE ROUTER-MAC FIRST-SOURCE DESTINATION COUNT");
	v6 = strchr(argv[3], ':');
	if (!ether_aton_r(argv[2], (struct ether_addr *)frame) ||
		inet_pton(v6 ? AF_INET6 : AF_INET, argv[3], from) != 1 ||
		inet_pton(v6 ? AF_INET6 : AF_INET, argv[4], to) != 1)
		errx(2, "bad address");
	s = socket(AF_PACKET, SOCK_RAW, 0);
	strncpy(request.ifr_name, argv[1], IFNAMSIZ - 1);
	if (s < 0 || ioctl(s, SIOCGIFHWADDR, &request) < 0)
		err(1, "%s", argv[1]);
	memcpy(frame + 6, request.ifr_hwaddr.sa_data, 6);
	at.sll_ifindex = (int)if_nametoindex(argv[1]);
	if (bind(s, (struct sockaddr *)&at, sizeof(at)) < 0)
		err(1, "bind");
	length = build(frame, v6, from, to);
	turn = mmap(NULL, sizeof(*turn), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (turn == MAP_FAILED)
		err(1, "mmap");
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* the parent has this from who started it */
	alarm(60);				  /* nobody waits for ever for the other */
	pin_to(child == 0);
	send_all(s, frame, v6, length, atoi(argv[5]), turn);
	if (child == 0)
		return 0;
	if (waitpid(child, &status, 0) < 0)
		err(1, "waitpid");
	return status != 0;
}
