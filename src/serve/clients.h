/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is connected to the exporter, on all of its sockets, who may be, and for how long. What
 * strangers can take from us is bounded here, except for what the HTTP library bounds itself.
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
 * At once, of two classes: those for whom places are kept, which are loopback, Unix sockets and
 * --allow, and others. One more than that, and one of its class is cut off, never the newest. It is
 * one of the IPv4 address or IPv6 /64 that has most of them; in a /64, of the address that has
 * most; of its own, one that waits for nothing rather than one that has not asked yet, and that
 * rather than one that is being answered; of equal ones, the oldest. So who has one connection
 * keeps it, as long as the others are fewer addresses than half of the places.
 */
#define CLIENTS_FAVOURED 16
#define CLIENTS_OTHERS	 128
#define CLIENTS_MAX	 (CLIENTS_FAVOURED + CLIENTS_OTHERS)
#define CLIENTS_ADDRESS	 16 /* of one address; a Unix socket has none */
#define CLIENTS_CUT	 32 /* cut off, but not yet closed by the library */
#define CLIENTS_ALL	 (CLIENTS_MAX + CLIENTS_CUT)

/*
 * Each step has a time for all of it, which no byte that dribbles in or out prolongs:
 * from the connect, or the line that a further request begins with, to the end of its header;
 */
#define CLIENTS_HEADER_MS 10000
/* from there to the end of the answer, the request's body included; */
#define CLIENTS_ANSWER_MS 60000
/* from there to the next request: longer than the usual minute between two scrapes. */
#define CLIENTS_IDLE_MS 75000

/* In the order in which they have to go. */
enum client_step {
	CLIENT_IDLE,  /* it was served, and asked for nothing since */
	CLIENT_NEW,   /* the header of what it asks has not come yet */
	CLIENT_ASKED, /* it is being answered */
};

struct client {
	int fd; /* -1: a free slot */
	enum client_step step;
	bool addressed;		    /* whether it has an address */
	bool favoured;		    /* for whom places are kept */
	struct in6_addr address;    /* IPv4 as ::ffff:a.b.c.d */
	int near_count, same_count; /* how many there are of its /64 and of its address, with it */
	uint64_t since;		    /* monotonic milliseconds: the beginning of the step */
	uint64_t deadline;	    /* of the step; UINT64_MAX: cut off */
	const void *reading;	    /* the page it is being sent, or NULL */
};

struct clients {
	struct client slot[CLIENTS_ALL];
	const struct prefix *allow;
	size_t allow_count, favoured_count;
	struct log_limit refused;	/* a line of the log for those who may not connect */
	struct metrics_exporter counts; /* clients.c counts rejections only */
};

void clients_init(struct clients *clients);

/* Who may connect besides loopback; the first of them are favoured. The list is kept by the caller.
 */
void clients_allow(struct clients *clients, const struct prefix *allow, size_t allow_count,
	size_t favoured_count);

/*
 * Whether peer may connect; that it may not is logged, once a minute at most. An IPv4 peer of an
 * IPv6 socket is an IPv4 peer.
 */
bool clients_admit(struct clients *clients, const struct sockaddr *peer);

/* fd stays the caller's. Returns NULL, with fd shut down, when all slots are taken. */
struct client *clients_add(
	struct clients *clients, int fd, const struct sockaddr *peer, uint64_t now);
void client_remove(struct clients *clients, struct client *client); /* before its fd is closed */

/* It has sent the first line of a request; the header's end; it has the answer. */
void client_begins(struct client *client, uint64_t now);
void client_asked(struct client *client, uint64_t now);
void client_served(struct client *client, uint64_t now);

/* The next deadline, UINT64_MAX: none; and cutting off whose deadline has passed. */
uint64_t clients_deadline(const struct clients *clients);
void clients_expire(struct clients *clients, uint64_t now);

bool clients_read(const struct clients *clients, const void *page);
void clients_cut_readers(struct clients *clients, const void *page);

#endif
