/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latest snapshot, in memory that two processes share: the keeper writes it, the exporter can
 * only read it. Neither waits for the other. A sequence number (a seqlock) tells the reader whether
 * its copy is of one snapshot.
 */
#ifndef MZ_MODEL_SNAPSHOT_SHARED_H
#define MZ_MODEL_SNAPSHOT_SHARED_H

#include "model/snapshot.h"

/* 32-bit numbers, since every machine reads and writes them in one access. */
struct snapshot_shared_head {
	uint32_t sequence; /* odd while the writer writes; 0: no snapshot yet */
	uint32_t room;	   /* bytes of the memory, this struct included */
	uint32_t bytes;	   /* of the snapshot, which follows */
	uint32_t taken_ms; /* when it was taken: the lower half of monotonic milliseconds */
};

struct snapshot_shared {
	int fd; /* of the memory, to pass to the reader; -1: none */
	struct snapshot_shared_head *head;
	size_t mapped; /* bytes */
	/* the reader's copy, which grows with the snapshot */
	struct snapshot *copy;
	size_t room;	   /* bytes of copy */
	uint32_t sequence; /* of the snapshot in copy; 0: copy holds no whole one */
};

/*
 * Creates the memory (memfd_create(2)), for the writer. A seal refuses any other writable mapping
 * of it (F_SEAL_FUTURE_WRITE). Returns 0 or -errno.
 */
int snapshot_shared_create(struct snapshot_shared *shared);

/*
 * Returns room for a snapshot of at most that many bytes, for the writer to fill. It holds the last
 * snapshot, or zeros before the first one. The reader has none until snapshot_shared_end(). Returns
 * NULL, with errno, where there is no memory: the reader then keeps the last snapshot.
 */
struct snapshot *snapshot_shared_begin(struct snapshot_shared *shared, size_t bytes);

/* Publishes what snapshot_shared_begin() returned. taken_ms: monotonic milliseconds. */
void snapshot_shared_end(struct snapshot_shared *shared, uint64_t taken_ms);

/*
 * Maps the memory that the writer created, for the reader. Closes fd, also on failure. Returns 0 or
 * -errno.
 */
int snapshot_shared_open(struct snapshot_shared *shared, int fd);

/*
 * Copies the latest snapshot, unless the copy is of that one already. Returns the copy, valid until
 * the next call. Returns NULL where there is no snapshot yet, memory is short, or the writer stays
 * in the middle of one for 50 ms.
 */
const struct snapshot *snapshot_shared_read(struct snapshot_shared *shared);

/* Frees the reader's copy. The next snapshot_shared_read() makes another. */
void snapshot_shared_forget(struct snapshot_shared *shared);

/* The age of the latest snapshot. now_ms: monotonic milliseconds. */
uint32_t snapshot_shared_age_ms(const struct snapshot_shared *shared, uint64_t now_ms);

/* Unmaps the memory, closes its descriptor and frees the copy. */
void snapshot_shared_close(struct snapshot_shared *shared);

#endif
