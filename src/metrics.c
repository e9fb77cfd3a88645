// SPDX-License-Identifier: GPL-2.0-or-later
#include "metrics.h"

#include <string.h>
#include <sys/socket.h>

/* The four figures of a row, in the order all outputs give them. */
static const struct figure {
	enum mz_direction direction;
	bool packets;
	const char *seed, *seed_help;
	const char *native, *native_help;
} figures[] = {
	{MZ_DOWNLOAD, false, "node_nat_traffic_download", "Total ingress bandwidth per-host",
		"mezoura_host_download_bytes",
		"Bytes a host received from the internet, as on the wire."},
	{MZ_DOWNLOAD, true, "node_nat_traffic_download_pkts", "Total ingress packets per-host",
		"mezoura_host_download_packets",
		"Packets a host received from the internet, as on the wire."},
	{MZ_UPLOAD, false, "node_nat_traffic_upload", "Total egress bandwidth per-host",
		"mezoura_host_upload_bytes", "Bytes a host sent to the internet, as on the wire."},
	{MZ_UPLOAD, true, "node_nat_traffic_upload_pkts", "Total egress packets per-host",
		"mezoura_host_upload_packets",
		"Packets a host sent to the internet, as on the wire."},
};
#define FIGURES (sizeof(figures) / sizeof(*figures))

static uint64_t figure_value(const struct figure *figure, const struct mz_counts *counts)
{
	return figure->packets ? counts->packets[figure->direction]
			       : counts->bytes[figure->direction];
}

static void put_sample(struct buf *out, uint64_t value)
{
	buf_bytes(out, " ", 1);
	buf_u64(out, value);
	buf_bytes(out, "\n", 1);
}

/*
 * Labels are formatted once, in the first family of a group, and copied for the others: *line is
 * the offset of the line in the first family to copy from, whose name has name_length bytes. It
 * moves on to the next line.
 */
static void copy_labels(struct buf *out, size_t *line, size_t name_length)
{
	const char *start, *end, *next;

	if (out->failed)
		return;
	start = out->data + *line;
	next = memchr(start, '\n', out->length - *line); /* names are escaped: it ends the line */
	if (!next)
		return;
	for (end = next; *end != '}'; end--)
		;
	buf_repeat(out, *line + name_length, (size_t)(end + 1 - start) - name_length);
	*line += (size_t)(next + 1 - start);
}

/* The format of the first mezoura: TYPE before HELP, gauges. */
static void put_seed_head(struct buf *out, const struct figure *figure)
{
	buf_text(out, "# TYPE ");
	buf_text(out, figure->seed);
	buf_text(out, " gauge\n# HELP ");
	buf_text(out, figure->seed);
	buf_text(out, " ");
	buf_text(out, figure->seed_help);
	buf_text(out, "\n");
}

static void put_seed_labels(
	struct buf *out, const struct snapshot *snapshot, const struct snapshot_address *address)
{
	buf_text(out, "{mac=\"");
	buf_mac(out, address->mac);
	buf_text(out, "\",hostname=\"");
	buf_label(out, snapshot_text(snapshot, address->name));
	if (address->name && address->family == AF_INET6)
		buf_text(out, "-v6");
	buf_text(out, "\",ip=\"");
	buf_address(out, address->family, address->addr);
	buf_text(out, "\"}");
}

