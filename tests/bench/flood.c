// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flood CPU ADDRESS
 *	For each line of input, a number of milliseconds: sends the shortest UDP datagrams to port
 *	5000 of the IPv4 address for so long, from that CPU, and prints how many, and how many
 *	nanoseconds of CPU time that took. Between veth devices, the kernel forwards a packet
 *	within the call that sends it, so all its way is in there.
 *
 * flood hang INTERFACE
 *	Hangs a program that does nothing at both sides of the interface by TCX, until its input
 *	ends.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <err.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH	64
#define PAYLOAD 22 /* with 42 bytes of headers a frame of 64 */

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void send_for(int fd, uint64_t ns)
{
	static char payload[PAYLOAD];
	struct iovec part = {payload, sizeof(payload)};
	struct mmsghdr messages[BATCH] = {0};
	uint64_t began, used, sent = 0;

	for (int i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &part;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	began = now_ns(CLOCK_MONOTONIC);
	used = now_ns(CLOCK_THREAD_CPUTIME_ID);
	do {
		int count = sendmmsg(fd, messages, BATCH, 0);

		if (count < 0)
			err(1, "sendmmsg");
		sent += (uint64_t)count;
	} while (now_ns(CLOCK_MONOTONIC) - began < ns);
	used = now_ns(CLOCK_THREAD_CPUTIME_ID) - used;
	printf("%llu %llu\n", (unsigned long long)sent, (unsigned long long)used);
	fflush(stdout);
}

static void flood(int cpu, const char *address)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(5000)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	cpu_set_t set;
	char line[32];

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		err(1, "CPU %d", cpu);
	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		errx(1, "%s: expected an IPv4 address", address);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "%s", address);
	while (fgets(line, sizeof(line), stdin))
		send_for(fd, strtoull(line, NULL, 10) * 1000000);
}

static void hang(const char *interface)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int index = (int)if_nametoindex(interface);
	int program = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "nothing", "GPL", code, 2, NULL);

	if (program < 0)
		err(1, "load");
	for (int side = 46; side <= 47; side++) /* BPF_TCX_INGRESS and BPF_TCX_EGRESS */
		if (bpf_link_create(program, index, (enum bpf_attach_type)side, NULL) < 0)
			err(1, "%s", interface);
	puts("hangs");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		errx(2, "usage: flood CPU ADDRESS | flood hang INTERFACE");
	if (strcmp(argv[1], "hang") == 0)
		hang(argv[2]);
	else
		flood(atoi(argv[1]), argv[2]);
	return 0;
}
