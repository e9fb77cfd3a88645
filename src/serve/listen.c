// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* early: also where no interface has the address yet. */
static int listen_on(const struct sockaddr *address, socklen_t length, bool v6only, bool early)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, only = v6only;

	if (fd < 0)
		return -errno;
	if ((address->sa_family != AF_UNIX &&
		    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))) ||
		(address->sa_family == AF_INET6 &&
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only))) ||
		/* IP_FREEBIND is for IPv6 sockets, too */
		(early && setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on))) ||
		bind(fd, address, length) || listen(fd, LISTEN_BACKLOG)) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

static int listen_inet(const struct sockaddr_storage *address, unsigned port, bool early)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (address && address->ss_family == AF_INET)
		memcpy(&v4, address, sizeof(v4));
	else if (address && address->ss_family == AF_INET6)
		memcpy(&v6, address, sizeof(v6));
	else if (address)
		return -EAFNOSUPPORT;
	v4.sin_port = v6.sin6_port = htons((uint16_t)port);
	if (!address || address->ss_family == AF_INET6) {
		int fd = listen_on((const struct sockaddr *)&v6, sizeof(v6), address, early);

		if (address || (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL))
			return fd;
	}
	return listen_on((const struct sockaddr *)&v4, sizeof(v4), false, early);
}

int listen_tcp(const struct sockaddr_storage *address, unsigned port)
{
	return listen_inet(address, port, false);
}

int listen_tcp_early(const struct sockaddr_storage *address, unsigned port)
{
	return listen_inet(address, port, true);
}

bool listen_is_passed(int fd, bool *is_unix)
{
	int type, domain, listen_count;
	socklen_t length = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listen_count, &length) < 0)
		return false;
	*is_unix = domain == AF_UNIX;
	return type == SOCK_STREAM && listen_count &&
	       (domain == AF_UNIX || domain == AF_INET || domain == AF_INET6) &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

/* Returns 0 where no process listens there, -EADDRINUSE where one does, -ENOTSOCK, or -errno. */
static int check_stale(const struct sockaddr_un *address)
{
	int fd, error;
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	error = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? errno : 0;
	close(fd);
	/* EAGAIN: the queue is full; EPROTOTYPE: not a stream socket. A process holds either. */
	return error == ECONNREFUSED || error == ENOENT ? 0 : -EADDRINUSE;
}

/*
 * Locks the directory of path for up to half a second, so that of two daemons that start at once,
 * neither takes the other's socket for stale between bind(2) and listen(2). Goes on without the
 * lock where another program holds it. Returns a descriptor to close, or -1.
 */
static int take_turn(const char *path)
{
	char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *slash = strrchr(path, '/');
	int fd;

	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path) + 1, path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 50 && fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
		usleep(10000);
	return fd;
}

int listen_unix(const char *path, struct listen_file *file)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int turn, fd;
	struct stat st;
	mode_t mask;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memccpy(address.sun_path, path, 0, sizeof(address.sun_path));
	turn = take_turn(path);
	fd = check_stale(&address);
	if (fd == 0) {
		unlink(path);
		mask = umask(0117);
		fd = listen_on((const struct sockaddr *)&address, sizeof(address), false, false);
		umask(mask);
	}
	if (fd >= 0 && lstat(path, &st) == 0)
		*file = (struct listen_file){path, st.st_dev, st.st_ino, st.st_ctim};
	if (turn >= 0)
		close(turn);
	return fd;
}

static bool is_unchanged(const struct listen_file *file, const struct stat *st)
{
	return st->st_dev == file->device && st->st_ino == file->inode &&
	       st->st_ctim.tv_sec == file->changed.tv_sec &&
	       st->st_ctim.tv_nsec == file->changed.tv_nsec;
}

int listen_give(struct listen_file *file, gid_t gid)
{
	struct stat st;
	int fd, error = 0;

	if (!file->path)
		return 0;
	fd = open(file->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* st_nlink: a hard link to another socket would give that one away */
	if (fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode) || st.st_nlink != 1 ||
		!is_unchanged(file, &st))
		error = -EEXIST;
	else if (fchownat(fd, "", (uid_t)-1, gid, AT_EMPTY_PATH) < 0 || fstat(fd, &st) < 0)
		error = -errno;
	else
		file->changed = st.st_ctim;
	close(fd);
	return error;
}

void listen_remove(struct listen_file *file)
{
	struct stat st;

	if (file->path && lstat(file->path, &st) == 0 && is_unchanged(file, &st))
		unlink(file->path);
	file->path = NULL;
}

bool listen_is_alive(int socket)
{
	struct pollfd state = {.fd = socket};

	if (poll(&state, 1, 0) == 0)
		return true;
	return listen(socket, LISTEN_BACKLOG) == 0 && poll(&state, 1, 0) == 0;
}

bool listen_turn_away(int socket, int any, int *spare)
{
	int probe, turned = 0;

	if (*spare < 0)
		*spare = fcntl(any, F_DUPFD_CLOEXEC, 0);
	probe = *spare < 0 ? -1 : fcntl(*spare, F_DUPFD_CLOEXEC, 0);
	if (probe >= 0)
		close(probe);
	if (probe >= 0 || *spare < 0)
		return false;
	close(*spare);
	for (; turned < LISTEN_BACKLOG; turned++) {
		int fd = accept4(socket, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			break;
		close(fd);
	}
	*spare = fcntl(any, F_DUPFD_CLOEXEC, 0);
	return turned > 0;
}
