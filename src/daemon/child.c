// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/parent.h"

#define WAIT_MIN_MS 100
#define WAIT_MAX_MS 30000
#define AGAIN_MS    1000  /* between starts of a child that wants to be executed anew */
#define STEADY_MS   60000 /* a child that ran for so long did not fail at its start */
#define PING_MS	    10000
#define PINGS	    3	 /* without an answer: it hangs, and is not only late on a busy machine */
#define STOP_MS	    1000 /* how long child_stop() waits for the kernel to kill it */
#define OUT_OF_WAY  64	 /* no descriptor that a child is executed with has so high a number */

_Static_assert(PARENT_PASSED + CHILD_PASSED_MAX <= OUT_OF_WAY, "numbers do not overlap");

#ifndef SYS_close_range
#define SYS_close_range 436 /* all architectures, since Linux 5.9 */
#endif

/* In the child. */
static void give_up(const struct child *child, const char *what)
{
	log_error("cannot become the %s: %s: %s", child->name, what, strerror(errno));
	_exit(127);
}

/*
 * In the child. Moves descriptors out of each other's way first, then to the numbers that it is to
 * know them by. These stay open when the program is executed, and all others are closed.
 */
static void arrange_descriptors(const struct child *child, int channel, int life)
{
	int from[OUT_OF_WAY], count = PARENT_PASSED;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	from[0] = from[1] = nothing;
	from[2] = STDERR_FILENO;
	from[PARENT_CHANNEL] = channel;
	from[PARENT_LIFE] = life;
	for (size_t i = 0; i < child->passed_count; i++)
		from[count++] = child->passed[i];
	for (int i = 0; i < count; i++) {
		from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, OUT_OF_WAY);
		if (from[i] < 0)
			give_up(child, "descriptors");
	}
	for (int i = 0; i < count; i++)
		if (dup2(from[i], i) < 0)
			give_up(child, "descriptors");
	syscall(SYS_close_range, (unsigned)count, ~0U, 0);
}

/* In the child. Does not return. */
static void become(const struct child *child, int channel, int life)
{
	sigset_t none;

	if (child->become_user(child->privileges) < 0)
		give_up(child, "another user");
	arrange_descriptors(child, channel, life);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* a signal to the daemon's whole group ends the daemon, and that ends this process */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	child->argv[0] = child->argv0;
	execv("/proc/self/exe", child->argv);
	give_up(child, "/proc/self/exe");
}

static void close_channel(struct child *child)
{
	int fd = child->channel.fd;

	loop_remove(child->loop, &child->channel);
	if (fd >= 0)
		close(fd);
}

/* This has the kernel kill the child where it still runs: the daemon may be another user. */
static void close_life(struct child *child)
{
	if (child->life >= 0)
		close(child->life);
	child->life = -1;
}

/* Closes both, for a child that ended or is to end. */
static void forget(struct child *child)
{
	close_channel(child);
	close_life(child);
	child->pid = 0;
}

static int launch(struct child *child)
{
	int channel[2], life[2], error;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		return -errno;
	if (pipe2(life, O_CLOEXEC) < 0) {
		error = -errno;
		close(channel[0]);
		close(channel[1]);
		return error;
	}
	child->channel.fd = channel[0];
	child->life = life[1];
	error = loop_add(child->loop, &child->channel);
	if (!error) {
		child->pid = fork();
		if (child->pid == 0)
			become(child, channel[1], life[0]);
		if (child->pid < 0)
			error = -errno;
	}
	close(channel[1]);
	close(life[0]);
	if (error)
		forget(child);
	return error;
}

/* Logs a line on failure. */
static int start(struct child *child)
{
	int error;

	child->started_ms = now_ms();
	error = launch(child);
	if (error) {
		log_error("cannot start the %s: %s", child->name, strerror(-error));
		return error;
	}
	log_debug("started the %s, process %d", child->name, (int)child->pid);
	child->silent = 0;
	loop_start_timer(child->loop, &child->timer, PING_MS, PING_MS);
	return 0;
}

/* After twice the last wait, unless the last process was steady. */
static void plan_restart(struct child *child)
{
	if (now_ms() - child->started_ms >= STEADY_MS)
		child->wait_ms = 0;
	child->wait_ms = child->wait_ms ? child->wait_ms * 2 : WAIT_MIN_MS;
	if (child->wait_ms > WAIT_MAX_MS)
		child->wait_ms = WAIT_MAX_MS;
	loop_start_timer(child->loop, &child->timer, child->wait_ms, 0);
}

