// SPDX-License-Identifier: GPL-2.0-or-later
#include "clients.h"

#include <netinet/in.h>

void clients_init(struct clients *clients, const struct prefix *allow, size_t allowed)
{
	clients->allow = allow;
	clients->allowed = allowed;
	for (size_t i = 0; i < CLIENTS_ALL; i++)
		clients->slot[i] = (struct client){.fd = -1};
}

bool clients_admit(const struct clients *clients, const struct sockaddr *peer)
{
	static const struct prefix loopback4 = {.family = AF_INET, .length = 8, .addr = {127}};
	static const struct prefix loopback6 = {
		.family = AF_INET6, .length = 128, .addr = {[15] = 1}};
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)peer)->sin6_addr;
	const void *addr = v6;
	int family = peer->sa_family;

	if (family == AF_UNIX) /* the mode of the socket's file says who may connect */
		return true;
	if (family == AF_INET) {
		addr = &((const struct sockaddr_in *)peer)->sin_addr;
	} else if (family != AF_INET6) {
		return false;
	} else if (IN6_IS_ADDR_V4MAPPED(v6)) {
		family = AF_INET;
		addr = &v6->s6_addr[12];
	}
	if (prefix_has(&loopback4, family, addr) || prefix_has(&loopback6, family, addr))
		return true;
	for (size_t i = 0; i < clients->allowed; i++)
		if (prefix_has(&clients->allow[i], family, addr))
			return true;
	return false;
}

/*
 * The library then sees the end of it, and closes in its own time. Without lingering, or what was
 * not read yet would stay in the kernel's memory.
 */
static void cut_off(struct client *client)
{
	static const struct linger none = {.l_onoff = 1};

	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	shutdown(client->fd, SHUT_RDWR);
	client->deadline = UINT64_MAX;
}

static bool active(const struct client *client)
{
	return client->fd >= 0 && client->deadline < UINT64_MAX;
}

struct client *clients_add(struct clients *clients, int fd, uint64_t now)
{
	struct client *free_slot = NULL, *earliest = NULL;
	size_t count = 0;

	for (size_t i = 0; i < CLIENTS_ALL; i++) {
		struct client *client = &clients->slot[i];

		if (client->fd < 0)
			free_slot = client;
		if (!active(client))
			continue;
		count++;
		if (!earliest || client->deadline < earliest->deadline)
			earliest = client;
	}
	if (!free_slot) {
		shutdown(fd, SHUT_RDWR);
		return NULL;
	}
	if (earliest && count >= CLIENTS_MAX)
		cut_off(earliest);
	*free_slot = (struct client){.fd = fd, .deadline = now + CLIENTS_PATIENCE_MS};
	return free_slot;
}

void client_remove(struct client *client)
{
	client->fd = -1;
}

void client_served(struct client *client, uint64_t now)
{
	client->reading = NULL;
	if (active(client))
		client->deadline = now + CLIENTS_PATIENCE_MS;
}

uint64_t clients_deadline(const struct clients *clients)
{
	uint64_t deadline = UINT64_MAX;

	for (size_t i = 0; i < CLIENTS_ALL; i++)
		if (active(&clients->slot[i]) && clients->slot[i].deadline < deadline)
			deadline = clients->slot[i].deadline;
	return deadline;
}

void clients_expire(struct clients *clients, uint64_t now)
{
	for (size_t i = 0; i < CLIENTS_ALL; i++)
		if (active(&clients->slot[i]) && clients->slot[i].deadline <= now)
			cut_off(&clients->slot[i]);
}

bool clients_read(const struct clients *clients, const void *page)
{
	for (size_t i = 0; i < CLIENTS_ALL; i++)
		if (clients->slot[i].fd >= 0 && clients->slot[i].reading == page)
			return true;
	return false;
}

void clients_cut_readers(struct clients *clients, const void *page)
{
	for (size_t i = 0; i < CLIENTS_ALL; i++)
		if (active(&clients->slot[i]) && clients->slot[i].reading == page)
			cut_off(&clients->slot[i]);
}
