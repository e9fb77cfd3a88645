// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/json_history.h"

#include <string.h>
#include <sys/socket.h>

#include "base/calendar.h"
#include "base/escape.h"
#include "model/labels.h"

#define DAY	    86400
#define TIME_LENGTH 27 /* of "2026-11-27T15:00:00+01:00", with its quotes */

static void put_two(char *to, int number)
{
	to[0] = (char)('0' + number / 10 % 10);
	to[1] = (char)('0' + number % 10);
}

/* Offsets of the time before zones have seconds, which RFC 3339 has not: the time stays exact. */
static void format(struct json_history_time *kept, int64_t time, int32_t offset)
{
	int minutes = (offset < 0 ? -offset : offset) / 60, year, month, day_of_month;
	int64_t local = time + offset - offset % 60;
	int second = (int)((local % DAY + DAY) % DAY); /* of the day */
	char *text = kept->text;

	calendar_date((local - second) / DAY, &year, &month, &day_of_month);
	memcpy(text, "\"0000-00-00T00:00:00+00:00\"", TIME_LENGTH + 1);
	put_two(text + 1, year / 100);
	put_two(text + 3, year % 100);
	put_two(text + 6, month);
	put_two(text + 9, day_of_month);
	put_two(text + 12, second / 3600);
	put_two(text + 15, second / 60 % 60);
	put_two(text + 18, second % 60);
	text[20] = offset < 0 ? '-' : '+';
	put_two(text + 21, minutes / 60);
	put_two(text + 24, minutes % 60);
	kept->time = time;
	kept->offset = offset;
}

static void put_time(struct json_history_time *kept, int64_t time, int32_t offset, struct buf *out)
{
	if (!*kept->text || kept->time != time || kept->offset != offset)
		format(kept, time, offset);
	buf_bytes(out, kept->text, TIME_LENGTH);
}

static void put_key(struct buf *out, const char *key)
{
	buf_text(out, ", \"");
	buf_text(out, key);
	buf_text(out, "\": ");
}

static void put_text(struct buf *out, const char *key, const char *text)
{
	put_key(out, key);
	if (*text)
		escape_json(out, text);
	else
		buf_text(out, "null");
}

static void put_mac(struct buf *out, const uint8_t mac[6])
{
	buf_text(out, ", \"mac\": \"");
	buf_mac(out, mac);
	buf_text(out, "\"");
}

static void put_host(
	const struct json_history *json, const struct history_host *host, struct buf *out)
{
	static const uint8_t none[16];
	const struct history_key *key = &host->key;
	bool each = json->question.by == HISTORY_BY_HOST;

	if (key->reason) {
		put_text(out, "reason",
			key->reason <= MZ_REASONS ? labels_reason(key->reason - 1u)
						  : "forgotten_hosts");
		return;
	}
	if (each)
		put_text(out, "interface", key->interface);
	if (memcmp(key->mac, none, sizeof(key->mac)) != 0)
		put_mac(out, key->mac);
	else if (each)
		buf_text(out, ", \"mac\": null");
	put_text(out, "name", host->name);
	if (each)
		put_text(out, "source", host->source);
	if (key->family)
		buf_text(out,
			key->family == AF_INET6 ? ", \"ip_version\": 6" : ", \"ip_version\": 4");
	if (key->family && memcmp(key->addr, none, sizeof(key->addr)) != 0) {
		buf_text(out, ", \"addresses\": [\"");
		buf_address(out, key->family, key->addr);
		buf_text(out, "\"]");
	}
}

static void put_counts(const struct mz_counts *counts, struct buf *out)
{
	for (unsigned d = 0; d < MZ_DIRECTIONS; d++) {
		buf_text(out, d == MZ_UPLOAD ? ", \"upload\": {\"bytes\": "
					     : ", \"download\": {\"bytes\": ");
		buf_u64(out, counts->bytes[d]);
		buf_text(out, ", \"packets\": ");
		buf_u64(out, counts->packets[d]);
		buf_text(out, "}");
	}
}