/* At once, unless it would be started again and again. */
static void plan_wanted_start(struct child *child)
{
	uint64_t ran = now_ms() - child->started_ms;

	child->wanted = true;
	loop_start_timer(child->loop, &child->timer, ran < AGAIN_MS ? AGAIN_MS - ran : 0, 0);
}

static void ask_for_life(struct child *child)
{
	if (child->silent < PINGS) {
		child->silent++;
		child_send(child, PARENT_LIVES);
	} else if (child->may_wait_for) {
		if (child->silent++ == PINGS)
			log_warn("the %s does not answer: it may be waiting for %s", child->name,
				child->may_wait_for);
	} else if (child->life >= 0) {
		log_error("the %s does not answer: it is killed", child->name);
		close_life(child);
	}
}

static void take_timer(void *context)
{
	struct child *child = context;

	if (child->pid)
		ask_for_life(child);
	else if (start(child) < 0)
		plan_restart(child);
	else
		child->restarts += !child->wanted;
}

static void take_bytes(void *context)
{
	struct child *child = context;
	char bytes[64];
	ssize_t length = recv(child->channel.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (length < 0 && errno == EAGAIN)
		return;
	if (length <= 0) { /* it ended; until SIGCHLD is taken the channel would stay readable */
		close_channel(child);
		return;
	}
	if (child->silent > PINGS)
		log_info("the %s answers again", child->name);
	child->silent = 0;
	child->receive(child->context, bytes, (size_t)length);
}

int child_start(struct children *children, struct child *child)
{
	int error;

	if (child->passed_count > CHILD_PASSED_MAX)
		return -E2BIG;
	child->loop = children->loop;
	child->channel = (struct loop_source){.fd = -1, .handle = take_bytes, .context = child};
	child->timer = (struct loop_timer){.handle = take_timer, .context = child};
	child->life = -1;
	error = start(child);
	if (error)
		return error;
	child->next = children->first;
	children->first = child;
	return 0;
}

void child_send(const struct child *child, char byte)
{
	send(child->channel.fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void reap(struct child *child)
{
	int status;

	if (!child->pid || waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	forget(child);
	if (child->patience_ms)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		log_debug("the %s wants to be started again", child->name);
		plan_wanted_start(child);
		return;
	}
	child->wanted = false;
	plan_restart(child);
	if (WIFSIGNALED(status))
		log_error("the %s was killed by signal %d (%s): it is started again", child->name,
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_error("the %s ended with status %d: it is started again", child->name,
			WEXITSTATUS(status));
}

void children_reap(struct children *children)
{
	for (struct child *child = children->first; child; child = child->next)
		reap(child);
}

/*
 * Returns whether it ended before end_ms. SIGCHLD is blocked. It may be another child's, which is
 * reaped when that one is stopped.
 */
static bool wait_for_end(pid_t pid, uint64_t end_ms)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		uint64_t now = now_ms(), left_ms = end_ms - now;
		const struct timespec left = {.tv_sec = (time_t)(left_ms / 1000),
			.tv_nsec = (long)(left_ms % 1000 * 1000000)};

		if (now >= end_ms)
			return false;
		sigtimedwait(&child, NULL, &left);
	}
	return true;
}

void child_end(struct child *child, char byte, unsigned patience_ms)
{
	if (!child->loop)
		return;
	loop_stop_timer(child->loop, &child->timer);
	child->patience_ms = now_ms() + patience_ms;
	if (child->pid)
		child_send(child, byte);
}

static void end(struct child *child)
{
	pid_t pid = child->pid;

	if (pid && child->patience_ms) {
		if (wait_for_end(pid, child->patience_ms))
			pid = 0;
		else
			log_warn("the %s does not end: it is killed", child->name);
	}
	forget(child);
	if (pid)
		wait_for_end(pid, now_ms() + STOP_MS);
}

void child_stop(struct children *children, struct child *child)
{
	for (struct child **at = &children->first; *at; at = &(*at)->next)
		if (*at == child) {
			*at = child->next;
			loop_stop_timer(child->loop, &child->timer);
			end(child);
			return;
		}
}
