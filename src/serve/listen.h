/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where clients connect: listening sockets, non-blocking and close-on-exec. */
#ifndef MZ_SERVE_LISTEN_H
#define MZ_SERVE_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#define LISTEN_BACKLOG 1024 /* who finds no room tries again a second later: many are to fit */

/*
 * Opens a TCP socket. address: NULL for everywhere, v6 and v4 both. port: host byte order. Returns
 * the socket or -errno.
 */
int listen_tcp(const struct sockaddr_storage *address, unsigned port);

/* As listen_tcp(), for an address that no interface has yet: clients reach it once one has. */
int listen_tcp_early(const struct sockaddr_storage *address, unsigned port);

/* Whether fd is a listening stream socket that somebody opened for us; makes it as ours are. */
bool listen_is_passed(int fd, bool *is_unix);

/* The file of a Unix socket, as it was made: numbers of inodes are used again. */
struct listen_file {
	const char *path; /* kept by the caller; NULL: none */
	dev_t device;
	ino_t inode;
	struct timespec changed;
};

/*
 * Opens a Unix socket at path, for its owner and group only. A socket there that nobody accepts on
 * any more is replaced. Returns the socket; -EADDRINUSE where somebody does; -ENOTSOCK where
 * something else is there; or another -errno.
 */
int listen_unix(const char *path, struct listen_file *file);

/* Lets a group connect, too, if it still is the one that was made, unchanged. 0 or -errno. */
int listen_give(struct listen_file *file, gid_t gid);

/* Removes the file, if it still is the one that was made, unchanged. */
void listen_remove(struct listen_file *file);

/*
 * Where no descriptor is left to accept with, turns away all who wait on the socket, as they would
 * wake us again and again; returns whether it did. spare: a descriptor kept for that, -1 at first,
 * which becomes a duplicate of any; to be closed by the caller in the end.
 */
bool listen_turn_away(int socket, int any, int *spare);

/*
 * Whether it listens still, or again where somebody else who has it called shutdown(). TCP can.
 */
bool listen_is_alive(int socket);

#endif
