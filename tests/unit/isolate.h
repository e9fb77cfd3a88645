/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ISOLATE_H
#define ISOLATE_H

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <net/if.h>

/*
 * Enters a network namespace of its own, whose loopback device also has 192.0.2.1 and 2001:db8::1.
 * *isolated: whether that was allowed. An alarm ends a test that hangs.
 */
static inline int web_isolate(bool *isolated)
{
	struct ifreq ifreq = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	struct {
		struct in6_addr addr;
		uint32_t length;
		int index;
	} ifreq6 = {.length = 128, .index = 1};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 bind6 = {.sin6_family = AF_INET6};
	int fd, fd6;

	alarm(HANGS_S);
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 0;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fd6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	inet_pton(AF_INET6, "2001:db8::1", &ifreq6.addr);
	*isolated = ioctl(fd, SIOCSIFFLAGS, &ifreq) == 0;
	inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr);
	strcpy(ifreq.ifr_name, "lo:1");
	memcpy(&ifreq.ifr_addr, &v4, sizeof(v4));
	*isolated &= ioctl(fd, SIOCSIFADDR, &ifreq) == 0;
	*isolated &= ioctl(fd6, SIOCSIFADDR, &ifreq6) == 0;
	/* the kernel takes a moment until the address can be used */
	bind6.sin6_addr = ifreq6.addr;
	for (int i = 0;
		i < 6000 && *isolated && bind(fd6, (struct sockaddr *)&bind6, sizeof(bind6)); i++)
		usleep(10000);
	close(fd);
	close(fd6);
	return *isolated ? 0 : -1; /* without loopback nothing would work */
}

#endif