/* The seed's labels do not tell interfaces apart: the same host on two is one series. */
static bool same_series(const struct snapshot_address *a, const struct snapshot_address *b)
{
	return a->family == b->family && memcmp(a->mac, b->mac, sizeof(a->mac)) == 0 &&
	       memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

static bool has_mac(const struct snapshot_address *address)
{
	static const uint8_t none[6];

	return memcmp(address->mac, none, sizeof(none)) != 0;
}

static void put_seed(const struct snapshot *snapshot, bool unknown, struct buf *out)
{
	const struct snapshot_address *all = snapshot_addresses(snapshot);
	size_t line = 0, first = 0;

	for (size_t f = 0; f < FIGURES; f++) {
		const struct figure *figure = &figures[f];

		put_seed_head(out, figure);
		if (f == 0)
			first = out->length;
		line = first;
		for (uint32_t i = 0; i < snapshot->addresses; i++) {
			const struct snapshot_address *address = &all[i];
			uint64_t value = figure_value(figure, &address->counts);

			while (i + 1 < snapshot->addresses && same_series(address, &all[i + 1]))
				value += figure_value(figure, &all[++i].counts);
			if (!has_mac(address) || (!address->name && !unknown))
				continue;
			buf_text(out, figure->seed);
			if (f == 0)
				put_seed_labels(out, snapshot, address);
			else
				copy_labels(out, &line, strlen(figures[0].seed));
			put_sample(out, value);
		}
	}
}

/* OpenMetrics names a counter's family without the _total of its samples. */
static void put_head(struct buf *out, const char *name, const char *type, const char *help,
	enum metrics_format format)
{
	const char *suffix =
		strcmp(type, "counter") == 0 && format == METRICS_TEXT ? "_total " : " ";

	buf_text(out, "# HELP ");
	buf_text(out, name);
	buf_text(out, suffix);
	buf_text(out, help);
	buf_text(out, "\n# TYPE ");
	buf_text(out, name);
	buf_text(out, suffix);
	buf_text(out, type);
	buf_text(out, "\n");
}

static void put_host_labels(
	struct buf *out, const struct snapshot *snapshot, const struct snapshot_host *host)
{
	static const uint8_t none[6];
	bool mac = memcmp(host->mac, none, sizeof(none)) != 0;

	buf_text(out, "_total{interface=\"");
	buf_label(out, snapshot->nets[host->net].ifname);
	buf_text(out, "\",mac=\"");
	if (mac)
		buf_mac(out, host->mac);
	buf_text(out, "\",hostname=\"");
	if (host->name || mac)
		buf_label(out, snapshot_text(snapshot, host->name));
	else
		buf_address(out, host->family, host->addr);
	buf_text(out, host->family == AF_INET6 ? "\",ip_version=\"6\"}" : "\",ip_version=\"4\"}");
}

static void put_hosts(const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	const struct snapshot_host *hosts = snapshot_hosts(snapshot);
	size_t line = 0, first = 0;

	for (size_t f = 0; f < FIGURES; f++) {
		const struct figure *figure = &figures[f];

		put_head(out, figure->native, "counter", figure->native_help, format);
		if (f == 0)
			first = out->length;
		line = first;
		for (uint32_t i = 0; i < snapshot->hosts; i++) {
			buf_text(out, figure->native);
			if (f == 0)
				put_host_labels(out, snapshot, &hosts[i]);
			else
				copy_labels(out, &line, strlen(figures[0].native));
			put_sample(out, figure_value(figure, &hosts[i].counts));
		}
	}
}

static const char *const direction_text[MZ_DIRECTIONS] = {
	[MZ_UPLOAD] = "upload", [MZ_DOWNLOAD] = "download"};

static void put_unattributed(
	const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	static const char *const reason[MZ_REASONS] = {[MZ_TABLE_FULL] = "table_full",
		[MZ_INSERT_FAILED] = "insert_failed",
		[MZ_MALFORMED] = "malformed"};
	static const char *const name[] = {
		"mezoura_unattributed_bytes", "mezoura_unattributed_packets"};
	static const char *const help[] = {"Bytes that could not be attributed to a host.",
		"Packets that could not be attributed to a host."};

	for (int packets = 0; packets < 2; packets++) {
		put_head(out, name[packets], "counter", help[packets], format);
		for (int d = MZ_DIRECTIONS - 1; d >= 0; d--)
			for (int r = 0; r < MZ_REASONS; r++) {
				const struct mz_volume *volume = &snapshot->unattributed[d][r];

				buf_text(out, name[packets]);
				buf_text(out, "_total{direction=\"");
				buf_text(out, direction_text[d]);
				buf_text(out, "\",reason=\"");
				buf_text(out, reason[r]);
				buf_text(out, "\"}");
				put_sample(out, packets ? volume->packets : volume->bytes);
			}
	}
}

static void put_tables(const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	static const char *const label[] = {"{ip_version=\"4\"}", "{ip_version=\"6\"}"};

	put_head(out, "mezoura_table_entries", "gauge", "Addresses in the kernel table.", format);
	for (int v = 0; v < 2; v++) {
		buf_text(out, "mezoura_table_entries");
		buf_text(out, label[v]);
		put_sample(out, snapshot->entries[v]);
	}
	put_head(out, "mezoura_table_capacity", "gauge", "Addresses the kernel table has room for.",
		format);
	for (int v = 0; v < 2; v++) {
		buf_text(out, "mezoura_table_capacity");
		buf_text(out, label[v]);
		put_sample(out, snapshot->capacity[v]);
	}
}

static void put_hooks(const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	put_head(out, "mezoura_hook_info", "gauge", "Where a classifier is attached, and how.",
		format);
	for (uint32_t i = 0; i < snapshot->hooks; i++) {
		const struct snapshot_hook *hook = &snapshot->hook[i];

		buf_text(out, "mezoura_hook_info{device=\"");
		buf_label(out, hook->device);
		buf_text(out, hook->direction == MZ_UPLOAD ? "\",direction=\"ingress\",kind=\""
							   : "\",direction=\"egress\",kind=\"");
		buf_text(out, hook->kind == SNAPSHOT_TCX ? "tcx\"}" : "clsact\"}");
		put_sample(out, 1);
	}
}

static void put_incomplete(
	const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	static const char *const reason[SNAPSHOT_REASONS] = {
		[SNAPSHOT_HARDWARE_OFFLOAD] = "hardware_offload",
		[SNAPSHOT_HOOK_FAILED] = "hook_failed",
		[SNAPSHOT_XDP] = "xdp",
	};

	put_head(out, "mezoura_incomplete", "gauge", "1 where packets pass uncounted, and why.",
		format);
	for (unsigned i = 0; i < SNAPSHOT_REASONS; i++) {
		buf_text(out, "mezoura_incomplete{reason=\"");
		buf_text(out, reason[i]);
		buf_text(out, "\"}");
		put_sample(out, snapshot->incomplete >> i & 1);
	}
}

static void put_daemon(const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	uint64_t ms = snapshot->taken_ms % 1000;
	char fraction[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10),
		(char)('0' + ms % 10), '\n'};

	put_head(out, "mezoura_names", "gauge", "Hosts a source of names knows.", format);
	for (uint32_t i = 0; i < snapshot->sources; i++) {
		buf_text(out, "mezoura_names{source=\"");
		buf_label(out, snapshot->source[i].name);
		buf_text(out, "\"}");
		put_sample(out, snapshot->source[i].names);
	}
	put_head(out, "mezoura_snapshot_timestamp_seconds", "gauge",
		"When the kernel's counters were last read, since 1970.", format);
	buf_text(out, "mezoura_snapshot_timestamp_seconds ");
	buf_u64(out, snapshot->taken_ms / 1000);
	buf_bytes(out, fraction, sizeof(fraction));
	put_head(out, "mezoura_build_info", "gauge", "Which mezoura this is.", format);
	buf_text(out, "mezoura_build_info{version=\"" MZ_VERSION "\"} 1\n");
}

void metrics_render(const struct snapshot *snapshot, const struct metrics_options *options,
	enum metrics_format format, struct buf *out)
{
	if (options->families & METRICS_SEED)
		put_seed(snapshot, options->unknown, out);
	if (options->families & METRICS_NATIVE) {
		put_hosts(snapshot, format, out);
		put_unattributed(snapshot, format, out);
		put_tables(snapshot, format, out);
		put_hooks(snapshot, format, out);
		put_incomplete(snapshot, format, out);
		put_daemon(snapshot, format, out);
	}
	if (format == METRICS_OPENMETRICS)
		buf_text(out, "# EOF\n");
}
