/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the programs of this directory share. They abort where something is wrong. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "names/source_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_check(bool holds)
{
	if (!holds)
		abort();
}

/*
 * A copy of its own, so that the sanitizers notice a byte read too far. NUL-terminated on request.
 */
static inline char *fuzz_copy(const uint8_t *data, size_t size, bool terminated)
{
	char *copy = malloc(size + terminated > 0 ? size + terminated : 1);

	fuzz_check(copy);
	if (size)
		memcpy(copy, data, size);
	if (terminated)
		copy[size] = '\0';
	return copy;
}

/* Parsers by line never fail, report an existing line, and find the same names each time. */
static inline void fuzz_parser(source_parser *parse, const uint8_t *data, size_t size)
{
	char *text = fuzz_copy(data, size, false);
	struct source_text file = {.path = "file", .text = text, .length = size};
	struct name_table list[2] = {{.seed = {{1, 2}}}, {.seed = {{3, 5}}}};
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	for (int i = 0; i < 2; i++) {
		unsigned line = 0;
		const char *why = NULL;

		fuzz_check(parse(&file, &list[i], &line, &why) == 0);
		fuzz_check(line <= lines && !line == !why);
	}
	fuzz_check(name_table_equal(&list[0], &list[1]));
	fuzz_check(name_table_equal(&list[1], &list[0]));
	fuzz_check(!size || memcmp(text, data, size) == 0);
	name_table_free(&list[0]);
	name_table_free(&list[1]);
	free(text);
}

#endif
