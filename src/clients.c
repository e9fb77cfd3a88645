// SPDX-License-Identifier: GPL-2.0-or-later
#include "clients.h"

#include <string.h>

void clients_init(struct clients *clients)
{
	*clients = (struct clients){0};
	for (size_t i = 0; i < CLIENTS_ALL; i++)
		clients->slot[i] = (struct client){.fd = -1};
}

void clients_allow(
	struct clients *clients, const struct prefix *allow, size_t allowed, size_t favoured)
{
	clients->allow = allow;
	clients->allowed = allowed;
	clients->favoured = favoured;
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

/* Loopback, Unix sockets, and those of the first prefixes. */
static bool is_among(const struct clients *clients, const struct sockaddr *peer, size_t prefixes)
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
	for (size_t i = 0; i < prefixes; i++)
		if (prefix_has(&clients->allow[i], family, addr))
			return true;
	return false;
}

bool clients_admit(struct clients *clients, const struct sockaddr *peer)
{
	bool allowed = is_among(clients, peer, clients->allowed);

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

/* Whether both are of one IPv4 address, or of one IPv6 /64, of which a host has all addresses. */
static bool same_address(const struct client *a, const struct client *b)
{
	size_t length = IN6_IS_ADDR_V4MAPPED(&a->address) ? 16 : 8;

	return a->addressed && b->addressed && memcmp(&a->address, &b->address, length) == 0;
}

static size_t count_address(const struct clients *clients, const struct client *like)
{
	size_t count = 0;

	for (size_t i = 0; i < CLIENTS_ALL; i++)
		count += active(&clients->slot[i]) && same_address(&clients->slot[i], like);
	return count;
}

static bool goes_before(const struct client *a, const struct client *b)
{
	return a->step != b->step ? a->step < b->step : a->since < b->since;
}

static void give_way(struct clients *clients, struct client *client)
{
	cut_off(client);
	clients->counts.rejected[METRICS_REJECT_LIMIT]++;
}

/* Cuts off one of the address that client is of, if there are as many as may be. */
static void keep_to_share(struct clients *clients, const struct client *client)
{
	struct client *first = NULL;

	if (count_address(clients, client) < CLIENTS_ADDRESS)
		return;
	for (size_t i = 0; i < CLIENTS_ALL; i++) {
		struct client *other = &clients->slot[i];

		if (active(other) && same_address(other, client) &&
			(!first || goes_before(other, first)))
			first = other;
	}
	give_way(clients, first);
}

/* Cuts off one of the favoured, or of the others, if there are as many as may be. */
static void make_room(struct clients *clients, bool favoured)
{
	size_t most = favoured ? CLIENTS_FAVOURED : CLIENTS_MAX - CLIENTS_FAVOURED, count = 0,
	       greatest = 0;
	struct client *first = NULL;

	for (size_t i = 0; i < CLIENTS_ALL; i++) {
		struct client *client = &clients->slot[i];
		size_t share;

		if (!active(client) || client->favoured != favoured)
			continue;
		count++;
		share = count_address(clients, client);
		if (!first || share > greatest ||
			(share == greatest && goes_before(client, first))) {
			greatest = share;
			first = client;
		}
	}
	if (count >= most)
		give_way(clients, first);
}

struct client *clients_add(
	struct clients *clients, int fd, const struct sockaddr *peer, uint64_t now)
{
	struct client new = {.fd = fd,
		.step = CLIENT_NEW,
		.since = now,
		.deadline = now + CLIENTS_HEADER_MS},
		      *slot = NULL;

	for (size_t i = 0; i < CLIENTS_ALL && !slot; i++)
		if (clients->slot[i].fd < 0)
			slot = &clients->slot[i];
	if (!slot) {
		shutdown(fd, SHUT_RDWR);
		clients->counts.rejected[METRICS_REJECT_LIMIT]++;
		return NULL;
	}
	new.addressed = take_address(peer, &new.address);
	new.favoured = is_among(clients, peer, clients->favoured);
	keep_to_share(clients, &new);
	make_room(clients, new.favoured);
	*slot = new;
	return slot;
}

void client_remove(struct client *client)
{
	client->fd = -1;
}

static void enter(struct client *client, enum client_step step, uint64_t now, uint64_t limit)
{
	client->step = step;
	client->since = now;
	if (active(client))
		client->deadline = now + limit;
}

void client_begins(struct client *client, uint64_t now)
{
	if (client->step == CLIENT_IDLE) /* the first request's time began with the connection */
		enter(client, CLIENT_NEW, now, CLIENTS_HEADER_MS);
}

void client_asked(struct client *client, uint64_t now)
{
	enter(client, CLIENT_ASKED, now, CLIENTS_ANSWER_MS);
}

void client_served(struct client *client, uint64_t now)
{
	client->reading = NULL;
	enter(client, CLIENT_IDLE, now, CLIENTS_IDLE_MS);
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
		clients->counts.rejected[METRICS_REJECT_TIMEOUT] += client->step != CLIENT_IDLE;
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
