// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/status_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/printable.h"

/* A short text that functions return by value, so that one printf() can have several. */
struct text {
	char bytes[80];
};

static uint64_t number(const char *object, const char *key)
{
	return json_get_number(json_get(object, key));
}

/* The JSON string, printable. A longer one is cut, and ends with "...". */
static struct text clean(const char *value)
{
	char all[256]; /* printable() leaves at least a third of it: enough for text */
	const char *from = all;
	struct text text = {0};
	size_t used;

	json_get_string(value, all, sizeof(all));
	used = printable(&from, text.bytes, sizeof(text.bytes) - 3);
	if (*from)
		memcpy(text.bytes + used, "...", 4);
	return text;
}

static struct text text_of(const char *object, const char *key)
{
	return clean(json_get(object, key));
}

/* Seconds as a text, in the two largest units: "3 d 4 h". */
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

static void print_incomplete(const char *array, FILE *out)
{
	static const char *const known[][3] = {
		{"hardware_offload", "LOW",
			"a flowtable hands flows to the hardware, where nothing can count them"},
		{"hook_failed", "LOW", "a device on the way could not be hooked"},
		{"ingress_qdisc", "LOW",
			"another program's ingress qdisc leaves downloads no hook on a device"},
		{"xdp", "LOW", "an XDP program may forward packets before they are seen"},
		{"addresses", "HIGH",
			"traffic with some of this router's own addresses counts as the "
			"internet's"},
		{"prefixes", "LOW", "an interface has more prefixes than there is room for"},
	};
	struct json_each each = {0};

	while (json_next(array, &each)) {
		struct text word = clean(each.value);
		const char *how = "LOW", *why = word.bytes;

		for (size_t j = 0; j < sizeof(known) / sizeof(*known); j++)
			if (strcmp(known[j][0], word.bytes) == 0) {
				how = known[j][1];
				why = known[j][2];
			}
		fprintf(out, "COUNTS ARE TOO %s: %s\n", how, why);
	}
}

/* Prints what is wrong with the history, one line each. */
static void print_trouble(const char *history, FILE *out)
{
	static const char *const known[][3] = {
		{"no_directory", " IS NOT WRITTEN", "the directory of --state does not exist"},
		{"not_writable", " IS NOT WRITTEN", "the recorder may not write to --state"},
		{"disk_full", " IS NOT WRITTEN",
			"the disk of --state is full; what is counted waits in memory"},
		{"disk_error", " IS NOT WRITTEN",
			"the disk of --state fails; what is counted waits in memory"},
		{"in_use", " IS NOT WRITTEN", "another mezoura writes to --state"},
		{"newer", " IS NOT WRITTEN", "the database is of a newer mezoura"},
		{"no_sqlite", " IS NOT WRITTEN", "libsqlite3 is not installed"},
		{"waits", " WAITS", "counts of another version are not taken over yet"},
		{"damaged", " BEGAN ANEW", "the database was damaged, and put aside beside it"},
		{"shortened", " IS SHORTENED", "old rows were removed for --state-size"},
		{"no_recent", "",
			"five-minute steps do not survive a restart: they have no "
			"directory in memory"},
		{"clock", "", "the clock is not known to be right: times may still move"},
		{"lost", " LACKS COUNTS", "some went down before they were recorded"},
	};
	struct json_each each = {0};

	while (json_next(json_get(history, "trouble"), &each)) {
		struct text word = clean(each.value);
		const char *how = "", *why = word.bytes;

		for (size_t j = 0; j < sizeof(known) / sizeof(*known); j++)
			if (strcmp(known[j][0], word.bytes) == 0) {
				how = known[j][1];
				why = known[j][2];
			}
		fprintf(out, "HISTORY%s: %s\n", how, why);
	}
	if (history && !json_get_bool(json_get(history, "answers")))
		fprintf(out, "HISTORY DOES NOT ANSWER: its last report was %s%s\n",
			json_get(history, "reported") ? "at " : "never made",
			text_of(history, "reported").bytes);
}

static double megabytes(const char *object, const char *key)
{
	return (double)number(object, key) / 1e6;
}

