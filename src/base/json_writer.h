/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes JSON into a buffer, value by value, indented. Allocates nothing but the buffer, whose
 * failed says whether anything is missing. A key is NULL at the top and in arrays.
 */
#ifndef MZ_BASE_JSON_WRITER_H
#define MZ_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json_writer {
	struct buf *out;
	unsigned depth; /* of brackets that are open */
	bool filled;	/* the innermost of them has a value already */
};

void json_open(struct json_writer *json, const char *key, const char *bracket); /* "{" or "[" */
void json_close(struct json_writer *json, const char *bracket);

void json_number(struct json_writer *json, const char *key, uint64_t number);
void json_bool(struct json_writer *json, const char *key, bool value);
void json_text(struct json_writer *json, const char *key, const char *text); /* see escape_json() */
void json_plain(struct json_writer *json, const char *key, const char *value); /* JSON already */
void json_time(struct json_writer *json, const char *key, uint64_t ms, bool with_ms);

/* A time as RFC 3339 in UTC, in quotes; null where it is too late for that. ms: since 1970. */
void json_put_time(struct buf *out, uint64_t ms, bool with_ms);

#endif
