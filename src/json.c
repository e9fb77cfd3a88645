// SPDX-License-Identifier: GPL-2.0-or-later
#include "json.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "words.h"

typedef struct json_object json;

static void add(json *object, const char *key, json *value)
{
	json_object_object_add(object, key, value);
}

static void add_number(json *object, const char *key, uint64_t number)
{
	add(object, key, json_object_new_uint64(number));
}

/* Devices may be called anything, and JSON is UTF-8. */
static json *new_text(const char *text)
{
	struct buf buf = {0};
	json *value;

	buf_utf8(&buf, text);
	value = json_object_new_string_len(buf.data ? buf.data : "", (int)buf.length);
	buf_free(&buf);
	return value;
}

/* RFC 3339 in UTC. ms: since 1970. */
static json *new_time(uint64_t ms, bool with_ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char text[64], day[32];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm))
		return NULL;
	if (with_ms)
		snprintf(text, sizeof(text), "%s.%03uZ", day, (unsigned)(ms % 1000));
	else
		snprintf(text, sizeof(text), "%sZ", day);
	return json_object_new_string(text);
}

static json *new_prefix(const struct snapshot_prefix *prefix)
{
	char address[INET6_ADDRSTRLEN] = "", text[INET6_ADDRSTRLEN + 4];

	inet_ntop(prefix->family, prefix->addr, address, sizeof(address));
	snprintf(text, sizeof(text), "%s/%u", address, prefix->length);
	return json_object_new_string(text);
}

static json *new_hook(const struct snapshot *s, const struct snapshot_hook *hook)
{
	uint64_t age_ms = (uint64_t)hook->age_s * 1000;
	json *object = json_object_new_object();

	add(object, "device", new_text(hook->device));
	add(object, "direction", json_object_new_string(words_side(hook->direction)));
	add(object, "kind", json_object_new_string(words_kind(hook->kind)));
	add(object, "since", new_time(s->taken_ms > age_ms ? s->taken_ms - age_ms : 0, false));
	add_number(object, "age_seconds", hook->age_s);
	return object;
}

static json *new_interface(const struct snapshot *s, const struct snapshot_interface *interface)
{
	json *object = json_object_new_object(), *prefixes = json_object_new_array(),
	     *hooks = json_object_new_array();

	for (size_t i = 0; i < interface->prefixes; i++)
		json_object_array_add(prefixes, new_prefix(&interface->prefix[i]));
	for (size_t i = 0; i < s->hooks; i++)
		if (s->hook[i].net == interface->net)
			json_object_array_add(hooks, new_hook(s, &s->hook[i]));
	add(object, "name", new_text(s->nets[interface->net].ifname));
	add(object, "present", json_object_new_boolean(interface->present));
	add(object, "followed", json_object_new_boolean(interface->followed));
	add(object, "prefixes", prefixes);
	add(object, "hooks", hooks);
	return object;
}

static json *new_interfaces(const struct snapshot *s)
{
	json *array = json_object_new_array();

	for (size_t i = 0; i < s->interfaces; i++)
		json_object_array_add(array, new_interface(s, &s->interface[i]));
	return array;
}

static json *new_snapshot(const struct snapshot *s)
{
	json *object = json_object_new_object();
	char seconds[32];

	add(object, "timestamp", new_time(s->taken_ms, true));
	add_number(object, "number", s->number);
	snprintf(seconds, sizeof(seconds), "%u.%06u", s->pull_us / 1000000, s->pull_us % 1000000);
	add(object, "pull_seconds", json_object_new_double_s(s->pull_us / 1e6, seconds));
	return object;
}

static json *new_table(const struct snapshot *s)
{
	static const char family[][5] = {"ipv4", "ipv6"};
	json *object = json_object_new_object();

	for (int v = 0; v < 2; v++) {
		json *fill = json_object_new_object();

		add_number(fill, "entries", s->entries[v]);
		add_number(fill, "capacity", s->capacity[v]);
		add(object, family[v], fill);
	}
	add_number(object, "retired", s->retired);
	add_number(object, "kernel_bytes", s->kernel_bytes);
	return object;
}

static json *new_names(const struct snapshot *s)
{
	json *object = json_object_new_object();

	for (size_t i = 0; i < s->sources; i++)
		add_number(object, s->source[i].name, s->source[i].names);
	return object;
}

static json *new_unattributed(const struct snapshot *s)
{
	json *object = json_object_new_object();

	for (unsigned d = 0; d < MZ_DIRECTIONS; d++) {
		json *reasons = json_object_new_object();

		for (unsigned r = 0; r < MZ_REASONS; r++) {
			json *volume = json_object_new_object();

			add_number(volume, "bytes", s->unattributed[d][r].bytes);
			add_number(volume, "packets", s->unattributed[d][r].packets);
			add(reasons, words_reason(r), volume);
		}
		add(object, words_direction(d), reasons);
	}
	return object;
}

static json *new_gaps(const struct snapshot *s)
{
	json *object = json_object_new_object();

	add_number(object, "restored", s->hooks_restored);
	add_number(object, "missed_packets", s->missed_packets);
	return object;
}

static json *new_incomplete(const struct snapshot *s)
{
	json *array = json_object_new_array();

	for (unsigned i = 0; i < SNAPSHOT_REASONS; i++)
		if (s->incomplete >> i & 1)
			json_object_array_add(array, json_object_new_string(words_incomplete(i)));
	return array;
}

void json_status(const struct snapshot *s, struct buf *out)
{
	json *object = json_object_new_object();
	const char *text;
	size_t length = 0;

	add(object, "daemon", json_object_new_boolean(true));
	add(object, "version", json_object_new_string(MZ_VERSION));
	add_number(object, "uptime_seconds", s->uptime_s);
	add(object, "snapshot", new_snapshot(s));
	add(object, "interfaces", new_interfaces(s));
	add(object, "table", new_table(s));
	add(object, "names", new_names(s));
	add(object, "unattributed", new_unattributed(s));
	add(object, "gaps", new_gaps(s));
	add_number(object, "exporter_restarts", s->exporter_restarts);
	add(object, "incomplete", new_incomplete(s));
	text = json_object_to_json_string_length(object,
		JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE,
		&length);
	if (text) {
		buf_bytes(out, text, length);
		buf_text(out, "\n");
	}
	out->failed |= !text;
	json_object_put(object);
}
