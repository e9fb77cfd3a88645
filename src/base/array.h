/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_ARRAY_H
#define MZ_BASE_ARRAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Makes room for one more element behind count of them: twice the room where it is used up, first
 * where there was none. size: bytes of an element. *room: in elements. Returns the array, which may
 * have moved; or NULL where there is no memory, and then the array is as it was.
 */
static inline void *array_grow(void *array, size_t count, size_t *room, size_t first, size_t size)
{
	size_t more = *room ? *room * 2 : first;
	void *grown;

	if (count < *room)
		return array;
	grown = more <= SIZE_MAX / size ? realloc(array, more * size) : NULL;
	if (grown)
		*room = more;
	return grown;
}

#endif
