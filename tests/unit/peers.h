/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of serve/clients.c without a server: the far ends of connections, and whether they were
 * cut off.
 */
#ifndef PEERS_H
#define PEERS_H

#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#include "serve/clients.h"

/* One end of a stream socket; the other is far[i]. */
static int far[CLIENTS_ALL + 1];

static inline struct client *add_peer(
	struct clients *clients, size_t i, const struct sockaddr *peer, uint64_t now)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	far[i] = pair[1];
	return clients_add(clients, pair[0], peer, now);
}

/* host: the peer's address; 0: on a Unix socket. */
static inline struct client *add_from(
	struct clients *clients, size_t i, unsigned host, uint64_t now)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
	const struct sockaddr local = {.sa_family = AF_UNIX};

	return add_peer(clients, i, host ? (const struct sockaddr *)&v4 : &local, now);
}

static inline struct client *add_v6(
	struct clients *clients, size_t i, const char *host, uint64_t now)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	assert_int_equal(inet_pton(AF_INET6, host, &v6.sin6_addr), 1);
	return add_peer(clients, i, (const struct sockaddr *)&v6, now);
}

static inline struct client *add(struct clients *clients, size_t i, uint64_t now)
{
	return add_from(clients, i, 0, now);
}

static inline bool is_cut(size_t i)
{
	char byte;

	return recv(far[i], &byte, 1, MSG_DONTWAIT) == 0;
}

static inline void finish(struct clients *clients, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(far[i]);
	for (size_t i = 0; i < CLIENTS_ALL; i++)
		if (clients->slot[i].fd >= 0)
			close(clients->slot[i].fd);
}

static inline uint64_t rejected(const struct clients *clients, enum metrics_rejection why)
{
	uint64_t all = 0;

	for (int r = 0; r < METRICS_REJECTIONS; r++)
		all += clients->counts.rejected[r];
	assert_int_equal(all, clients->counts.rejected[why]); /* no other reason */
	return all;
}

/* Returns the only one of count clients that is cut off; count: none is. */
static inline size_t the_one_cut(size_t count)
{
	size_t found = count;

	for (size_t i = 0; i < count; i++)
		if (far[i] >= 0 && is_cut(i)) {
			if (found < count)
				fail_msg("%zu and %zu are cut off", found, i);
			found = i;
		}
	return found;
}

/* Removes a client whose connection the library has closed. */
static inline void gone(struct clients *clients, struct client *client, size_t i)
{
	close(client->fd);
	client_remove(clients, client);
	close(far[i]);
	far[i] = -1;
}

#endif