static void print_history(const char *history, FILE *out)
{
	const char *steps = json_get(history, "steps"), *separator = "";
	struct json_each step = {0};

	if (!history) {
		fprintf(out, "%-13s none is kept\n", "history");
		return;
	}
	fprintf(out, "%-13s %.1f MB", "history", megabytes(history, "bytes"));
	if (number(history, "bytes_limit"))
		fprintf(out, " of %.1f MB", megabytes(history, "bytes_limit"));
	fprintf(out, ", %.2f MB written today; last commit %s\n",
		megabytes(history, "written_today_bytes"),
		json_get(history, "last_commit") ? text_of(history, "last_commit").bytes : "none");
	fprintf(out, "%-13s ", "");
	while (json_is_object(steps) && json_next(steps, &step)) {
		fprintf(out, "%s%s ", separator, clean(step.key).bytes);
		if (json_get(step.value, "since"))
			fprintf(out, "since %s", text_of(step.value, "since").bytes);
		else
			fprintf(out, "none yet");
		separator = ", ";
	}
	fprintf(out, "\n");
}

/* Returns how many interfaces are not counted on. out: NULL prints nothing. */
static int print_uncounted(const char *interfaces, FILE *out)
{
	struct json_each each = {0};
	int uncounted = 0;

	while (json_next(interfaces, &each)) {
		const char *hooked = json_get(each.value, "hooked");

		if (!hooked || json_get_bool(hooked)) /* an earlier version does not say */
			continue;
		uncounted++;
		if (out)
			fprintf(out, "NOT COUNTING on %s: %s\n", text_of(each.value, "name").bytes,
				json_get_bool(json_get(each.value, "present"))
					? "no classifier is attached there; the log says why"
					: "no such interface; the daemon waits for it");
	}
	return uncounted;
}

static bool same(const char *a, const char *b, const char *key)
{
	return strcmp(text_of(a, key).bytes, text_of(b, key).bytes) == 0;
}

/* One line per device where both of its hooks have the same kind and age, else one per hook. */
static void print_hooks(const char *array, FILE *out)
{
	struct json_each each = {0}, next;
	bool more = json_next(array, &each);

	for (; more; each = next) {
		const char *hook = each.value;
		bool both;

		next = each;
		more = json_next(array, &next);
		both = more && same(hook, next.value, "device") && same(hook, next.value, "kind") &&
		       same(hook, next.value, "since");
		fprintf(out, "  %-15s  %-15s %-6s  since %s (%s)\n", text_of(hook, "device").bytes,
			both ? "ingress, egress" : text_of(hook, "direction").bytes,
			text_of(hook, "kind").bytes, text_of(hook, "since").bytes,
			duration(number(hook, "age_seconds")).bytes);
		if (both)
			more = json_next(array, &next);
	}
}

static void print_interface(const char *interface, FILE *out)
{
	const char *prefixes = json_get(interface, "prefixes"), *separator = "";
	struct json_each prefix = {0};

	fprintf(out, "\n%s: ", text_of(interface, "name").bytes);
	while (json_next(prefixes, &prefix)) {
		fprintf(out, "%s%s", separator, clean(prefix.value).bytes);
		separator = ", ";
	}
	fprintf(out, "%s%s%s\n", *separator ? "" : "no subnet",
		json_get_bool(json_get(interface, "followed")) ? " (followed)" : "",
		json_get_bool(json_get(interface, "present")) ? "" : " (not there yet)");
	print_hooks(json_get(interface, "hooks"), out);
}

static void print_table(const char *table, FILE *out)
{
	static const char family[][2][5] = {{"ipv4", "IPv4"}, {"ipv6", "IPv6"}};

	for (size_t i = 0; i < 2; i++) {
		const char *fill = json_get(table, family[i][0]);
		uint64_t entries = number(fill, "entries"), capacity = number(fill, "capacity");

		fprintf(out, "%-13s %s  %7" PRIu64 " of %7" PRIu64 " addresses  %5.1f %%\n",
			i ? "" : "table", family[i][1], entries, capacity,
			capacity ? 100.0 * (double)entries / (double)capacity : 0.0);
	}
	fprintf(out, "%-13s %.1f MiB of kernel memory; %" PRIu64 " silent ones kept outside it\n",
		"", (double)number(table, "kernel_bytes") / 1048576.0, number(table, "retired"));
}

static void print_names(const char *names, FILE *out)
{
	struct json_each source = {0};
	const char *separator = "";

	fprintf(out, "%-13s ", "names");
	while (json_is_object(names) && json_next(names, &source)) {
		fprintf(out, "%s%" PRIu64 " of %s", separator, json_get_number(source.value),
			clean(source.key).bytes);
		separator = ", ";
	}
	fprintf(out, "%s\n", *separator ? "" : "none");
}

