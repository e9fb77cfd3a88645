// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/exporter_process.h"

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
#include "daemon/privileges.h"
#include "serve/exporter.h"

#define WAIT_MIN_MS 100
#define WAIT_MAX_MS 30000
#define STEADY_MS   60000 /* one that lived for so long died of something else */
#define PING_MS	    10000
#define PINGS	    3  /* without an answer: it hangs, and is not only late on a busy machine */
#define OUT_OF_WAY  64 /* no descriptor that the exporter is born with has so high a number */

#ifndef SYS_close_range
#define SYS_close_range 436 /* all architectures, since Linux 5.9 */
#endif

/* In the child. */
static void give_up(const char *what)
{
	log_error("cannot become the exporter: %s: %s", what, strerror(errno));
	_exit(127);
}

/*
 * In the child. Does not return. Descriptors go out of each other's way first; what is duplicated
 * by dup2() stays open when the program is executed, and all else is closed.
 */
static void become_exporter(const struct exporter_process *process, int channel, int life)
{
	int from[EXPORTER_SOCKETS + CONFIG_SOCKETS];
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC), count = EXPORTER_SOCKETS;
	sigset_t none;

	if (privileges_become_exporter(process->who) < 0)
		give_up("another user");
	from[0] = from[1] = nothing;
	from[2] = STDERR_FILENO;
	from[EXPORTER_CHANNEL] = channel;
	from[EXPORTER_SHARED] = process->shared;
	from[EXPORTER_LIFE] = life;
	for (size_t i = 0; i < process->count; i++)
		from[count++] = process->sockets[i];
	for (int i = 0; i < count; i++) {
		from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, OUT_OF_WAY);
		if (from[i] < 0)
			give_up("descriptors");
	}
	for (int i = 0; i < count; i++)
		if (dup2(from[i], i) < 0)
			give_up("descriptors");
	syscall(SYS_close_range, (unsigned)count, ~0U, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* who ends the keeper by a signal to all of its group ends us by that */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	process->argv[0] = (char[]){EXPORTER_NAME};
	execv("/proc/self/exe", process->argv);
	give_up("/proc/self/exe");
}

/* What is left of it. */
static void forget(struct exporter_process *process)
{
	close(process->channel);
	if (process->life >= 0)
		close(process->life);
	process->channel = process->life = -1;
	process->pid = 0;
}

int exporter_process_start(struct exporter_process *process)
{
	int channel[2], life[2], error = 0;

	process->started_ms = now_ms();
	process->due_ms = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		return -errno;
	if (pipe2(life, O_CLOEXEC) < 0) {
		error = -errno;
		close(channel[0]);
		close(channel[1]);
		return error;
	}
	process->ping_ms = process->started_ms + PING_MS;
	process->silent = 0;
	process->channel = channel[0];
	process->life = life[1];
	process->pid = fork();
	if (process->pid == 0)
		become_exporter(process, channel[1], life[0]);
	if (process->pid < 0)
		error = -errno;
	close(channel[1]);
	close(life[0]);
	if (error)
		forget(process);
	else
		log_debug("started the exporter, process %d", (int)process->pid);
	return error;
}

/* Later and later, unless the last one was steady. */
static void put_off(struct exporter_process *process)
{
	if (now_ms() - process->started_ms >= STEADY_MS)
		process->wait_ms = 0;
	process->wait_ms = process->wait_ms ? process->wait_ms * 2 : WAIT_MIN_MS;
	if (process->wait_ms > WAIT_MAX_MS)
		process->wait_ms = WAIT_MAX_MS;
	process->due_ms = now_ms() + process->wait_ms;
}

int exporter_process_timeout(const struct exporter_process *process)
{
	uint64_t now = now_ms(), then = process->pid ? process->ping_ms : process->due_ms;

	if (!then)
		return -1;
	return then > now ? (int)(then - now) : 0;
}

static void send_byte(const struct exporter_process *process, char byte)
{
	send(process->channel, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void ask_for_life(struct exporter_process *process)
{
	process->ping_ms = now_ms() + PING_MS;
	if (process->silent++ < PINGS) {
		send_byte(process, EXPORTER_LIVES);
	} else if (process->life >= 0) {
		log_error("the exporter does not answer: it is killed");
		close(process->life);
		process->life = -1;
	}
}

bool exporter_process_run(struct exporter_process *process)
{
	int error;

	if (exporter_process_timeout(process) != 0)
		return false;
	if (process->pid) {
		ask_for_life(process);
		return false;
	}
	error = exporter_process_start(process);
	if (!error)
		return true;
	log_error("cannot start the exporter: %s", strerror(-error));
	put_off(process);
	return false;
}

bool exporter_process_reap(struct exporter_process *process)
{
	int status;

	if (!process->pid || waitpid(process->pid, &status, WNOHANG) != process->pid)
		return false;
	forget(process);
	put_off(process);
	if (WIFSIGNALED(status))
		log_error("the exporter was killed by signal %d (%s): it is started again",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_error("the exporter ended with status %d: it is started again",
			WEXITSTATUS(status));
	return true;
}

int exporter_process_asks(struct exporter_process *process)
{
	char bytes[64];
	ssize_t length = recv(process->channel, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (length <= 0)
		return length == 0 || errno != EAGAIN ? -EPIPE : 0;
	process->silent = 0;
	/* however many it sends, it is one wish */
	return memchr(bytes, EXPORTER_ASKS, (size_t)length) != NULL;
}

void exporter_process_answer(const struct exporter_process *process)
{
	send_byte(process, EXPORTER_READY);
}

void exporter_process_stop(struct exporter_process *process)
{
	static const struct timespec patience = {1, 0};
	pid_t pid = process->pid;
	sigset_t child;

	if (!pid)
		return;
	forget(process); /* it is another user's, whom the kernel kills for us */
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD); /* blocked */
	if (waitpid(pid, NULL, WNOHANG) == 0)
		sigtimedwait(&child, NULL, &patience);
	waitpid(pid, NULL, WNOHANG);
}
