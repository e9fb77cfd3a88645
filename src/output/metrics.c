// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/metrics.h"

#include <string.h>
#include <sys/socket.h>

#include "base/escape.h"
#include "output/metrics_self.h"

/* The four figures of a host, in the order of all outputs. A row has them in both formats. */
static const struct figure {
	enum mz_direction direction;
	bool packets;
	const char *legacy, *legacy_help;
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

/*
 * Appends the labels of a line of the first family, so that labels are formatted once and copied
 * for the other three families. *line: the offset of that line, whose metric name has name_length
 * bytes; it moves on to the next line. So the first family stays in the buffer until all four are
 * complete.
 */
static void copy_labels(struct buf *out, size_t *line, size_t name_length)
{
	const char *start, *end, *next;

	if (out->failed)
		return;
	start = out->data + *line;
	next = memchr(
		start, '\n', out->length - *line); /* the end of the line, as labels are escaped */
	if (!next)
		return;
	for (end = next; *end != '}'; end--)
		;
	buf_repeat(out, *line + name_length, (size_t)(end + 1 - start) - name_length);
	*line += (size_t)(next + 1 - start);
}

/* As the first mezoura wrote it: gauges, TYPE before HELP. */
static void put_legacy_head(struct buf *out, const struct figure *figure)
{
	buf_text(out, "# TYPE ");
	buf_text(out, figure->legacy);
	buf_text(out, " gauge\n# HELP ");
	buf_text(out, figure->legacy);
	buf_text(out, " ");
	buf_text(out, figure->legacy_help);
	buf_text(out, "\n");
}

static void put_legacy_labels(
	struct buf *out, const struct snapshot *snapshot, const struct snapshot_address *address)
{
	buf_text(out, "{mac=\"");
	buf_mac(out, address->mac);
	buf_text(out, "\",hostname=\"");
	escape_label(out, snapshot_text(snapshot, address->name));
	if (address->name && address->family == AF_INET6)
		buf_text(out, "-v6");
	buf_text(out, "\",ip=\"");
	buf_address(out, address->family, address->addr);
	buf_text(out, "\"}");
}

/* Legacy labels do not contain the interface: the same host on two of them is one series. */
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

static void put_legacy(const struct snapshot *snapshot, bool show_unknown, struct buf *out)
{
	const struct snapshot_address *all = snapshot_addresses(snapshot);
	size_t line = 0, first = 0, labels = 0;

	for (size_t f = 0; f < FIGURES; f++) {
		const struct figure *figure = &figures[f];

		if (f == 1)
			labels = out->length;
		put_legacy_head(out, figure);
		if (f == 0)
			first = out->length;
		line = first;
		for (uint32_t i = 0; i < snapshot->address_count; i++) {
			const struct snapshot_address *address = &all[i];
			uint64_t value = figure_value(figure, &address->counts);

			while (i + 1 < snapshot->address_count && same_series(address, &all[i + 1]))
				value += figure_value(figure, &all[++i].counts);
			if (!has_mac(address) || (!address->name && !show_unknown))
				continue;
			buf_text(out, figure->legacy);
			if (f == 0)
				put_legacy_labels(out, snapshot, address);
			else
				copy_labels(out, &line, strlen(figures[0].legacy));
			buf_value(out, value);
			if (f > 0)
				buf_flush_piece(out, labels);
		}
	}
}

static void put_host_labels(
	struct buf *out, const struct snapshot *snapshot, const struct snapshot_host *host)
{
	static const uint8_t none[6];
	bool mac = memcmp(host->mac, none, sizeof(none)) != 0;

	buf_text(out, "_total{interface=\"");
	escape_label(out, snapshot->nets[host->net].ifname);
	buf_text(out, "\",mac=\"");
	if (mac)
		buf_mac(out, host->mac);
	buf_text(out, "\",hostname=\"");
	if (host->name || mac)
		escape_label(out, snapshot_text(snapshot, host->name));
	else
		buf_address(out, host->family, host->addr);
	buf_text(out, host->family == AF_INET6 ? "\",ip_version=\"6\"}" : "\",ip_version=\"4\"}");
}

static void put_hosts(const struct snapshot *snapshot, enum metrics_format format, struct buf *out)
{
	const struct snapshot_host *hosts = snapshot_hosts(snapshot);
	size_t line = 0, first = 0, labels = 0;

	for (size_t f = 0; f < FIGURES; f++) {
		const struct figure *figure = &figures[f];

		if (f == 1)
			labels = out->length;
		family_head(out, figure->native, FAMILY_COUNTER, figure->native_help, format);
		if (f == 0)
			first = out->length;
		line = first;
		for (uint32_t i = 0; i < snapshot->host_count; i++) {
			buf_text(out, figure->native);
			if (f == 0)
				put_host_labels(out, snapshot, &hosts[i]);
			else
				copy_labels(out, &line, strlen(figures[0].native));
			buf_value(out, figure_value(figure, &hosts[i].counts));
			if (f > 0)
				buf_flush_piece(out, labels);
		}
	}
}

void metrics_render(const struct snapshot *snapshot, const struct metrics_options *options,
	enum metrics_format format, struct buf *out)
{
	if (options->legacy)
		put_legacy(snapshot, options->show_unknown, out);
	buf_flush_piece(out, 0);
	if (options->native) {
		put_hosts(snapshot, format, out);
		metrics_self(snapshot, format, out);
		if (options->exporter)
			metrics_exporter(snapshot, options, format, out);
	}
	if (format == METRICS_OPENMETRICS)
		buf_text(out, "# EOF\n");
}
