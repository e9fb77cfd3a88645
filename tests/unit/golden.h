/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares an output with its golden file. With MZ_GOLDEN=write in the environment, writes the
 * file.
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

static inline void golden_expect(const char *path, const void *text, size_t length)
{
	static char golden[65536];
	const char *update = getenv("MZ_GOLDEN");
	FILE *file = fopen(path, update ? "w" : "r");
	size_t expected;

	assert_non_null(file);
	if (update)
		assert_int_equal(fwrite(text, 1, length, file), length);
	expected = update ? length : fread(golden, 1, sizeof(golden), file);
	fclose(file);
	assert_int_equal(expected, length);
	if (!update)
		assert_memory_equal(golden, text, length);
}

#endif
