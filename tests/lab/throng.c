// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * throng HOST PORT CONNECTIONS SOURCE...   connects so often, from one SOURCE after the other, at
 * most 2,000 times a second. Of three connections one says nothing, one asks and reads nothing, and
 * one reads its answer and waits. Keeps the last ones open, says "ready" once there are so many
 * that the server cut off those it has no room for, and goes on.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define KEPT 400 /* more than are served at once, */
#define CUT  200 /* by so many at least */
#define LATE 20	 /* so many later, who reads does so */

enum { SILENT, GREEDY, IDLE, KINDS };

static struct addrinfo *resolve(const char *host, const char *port)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct addrinfo *found;

	if (getaddrinfo(host, port, &hints, &found) != 0) {
		fprintf(stderr, "%s: no address\n", host);
		exit(1);
	}
	return found;
}

static int connect_from(const struct addrinfo *from, const struct addrinfo *to)
{
	int fd = socket(to->ai_family, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, from->ai_addr, from->ai_addrlen) < 0) {
		perror("throng");
		exit(1);
	}
	/* the server may end it before we know that it is there */
	connect(fd, to->ai_addr, to->ai_addrlen);
	return fd;
}

static void pace(const struct timespec *began, int connections)
{
	struct timespec then = *began;

	then.tv_sec += connections / 2000;
	then.tv_nsec += connections % 2000 * 500000L;
	if (then.tv_nsec >= 1000000000) {
		then.tv_sec++;
		then.tv_nsec -= 1000000000;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
}

static void read_some(int fd)
{
	static char answer[1 << 20];

	while (recv(fd, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		;
}

static void wait_until_cut_off(const int *fds)
{
	struct pollfd ends[KEPT];
	int cut = 0;

	while (cut < CUT) {
		for (int i = 0; i < KEPT; i++)
			ends[i] = (struct pollfd){.fd = fds[i], .events = POLLRDHUP};
		cut = poll(ends, KEPT, 0);
		usleep(10000);
	}
}

int main(int argc, char **argv)
{
	static const char get[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int fds[KEPT], most = argc > 4 ? atoi(argv[3]) : 0, sources = argc - 4, paced = 0;
	struct addrinfo *to, **from;
	struct timespec began;

	if (most < KEPT)
		return 2;
	to = resolve(argv[1], argv[2]);
	from = calloc((size_t)sources, sizeof(*from));
	for (int i = 0; i < sources; i++)
		from[i] = resolve(argv[4 + i], NULL);
	memset(fds, -1, sizeof(fds));
	clock_gettime(CLOCK_MONOTONIC, &began);
	for (int i = 0; i < most; i++) {
		int *fd = &fds[i % KEPT];

		if (*fd >= 0)
			close(*fd);
		*fd = connect_from(from[i % sources], to);
		if (i % KINDS != SILENT)
			send(*fd, get, strlen(get), MSG_NOSIGNAL);
		if (i >= LATE && (i - LATE) % KINDS == IDLE)
			read_some(fds[(i - LATE) % KEPT]);
		if (i + 1 == KEPT) {
			wait_until_cut_off(fds);
			clock_gettime(CLOCK_MONOTONIC, &began);
			paced = 0;
			puts("ready");
			fflush(stdout);
		}
		pace(&began, paced++);
	}
	return 0;
}
