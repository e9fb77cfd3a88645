// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/leases.h"

#include <string.h>
#include <sys/socket.h>

#include "base/mac.h"
#include "names/dhcp_hosts.h"
#include "names/dhcpd.h"
#include "names/duid.h"
#include "names/kea.h"
#include "names/lines.h"
#include "names/odhcpd.h"

static int read_dnsmasq(struct lines *lines, bool by_duid, struct name_table *table)
{
	struct word hardware, address, name, duid;
	char text[NAMES_MAX + 2];
	uint8_t mac[6], addr[16];
	int family, error = 0;

	if (!lines_word(lines, &hardware) || !lines_word(lines, &address) ||
		!lines_word(lines, &name) || !word_address(&address, &family, addr)) {
		lines_refuse(lines, "expected a time, a MAC or IAID, an address and a name");
		return 0;
	}
	if (word_is(&name, "*") || (family == AF_INET6) != by_duid)
		return 0;
	word_copy(&name, text);
	if (!*text) {
		lines_refuse(lines, "a NUL byte in the place of a name");
		return 0;
	}
	/* An address of other hardware than Ethernet has its type before it, like "20-". */
	if (!by_duid && mac_parse(hardware.text, hardware.length, mac))
		return name_table_add_held(table, mac, family, addr, text);
	lines_word(lines, &duid);
	if (by_duid && duid_mac(duid.text, duid.length, mac))
		error = name_table_add(table, mac, text);
	return error ? error : name_table_add_address(table, family, addr, text);
}

static int read_line(struct lines *lines, bool by_duid, struct name_table *table)
{
	uint8_t addr[16];
	struct word word;
	int family;

	lines_word(lines, &word);
	if (dhcp_hosts_is(&word))
		return by_duid ? 0 : dhcp_hosts_line(lines, &word, table);
	if (word_is_number(&word))
		return read_dnsmasq(lines, by_duid, table);
	if (word_is(&word, "#"))
		return odhcpd_line(lines, by_duid, table);
	/*
	 * odhcpd repeats the content of '#' lines for resolvers, in lines like those of /etc/hosts.
	 */
	if (word.text[0] != '#' && !word_is(&word, "duid") && !word_address(&word, &family, addr))
		lines_refuse(
			lines, "expected a lease as dnsmasq, odhcpd, Kea or ISC dhcpd writes it");
	return 0;
}

/*
 * Reads the lines twice, those with a DUID in the second pass. A client may write any MAC into its
 * DUID, and the first name of a MAC stays: so a DUID never renames a MAC that has a lease of its
 * own.
 */
int leases_parse(
	const struct source_text *text, struct name_table *table, unsigned *line, const char **why)
{
	int error = 0;

	if (kea_is(text))
		return kea_parse(text, table, line, why);
	if (dhcpd_is(text))
		return dhcpd_parse(text, table, line, why);
	for (int by_duid = 0; by_duid < 2; by_duid++) {
		struct lines lines = lines_of(text->text, text->length);

		while (!error && lines_next(&lines))
			error = read_line(&lines, by_duid, table);
		if (lines.bad && !*line) {
			*line = lines.bad;
			*why = lines.why;
		}
	}
	return error;
}
