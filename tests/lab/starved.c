// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To be preloaded: of the calls of malloc() and its like after the first socket(), the one whose
 * number is in MZ_STARVE fails, whoever calls.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static long left; /* until the one that fails; 0: none */

static int fails(void)
{
	if (left == 0 || --left > 0)
		return 0;
	errno = ENOMEM;
	return 1;
}

/* Libraries have started by then. */
int socket(int domain, int type, int protocol)
{
	const char *number = getenv("MZ_STARVE");

	if (number && !left)
		left = atol(number);
	return (int)syscall(SYS_socket, domain, type, protocol);
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	return fails() ? NULL : __libc_realloc(memory, size);
}
