// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/json_status.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/json_writer.h"
#include "model/labels.h"

static void put_prefix(struct json_writer *json, const struct snapshot_prefix *prefix)
{
	char address[INET6_ADDRSTRLEN] = "", text[INET6_ADDRSTRLEN + 4];

	inet_ntop(prefix->family, prefix->addr, address, sizeof(address));
	snprintf(text, sizeof(text), "%s/%u", address, prefix->length);
	json_text(json, NULL, text);
}

/* The members of a hook that are known without a daemon, too. */
static void put_place(struct json_writer *json, const struct snapshot_hook *hook)
{
	json_text(json, "device", hook->device);
	json_text(json, "direction", labels_side(hook->direction));
	json_text(json, "kind", labels_kind(hook->kind));
}

static void put_hook(
	struct json_writer *json, const struct snapshot *s, const struct snapshot_hook *hook)
{
	uint64_t age_ms = (uint64_t)hook->age_s * 1000;

	json_open(json, NULL, "{");
	put_place(json, hook);
	json_time(json, "since", s->taken_ms > age_ms ? s->taken_ms - age_ms : 0, false);
	json_number(json, "age_seconds", hook->age_s);
	json_close(json, "}");
}

static void put_interface(struct json_writer *json, const struct snapshot *s,
	const struct snapshot_interface *interface)
{
	json_open(json, NULL, "{");
	json_text(json, "name", s->nets[interface->net].ifname);
	json_bool(json, "present", interface->present);
	json_bool(json, "hooked", interface->hooked);
	json_bool(json, "followed", interface->followed);
	json_open(json, "prefixes", "[");
	for (size_t i = 0; i < interface->prefix_count; i++)
		put_prefix(json, &interface->prefix[i]);
	json_close(json, "]");
	json_open(json, "hooks", "[");
	for (size_t i = 0; i < s->hook_count; i++)
		if (s->hook[i].net == interface->net)
			put_hook(json, s, &s->hook[i]);
	json_close(json, "]");
	json_close(json, "}");
}

static void put_interfaces(struct json_writer *json, const struct snapshot *s)
{
	json_open(json, "interfaces", "[");
	for (size_t i = 0; i < s->interface_count; i++)
		put_interface(json, s, &s->interface[i]);
	json_close(json, "]");
}

static void put_snapshot(struct json_writer *json, const struct snapshot *s)
{
	char seconds[32];

	json_open(json, "snapshot", "{");
	json_time(json, "timestamp", s->taken_ms, true);
	json_number(json, "number", s->number);
	snprintf(seconds, sizeof(seconds), "%u.%06u", s->pull_us / 1000000, s->pull_us % 1000000);
	json_plain(json, "pull_seconds", seconds);
	json_close(json, "}");
}

static void put_table(struct json_writer *json, const struct snapshot *s)
{
	static const char family[][5] = {"ipv4", "ipv6"};

	json_open(json, "table", "{");
	for (int v = 0; v < 2; v++) {
		json_open(json, family[v], "{");
		json_number(json, "entries", s->entries[v]);
		json_number(json, "capacity", s->capacity[v]);
		json_close(json, "}");
	}
	json_number(json, "retired", s->retired_count);
	json_number(json, "kernel_bytes", s->kernel_bytes);
	json_close(json, "}");
}

static void put_names(struct json_writer *json, const struct snapshot *s)
{
	json_open(json, "names", "{");
	for (size_t i = 0; i < s->source_count; i++)
		json_number(json, s->source[i].name, s->source[i].name_count);
	json_close(json, "}");
}

static void put_unattributed(struct json_writer *json, const struct snapshot *s)
{
	json_open(json, "unattributed", "{");
	for (unsigned d = 0; d < MZ_DIRECTIONS; d++) {
		json_open(json, labels_direction(d), "{");
		for (unsigned r = 0; r < MZ_REASONS; r++) {
			json_open(json, labels_reason(r), "{");
			json_number(json, "bytes", s->unattributed[d][r].bytes);
			json_number(json, "packets", s->unattributed[d][r].packets);
			json_close(json, "}");
		}
		json_close(json, "}");
	}
	json_close(json, "}");
}

