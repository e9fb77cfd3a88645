/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is connected to the exporter, who may be, and for how long. What strangers can take from us
 * is bounded here, except for what the HTTP library bounds itself.
 */
#ifndef MZ_CLIENTS_H
#define MZ_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "prefix.h"

#define CLIENTS_MAX 64 /* at once: one more, and the one that waited longest is cut off */
#define CLIENTS_CUT 32 /* cut off, but not yet closed by the library */
#define CLIENTS_ALL (CLIENTS_MAX + CLIENTS_CUT)

/*
 * From the connect or the end of an answer to the end of the next one: this ends idlers, dribblers
 * and readers that do not read alike. Longer than the usual minute between two scrapes, so that a
 * scraper keeps its connection.
 */
#define CLIENTS_PATIENCE_MS 75000

struct client {
	int fd;		     /* -1: a free slot */
	uint64_t deadline;   /* monotonic milliseconds; UINT64_MAX: cut off */
	const void *reading; /* the page it is being sent, or NULL */
};

struct clients {
	struct client slot[CLIENTS_ALL];
	const struct prefix *allow;
	size_t allowed;
};

/* allow: who may connect besides loopback; kept by the caller. */
void clients_init(struct clients *clients, const struct prefix *allow, size_t allowed);

/* An IPv4 peer of an IPv6 socket is an IPv4 peer. */
bool clients_admit(const struct clients *clients, const struct sockaddr *peer);

/* fd stays the caller's. Returns NULL, with fd shut down, when all slots are taken. */
struct client *clients_add(struct clients *clients, int fd, uint64_t now);
void client_remove(struct client *client); /* before its fd is closed */
void client_served(struct client *client, uint64_t now);

/* The next deadline, UINT64_MAX: none; and cutting off whose deadline has passed. */
uint64_t clients_deadline(const struct clients *clients);
void clients_expire(struct clients *clients, uint64_t now);

bool clients_read(const struct clients *clients, const void *page);
void clients_cut_readers(struct clients *clients, const void *page);

#endif