static void print_gaps(const char *gaps, FILE *out)
{
	uint64_t restored = number(gaps, "restored");

	if (restored)
		fprintf(out,
			"%-13s %" PRIu64 " times a hook was put back; at most %" PRIu64
			" packets were missed\n",
			"gaps", restored, number(gaps, "missed_packets"));
}

static void print_unattributed(const char *unattributed, FILE *out)
{
	static const char direction[][9] = {"upload", "download"};
	const char *title = "unattributed";

	for (size_t i = 0; i < 2; i++) {
		const char *reasons = json_get(unattributed, direction[i]);
		struct json_each reason = {0};

		while (json_is_object(reasons) && json_next(reasons, &reason)) {
			if (!number(reason.value, "packets"))
				continue;
			fprintf(out, "%-13s %-8s  %-13s  %" PRIu64 " packets, %" PRIu64 " bytes\n",
				title, direction[i], clean(reason.key).bytes,
				number(reason.value, "packets"), number(reason.value, "bytes"));
			title = "";
		}
	}
}

static void print_restarts(const char *status, const char *who, const char *field, FILE *out)
{
	if (number(status, field))
		fprintf(out, "%-13s died and was started again %" PRIu64 " times\n", who,
			number(status, field));
}

int status_text(const char *text, FILE *out)
{
	const char *status = json_check(text), *snapshot = json_get(status, "snapshot"),
		   *interfaces = json_get(status, "interfaces");
	struct json_each interface = {0};
	int uncounted;

	if (!json_is_object(status))
		return -EPROTO;
	if (!out)
		return print_uncounted(interfaces, NULL);
	fprintf(out, "mezoura %s, running for %s\n", text_of(status, "version").bytes,
		duration(number(status, "uptime_seconds")).bytes);
	uncounted = print_uncounted(interfaces, out);
	print_incomplete(json_get(status, "incomplete"), out);
	print_trouble(json_get(status, "history"), out);
	while (json_next(interfaces, &interface))
		print_interface(interface.value, out);
	fprintf(out, "\n");
	print_table(json_get(status, "table"), out);
	print_names(json_get(status, "names"), out);
	fprintf(out, "%-13s %s, in %.2f ms\n", "last reading", text_of(snapshot, "timestamp").bytes,
		json_get_real(json_get(snapshot, "pull_seconds")) * 1000);
	print_history(json_get(status, "history"), out);
	print_gaps(json_get(status, "gaps"), out);
	print_restarts(status, "exporter", "exporter_restarts", out);
	print_restarts(status, "recorder", "recorder_restarts", out);
	print_unattributed(json_get(status, "unattributed"), out);
	return uncounted;
}

static bool same_host(const char *a, const char *b)
{
	return json_get(b, "mac") && same(a, b, "mac") && same(a, b, "interface");
}

static const char *or_dash(const char *object, const char *key, struct text *text)
{
	*text = text_of(object, key);
	return json_get(object, key) ? text->bytes : "-";
}

/*
 * Prints one line for a machine, whose rows of both IP versions follow each other. *row: the first
 * of these, and afterwards the row behind the last. Returns whether there is one.
 */
static bool print_host(const char *hosts, struct json_each *row, FILE *out)
{
	const char *host = row->value;
	struct text address = {0}, mac, source, name;
	size_t addresses = 0;
	char more[40] = "";
	bool others;

	do {
		const char *list = json_get(row->value, "addresses");
		struct json_each first = {0};

		if (!addresses && json_next(list, &first))
			address = clean(first.value);
		addresses += json_length(list);
		others = json_next(hosts, row);
	} while (others && same_host(host, row->value));
	if (addresses > 1)
		snprintf(more, sizeof(more), " and %zu more", addresses - 1);
	fprintf(out, "  %-15s  %-17s  %-7s  %s%-*s  %s\n", text_of(host, "interface").bytes,
		or_dash(host, "mac", &mac), or_dash(host, "source", &source), address.bytes,
		strlen(address.bytes) < 26 ? 26 - (int)strlen(address.bytes) : 0, more,
		or_dash(host, "name", &name));
	return others;
}

int status_text_hosts(const char *text, FILE *out)
{
	const char *hosts = json_get(json_check(text), "hosts");
	struct json_each row = {0};
	bool more = json_next(hosts, &row);

	if (more)
		fprintf(out, "\nhosts, and which source their names are from:\n");
	for (size_t lines = 0; more && lines < STATUS_TEXT_HOSTS; lines++)
		more = print_host(hosts, &row, out);
	if (more)
		fprintf(out, "  and others: /api/v1/hosts has them all\n");
	return hosts ? 0 : -EPROTO;
}
