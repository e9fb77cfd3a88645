// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To be preloaded: counts calls of malloc() and its like between one text file and the next, those
 * of the program itself and those of the libraries that it uses. MZ_ALLOCATIONS names a file that
 * the counts are mapped to, so that counting needs no system call.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PULLS 1000

struct counts {
	uint32_t pulls;
	uint32_t calls[PULLS][2]; /* libraries', ours; of the pull that is under way, the last */
};

static struct counts nowhere, *counts = &nowhere;
static uintptr_t begin, end; /* of the program */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static int look_at_program(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && part->p_flags & PF_X) {
			begin = info->dlpi_addr + part->p_vaddr;
			end = begin + part->p_memsz;
		}
	}
	return 1; /* it is the first, and all we want */
}

/* In the exporter, which may not open the file, all stays as it is. */
__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("MZ_ALLOCATIONS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(*counts)) == 0)
		at = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	dl_iterate_phdr(look_at_program, NULL);
	if (at != MAP_FAILED)
		counts = at;
}

static void count(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	if (counts->pulls < PULLS)
		counts->calls[counts->pulls][at >= begin && at < end]++;
}

void *malloc(size_t size)
{
	count(__builtin_return_address(0));
	return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	count(__builtin_return_address(0));
	return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size)
{
	count(__builtin_return_address(0));
	return __libc_realloc(memory, size);
}

/* A text file is there: the pull has done what it does. */
int renameat(int old_directory, const char *old, int new_directory, const char *new)
{
	int (*real)(int, const char *, int, const char *) = dlsym(RTLD_NEXT, "renameat");

	counts->pulls++;
	return real(old_directory, old, new_directory, new);
}
