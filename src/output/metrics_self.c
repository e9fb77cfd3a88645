// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/metrics_self.h"

#include <string.h>

#include "base/escape.h"
#include "model/labels.h"
#include "output/family.h"

static void put_plain(struct buf *out, const char *name, const char *type, const char *help,
	uint64_t value, enum metrics_format format)
{
	family_head(out, name, type, help, format);
	buf_text(out, name);
	if (strcmp(type, "counter") == 0)
		buf_text(out, "_total");
	buf_value(out, value);
}

static void put_unattributed(
	const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	static const char *const name[] = {
		"mezoura_unattributed_bytes", "mezoura_unattributed_packets"};
	static const char *const help[] = {"Bytes that could not be attributed to a host.",
		"Packets that could not be attributed to a host."};

	for (int packets = 0; packets < 2; packets++) {
		family_head(out, name[packets], "counter", help[packets], format);
		for (int d = MZ_DIRECTIONS - 1; d >= 0; d--)
			for (int r = 0; r < MZ_REASONS; r++) {
				const struct mz_volume *volume = &snapshot->unattributed[d][r];

				buf_text(out, name[packets]);
				buf_text(out, "_total{direction=\"");
				buf_text(out, labels_direction((unsigned)d));
				buf_text(out, "\",reason=\"");
				buf_text(out, labels_reason((unsigned)r));
				buf_text(out, "\"}");
				buf_value(out, packets ? volume->packets : volume->bytes);
			}
	}
}

static void put_tables(const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	static const char label[][17] = {"{ip_version=\"4\"}", "{ip_version=\"6\"}"};

	family_head(
		out, "mezoura_table_entries", "gauge", "Addresses in the kernel table.", format);
	for (int v = 0; v < 2; v++) {
		buf_text(out, "mezoura_table_entries");
		buf_text(out, label[v]);
		buf_value(out, snapshot->entries[v]);
	}
	family_head(out, "mezoura_table_capacity", "gauge",
		"Addresses the kernel table has room for.", format);
	for (int v = 0; v < 2; v++) {
		buf_text(out, "mezoura_table_capacity");
		buf_text(out, label[v]);
		buf_value(out, snapshot->capacity[v]);
	}
	put_plain(out, "mezoura_table_retired", "gauge",
		"Hosts and addresses kept outside the kernel table, as they have been silent.",
		snapshot->retired_count, format);
	put_plain(out, "mezoura_table_memory_bytes", "gauge",
		"Kernel memory of all tables, allocated once.", snapshot->kernel_bytes, format);
}

static void put_hooks(const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	family_head(out, "mezoura_hook_info", "gauge", "Where a classifier is attached, and how.",
		format);
	for (uint32_t i = 0; i < snapshot->hook_count; i++) {
		const struct snapshot_hook *hook = &snapshot->hook[i];

		buf_text(out, "mezoura_hook_info{device=\"");
		escape_label(out, hook->device);
		buf_text(out, "\",direction=\"");
		buf_text(out, labels_side(hook->direction));
		buf_text(out, "\",kind=\"");
		buf_text(out, labels_kind(hook->kind));
		buf_text(out, "\"}");
		buf_value(out, 1);
	}
}

static void put_interfaces(
	const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	family_head(out, "mezoura_interface_hooked", "gauge",
		"0 where a tracked interface is not counted: it is not there, or has no hook.",
		format);
	for (uint32_t i = 0; i < snapshot->interface_count; i++) {
		buf_text(out, "mezoura_interface_hooked{interface=\"");
		escape_label(out, snapshot->nets[snapshot->interface[i].net].ifname);
		buf_text(out, "\"}");
		buf_value(out, snapshot->interface[i].hooked);
	}
}

static void put_gaps(const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	put_plain(out, "mezoura_hooks_restored", "counter",
		"Times that a hook was found gone, or its device new, and was put there.",
		snapshot->hooks_restored, format);
	put_plain(out, "mezoura_missed_packets", "counter",
		"At most so many packets are missing: what devices moved while their hook was gone "
		"or not there yet.",
		snapshot->missed_packets, format);
}

/* With a decimal point, as these may be less than a second. */
static void put_seconds(struct buf *out, uint64_t units, unsigned per_second)
{
	char fraction[8] = ".";
	size_t length = 1;

	for (unsigned rest = (unsigned)(units % per_second), unit = per_second / 10; unit;
		unit /= 10)
		fraction[length++] = (char)('0' + rest / unit % 10);
	fraction[length++] = '\n';
	buf_bytes(out, " ", 1);
	buf_u64(out, units / per_second);
	buf_bytes(out, fraction, length);
}

