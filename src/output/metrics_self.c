// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/metrics_self.h"

#include "base/escape.h"
#include "model/labels.h"

/* The page that is being written, and the family that its samples belong to. */
struct page {
	enum metrics_format format;
	struct buf *out;
	const char *name, *suffix; /* of samples: "_total" of a counter */
};

static void head(struct page *page, const char *name, enum family_type type, const char *help)
{
	page->name = name;
	page->suffix = type == FAMILY_COUNTER ? "_total" : "";
	family_head(page->out, name, type, help, page->format);
}

/* Begins a sample: its name, and its labels or what precedes the value of the first one. */
static void begin(const struct page *page, const char *labels)
{
	buf_text(page->out, page->name);
	buf_text(page->out, page->suffix);
	buf_text(page->out, labels);
}

static void put(const struct page *page, const char *labels, uint64_t value)
{
	begin(page, labels);
	buf_value(page->out, value);
}

/* With a decimal point, as the value may be less than a second. */
static void put_seconds(
	const struct page *page, const char *labels, uint64_t units, unsigned per_second)
{
	char fraction[8] = ".";
	size_t length = 1;

	for (unsigned rest = (unsigned)(units % per_second), unit = per_second / 10; unit;
		unit /= 10)
		fraction[length++] = (char)('0' + rest / unit % 10);
	fraction[length++] = '\n';
	begin(page, labels);
	buf_bytes(page->out, " ", 1);
	buf_u64(page->out, units / per_second);
	buf_bytes(page->out, fraction, length);
}

/* The family of a single value without labels. */
static void put_family(struct page *page, const char *name, enum family_type type, const char *help,
	uint64_t value)
{
	head(page, name, type, help);
	put(page, "", value);
}

static void put_unattributed(struct page *page, const struct snapshot *snapshot)
{
	for (int packets = 0; packets < 2; packets++) {
		if (packets)
			head(page, "mezoura_unattributed_packets", FAMILY_COUNTER,
				"Packets that could not be attributed to a host.");
		else
			head(page, "mezoura_unattributed_bytes", FAMILY_COUNTER,
				"Bytes that could not be attributed to a host.");
		for (int d = MZ_DIRECTIONS - 1; d >= 0; d--)
			for (int r = 0; r < MZ_REASONS; r++) {
				const struct mz_volume *volume = &snapshot->unattributed[d][r];

				begin(page, "{direction=\"");
				buf_text(page->out, labels_direction((unsigned)d));
				buf_text(page->out, "\",reason=\"");
				buf_text(page->out, labels_reason((unsigned)r));
				buf_text(page->out, "\"}");
				buf_value(page->out, packets ? volume->packets : volume->bytes);
			}
	}
}

static void put_tables(struct page *page, const struct snapshot *snapshot)
{
	static const char label[][17] = {"{ip_version=\"4\"}", "{ip_version=\"6\"}"};

	head(page, "mezoura_table_entries", FAMILY_GAUGE, "Addresses in the kernel table.");
	for (int v = 0; v < 2; v++)
		put(page, label[v], snapshot->entries[v]);
	head(page, "mezoura_table_capacity", FAMILY_GAUGE,
		"Addresses the kernel table has room for.");
	for (int v = 0; v < 2; v++)
		put(page, label[v], snapshot->capacity[v]);
}

static void put_hooks(struct page *page, const struct snapshot *snapshot)
{
	head(page, "mezoura_hook_info", FAMILY_GAUGE, "Where a classifier is attached, and how.");
	for (uint32_t i = 0; i < snapshot->hook_count; i++) {
		const struct snapshot_hook *hook = &snapshot->hook[i];

		begin(page, "{device=\"");
		escape_label(page->out, hook->device);
		buf_text(page->out, "\",direction=\"");
		buf_text(page->out, labels_side(hook->direction));
		buf_text(page->out, "\",kind=\"");
		buf_text(page->out, labels_kind(hook->kind));
		buf_text(page->out, "\"}");
		buf_value(page->out, 1);
	}
}

static void put_interfaces(struct page *page, const struct snapshot *snapshot)
{
	head(page, "mezoura_interface_hooked", FAMILY_GAUGE,
		"0 where a tracked interface is not counted: it is not there, or has no hook.");
	for (uint32_t i = 0; i < snapshot->interface_count; i++) {
		const struct snapshot_interface *interface = &snapshot->interface[i];

		begin(page, "{interface=\"");
		escape_label(page->out, snapshot->nets[interface->net].ifname);
		buf_text(page->out, "\"}");
		buf_value(page->out, interface->hooked);
	}
}

