/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that keeps the history: this program, executed anew. It reads the keeper's snapshot
 * in shared memory, writes to --state and to a directory in /run, and answers the exporter. It has
 * no capability, no network and no other file. A disk that hangs delays this process only.
 */
#ifndef MZ_HISTORY_RECORDER_H
#define MZ_HISTORY_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/parent.h"

/* As argv[0] this makes main() call recorder_run(). The other arguments are the daemon's. */
#define RECORDER_NAME "mezoura-recorder"

/* The descriptors that it is executed with, besides those of every child. */
enum { RECORDER_SHARED = PARENT_PASSED, RECORDER_QUESTIONS };

/* From the daemon: take the last snapshot, commit, and end. */
#define RECORDER_ENDS 'e'

struct recorder_options {
	const char *state;     /* --state */
	const char *recent;    /* the directory in /run */
	const char *ntp_stamp; /* the file that an NTP client's hook touches */
	unsigned interval;     /* seconds, -t */
	unsigned commit;       /* seconds, --commit */
	uint64_t state_size;   /* bytes, --state-size; 0: store_default_limit() */
	bool syslog;
};

/*
 * Exit status: the daemon starts another one at once. For a new zone, a --state that was removed or
 * mounted, and all else that the sandbox keeps this process from opening.
 */
#define RECORDER_AGAIN 0

/* Records until the daemon ends. Does not return. */
int recorder_run(const struct recorder_options *options);

#endif
