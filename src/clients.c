// SPDX-License-Identifier: GPL-2.0-or-later
#include "clients.h"

#include <string.h>

void clients_init(struct clients *clients, const struct prefix *allow, size_t allowed)
{
	*clients = (struct clients){.allow = allow, .allowed = allowed};
	for (size_t i = 0; i < CLIENTS_ALL; i++)
		clients->slot[i] = (struct client){.fd = -1};
}

/* As IPv6 has it, into address; whether there is one. */
static bool take_address(const struct sockaddr *peer, struct in6_addr *address)
{
	*address = in6addr_any;
	if (peer->sa_family == AF_INET6)
		*address = ((const struct sockaddr_in6 *)peer)->sin6_addr;
	if (peer->sa_family == AF_INET) {
		address->s6_addr[10] = address->s6_addr[11] = 0xff;
		memcpy(&address->s6_addr[12], &((const struct sockaddr_in *)peer)->sin_addr, 4);
	}
	return peer->sa_family == AF_INET || peer->sa_family == AF_INET6;
}

static bool is_allowed(const struct clients *clients, const struct sockaddr *peer)
{
	static const struct prefix loopback4 = {.family = AF_INET, .length = 8, .addr = {127}};
	static const struct prefix loopback6 = {
		.family = AF_INET6, .length = 128, .addr = {[15] = 1}};
	struct in6_addr address;
	const void *addr = &address;
	int family = AF_INET6;

	if (peer->sa_family == AF_UNIX) /* the mode of the socket's file says who may connect */
		return true;
	if (!take_address(peer, &address))
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&address)) {
		family = AF_INET;
		addr = &address.s6_addr[12];
	}
	if (prefix_has(&loopback4, family, addr) || prefix_has(&loopback6, family, addr))
		return true;
	for (size_t i = 0; i < clients->allowed; i++)
		if (prefix_has(&clients->allow[i], family, addr))
			return true;
	return false;
}

bool clients_admit(struct clients *clients, const struct sockaddr *peer)
{
	bool allowed = is_allowed(clients, peer);

	clients->counts.rejected[METRICS_REJECT_ADDRESS] += !allowed;
	return allowed;
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

static bool same_address(const struct client *a, const struct client *b)
{
	return a->addressed && b->addressed && IN6_ARE_ADDR_EQUAL(&a->address, &b->address);
}

/* Cuts off one of those who are like client, or of all for NULL, if there are as many as may be. */
static void make_room(struct clients *clients, const struct client *like, size_t most)
{
	struct client *earliest = NULL;
	size_t count = 0;

	for (size_t i = 0; i < CLIENTS_ALL; i++) {
		struct client *client = &clients->slot[i];

		if (!active(client) || (like && !same_address(client, like)))
			continue;
		count++;
		if (!earliest || client->deadline < earliest->deadline)
			earliest = client;
	}
	if (!earliest || count < most)
		return;
	cut_off(earliest);
	clients->counts.rejected[METRICS_REJECT_LIMIT]++;
}

struct client *clients_add(
	struct clients *clients, int fd, const struct sockaddr *peer, uint64_t now)
{
	struct client new = {.fd = fd, .deadline = now + CLIENTS_HEADER_MS}, *slot = NULL;

	for (size_t i = 0; i < CLIENTS_ALL && !slot; i++)
		if (clients->slot[i].fd < 0)
			slot = &clients->slot[i];
	if (!slot) {
		shutdown(fd, SHUT_RDWR);
		clients->counts.rejected[METRICS_REJECT_LIMIT]++;
		return NULL;
	}
	new.addressed = take_address(peer, &new.address);
	make_room(clients, &new, CLIENTS_ADDRESS);
	make_room(clients, NULL, CLIENTS_MAX);
	*slot = new;
	return slot;
}

void client_remove(struct client *client)
{
	client->fd = -1;
}

static void give_time(struct client *client, uint64_t deadline, bool idle)
{
	client->idle = idle;
	if (active(client))
		client->deadline = deadline;
}

void client_begins(struct client *client, uint64_t now)
{
	if (client->idle) /* the time for a first request began with the connection */
		give_time(client, now + CLIENTS_HEADER_MS, false);
}

void client_asked(struct client *client, uint64_t now)
{
	give_time(client, now + CLIENTS_ANSWER_MS, false);
}

void client_served(struct client *client, uint64_t now)
{
	client->reading = NULL;
	give_time(client, now + CLIENTS_IDLE_MS, true);
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
	for (size_t i = 0; i < CLIENTS_ALL; i++) {
		struct client *client = &clients->slot[i];

		if (!active(client) || client->deadline > now)
			continue;
		cut_off(client);
		/* that a connection ends which nobody needs any more is no complaint */
		clients->counts.rejected[METRICS_REJECT_TIMEOUT] += !client->idle;
	}
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
	for (size_t i = 0; i < CLIENTS_ALL; i++) {
		struct client *client = &clients->slot[i];

		if (!active(client) || client->reading != page)
			continue;
		cut_off(client);
		clients->counts.rejected[METRICS_REJECT_SLOW]++;
	}
}