static void put_incomplete(struct page *page, const struct snapshot *snapshot)
{
	head(page, "mezoura_incomplete", FAMILY_GAUGE,
		"1 where counts are known to be wrong, and why.");
	for (unsigned i = 0; i < SNAPSHOT_REASONS; i++) {
		begin(page, "{reason=\"");
		buf_text(page->out, labels_incomplete(i));
		buf_text(page->out, "\"}");
		buf_value(page->out, snapshot->incomplete >> i & 1);
	}
}

static void put_names(struct page *page, const struct snapshot *snapshot)
{
	head(page, "mezoura_names", FAMILY_GAUGE, "Hosts a source of names knows.");
	for (uint32_t i = 0; i < snapshot->source_count; i++) {
		begin(page, "{source=\"");
		escape_label(page->out, snapshot->source[i].name);
		buf_text(page->out, "\"}");
		buf_value(page->out, snapshot->source[i].name_count);
	}
}

void metrics_self(const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	struct page page = {.format = format, .out = out};

	put_unattributed(&page, snapshot);
	put_tables(&page, snapshot);
	put_family(&page, "mezoura_table_retired", FAMILY_GAUGE,
		"Hosts and addresses kept outside the kernel table, as they have been silent.",
		snapshot->retired_count);
	put_family(&page, "mezoura_table_memory_bytes", FAMILY_GAUGE,
		"Kernel memory of all tables, allocated once.", snapshot->kernel_bytes);
	put_hooks(&page, snapshot);
	put_interfaces(&page, snapshot);
	put_family(&page, "mezoura_hooks_restored", FAMILY_COUNTER,
		"Times that a hook was found gone, or its device new, and was put there.",
		snapshot->hooks_restored);
	put_family(&page, "mezoura_missed_packets", FAMILY_COUNTER,
		"At most so many packets are missing: what devices moved while their hook was gone "
		"or not there yet.",
		snapshot->missed_packets);
	put_incomplete(&page, snapshot);
	put_names(&page, snapshot);
	head(&page, "mezoura_snapshot_timestamp_seconds", FAMILY_GAUGE,
		"When the kernel's counters were last read, since 1970.");
	put_seconds(&page, "", snapshot->taken_ms, 1000);
	head(&page, "mezoura_pull_duration_seconds", FAMILY_GAUGE, "How long that reading took.");
	put_seconds(&page, "", snapshot->pull_us, 1000000);
	put_family(&page, "mezoura_exporter_restarts", FAMILY_COUNTER,
		"Times that the process that serves HTTP died and was started again.",
		snapshot->exporter_restarts);
	put_family(&page, "mezoura_recorder_restarts", FAMILY_COUNTER,
		"Times that the process that keeps the history died and was started again.",
		snapshot->recorder_restarts);
	head(&page, "mezoura_build_info", FAMILY_GAUGE, "Which mezoura this is.");
	put(&page, "{version=\"" MZ_VERSION "\"}", 1);
}

static void put_rejected(struct page *page, const struct metrics_exporter *exporter)
{
	static const char reason[METRICS_REJECTIONS][8] = {
		[METRICS_REJECT_ADDRESS] = "address",
		[METRICS_REJECT_LIMIT] = "limit",
		[METRICS_REJECT_TIMEOUT] = "timeout",
		[METRICS_REJECT_SLOW] = "slow",
	};

	head(page, "mezoura_http_rejected_connections", FAMILY_COUNTER,
		"HTTP connections that were refused or cut off, and why.");
	for (int r = 0; r < METRICS_REJECTIONS; r++) {
		begin(page, "{reason=\"");
		buf_text(page->out, reason[r]);
		buf_text(page->out, "\"}");
		buf_value(page->out, exporter->rejected[r]);
	}
}

static void put_trouble(struct page *page, const struct history_report *report)
{
	head(page, "mezoura_history_trouble", FAMILY_GAUGE,
		"1 where something is wrong with the history, and what.");
	for (unsigned i = 0; i < HISTORY_TROUBLES; i++) {
		begin(page, "{reason=\"");
		buf_text(page->out, labels_trouble(i));
		buf_text(page->out, "\"}");
		buf_value(page->out, report->trouble >> i & 1);
	}
}

