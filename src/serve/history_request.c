// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/history_request.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/mac.h"
#include "model/labels.h"
#include "serve/history_time.h"

#define STEPS  "5m, hour, day or month"
#define GROUPS "host, name or total"
#define TIMES  "a time as 2026-11-27T15:00:00+01:00, a date as 2026-11-27, or seconds since 1970"
#define HOSTS  "a MAC, an IP address or a name"
#define AFTER  "what \"next\" of an earlier answer has"

typedef bool reader(
	struct history_question *question, const char *value, const struct snapshot *snapshot);

/* Sets *found to the value's number among count labels. */
static bool read_label(
	const char *value, const char *(*label)(unsigned), unsigned count, uint8_t *found)
{
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(value, label(i))) {
			*found = (uint8_t)i;
			return true;
		}
	return false;
}

static bool read_step(
	struct history_question *question, const char *value, const struct snapshot *snapshot)
{
	(void)snapshot;
	return read_label(value, labels_step, HISTORY_STEPS, &question->step);
}

static bool read_by(
	struct history_question *question, const char *value, const struct snapshot *snapshot)
{
	(void)snapshot;
	return read_label(value, labels_by, HISTORY_BYS, &question->by);
}

static bool read_from(
	struct history_question *question, const char *value, const struct snapshot *snapshot)
{
	(void)snapshot;
	return history_time_read(value, &question->from);
}

static bool read_to(
	struct history_question *question, const char *value, const struct snapshot *snapshot)
{
	(void)snapshot;
	return history_time_read(value, &question->to);
}

/* The MAC that an address belongs to now; NULL: none, or not known. */
static const uint8_t *mac_of(const struct snapshot *snapshot, int family, const uint8_t addr[16])
{
	static const uint8_t none[6];
	const struct snapshot_address *all = snapshot_addresses(snapshot);

	for (uint32_t i = 0; i < snapshot->address_count; i++)
		if (all[i].family == family && !memcmp(all[i].addr, addr, 16) &&
			memcmp(all[i].mac, none, sizeof(none)) != 0)
			return all[i].mac;
	return NULL;
}

static bool read_host(
	struct history_question *question, const char *value, const struct snapshot *snapshot)
{
	uint8_t addr[16] = {0};
	const uint8_t *mac;

	if (mac_parse(value, strlen(value), question->mac)) {
		question->who = HISTORY_MAC;
		return true;
	}
	memset(question->mac, 0, sizeof(question->mac));
	if (inet_pton(AF_INET, value, addr) == 1 || inet_pton(AF_INET6, value, addr) == 1) {
		question->family = strchr(value, ':') ? AF_INET6 : AF_INET;
		mac = mac_of(snapshot, question->family, addr);
		question->who = mac ? HISTORY_MAC : HISTORY_ADDRESS;
		if (mac) {
			memcpy(question->mac, mac, sizeof(question->mac));
			question->family = 0;
		} else {
			memcpy(question->addr, addr, sizeof(addr));
		}
		return true;
	}
	question->who = HISTORY_NAMED;
	if (!*value || strlen(value) >= sizeof(question->name))
		return false;
	memcpy(question->name, value, strlen(value)); /* it was zero: questions are compared */
	return true;
}

static bool read_after(
	struct history_question *question, const char *value, const struct snapshot *snapshot)
{
	struct history_time start;
	const char *dot = strchr(value, '.');
	char text[24] = "";
	char *end;

	(void)snapshot;
	if (!dot || (size_t)(dot - value) >= sizeof(text) || dot[1] < '1' || dot[1] > '9' ||
		strlen(dot + 1) > 20)
		return false;
	memcpy(text, value, (size_t)(dot - value));
	if (!history_time_read(text, &start) || start.kind != HISTORY_INSTANT)
		return false;
	question->after_start = start.value;
	errno = 0;
	question->after_row = strtoull(dot + 1, &end, 10);
	return !*end && !errno;
}

enum { STEP, BY, FROM, TO, HOST, AFTER_ROW, PARAMETERS };

static const struct {
	const char *name, *expected;
	reader *read;
} parameters[PARAMETERS] = {
	[STEP] = {"step", STEPS, read_step},
	[BY] = {"by", GROUPS, read_by},
	[FROM] = {"from", TIMES, read_from},
	[TO] = {"to", TIMES, read_to},
	[HOST] = {"host", HOSTS, read_host},
	[AFTER_ROW] = {"after", AFTER, read_after},
};

