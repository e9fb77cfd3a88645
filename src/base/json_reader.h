/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads JSON where it stands, without any allocation. A value is where it begins in the text; NULL
 * is what is not there, and `null`. All but json_check() want a text that this found to be JSON.
 */
#ifndef MZ_BASE_JSON_READER_H
#define MZ_BASE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value that a text is, or NULL if it is none, or is nested too deep. */
const char *json_check(const char *text);

/* A member of an object, or NULL; so also of what is no object. */
const char *json_get(const char *object, const char *key);

/* One value after the other of an object or array; starts zeroed. */
struct json_each {
	const char *key; /* a string of the text; NULL in arrays */
	const char *value, *end;
};

bool json_next(const char *container, struct json_each *each); /* false: that was the last */

bool json_is_object(const char *value);
size_t json_length(const char *container);   /* 0 of anything else */
uint64_t json_get_number(const char *value); /* 0 of what is none */
double json_get_real(const char *value);
bool json_get_bool(const char *value);

/*
 * A string's characters; of another value, its text. What does not fit into room bytes with the
 * NUL is cut off, a NUL in it and what follows, too.
 */
void json_get_string(const char *value, char *to, size_t room);

#endif
