// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/tally_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/prefix.h"

static int net_of(struct tally *tally, const char *ifname)
{
	for (int i = 0; i < MZ_NETS; i++) {
		if (!tally->nets[i].ifname[0])
			memccpy(tally->nets[i].ifname, ifname, 0,
				sizeof(tally->nets[i].ifname) - 1);
		if (strcmp(tally->nets[i].ifname, ifname) == 0)
			return i;
	}
	return -EINVAL;
}

static int read_mac(const char *text, uint8_t mac[6])
{
	if (strcmp(text, "-") == 0)
		return 0;
	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &mac[0], &mac[1], &mac[2],
		       &mac[3], &mac[4], &mac[5]) == 6
		       ? 0
		       : -EINVAL;
}

static int read_host(const char *text, struct tally *tally)
{
	char ifname[16], mac[18], address[46];
	struct tally_row row = {0};
	struct prefix prefix;
	int net;

	if (sscanf(text, "host %15s %17s %45s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, ifname,
		    mac, address, (uint64_t *)&row.counts.bytes[MZ_UPLOAD],
		    (uint64_t *)&row.counts.packets[MZ_UPLOAD],
		    (uint64_t *)&row.counts.bytes[MZ_DOWNLOAD],
		    (uint64_t *)&row.counts.packets[MZ_DOWNLOAD]) != 7)
		return -EINVAL;
	net = net_of(tally, ifname);
	if (net < 0 || read_mac(mac, row.mac) < 0 ||
		prefix_parse(address, 0 /* AF_UNSPEC */, true, &prefix))
		return -EINVAL;
	row.net = (uint8_t)net;
	row.family = prefix.family;
	memcpy(row.addr, prefix.addr, sizeof(row.addr));
	return tally_add(tally, &row);
}

static int read_unattributed(const char *text, struct tally *tally)
{
	struct mz_volume volume = {0};
	char direction[9];
	unsigned reason;

	if (sscanf(text, "unattributed %8s %u %" SCNu64 " %" SCNu64, direction, &reason,
		    (uint64_t *)&volume.bytes, (uint64_t *)&volume.packets) != 4 ||
		reason >= MZ_REASONS)
		return -EINVAL;
	tally->unattributed[strcmp(direction, "upload") ? MZ_DOWNLOAD : MZ_UPLOAD][reason] = volume;
	return 0;
}

int tally_text_read(FILE *file, struct tally *tally, unsigned *line)
{
	char text[256];
	int error = 0;

	for (*line = 1; !error && fgets(text, sizeof(text), file); ++*line) {
		const char *word = text + strspn(text, " \t");

		if (*word == '#' || *word == '\n')
			continue;
		if (strncmp(word, "host ", 5) == 0)
			error = read_host(word, tally);
		else if (strncmp(word, "unattributed ", 13) == 0)
			error = read_unattributed(word, tally);
		else if (sscanf(word, "capacity %u", &tally->capacity[0]) == 1)
			tally->capacity[1] = tally->capacity[0];
		else
			error = -EINVAL;
	}
	if (error) {
		--*line;
		return error;
	}
	tally->entries[0] = tally->entries[1] = 0;
	for (uint32_t i = 0; i < tally->count; i++)
		tally->entries[tally->rows[i].family != 2 /* AF_INET */]++;
	tally_sort(tally);
	return 0;
}
