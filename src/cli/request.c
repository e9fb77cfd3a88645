// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/request.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define SIZE_MOST (16u << 20)

/* Waits until the descriptor has one of events; with events 0, for 20 ms. */
static int wait_for(int fd, short events, uint64_t deadline)
{
	struct pollfd pollfd = {.fd = fd, .events = events};
	uint64_t now = now_ms();
	int wait = events ? (int)(deadline - now) : 20;

	if (now >= deadline)
		return -ETIMEDOUT;
	if (poll(&pollfd, events ? 1 : 0, wait) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

static int connect_to(const char *path, uint64_t deadline)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, error = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memccpy(address.sun_path, path, 0, sizeof(address.sun_path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	while (!error && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		error = errno == EAGAIN ? wait_for(fd, 0, deadline)
					: -errno; /* EAGAIN: the queue is full */
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int send_all(int fd, const char *text, size_t length, uint64_t deadline)
{
	while (length > 0) {
		ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);
		int error;

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (sent > 0) {
			text += sent;
			length -= (size_t)sent;
			continue;
		}
		error = wait_for(fd, POLLOUT, deadline);
		if (error)
			return error;
	}
	return 0;
}

/* Receives until the other end closes. */
static int receive_all(int fd, struct buf *answer, uint64_t deadline)
{
	char part[16384];

	for (;;) {
		ssize_t got = recv(fd, part, sizeof(part), 0);
		int error = 0;

		if (got == 0)
			return 0;
		if (got > 0)
			buf_bytes(answer, part, (size_t)got);
		else if (errno == EAGAIN || errno == EINTR)
			error = wait_for(fd, POLLIN, deadline);
		else
			error = -errno;
		if (!error && now_ms() >= deadline)
			error = -ETIMEDOUT; /* a server may send a little now and then, for ever */
		if (!error && answer->failed)
			error = -ENOMEM;
		if (!error && answer->length > SIZE_MOST)
			error = -EFBIG;
		if (error)
			return error;
	}
}

/* Whether the body has the length that the header announces, where it announces one. */
static bool is_whole(const char *head, size_t length)
{
	static const char name[] = "\r\nContent-Length:";
	const char *field = strcasestr(head, name);

	return !field || strtoull(field + strlen(name), NULL, 10) == length;
}

/* Appends the body of the answer to body. answer: NUL-terminated; length: without the NUL. */
static int take_body(char *answer, size_t length, struct buf *body, unsigned *status)
{
	char *end = strstr(answer, "\r\n\r\n");
	unsigned major, minor;

	if (!end || sscanf(answer, "HTTP/%1u.%1u %3u", &major, &minor, status) != 3)
		return -EPROTO;
	*end = '\0'; /* a body may look like a header */
	end += 4;
	length -= (size_t)(end - answer);
	if (!is_whole(answer, length))
		return -EPROTO;
	buf_bytes(body, end, length);
	return body->failed ? -ENOMEM : 0;
}

int request_any(const char *socket, const char *path, unsigned patience_ms, struct buf *body,
	unsigned *status)
{
	uint64_t deadline = now_ms() + patience_ms;
	int fd = connect_to(socket, deadline), error;
	struct buf request = {0}, answer = {0};

	if (fd < 0)
		return fd;
	buf_text(&request, "GET ");
	buf_text(&request, path);
	buf_text(&request, " HTTP/1.0\r\n\r\n"); /* 1.0: the server closes when it is done */
	error = request.failed ? -ENOMEM : send_all(fd, request.data, request.length, deadline);
	if (!error)
		error = receive_all(fd, &answer, deadline);
	if (!error) {
		buf_bytes(&answer, "", 1);
		error = answer.failed ? -ENOMEM
				      : take_body(answer.data, answer.length - 1, body, status);
	}
	buf_free(&request);
	buf_free(&answer);
	close(fd);
	return error;
}

int request_get(const char *socket, const char *path, unsigned patience_ms, struct buf *body)
{
	size_t length = body->length;
	unsigned status = 0;
	int error = request_any(socket, path, patience_ms, body, &status);

	if (error || status == 200)
		return error;
	body->length = length;
	return status == 503 ? -EBUSY : -EPROTO;
}

/* Logs who may use the socket, as this user may not. */
static void log_allowed(const char *socket)
{
	const struct group *group;
	struct stat st;

	group = stat(socket, &st) == 0 && st.st_gid != 0 ? getgrgid(st.st_gid) : NULL;
	if (group)
		log_error("%s: only root and the group %s may ask: try sudo, or join that group",
			socket, group->gr_name);
	else
		log_error("%s: only root may ask: try sudo", socket);
}

void request_log_failure(const char *socket, int error)
{
	if (error == -ENOENT || error == -ECONNREFUSED)
		log_error("no daemon answers at %s", socket);
	else if (error == -EACCES || error == -EPERM)
		log_allowed(socket);
	else
		log_error("%s: %s", socket,
			error == -EPROTO ? "the program that answers there is not mezoura"
					 : strerror(-error));
}
