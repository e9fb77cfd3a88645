/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening stream sockets, non-blocking and close-on-exec: TCP and Unix. */
#ifndef MZ_SERVE_LISTEN_H
#define MZ_SERVE_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#define LISTEN_BACKLOG 1024 /* a client that finds the queue full waits a second, then retries */

/*
 * Opens a TCP socket. address: NULL for all addresses, IPv6 and IPv4. port: host byte order.
 * Returns the socket or -errno.
 */
int listen_tcp(const struct sockaddr_storage *address, unsigned port);

/* The same for an address that no interface has yet (IP_FREEBIND). */
int listen_tcp_early(const struct sockaddr_storage *address, unsigned port);

/*
 * Whether fd is a listening stream socket, TCP or Unix, that the service manager has passed. Makes
 * it non-blocking and close-on-exec.
 */
bool listen_is_passed(int fd, bool *is_unix);

/* The file of a Unix socket, as it was created. The time is needed, as inode numbers are reused. */
struct listen_file {
	const char *path; /* the caller's; NULL: none */
	dev_t device;
	ino_t inode;
	struct timespec changed;
};

/*
 * Opens a Unix socket at path, of mode 0660, and fills file. Replaces a socket at path that no
 * process listens on any more. Returns the socket; -EADDRINUSE where a process listens there;
 * -ENOTSOCK where something else is there; or another -errno.
 */
int listen_unix(const char *path, struct listen_file *file);

/*
 * Gives the file to group gid, whose members may connect then. Returns 0, -EEXIST where it is not
 * the file that listen_unix() created, or another -errno.
 */
int listen_give(struct listen_file *file, gid_t gid);

/* Removes the file, if it still is the one that listen_unix() created, unchanged. */
void listen_remove(struct listen_file *file);

/*
 * Where the process has no free descriptor, accepts and closes all connections that wait on the
 * socket: as long as they wait, each epoll_wait(2) returns at once. Returns whether it did. *spare:
 * the descriptor that it frees to accept with, -1 at first; it becomes a duplicate of any, and the
 * caller closes it in the end.
 */
bool listen_turn_away(int socket, int any, int *spare);

/*
 * Whether the socket listens. Where another process that shares it has called shutdown(2), listens
 * again first, which works for TCP.
 */
bool listen_is_alive(int socket);

#endif
