// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/snapshot_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* linux/fcntl.h, since 5.1 */
#endif

#define FIRST_ROOM (64 << 10)
#define TRIES	   100 /* to read while the writer writes, PAUSE_NS apart */
#define PAUSE_NS   500000

static int map(struct snapshot_shared *shared, int protection)
{
	void *memory = mmap(NULL, FIRST_ROOM, protection, MAP_SHARED, shared->fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	shared->head = memory;
	shared->mapped = FIRST_ROOM;
	return 0;
}

int snapshot_shared_create(struct snapshot_shared *shared)
{
	int error;

	*shared = (struct snapshot_shared){
		.fd = memfd_create("snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
	if (shared->fd < 0)
		return -errno;
	error = -posix_fallocate(shared->fd, 0, FIRST_ROOM);
	if (!error)
		error = map(shared, PROT_READ | PROT_WRITE);
	if (!error && fcntl(shared->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK) < 0)
		error = -errno;
	if (error)
		snapshot_shared_close(shared);
	else
		shared->head->room = FIRST_ROOM;
	return error;
}

int snapshot_shared_open(struct snapshot_shared *shared, int fd)
{
	int error;

	*shared = (struct snapshot_shared){.fd = fd};
	error = map(shared, PROT_READ);
	close(fd); /* mremap() does without it */
	shared->fd = -1;
	return error;
}

static int follow_room(struct snapshot_shared *shared, size_t room)
{
	void *memory;

	if (room <= shared->mapped)
		return 0;
	memory = mremap(shared->head, shared->mapped, room, MREMAP_MAYMOVE);
	if (memory == MAP_FAILED)
		return -errno;
	shared->head = memory;
	shared->mapped = room;
	return 0;
}

/*
 * Allocates the pages at once (posix_fallocate): a later write to a page that cannot be allocated
 * would end the process by SIGBUS.
 */
static int grow(struct snapshot_shared *shared, size_t wanted)
{
	size_t room = shared->mapped;
	int error;

	if (wanted > UINT32_MAX / 2)
		return -EFBIG;
	while (room < wanted)
		room += room / 2;
	if (room == shared->mapped)
		return 0;
	error = -posix_fallocate(shared->fd, 0, (off_t)room);
	if (!error)
		error = follow_room(shared, room);
	if (!error)
		__atomic_store_n(&shared->head->room, (uint32_t)room, __ATOMIC_RELEASE);
	return error;
}

struct snapshot *snapshot_shared_begin(struct snapshot_shared *shared, size_t bytes)
{
	struct snapshot_shared_head *head;
	int error = grow(shared, sizeof(*head) + bytes);

	if (error) {
		errno = -error;
		return NULL;
	}
	head = shared->head;
	__atomic_store_n(&head->sequence, head->sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* readers see the odd number before any change */
	return (struct snapshot *)(head + 1);
}

void snapshot_shared_end(struct snapshot_shared *shared, uint64_t taken_ms)
{
	struct snapshot_shared_head *head = shared->head;

	head->bytes = (uint32_t)snapshot_bytes((const struct snapshot *)(head + 1));
	head->taken_ms = (uint32_t)taken_ms;
	__atomic_store_n(&head->sequence, head->sequence + 1, __ATOMIC_RELEASE);
}

/* Copies the snapshot of that sequence number. Returns -EAGAIN where the writer changed it. */
static int copy(struct snapshot_shared *shared, uint32_t sequence)
{
	size_t bytes = __atomic_load_n(&shared->head->bytes, __ATOMIC_RELAXED);
	int error = follow_room(shared, __atomic_load_n(&shared->head->room, __ATOMIC_ACQUIRE));

	if (error)
		return error;
	if (bytes < sizeof(*shared->copy) || bytes > shared->mapped - sizeof(*shared->head))
		return -EAGAIN;
	shared->sequence = 0;
	if (bytes > shared->room) {
		free(shared->copy);
		shared->room = bytes + bytes / 2;
		shared->copy = malloc(shared->room);
		if (!shared->copy) {
			shared->room = 0;
			return -ENOMEM;
		}
	}
	memcpy(shared->copy, shared->head + 1, bytes);
	__atomic_thread_fence(
		__ATOMIC_SEQ_CST); /* the copy is complete before the number is read */
	if (__atomic_load_n(&shared->head->sequence, __ATOMIC_RELAXED) != sequence)
		return -EAGAIN;
	shared->sequence = sequence;
	return 0;
}

const struct snapshot *snapshot_shared_read(struct snapshot_shared *shared)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int error = -EAGAIN;

	for (int i = 0; i < TRIES && error == -EAGAIN; i++) {
		uint32_t sequence = __atomic_load_n(&shared->head->sequence, __ATOMIC_ACQUIRE);

		if (sequence == 0)
			return NULL;
		if (sequence == shared->sequence)
			return shared->copy;
		if (sequence % 2 == 0)
			error = copy(shared, sequence);
		if (error == -EAGAIN)
			nanosleep(&pause, NULL);
	}
	return error ? NULL : shared->copy;
}

void snapshot_shared_forget(struct snapshot_shared *shared)
{
	free(shared->copy);
	shared->copy = NULL;
	shared->room = 0;
	shared->sequence = 0;
}

uint32_t snapshot_shared_age_ms(const struct snapshot_shared *shared, uint64_t now_ms)
{
	return (uint32_t)now_ms - __atomic_load_n(&shared->head->taken_ms, __ATOMIC_RELAXED);
}

void snapshot_shared_close(struct snapshot_shared *shared)
{
	if (shared->head)
		munmap(shared->head, shared->mapped);
	if (shared->fd >= 0)
		close(shared->fd);
	snapshot_shared_forget(shared);
	*shared = (struct snapshot_shared){.fd = -1};
}
