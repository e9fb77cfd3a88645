/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of what fills a list of names: a text in, names out. */
#ifndef LISTS_H
#define LISTS_H

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/mac.h"
#include "names/name.h"
#include "names/source_file.h"
#include "unit.h"

struct read {
	struct name_table list;
	unsigned line; /* that was passed over */
	const char *why;
};

/* The text is a copy of its own, so that a byte read too far shows. */
static inline struct read lists_read(source_parser *parse, const char *text, size_t length)
{
	char *copy = malloc(length ? length : 1);
	struct source_text file = {.path = "file", .text = copy, .length = length};
	struct read read = {.line = 0};

	assert_non_null(copy);
	memcpy(copy, text, length);
	assert_int_equal(parse(&file, &read.list, &read.line, &read.why), 0);
	assert_int_equal(read.line != 0, read.why != NULL);
	free(copy);
	return read;
}

/* A MAC or an address, as text. */
static inline struct name_key lists_key(const char *key)
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

/* The name of it; NULL where there is none. */
static inline const char *lists_find(const struct read *read, const char *key)
{
	const struct name_key found = lists_key(key);

	return name_table_find(&read->list, &found);
}

/* Whether a MAC of the same name holds the address. */
static inline bool lists_is_held(const struct read *read, const char *key, const char *name)
{
	const struct name_key found = lists_key(key);
	const struct name_entry *entry = name_table_entry(&read->list, &found);
	struct name_key holder;
	const char *of_holder;

	if (!entry)
		return false;
	holder = name_key_mac(entry->holder);
	of_holder = name_table_find(&read->list, &holder);
	return of_holder && name_agrees(of_holder, name);
}

/*
 * pairs: key, name, key, name, ..., NULL: all that the text names, but perhaps without addresses
 * that are called as the MAC that holds them. line: passed over, 0: none.
 */
static inline void lists_expect(
	source_parser *parse, const char *text, const char *const *pairs, unsigned line)
{
	struct read read = lists_read(parse, text, strlen(text));
	size_t count = 0;

	for (; *pairs; pairs += 2) {
		const char *name = lists_find(&read, pairs[0]);

		count += !lists_is_held(&read, pairs[0], pairs[1]);

		if (!name || strcmp(name, pairs[1]) != 0)
			fail_msg("%s is %s, not %s, in\n%s", pairs[0], name ? name : "unknown",
				pairs[1], text);
	}
	if (read.list.host_count != count)
		fail_msg("%zu names, not %zu, in\n%s", read.list.host_count, count, text);
	if (read.line != line)
		fail_msg("line %u, not %u, is passed over in\n%s", read.line, line, text);
	name_table_free(&read.list);
}

#define LISTS_EXPECT(parse, text, line, ...)                                                       \
	lists_expect(parse, text, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL}, line)

#endif
