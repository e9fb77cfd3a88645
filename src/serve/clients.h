/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections of the exporter, on all of its sockets: which are allowed, how many, and for how
 * long. This bounds what clients can take from it; libmicrohttpd bounds the memory of one
 * connection (http.c).
 */
#ifndef MZ_SERVE_CLIENTS_H
#define MZ_SERVE_CLIENTS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/prefix.h"
#include "output/metrics.h"

/*
 * Connections are of two classes, each with places of its own: favoured ones (loopback, Unix
 * sockets and --allow) and others. Where a class is full, a new connection takes the place of
 * another one of that class, chosen in this order:
 *   1. the IPv4 address or IPv6 /64 with the most connections
 *   2. in that /64, the address with the most
 *   3. of that address, an idle connection before one without a complete header, and that before
 *      one that is being answered (enum client_step)
 *   4. the oldest
 * So a client with one connection keeps it, as long as the others have fewer addresses than half of
 * the places.
 */
#define CLIENTS_FAVOURED 16
#define CLIENTS_OTHERS	 128
#define CLIENTS_MAX	 (CLIENTS_FAVOURED + CLIENTS_OTHERS)
#define CLIENTS_ADDRESS	 16 /* of one address; Unix sockets have none */
#define CLIENTS_CUT	 32 /* cut off, but not yet closed by libmicrohttpd */
#define CLIENTS_ALL	 (CLIENTS_MAX + CLIENTS_CUT)

/* The time for each step. It is for the whole step: single bytes do not prolong it. */
#define CLIENTS_HEADER_MS 10000 /* from the connect, or a further request's first line */
#define CLIENTS_ANSWER_MS 60000 /* from the end of the header to the end of the answer */
#define CLIENTS_IDLE_MS	  75000 /* to the next request: scrapes are mostly a minute apart */

/* What a connection is doing. The first of these loses its place first. */
enum client_step {
	CLIENT_IDLE,  /* it has its answer, and has not begun another request */
	CLIENT_NEW,   /* its header is not complete */
	CLIENT_ASKED, /* it is being answered; a request's body belongs to that, too */
};

struct client {
	int fd; /* -1: a free slot */
	enum client_step step;
	bool addressed;		    /* false: on a Unix socket, without an address */
	bool favoured;		    /* its class */
	struct in6_addr address;    /* IPv4 as ::ffff:a.b.c.d */
	int near_count, same_count; /* connections of its /64, of its address: with it */
	uint64_t since;		    /* monotonic milliseconds: when the step began */
	uint64_t deadline;	    /* the end of the step's time; UINT64_MAX: cut off */
	const void *reading;	    /* the page that is being sent, or NULL */
};

struct clients {
	struct client slot[CLIENTS_ALL];
	const struct prefix *allow;
	size_t allow_count, favoured_count;
	struct log_limit refused;	/* for the log line about peers that may not connect */
	struct metrics_exporter counts; /* clients.c counts rejections, http.c scrapes */
};

/* Makes all slots free. clients_allow() is due next. */
void clients_init(struct clients *clients);

/*
 * Sets the prefixes that may connect besides loopback; the first favoured_count of them are
 * favoured. The list stays the caller's, and must live on.
 */
void clients_allow(struct clients *clients, const struct prefix *allow, size_t allow_count,
	size_t favoured_count);

/*
 * Whether peer may connect. Counts a refusal, and logs it, at most once a minute. An IPv4 peer of
 * an IPv6 socket counts as IPv4.
 */
bool clients_admit(struct clients *clients, const struct sockaddr *peer);

/*
 * Adds a new connection, and cuts off another one where its class or its address has too many. fd
 * stays the caller's. Returns NULL, with fd shut down, where all slots are taken.
 */
struct client *clients_add(
	struct clients *clients, int fd, const struct sockaddr *peer, uint64_t now);

/* Frees the slot of a connection. Call it before its fd is closed. */
void client_remove(struct clients *clients, struct client *client);

/* Each begins a step, in turn: at a request's first line, its header's end, its answer's end. */
void client_begins(struct client *client, uint64_t now);
void client_asked(struct client *client, uint64_t now);
void client_served(struct client *client, uint64_t now);

/* The earliest deadline, in monotonic milliseconds; UINT64_MAX: none. */
uint64_t clients_deadline(const struct clients *clients);

/* Cuts off the connections whose deadline has passed. */
void clients_expire(struct clients *clients, uint64_t now);

/* Whether a page is being sent to any connection. */
bool clients_have_reader(const struct clients *clients, const void *page);

/* Cuts off the connections to which a page is being sent. */
void clients_cut_readers(struct clients *clients, const void *page);

#endif