static void put_incomplete(
	const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	family_head(out, "mezoura_incomplete", "gauge", "1 where packets pass uncounted, and why.",
		format);
	for (unsigned i = 0; i < SNAPSHOT_REASONS; i++) {
		buf_text(out, "mezoura_incomplete{reason=\"");
		buf_text(out, labels_incomplete(i));
		buf_text(out, "\"}");
		buf_value(out, snapshot->incomplete >> i & 1);
	}
}

static void put_daemon(const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	family_head(out, "mezoura_names", "gauge", "Hosts a source of names knows.", format);
	for (uint32_t i = 0; i < snapshot->source_count; i++) {
		buf_text(out, "mezoura_names{source=\"");
		escape_label(out, snapshot->source[i].name);
		buf_text(out, "\"}");
		buf_value(out, snapshot->source[i].name_count);
	}
	family_head(out, "mezoura_snapshot_timestamp_seconds", "gauge",
		"When the kernel's counters were last read, since 1970.", format);
	buf_text(out, "mezoura_snapshot_timestamp_seconds");
	put_seconds(out, snapshot->taken_ms, 1000);
	family_head(out, "mezoura_pull_duration_seconds", "gauge", "How long that reading took.",
		format);
	buf_text(out, "mezoura_pull_duration_seconds");
	put_seconds(out, snapshot->pull_us, 1000000);
	put_plain(out, "mezoura_exporter_restarts", "counter",
		"Times that the process that serves HTTP died and was started again.",
		snapshot->exporter_restarts, format);
	family_head(out, "mezoura_build_info", "gauge", "Which mezoura this is.", format);
	buf_text(out, "mezoura_build_info{version=\"" MZ_VERSION "\"} 1\n");
}

void metrics_self(const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	put_unattributed(snapshot, format, out);
	put_tables(snapshot, format, out);
	put_hooks(snapshot, format, out);
	put_interfaces(snapshot, format, out);
	put_gaps(snapshot, format, out);
	put_incomplete(snapshot, format, out);
	put_daemon(snapshot, format, out);
}

/* With a label that tells mezoura's two processes apart. per_second: of the unit of values. */
static void put_processes(struct buf *out, const char *name, const char *type, const char *help,
	const uint64_t values[2], unsigned per_second, enum metrics_format format)
{
	static const char label[][21] = {"{process=\"keeper\"}", "{process=\"exporter\"}"};

	family_head(out, name, type, help, format);
	for (int i = 0; i < 2; i++) {
		buf_text(out, name);
		if (strcmp(type, "counter") == 0)
			buf_text(out, "_total");
		buf_text(out, label[i]);
		if (per_second == 1)
			buf_value(out, values[i]);
		else
			put_seconds(out, values[i], per_second);
	}
}

/* By the names of Prometheus' client libraries. */
static void put_uses(const struct snapshot_process *keeper, const struct snapshot_process *exporter,
	enum metrics_format format, struct buf *out)
{
	const uint64_t cpu[] = {keeper->cpu_us, exporter->cpu_us};
	const uint64_t resident[] = {keeper->resident_bytes, exporter->resident_bytes};
	const uint64_t started[] = {keeper->started_ms, exporter->started_ms};

	put_processes(out, "process_cpu_seconds", "counter",
		"User and system CPU time of mezoura's processes.", cpu, 1000000, format);
	put_processes(out, "process_resident_memory_bytes", "gauge",
		"Resident memory of mezoura's processes; what they share is in both.", resident, 1,
		format);
	put_processes(out, "process_start_time_seconds", "gauge",
		"When mezoura's processes started, since 1970.", started, 1000, format);
}

void metrics_exporter(const struct snapshot *snapshot, const struct metrics_options *options,
	enum metrics_format format, struct buf *out)
{
	const struct metrics_exporter *exporter = options->exporter;
	static const char reason[METRICS_REJECTIONS][8] = {
		[METRICS_REJECT_ADDRESS] = "address",
		[METRICS_REJECT_LIMIT] = "limit",
		[METRICS_REJECT_TIMEOUT] = "timeout",
		[METRICS_REJECT_SLOW] = "slow",
	};

	put_plain(out, "mezoura_http_scrapes", "counter",
		"Times that this page was served over HTTP, before this one.", exporter->scrapes,
		format);
	family_head(out, "mezoura_http_rejected_connections", "counter",
		"HTTP connections that were refused or cut off, and why.", format);
	for (int r = 0; r < METRICS_REJECTIONS; r++) {
		buf_text(out, "mezoura_http_rejected_connections_total{reason=\"");
		buf_text(out, reason[r]);
		buf_text(out, "\"}");
		buf_value(out, exporter->rejected[r]);
	}
	if (options->process)
		put_uses(&snapshot->keeper, options->process, format, out);
}
