// SPDX-License-Identifier: GPL-2.0-or-later
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

#include "printable.h"

typedef struct json_object json;

/* By value, for use within one printf(). */
struct text {
	char bytes[80];
};

static json *get(const json *object, const char *key)
{
	return json_object_object_get(object, key);
}

static uint64_t number(const json *object, const char *key)
{
	return json_object_get_uint64(get(object, key));
}

/* What is too long ends in dots. */
static struct text clean(const char *from)
{
	struct text text = {0};
	size_t used = from ? printable(&from, text.bytes, sizeof(text.bytes) - 3) : 0;

	if (from && *from)
		memcpy(text.bytes + used, "...", 4);
	return text;
}

static struct text text_of(const json *object, const char *key)
{
	json *value = get(object, key);

	return clean(value ? json_object_get_string(value) : "");
}

static size_t length_of(const json *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

/* In its two largest units. */
static struct text duration(uint64_t s)
{
	struct text text;

	if (s >= 86400)
		snprintf(text.bytes, sizeof(text.bytes), "%" PRIu64 " d %" PRIu64 " h", s / 86400,
			s / 3600 % 24);
	else if (s >= 3600)
		snprintf(text.bytes, sizeof(text.bytes), "%" PRIu64 " h %" PRIu64 " min", s / 3600,
			s / 60 % 60);
	else if (s >= 60)
		snprintf(text.bytes, sizeof(text.bytes), "%" PRIu64 " min %" PRIu64 " s", s / 60,
			s % 60);
	else
		snprintf(text.bytes, sizeof(text.bytes), "%" PRIu64 " s", s);
	return text;
}

static void print_incomplete(const json *array, FILE *out)
{
	static const char *const known[][2] = {
		{"hardware_offload", "a flowtable hands flows to the hardware, where nothing can "
				     "count them"},
		{"hook_failed", "a device on the way could not be hooked"},
		{"ingress_qdisc", "another program's ingress qdisc leaves downloads no hook on a "
				  "device"},
		{"xdp", "an XDP program may forward packets before they are seen"},
		{"prefixes", "an interface has more prefixes than there is room for"},
	};

	for (size_t i = 0; i < length_of(array); i++) {
		struct text word =
			clean(json_object_get_string(json_object_array_get_idx(array, i)));
		const char *why = word.bytes;

		for (size_t j = 0; j < sizeof(known) / sizeof(*known); j++)
			if (strcmp(known[j][0], word.bytes) == 0)
				why = known[j][1];
		fprintf(out, "COUNTS ARE TOO LOW: %s\n", why);
	}
}

static bool same(const json *a, const json *b, const char *key)
{
	return strcmp(text_of(a, key).bytes, text_of(b, key).bytes) == 0;
}

/* Both hooks of a device in one line, where they are of one kind and age. */
static void print_hooks(const json *array, FILE *out)
{
	size_t count = length_of(array);

	for (size_t i = 0; i < count; i++) {
		json *hook = json_object_array_get_idx(array, i);
		json *next = i + 1 < count ? json_object_array_get_idx(array, i + 1) : NULL;
		bool both = next && same(hook, next, "device") && same(hook, next, "kind") &&
			    same(hook, next, "since");

		fprintf(out, "  %-15s  %-15s %-6s  since %s (%s)\n", text_of(hook, "device").bytes,
			both ? "ingress, egress" : text_of(hook, "direction").bytes,
			text_of(hook, "kind").bytes, text_of(hook, "since").bytes,
			duration(number(hook, "age_seconds")).bytes);
		i += both;
	}
}

static void print_interfaces(const json *array, FILE *out)
{
	for (size_t i = 0; i < length_of(array); i++) {
		json *interface = json_object_array_get_idx(array, i);
		json *prefixes = get(interface, "prefixes");

		fprintf(out, "\n%s: ", text_of(interface, "name").bytes);
		for (size_t j = 0; j < length_of(prefixes); j++)
			fprintf(out, "%s%s", j ? ", " : "",
				clean(json_object_get_string(
					      json_object_array_get_idx(prefixes, j)))
					.bytes);
		fprintf(out, "%s%s%s\n", length_of(prefixes) ? "" : "no subnet",
			json_object_get_boolean(get(interface, "followed")) ? " (followed)" : "",
			json_object_get_boolean(get(interface, "present"))
				? ""
				: " (not there: waited for)");
		print_hooks(get(interface, "hooks"), out);
	}
}

static void print_table(const json *table, FILE *out)
{
	static const char family[][2][5] = {{"ipv4", "IPv4"}, {"ipv6", "IPv6"}};

	for (size_t i = 0; i < 2; i++) {
		json *fill = get(table, family[i][0]);
		uint64_t entries = number(fill, "entries"), capacity = number(fill, "capacity");

		fprintf(out, "%-13s %s  %7" PRIu64 " of %7" PRIu64 " addresses  %5.1f %%\n",
			i ? "" : "table", family[i][1], entries, capacity,
			capacity ? 100.0 * (double)entries / (double)capacity : 0.0);
	}
	fprintf(out, "%-13s %.1f MiB of kernel memory; %" PRIu64 " silent ones kept outside it\n",
		"", (double)number(table, "kernel_bytes") / 1048576.0, number(table, "retired"));
}

static void print_names(json *names, FILE *out)
{
	const char *separator = "";

	fprintf(out, "%-13s ", "names");
	if (json_object_is_type(names, json_type_object)) {
		json_object_object_foreach(names, source, count)
		{
			fprintf(out, "%s%" PRIu64 " of %s", separator,
				json_object_get_uint64(count), clean(source).bytes);
			separator = ", ";
		}
	}
	fprintf(out, "%s\n", *separator ? "" : "none");
}

static void print_gaps(const json *gaps, FILE *out)
{
	uint64_t restored = number(gaps, "restored");

	if (restored)
		fprintf(out,
			"%-13s %" PRIu64 " times a hook was put back; at most %" PRIu64
			" packets were missed\n",
			"gaps", restored, number(gaps, "missed_packets"));
}

static void print_unattributed(const json *unattributed, FILE *out)
{
	static const char direction[][9] = {"upload", "download"};
	const char *title = "unattributed";

	for (size_t i = 0; i < 2; i++) {
		json *reasons = get(unattributed, direction[i]);

		if (!json_object_is_type(reasons, json_type_object))
			continue;
		json_object_object_foreach(reasons, reason, volume)
		{
			if (!number(volume, "packets"))
				continue;
			fprintf(out, "%-13s %-8s  %-13s  %" PRIu64 " packets, %" PRIu64 " bytes\n",
				title, direction[i], clean(reason).bytes, number(volume, "packets"),
				number(volume, "bytes"));
			title = "";
		}
	}
}

int report_status(const char *text, size_t length, FILE *out)
{
	struct json_tokener *tokener = json_tokener_new();
	json *status = tokener ? json_tokener_parse_ex(tokener, text, (int)length) : NULL;
	const json *snapshot;
	int error = 0;

	if (json_object_is_type(status, json_type_object)) {
		snapshot = get(status, "snapshot");
		fprintf(out, "mezoura %s, running for %s\n", text_of(status, "version").bytes,
			duration(number(status, "uptime_seconds")).bytes);
		print_incomplete(get(status, "incomplete"), out);
		print_interfaces(get(status, "interfaces"), out);
		fprintf(out, "\n");
		print_table(get(status, "table"), out);
		print_names(get(status, "names"), out);
		fprintf(out, "%-13s %s, in %.2f ms\n", "last reading",
			text_of(snapshot, "timestamp").bytes,
			json_object_get_double(get(snapshot, "pull_seconds")) * 1000);
		print_gaps(get(status, "gaps"), out);
		if (number(status, "exporter_restarts"))
			fprintf(out, "%-13s died and was started again %" PRIu64 " times\n",
				"exporter", number(status, "exporter_restarts"));
		print_unattributed(get(status, "unattributed"), out);
	} else {
		error = -EPROTO;
	}
	json_object_put(status);
	if (tokener)
		json_tokener_free(tokener);
	return error;
}

static bool same_host(const json *a, const json *b)
{
	return get(b, "mac") && same(a, b, "mac") && same(a, b, "interface");
}

/* Rows of one machine, of both IP versions, in one line. Returns how many rows that were. */
static size_t print_host(const json *hosts, size_t first, FILE *out)
{
	json *host = json_object_array_get_idx(hosts, first), *row = host;
	struct text address = {0};
	size_t addresses = 0, at = first;
	char more[40] = "";

	do {
		const json *list = get(row, "addresses");

		if (!addresses && length_of(list))
			address = clean(json_object_get_string(json_object_array_get_idx(list, 0)));
		addresses += length_of(list);
		row = json_object_array_get_idx(hosts, ++at);
	} while (row && same_host(host, row));
	if (addresses > 1)
		snprintf(more, sizeof(more), " and %zu more", addresses - 1);
	fprintf(out, "  %-15s  %-17s  %-7s  %s%-*s  %s\n", text_of(host, "interface").bytes,
		get(host, "mac") ? text_of(host, "mac").bytes : "-",
		get(host, "source") ? text_of(host, "source").bytes : "-", address.bytes,
		strlen(address.bytes) < 26 ? 26 - (int)strlen(address.bytes) : 0, more,
		get(host, "name") ? text_of(host, "name").bytes : "-");
	return at - first;
}

int report_hosts(const char *text, size_t length, FILE *out)
{
	struct json_tokener *tokener = json_tokener_new();
	json *answer = tokener ? json_tokener_parse_ex(tokener, text, (int)length) : NULL;
	const json *hosts =
		json_object_is_type(answer, json_type_object) ? get(answer, "hosts") : NULL;
	int error = hosts ? 0 : -EPROTO;
	size_t i = 0;

	if (length_of(hosts))
		fprintf(out, "\nhosts, and which source their names are from:\n");
	for (size_t lines = 0; i < length_of(hosts) && lines < REPORT_HOSTS; lines++)
		i += print_host(hosts, i, out);
	if (i < length_of(hosts))
		fprintf(out, "  and others: /api/v1/hosts has them all\n");
	json_object_put(answer);
	if (tokener)
		json_tokener_free(tokener);
	return error;
}
