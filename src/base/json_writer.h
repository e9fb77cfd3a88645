/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Appends JSON (RFC 8259) to a buffer, value by value, indented by two spaces per level. Allocates
 * only what the buffer needs; check out->failed at the end. key: NULL at the top and in arrays. Why
 * not a library: docs/decisions/json.md.
 */

/* Starts as {.out = buffer}. */
#ifndef MZ_BASE_JSON_WRITER_H
#define MZ_BASE_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json_writer {
	struct buf *out;
	unsigned depth; /* the number of open brackets */
	bool filled;	/* the innermost one has a value already */
};

/* bracket: "{" or "[", and to close "}" or "]". */
void json_open(struct json_writer *json, const char *key, const char *bracket);
void json_close(struct json_writer *json, const char *bracket);

void json_number(struct json_writer *json, const char *key, uint64_t number);
void json_bool(struct json_writer *json, const char *key, bool value);
void json_text(struct json_writer *json, const char *key, const char *text); /* by escape_json() */
void json_plain(struct json_writer *json, const char *key, const char *value); /* value: JSON */
void json_time(struct json_writer *json, const char *key, uint64_t ms, bool with_ms);

/*
 * Appends a time (RFC 3339, UTC) in quotes, with milliseconds or without; null where the year does
 * not fit. ms: since 1970.
 */
void json_put_time(struct buf *out, uint64_t ms, bool with_ms);

#endif