static void put_row(
	struct json_history *json, const struct history_row *row, const struct history_host *host)
{
	struct buf *out = json->out;

	buf_text(out, "{\"start\": ");
	put_time(&json->start, row->start, row->start_offset, out);
	buf_text(out, ", \"end\": ");
	put_time(&json->end, row->end, row->end_offset, out);
	if (host)
		put_host(json, host, out);
	put_counts(&row->counts, out);
	if (row->estimated)
		buf_text(out, ", \"estimated\": true");
	buf_text(out, "}");
}

static void put_head(struct json_history *json, const struct history_answer *answer)
{
	struct buf *out = json->out;

	buf_text(out, "{\n  \"step\": \"");
	buf_text(out, labels_step(json->question.step));
	buf_text(out, "\",\n  \"by\": \"");
	buf_text(out, labels_by(json->question.by));
	buf_text(out, "\",\n  \"zone\": ");
	escape_json(out, answer->zone);
	buf_text(out, ",\n  \"from\": ");
	put_time(&json->start, answer->from, answer->from_offset, out);
	buf_text(out, ",\n  \"to\": ");
	put_time(&json->end, answer->to, answer->to_offset, out);
	buf_text(out, answer->unsettled ? ",\n  \"settled\": false" : ",\n  \"settled\": true");
	buf_text(out, ",\n  \"rows\": [");
	json->from = answer->from;
	json->to = answer->to;
	json->begun = true;
}

void json_history_begin(struct json_history *json, const struct history_question *question,
	size_t limit, struct buf *out)
{
	*json = (struct json_history){.out = out, .question = *question, .limit = limit};
}

void json_history_rows(struct json_history *json, const struct history_answer *answer,
	const struct history_row *rows, const struct history_host *hosts)
{
	for (uint32_t i = 0; i < answer->row_count && !json->cut; i++) {
		bool same = json->filled && rows[i].start == json->last_start;

		json->last_start = rows[i].start;
		json->cut = json->filled && !same && json->out->length >= json->limit;
		if (json->cut)
			break;
		if (!json->begun) /* earlier parts may not know the range */
			put_head(json, answer);
		buf_text(json->out, json->filled ? ",\n    " : "\n    ");
		json->filled = true;
		put_row(json, &rows[i],
			json->question.by == HISTORY_BY_TOTAL || !answer->host_count
				? NULL
				: &hosts[rows[i].host]);
	}
}

void json_history_end(struct json_history *json, const struct history_answer *answer,
	const void *gaps,
	void (*put_next)(const struct history_question *question, int64_t from, int64_t to,
		int64_t after_start, uint64_t after_row, struct buf *out))
{
	struct buf *out = json->out;

	if (!json->begun)
		put_head(json, answer);
	buf_text(out, "\n  ],\n  \"gaps\": [");
	for (uint32_t i = 0; i < answer->gap_count; i++) {
		struct history_gap gap;

		memcpy(&gap, (const char *)gaps + i * sizeof(gap), sizeof(gap));
		buf_text(out, i ? ",\n    {\"start\": " : "\n    {\"start\": ");
		put_time(&json->start, gap.start, gap.start_offset, out);
		buf_text(out, ", \"end\": ");
		put_time(&json->end, gap.end, gap.end_offset, out);
		put_text(out, "reason", labels_gap(gap.reason));
		buf_text(out, "}");
	}
	buf_text(out, "\n  ],\n  \"next\": ");
	if (json->cut || answer->next_row) {
		buf_text(out, "\"");
		put_next(&json->question, json->from, json->to,
			json->cut ? json->last_start : answer->next_start,
			json->cut ? HISTORY_STEP_BEGINS : answer->next_row, out);
		buf_text(out, "\"");
	} else {
		buf_text(out, "null");
	}
	buf_text(out, "\n}\n");
}
