// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json_writer.h"

#include <stdio.h>
#include <time.h>

#include "base/escape.h"

static void put_line(const struct json_writer *json)
{
	buf_text(json->out, "\n");
	for (unsigned i = 0; i < json->depth; i++)
		buf_text(json->out, "  ");
}

/* Writes what precedes a value: comma, line break, indentation, key. */
static void begin(struct json_writer *json, const char *key)
{
	if (json->filled)
		buf_text(json->out, ",");
	if (json->depth)
		put_line(json);
	if (key) {
		escape_json(json->out, key);
		buf_text(json->out, ": ");
	}
	json->filled = true;
}

void json_open(struct json_writer *json, const char *key, const char *bracket)
{
	begin(json, key);
	buf_text(json->out, bracket);
	json->depth++;
	json->filled = false;
}

void json_close(struct json_writer *json, const char *bracket)
{
	json->depth--;
	if (json->filled)
		put_line(json);
	buf_text(json->out, bracket);
	json->filled = true;
}

void json_number(struct json_writer *json, const char *key, uint64_t number)
{
	begin(json, key);
	buf_u64(json->out, number);
}

void json_bool(struct json_writer *json, const char *key, bool value)
{
	json_plain(json, key, value ? "true" : "false");
}

void json_text(struct json_writer *json, const char *key, const char *text)
{
	begin(json, key);
	escape_json(json->out, text);
}

void json_plain(struct json_writer *json, const char *key, const char *value)
{
	begin(json, key);
	buf_text(json->out, value);
}

void json_time(struct json_writer *json, const char *key, uint64_t ms, bool with_ms)
{
	begin(json, key);
	json_put_time(json->out, ms, with_ms);
}

void json_put_time(struct buf *out, uint64_t ms, bool with_ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char text[64], end[8] = "Z\"";
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "\"%Y-%m-%dT%H:%M:%S", &tm)) {
		buf_text(out, "null");
		return;
	}
	if (with_ms)
		snprintf(end, sizeof(end), ".%03uZ\"", (unsigned)(ms % 1000));
	buf_text(out, text);
	buf_text(out, end);
}
