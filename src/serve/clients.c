// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/clients.h"

#include <arpa/inet.h>
#include <string.h>

void clients_init(struct clients *clients)
{
	*clients = (struct clients){0};
	for (size_t i = 0; i < CLIENTS_ALL; i++)
		clients->slot[i] = (struct client){.fd = -1};
}

void clients_allow(struct clients *clients, const struct prefix *allow, size_t allow_count,
	size_t favoured_count)
{
	clients->allow = allow;
	clients->allow_count = allow_count;
	clients->favoured_count = favoured_count;
}

/* Sets address, IPv4 as ::ffff:a.b.c.d. Returns false where the peer has none. */
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

/* Whether peer is loopback, on a Unix socket, or in one of the first prefixes. */
static bool is_among(const struct clients *clients, const struct sockaddr *peer, size_t prefixes)
{
	static const struct prefix loopback4 = {.family = AF_INET, .length = 8, .addr = {127}};
	static const struct prefix loopback6 = {
		.family = AF_INET6, .length = 128, .addr = {[15] = 1}};
	struct in6_addr address;
	const void *addr = &address;
	int family = AF_INET6;

	if (peer->sa_family == AF_UNIX) /* the kernel checked the mode of the socket's file */
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

/* The log says why, as the client sees only that the connection ends. */
static void log_refusal(struct clients *clients, const struct sockaddr *peer)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	bool is_v4;

	if (!take_address(peer, &address) || !log_due(&clients->refused))
		return;
	is_v4 = IN6_IS_ADDR_V4MAPPED(&address);
	inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? &address.s6_addr[12] : address.s6_addr, text,
		sizeof(text));
	log_warn("HTTP: no answer to %s, which is in no tracked subnet: see --allow", text);
}

bool clients_admit(struct clients *clients, const struct sockaddr *peer)
{
	bool allowed = is_among(clients, peer, clients->allow_count);

	clients->counts.rejected[METRICS_REJECT_ADDRESS] += !allowed;
	if (!allowed)
		log_refusal(clients, peer);
	return allowed;
}

static bool active(const struct client *client)
{
	return client->fd >= 0 && client->deadline < UINT64_MAX;
}

/* Whether both are of one class, and of one IPv4 address or one IPv6 /64. */
static bool are_near(const struct client *a, const struct client *b)
{
	bool v4 = IN6_IS_ADDR_V4MAPPED(&a->address) || IN6_IS_ADDR_V4MAPPED(&b->address);

	return a->addressed && b->addressed && a->favoured == b->favoured &&
	       memcmp(&a->address, &b->address, v4 ? 16 : 8) == 0;
}

static bool are_same(const struct client *a, const struct client *b)
{
	return are_near(a, b) && IN6_ARE_ADDR_EQUAL(&a->address, &b->address);
}

/* Changes the counts of the active connections near client, and its own, by 1 or -1. */
static void count(struct clients *clients, struct client *client, int change)
{
	for (size_t i = 0; i < CLIENTS_ALL; i++) {
		struct client *other = &clients->slot[i];

		if (!active(other) || !are_near(other, client))
			continue;
		client->near_count = other->near_count += change;
		if (are_same(other, client))
			client->same_count = other->same_count += change;
	}
}

/*
 * libmicrohttpd then sees the end of the connection, and closes it later. SO_LINGER with time 0
 * drops what the client has not received, which would else stay in kernel memory after the close.
 */
static void cut_off(struct clients *clients, struct client *client)
{
	static const struct linger none = {.l_onoff = 1};

	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	shutdown(client->fd, SHUT_RDWR);
	client->deadline = UINT64_MAX;
	count(clients, client, -1);
}

static bool goes_before(const struct client *a, const struct client *b)
{
	if (a->near_count != b->near_count)
		return a->near_count > b->near_count;
	if (a->same_count != b->same_count)
		return a->same_count > b->same_count;
	return a->step != b->step ? a->step < b->step : a->since < b->since;
}

/* Cuts off a connection of new's class (same: of its address) where there are `most` of them. */
static void make_room(struct clients *clients, const struct client *new, bool same, size_t most)
{
	struct client *first = NULL;
	size_t found = 0;

	for (size_t i = 0; i < CLIENTS_ALL; i++) {
		struct client *client = &clients->slot[i];

		if (!active(client) || client->favoured != new->favoured ||
			(same && !are_same(client, new)))
			continue;
		found++;
		if (!first || goes_before(client, first))
			first = client;
	}
	if (found < most)
		return;
	cut_off(clients, first);
	clients->counts.rejected[METRICS_REJECT_LIMIT]++;
}

struct client *clients_add(
	struct clients *clients, int fd, const struct sockaddr *peer, uint64_t now)
{
	struct client *slot = NULL;
	struct client new = {
		.fd = fd, .step = CLIENT_NEW, .since = now, .near_count = 1, .same_count = 1};

	for (size_t i = 0; i < CLIENTS_ALL && !slot; i++)
		if (clients->slot[i].fd < 0)
			slot = &clients->slot[i];
	if (!slot) {
		shutdown(fd, SHUT_RDWR);
		clients->counts.rejected[METRICS_REJECT_LIMIT]++;
		return NULL;
	}
	new.addressed = take_address(peer, &new.address);
	new.favoured = is_among(clients, peer, clients->favoured_count);
	new.deadline = now + CLIENTS_HEADER_MS;
	make_room(clients, &new, true, CLIENTS_ADDRESS);
	make_room(clients, &new, false, new.favoured ? CLIENTS_FAVOURED : CLIENTS_OTHERS);
	count(clients, &new, 1);
	*slot = new;
	return slot;
}

void client_remove(struct clients *clients, struct client *client)
{
	if (active(client))
		count(clients, client, -1);
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
	if (client->step == CLIENT_IDLE) /* a first request's step began with the connection */
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
		cut_off(clients, client);
		/* an idle connection that ends is not a rejection */
		clients->counts.rejected[METRICS_REJECT_TIMEOUT] += client->step != CLIENT_IDLE;
	}
}

bool clients_have_reader(const struct clients *clients, const void *page)
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
		cut_off(clients, client);
		clients->counts.rejected[METRICS_REJECT_SLOW]++;
	}
}
