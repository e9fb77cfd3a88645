// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To be preloaded: counts the bytes that the program has of malloc() and its like, and has not
 * given back. That is the same each time where resident memory depends on what else the machine
 * does. MZ_HELD names a directory: in the file there of the program's name the number is mapped, so
 * that counting needs no system call.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int64_t before, *held = &before;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/* The exporter does this before it is in its sandbox. */
__attribute__((constructor)) static void start(void)
{
	const char *directory = getenv("MZ_HELD");
	char path[4096];
	void *at = MAP_FAILED;
	int fd = -1;

	if (directory) {
		snprintf(path, sizeof(path), "%s/%s", directory, program_invocation_short_name);
		unlink(path); /* that of one that has ended */
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	}
	if (fd >= 0 && ftruncate(fd, sizeof(*held)) == 0)
		at = mmap(NULL, sizeof(*held), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (at == MAP_FAILED)
		return;
	*(int64_t *)at = before;
	held = at;
}

static void *take(void *memory)
{
	*held += (int64_t)malloc_usable_size(memory);
	return memory;
}

static void give(void *memory)
{
	*held -= (int64_t)malloc_usable_size(memory);
}

void *malloc(size_t size)
{
	return take(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return take(__libc_calloc(count, size));
}

void *realloc(void *memory, size_t size)
{
	size_t had = malloc_usable_size(memory);
	void *now = __libc_realloc(memory, size);

	if (!now && size)
		return NULL; /* the old one stays */
	*held -= (int64_t)had;
	return take(now);
}

void *memalign(size_t alignment, size_t size)
{
	return take(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return take(__libc_memalign(alignment, size));
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
	void *now = take(__libc_memalign(alignment, size));

	if (now)
		*memory = now;
	return now ? 0 : ENOMEM;
}

void free(void *memory)
{
	give(memory);
	__libc_free(memory);
}