/* Months are sums over days. */
static void put_steps(struct page *page, const struct history_report *report)
{
	for (int rows = 0; rows < 2; rows++) {
		if (rows)
			head(page, "mezoura_history_rows", FAMILY_GAUGE,
				"Rows of a step that the history has.");
		else
			head(page, "mezoura_history_start_timestamp_seconds", FAMILY_GAUGE,
				"How far back a step reaches, since 1970; 0: it has no rows.");
		for (unsigned i = 0; i < HISTORY_MONTH; i++) {
			int64_t reach = report->reach[i] > 0 ? report->reach[i] : 0;

			begin(page, "{step=\"");
			buf_text(page->out, labels_step(i));
			buf_text(page->out, "\"}");
			buf_value(page->out, rows ? report->rows[i] : (uint64_t)reach);
		}
	}
}

static void put_history(struct page *page, const struct history_state *history)
{
	const struct history_report *report = &history->report;

	put_family(page, "mezoura_history_answers", FAMILY_GAUGE,
		"0 where the recorder has not reported for long: what is said of it here is old.",
		history->answers);
	put_trouble(page, report);
	put_family(page, "mezoura_history_bytes", FAMILY_GAUGE, "Size of the database.",
		report->bytes);
	put_family(page, "mezoura_history_limit_bytes", FAMILY_GAUGE,
		"The most that it may have: --state-size.", report->bytes_limit);
	put_family(page, "mezoura_history_recent_bytes", FAMILY_GAUGE,
		"Size of what is kept of the last day, in memory.", report->recent_bytes);
	put_family(page, "mezoura_history_written_bytes", FAMILY_COUNTER,
		"Bytes that the recorder wrote to the file system of --state.", report->written);
	put_family(page, "mezoura_history_commits", FAMILY_COUNTER,
		"Times that the recorder wrote to the database.", report->commits);
	put_family(page, "mezoura_history_commit_failures", FAMILY_COUNTER,
		"Times that it could not; it tries again.", report->failures);
	put_family(page, "mezoura_history_last_commit_timestamp_seconds", FAMILY_GAUGE,
		"When it last did, since 1970; 0: not yet.",
		report->committed > 0 ? (uint64_t)report->committed : 0);
	put_family(page, "mezoura_history_lost_bytes", FAMILY_COUNTER,
		"Counted bytes that cannot be in the history.", report->lost_bytes);
	put_family(page, "mezoura_history_hosts", FAMILY_GAUGE, "Hosts that the history has.",
		report->hosts);
	put_steps(page, report);
}

/* The names are those of Prometheus' client libraries. */
static void put_processes(struct page *page, const struct snapshot_process *keeper,
	const struct snapshot_process *exporter, const struct snapshot_process *recorder)
{
	static const char *const labels[] = {
		"{process=\"keeper\"}", "{process=\"exporter\"}", "{process=\"recorder\"}"};
	const struct snapshot_process *process[] = {keeper, exporter, recorder};
	const int count = recorder->started_ms ? 3 : 2;

	head(page, "process_cpu_seconds", FAMILY_COUNTER,
		"User and system CPU time of mezoura's processes.");
	for (int i = 0; i < count; i++)
		put_seconds(page, labels[i], process[i]->cpu_us, 1000000);
	head(page, "process_resident_memory_bytes", FAMILY_GAUGE,
		"Resident memory of mezoura's processes; what they share is in all of them.");
	for (int i = 0; i < count; i++)
		put(page, labels[i], process[i]->resident_bytes);
	head(page, "process_start_time_seconds", FAMILY_GAUGE,
		"When mezoura's processes started, since 1970.");
	for (int i = 0; i < count; i++)
		put_seconds(page, labels[i], process[i]->started_ms, 1000);
}

void metrics_exporter(const struct snapshot *snapshot, const struct metrics_options *options,
	enum metrics_format format, struct buf *out)
{
	const struct history_state *history = options->history;
	struct snapshot_process recorder = {0}; /* not known */
	struct page page = {.format = format, .out = out};

	if (history)
		recorder = (struct snapshot_process){history->report.cpu_us,
			history->report.resident_bytes, history->report.started_ms};
	put_family(&page, "mezoura_http_scrapes", FAMILY_COUNTER,
		"Times that this page was served over HTTP, before this one.",
		options->exporter->scrapes);
	put_rejected(&page, options->exporter);
	if (history)
		put_history(&page, history);
	if (options->process)
		put_processes(&page, &snapshot->keeper, options->process, &recorder);
}
