/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that serves HTTP: this program, executed anew with little more than its sockets. It
 * enters a sandbox before it reads from the first client. It reads the keeper's snapshot in shared
 * memory, and can send the keeper one byte at a time.
 */
#ifndef MZ_SERVE_EXPORTER_H
#define MZ_SERVE_EXPORTER_H

#include "base/parent.h"
#include "config/config.h"

/* As argv[0] this makes main() call exporter_run(). The other arguments are the daemon's. */
#define EXPORTER_NAME "mezoura-exporter"

/*
 * The descriptors that it is executed with, besides those of every child: the snapshot; a
 * SOCK_SEQPACKET socket to the recorder, or anything else where no history is kept; and from
 * EXPORTER_SOCKETS on one per socket to serve on.
 */
enum { EXPORTER_SHARED = PARENT_PASSED, EXPORTER_HISTORY, EXPORTER_SOCKETS };

/* Its bytes on the channel: it asks for a fresh snapshot, and is answered once there is one. */
#define EXPORTER_ASKS  'f'
#define EXPORTER_READY 'r'

#ifndef EXPORTER_FRESH_MS
#define EXPORTER_FRESH_MS 1000 /* for a scrape, an older snapshot is replaced first */
#endif

/* Serves until the daemon ends. Does not return. */
int exporter_run(const struct config *config);

#endif
