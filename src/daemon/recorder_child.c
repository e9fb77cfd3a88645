// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/recorder_child.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "history/recorder.h"

#define END_MS 5000 /* for its last commit. The unit and the init script leave the daemon more */

/* What it sends are signs of life only. */
static void receive(void *context, const char *bytes, size_t length)
{
	(void)context;
	(void)bytes;
	(void)length;
}

int recorder_child_start(struct recorder_child *recorder, struct children *children)
{
	static char argv0[] = RECORDER_NAME;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		log_error("cannot start the recorder: %s", strerror(errno));
		return -errno;
	}
	recorder->questions = pair[0];
	recorder->passed[RECORDER_SHARED - PARENT_PASSED] = recorder->shared;
	recorder->passed[RECORDER_QUESTIONS - PARENT_PASSED] = pair[1];
	recorder->child = (struct child){.name = "recorder",
		.argv = recorder->argv,
		.argv0 = argv0,
		.passed = recorder->passed,
		.passed_count = 2,
		.become_user = privileges_become_recorder,
		.privileges = recorder->privileges,
		.receive = receive,
		.may_wait_for = "the disk of --state"};
	return child_start(children, &recorder->child);
}

void recorder_child_end(struct recorder_child *recorder)
{
	child_end(&recorder->child, RECORDER_ENDS, END_MS);
}

void recorder_child_stop(struct recorder_child *recorder, struct children *children)
{
	child_stop(children, &recorder->child);
	for (int i = 0; recorder->questions > 0 && i < 2; i++)
		close(i ? recorder->questions
			: recorder->passed[RECORDER_QUESTIONS - PARENT_PASSED]);
	recorder->questions = -1;
}
