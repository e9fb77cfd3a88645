// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/json_hosts.h"

#include <string.h>
#include <sys/socket.h>

#include "base/escape.h"
#include "base/json_writer.h"
#include "model/labels.h"

static void put_counts(const struct mz_counts *counts, struct buf *out)
{
	for (unsigned d = 0; d < MZ_DIRECTIONS; d++) {
		buf_text(out, ", \"");
		buf_text(out, labels_direction(d));
		buf_text(out, "\": {\"bytes\": ");
		buf_u64(out, counts->bytes[d]);
		buf_text(out, ", \"packets\": ");
		buf_u64(out, counts->packets[d]);
		buf_text(out, "}");
	}
}

static bool has_mac(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return memcmp(mac, none, sizeof(none)) != 0;
}

static void put_name(const struct snapshot *s, const struct snapshot_host *host, struct buf *out)
{
	uint8_t source = host->name ? snapshot_text_source(s, host->name) : 0;

	buf_text(out, ", \"name\": ");
	if (host->name)
		escape_json(out, snapshot_text(s, host->name));
	else
		buf_text(out, "null");
	buf_text(out, ", \"source\": ");
	if (host->name && source < s->source_count)
		escape_json(out, s->source[source].name);
	else
		buf_text(out, "null");
}

/* Writes the host's addresses. at: find_addresses(), as addresses are in the order of hosts. */
static void put_addresses(
	const struct snapshot *s, const struct snapshot_host *host, uint32_t at, struct buf *out)
{
	const struct snapshot_address *all = snapshot_addresses(s);
	bool mac = has_mac(host->mac), first = true;

	buf_text(out, ", \"addresses\": [");
	for (uint32_t i = at; i < s->address_count; i++) {
		const struct snapshot_address *address = &all[i];

		if (memcmp(address->mac, host->mac, sizeof(host->mac)) != 0 ||
			address->family != host->family ||
			(!mac && memcmp(address->addr, host->addr, sizeof(host->addr)) != 0))
			break;
		if (address->net != host->net)
			continue;
		buf_text(out, first ? "\"" : ", \"");
		buf_address(out, address->family, address->addr);
		buf_text(out, "\"");
		first = false;
	}
	buf_text(out, "]");
}

/* Returns the host's first address, from at on, or where it would be. */
static uint32_t find_addresses(
	const struct snapshot *s, const struct snapshot_host *host, uint32_t at)
{
	const struct snapshot_address *all = snapshot_addresses(s);

	for (; at < s->address_count; at++) {
		int order = memcmp(all[at].mac, host->mac, sizeof(host->mac));

		order = order ? order : all[at].family - host->family;
		if (!order && !has_mac(host->mac))
			order = memcmp(all[at].addr, host->addr, sizeof(host->addr));
		if (order >= 0)
			break;
	}
	return at;
}

void json_hosts(const struct snapshot *s, struct buf *out)
{
	const struct snapshot_host *hosts = snapshot_hosts(s);
	uint32_t at = 0;

	buf_text(out, "{\n  \"timestamp\": ");
	json_put_time(out, s->taken_ms, true);
	buf_text(out, ",\n  \"hosts\": [");
	for (uint32_t i = 0; i < s->host_count; i++) {
		const struct snapshot_host *host = &hosts[i];

		buf_text(out, i ? ",\n    {\"interface\": " : "\n    {\"interface\": ");
		escape_json(out, s->nets[host->net].ifname);
		buf_text(out, ", \"mac\": ");
		if (has_mac(host->mac)) {
			buf_text(out, "\"");
			buf_mac(out, host->mac);
			buf_text(out, "\"");
		} else {
			buf_text(out, "null");
		}
		put_name(s, host, out);
		buf_text(out,
			host->family == AF_INET6 ? ", \"ip_version\": 6" : ", \"ip_version\": 4");
		at = find_addresses(s, host, at);
		put_addresses(s, host, at, out);
		put_counts(&host->counts, out);
		buf_text(out, "}");
	}
	buf_text(out, s->host_count ? "\n  ]\n}\n" : "]\n}\n");
}
