/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latest snapshot in memory that two processes share: one writes, the other can but read. A
 * sequence number tells the reader whether what it copied is whole, so neither waits for the other.
 */
#ifndef MZ_MODEL_SNAPSHOT_SHARED_H
#define MZ_MODEL_SNAPSHOT_SHARED_H

#include "model/snapshot.h"

/* Numbers that all machines read and write in one. */
struct snapshot_shared_head {
	uint32_t sequence; /* odd while something is written */
	uint32_t room;	   /* bytes of the memory, this struct included */
	uint32_t bytes;	   /* of the snapshot, which follows */
	uint32_t taken_ms; /* when; the lower half of monotonic milliseconds */
};

struct snapshot_shared {
	int fd; /* -1: none */
	struct snapshot_shared_head *head;
	size_t mapped; /* bytes */
	/* the reader's own, made larger when it has to be */
	struct snapshot *copy;
	size_t room;
	uint32_t sequence; /* of what is in copy; 0: nothing whole */
};

/* Makes the memory, for the writer. Nobody can write to it but through this. Returns 0 or -errno.
 */
int snapshot_shared_create(struct snapshot_shared *shared);

/*
 * Where the writer is to make a snapshot of at most so many bytes, beginning with what was there
 * before: zeroes at first. Until snapshot_shared_end() the reader has none. NULL with errno where
 * there is no memory; then the last one stays. taken_ms: monotonic.
 */
struct snapshot *snapshot_shared_begin(struct snapshot_shared *shared, size_t bytes);
void snapshot_shared_end(struct snapshot_shared *shared, uint64_t taken_ms);

/* Opens what the writer made, for the reader. Takes fd over, also on failure. Returns 0 or -errno.
 */
int snapshot_shared_open(struct snapshot_shared *shared, int fd);

/*
 * The snapshot that is there, copied where it is another than the last time; valid until the next
 * call. NULL where there is none yet, the writer is stuck in the middle, or memory is short.
 */
const struct snapshot *snapshot_shared_read(struct snapshot_shared *shared);

/* Frees the copy. The next snapshot_shared_read() makes another. */
void snapshot_shared_forget(struct snapshot_shared *shared);

/* How old the snapshot is that is there, at a monotonic time. */
uint32_t snapshot_shared_age_ms(const struct snapshot_shared *shared, uint64_t now_ms);

void snapshot_shared_close(struct snapshot_shared *shared);

#endif
