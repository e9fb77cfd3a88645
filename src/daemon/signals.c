// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void take_signal(void *context)
{
	struct signals *signals = context;
	struct signalfd_siginfo signal;

	if (read(signals->source.fd, &signal, sizeof(signal)) != sizeof(signal))
		return;
	if (signal.ssi_signo == SIGCHLD)
		signals->child_ended(signals->context);
	else
		loop_end(signals->loop);
}

int signals_start(struct signals *signals, struct loop *loop, void (*child_ended)(void *context),
	void *context)
{
	sigset_t taken;

	*signals = (struct signals){.loop = loop,
		.source = {.handle = take_signal, .context = signals},
		.child_ended = child_ended,
		.context = context};
	sigemptyset(&taken);
	sigaddset(&taken, SIGTERM);
	sigaddset(&taken, SIGINT);
	sigaddset(&taken, SIGCHLD);
	sigprocmask(SIG_BLOCK, &taken, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* a parent that ignores SIGCHLD hands that on: undo it */
	signals->source.fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
	return signals->source.fd < 0 ? -errno : loop_add(loop, &signals->source);
}

void signals_stop(struct signals *signals)
{
	int fd = signals->source.fd;

	if (fd <= 0)
		return;
	loop_remove(signals->loop, &signals->source);
	close(fd);
}
