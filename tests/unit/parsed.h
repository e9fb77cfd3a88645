/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of parsers of names: a text in, names out. */
#ifndef PARSED_H
#define PARSED_H

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/mac.h"
#include "names/name.h"
#include "names/source_file.h"
#include "unit.h"

struct parsed {
	struct name_table table;
	unsigned line; /* the first one that was passed over */
	const char *why;
};

/* Parses a copy of the text, so that the sanitizers notice a byte read too far. */
static inline struct parsed parsed_from(source_parser *parse, const char *text, size_t length)
{
	char *copy = malloc(length ? length : 1);
	struct source_text file = {.path = "file", .text = copy, .length = length};
	struct parsed read = {.line = 0};

	assert_non_null(copy);
	memcpy(copy, text, length);
	assert_int_equal(parse(&file, &read.table, &read.line, &read.why), 0);
	assert_int_equal(read.line != 0, read.why != NULL);
	free(copy);
	return read;
}

/* The key of a MAC or an address. */
static inline struct name_key parsed_key(const char *key)
{
	struct name_key found = {{0}};
	uint8_t bytes[16];

	if (mac_parse(key, strlen(key), bytes))
		found = name_key_mac(bytes);
	else if (inet_pton(AF_INET, key, bytes) == 1)
		found = name_key_address(AF_INET, bytes);
	else if (inet_pton(AF_INET6, key, bytes) == 1)
		found = name_key_address(AF_INET6, bytes);
	else
		fail_msg("neither a MAC nor an address: %s", key);
	return found;
}

/* The name of a MAC or an address; NULL where it has none. */
static inline const char *parsed_find(const struct parsed *read, const char *key)
{
	const struct name_key found = parsed_key(key);

	return name_table_find(&read->table, &found);
}

/* Whether a MAC of that name holds the address. */
static inline bool parsed_is_held(const struct parsed *read, const char *key, const char *name)
{
	const struct name_key found = parsed_key(key);
	const struct name_entry *entry = name_table_entry(&read->table, &found);
	struct name_key holder;
	const char *of_holder;

	if (!entry)
		return false;
	holder = name_key_mac(entry->holder);
	of_holder = name_table_find(&read->table, &holder);
	return of_holder && name_agrees(of_holder, name);
}

/*
 * pairs: key, name, key, name, ..., NULL: all names in the text; addresses with the name of the MAC
 * that holds them may be missing. line: the first one that is passed over; 0: none.
 */
static inline void parsed_expect(
	source_parser *parse, const char *text, const char *const *pairs, unsigned line)
{
	struct parsed read = parsed_from(parse, text, strlen(text));
	size_t count = 0;

	for (; *pairs; pairs += 2) {
		const char *name = parsed_find(&read, pairs[0]);

		count += !parsed_is_held(&read, pairs[0], pairs[1]);

		if (!name || strcmp(name, pairs[1]) != 0)
			fail_msg("%s is %s, not %s, in\n%s", pairs[0], name ? name : "unknown",
				pairs[1], text);
	}
	if (read.table.host_count != count)
		fail_msg("%zu names, not %zu, in\n%s", read.table.host_count, count, text);
	if (read.line != line)
		fail_msg("line %u, not %u, is passed over in\n%s", read.line, line, text);
	name_table_free(&read.table);
}

#define PARSED_EXPECT(parse, text, line, ...)                                                      \
	parsed_expect(parse, text, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL}, line)

#endif