void history_request_begin(struct history_request *request, unsigned month_start)
{
	*request = (struct history_request){.question = {.step = HISTORY_HOUR,
						    .by = HISTORY_BY_HOST,
						    .month_start = (uint8_t)month_start}};
}

static bool fail(struct history_request *request, const char *error, const char *parameter,
	const char *expected)
{
	request->error = error;
	request->expected = expected;
	strncpy(request->parameter, parameter, sizeof(request->parameter) - 1);
	return false;
}

/* Decodes '%' escapes into room bytes. Returns false where one is wrong, is NUL, or room ends. */
static bool decode(const char *value, char *text, size_t room)
{
	for (; *value; value++, text++, room--) {
		int high = 0, low = (unsigned char)*value;

		if (*value == '%') {
			high = mac_hex_digit(value[1]);
			low = high < 0 ? -1 : mac_hex_digit(value[2]);
			value += 2;
			if (low < 0 || !(high << 4 | low))
				return false;
		}
		if (room == 1)
			return false;
		*text = (char)(high << 4 | low);
	}
	*text = '\0';
	return true;
}

bool history_request_add(struct history_request *request, const char *name, const char *value,
	const struct snapshot *snapshot)
{
	char text[3 * HISTORY_NAME];
	unsigned i = 0;

	if (request->expected)
		return false;
	while (i < PARAMETERS && strcmp(name, parameters[i].name) != 0)
		i++;
	if (i == PARAMETERS)
		return fail(request, "unknown parameter", name,
			"step, by, from, to, host or after, each at most once");
	if (request->given & 1u << i)
		return fail(request, "repeated parameter", name, "each parameter at most once");
	request->given |= 1u << i;
	if (!value || !decode(value, text, sizeof(text)) ||
		!parameters[i].read(&request->question, text, snapshot))
		return fail(request, "wrong value", name, parameters[i].expected);
	return true;
}

bool history_request_end(struct history_request *request)
{
	const struct history_time *from = &request->question.from, *to = &request->question.to;

	/* only the recorder can compare a date with an instant */
	if (!request->expected && from->kind == to->kind && from->kind != HISTORY_ALWAYS &&
		from->value > to->value)
		return fail(request, "wrong range", "from", "a time that is not after \"to\"");
	return !request->expected;
}

void history_request_error(const struct history_request *request, struct buf *out)
{
	buf_text(out, "{\"error\": ");
	escape_json(out, request->error);
	buf_text(out, ", \"parameter\": ");
	escape_json(out, request->parameter);
	buf_text(out, ", \"expected\": ");
	escape_json(out, request->expected);
	buf_text(out, "}\n");
}

static void put_integer(struct buf *out, int64_t number)
{
	if (number < 0)
		buf_bytes(out, "-", 1);
	buf_u64(out, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

/* As it may be in a query: all but letters, digits and a few others as %XX. */
static void put_escaped(struct buf *out, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		char escape[3] = {'%', hex[byte >> 4], hex[byte & 15]};
		bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
			     (byte >= '0' && byte <= '9') || strchr("-._~", byte);

		if (plain)
			buf_bytes(out, text, 1);
		else
			buf_bytes(out, escape, sizeof(escape));
	}
}

static void put_host(const struct history_question *question, struct buf *out)
{
	if (question->who == HISTORY_EVERYBODY)
		return;
	buf_text(out, "&host=");
	if (question->who == HISTORY_MAC)
		buf_mac(out, question->mac);
	else if (question->who == HISTORY_ADDRESS)
		buf_address(out, question->family, question->addr);
	else
		put_escaped(out, question->name);
}

void history_request_next(const struct history_question *question, int64_t from, int64_t to,
	int64_t after_start, uint64_t after_row, struct buf *out)
{
	buf_text(out, "/api/v1/history?step=");
	buf_text(out, labels_step(question->step));
	buf_text(out, "&by=");
	buf_text(out, labels_by(question->by));
	buf_text(out, "&from=");
	put_integer(out, from);
	buf_text(out, "&to=");
	put_integer(out, to);
	put_host(question, out);
	buf_text(out, "&after=");
	put_integer(out, after_start);
	buf_bytes(out, ".", 1);
	buf_u64(out, after_row);
}