static void put_gaps(struct json_writer *json, const struct snapshot *s)
{
	json_open(json, "gaps", "{");
	json_number(json, "restored", s->hooks_restored);
	json_number(json, "missed_packets", s->missed_packets);
	json_close(json, "}");
}

static void put_incomplete(struct json_writer *json, const struct snapshot *s)
{
	json_open(json, "incomplete", "[");
	for (unsigned i = 0; i < SNAPSHOT_REASONS; i++)
		if (s->incomplete >> i & 1)
			json_text(json, NULL, labels_incomplete(i));
	json_close(json, "]");
}

/* Seconds since 1970; null where it is not known. */
static void put_instant(struct json_writer *json, const char *key, int64_t seconds)
{
	if (seconds > 0)
		json_time(json, key, (uint64_t)seconds * 1000, false);
	else
		json_plain(json, key, "null");
}

/* Months are sums over days, so they reach as far. */
static void put_steps(struct json_writer *json, const struct history_report *report)
{
	json_open(json, "steps", "{");
	for (unsigned i = 0; i < HISTORY_MONTH; i++) {
		json_open(json, labels_step(i), "{");
		put_instant(json, "since", report->reach[i]);
		json_number(json, "rows", report->rows[i]);
		json_close(json, "}");
	}
	json_close(json, "}");
}

static void put_history(struct json_writer *json, const struct history_state *history)
{
	const struct history_report *report;

	if (!history) {
		json_plain(json, "history", "null");
		return;
	}
	report = &history->report;
	json_open(json, "history", "{");
	json_bool(json, "answers", history->answers);
	put_instant(json, "reported", (int64_t)(history->reported_ms / 1000));
	json_open(json, "trouble", "[");
	for (unsigned i = 0; i < HISTORY_TROUBLES; i++)
		if (report->trouble >> i & 1)
			json_text(json, NULL, labels_trouble(i));
	json_close(json, "]");
	json_text(json, "zone", report->zone);
	json_number(json, "bytes", report->bytes);
	json_number(json, "bytes_limit", report->bytes_limit);
	json_number(json, "recent_bytes", report->recent_bytes);
	json_number(json, "written_today_bytes", report->written_today);
	json_number(json, "written_bytes", report->written);
	json_number(json, "commits", report->commits);
	json_number(json, "commit_failures", report->failures);
	put_instant(json, "last_commit", report->committed);
	json_number(json, "lost_bytes", report->lost_bytes);
	json_number(json, "hosts", report->hosts);
	put_steps(json, report);
	json_close(json, "}");
}

void json_status(const struct snapshot *s, const struct history_state *history, struct buf *out)
{
	struct json_writer json = {.out = out};

	json_open(&json, NULL, "{");
	json_bool(&json, "daemon", true);
	json_text(&json, "version", MZ_VERSION);
	json_number(&json, "uptime_seconds", s->uptime_s);
	put_snapshot(&json, s);
	put_interfaces(&json, s);
	put_table(&json, s);
	put_names(&json, s);
	put_unattributed(&json, s);
	put_gaps(&json, s);
	json_number(&json, "exporter_restarts", s->exporter_restarts);
	json_number(&json, "recorder_restarts", s->recorder_restarts);
	put_incomplete(&json, s);
	put_history(&json, history);
	json_close(&json, "}");
	buf_text(out, "\n");
}

void json_leftover(const struct snapshot_hook *hooks, size_t count, struct buf *out)
{
	struct json_writer json = {.out = out};

	json_open(&json, NULL, "{");
	json_bool(&json, "daemon", false);
	json_open(&json, "classifier", "[");
	for (size_t i = 0; i < count; i++) {
		json_open(&json, NULL, "{");
		put_place(&json, &hooks[i]);
		json_close(&json, "}");
	}
	json_close(&json, "]");
	json_close(&json, "}");
	buf_text(out, "\n");
}
