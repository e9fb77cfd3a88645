/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads JSON (RFC 8259) without copying or allocating. A value is a pointer to its first character
 * in the text; NULL stands for a missing value and for `null`. Call json_check() first: the other
 * functions rely on valid JSON. Why not a library: docs/decisions/json.md.
 */
#ifndef MZ_BASE_JSON_READER_H
#define MZ_BASE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns the one value of text. NULL: text is not JSON, or nests deeper than 16 levels. */
const char *json_check(const char *text);

/* Returns a member of an object. NULL: it has no such member, or is no object. */
const char *json_get(const char *object, const char *key);

/* The position of json_next() in an object or array. All zero: before the first value. */
struct json_each {
	const char *key; /* where its string begins in the text; NULL in arrays */
	const char *value, *end;
};

/* Moves each to the next value. Returns false behind the last, and for any other value. */
bool json_next(const char *container, struct json_each *each);

bool json_is_object(const char *value);
size_t json_length(const char *container);   /* the number of its values; 0: no container */
uint64_t json_get_number(const char *value); /* 0 where it is not a number, or negative */
double json_get_real(const char *value);     /* 0 where it is not a number */
bool json_get_bool(const char *value);	     /* false where it is not `true` */

/*
 * Copies a string without its escapes, or the text of any other value, into to, NUL-terminated.
 * Cuts it to room bytes, the NUL included; an escaped NUL (\u0000) also ends it.
 */
void json_get_string(const char *value, char *to, size_t room);

#endif
