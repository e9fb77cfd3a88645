// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/dhcp_hosts.h"

#include <string.h>
#include <sys/socket.h>

#include "base/mac.h"

bool dhcp_hosts_is(const struct word *word)
{
	return word->text[0] != '#' && memchr(word->text, ',', word->length);
}

/* Takes the next part off rest, without the blanks around it. Returns false behind the last. */
static bool next_part(struct word *rest, struct word *part)
{
	const char *comma;

	if (!rest->text)
		return false;
	comma = memchr(rest->text, ',', rest->length);
	*part = (struct word){rest->text, comma ? (size_t)(comma - rest->text) : rest->length};
	*rest = comma ? (struct word){comma + 1, rest->length - part->length - 1}
		      : (struct word){0};
	while (part->length && strchr(" \t", *part->text)) {
		part->text++;
		part->length--;
	}
	while (part->length && strchr(" \t\r", part->text[part->length - 1]))
		part->length--;
	return true;
}

/* Whether dnsmasq takes the part for a time, not a name: digits, and one of these letters. */
static bool is_time(const struct word *part)
{
	struct word number = *part;

	if (number.length > 1 && strchr("smhdwSMHDW", number.text[number.length - 1]))
		number.length--;
	return word_is_number(&number) || word_is(part, "infinite");
}

/* Whether the part is a name: MACs with wildcards, identifiers, tags and addresses are not. */
static bool is_name(const struct word *part)
{
	return part->length && !memchr(part->text, ':', part->length) &&
	       !memchr(part->text, '*', part->length) && part->text[0] != '[' &&
	       part->text[0] != '\0' && !is_time(part) && !word_is(part, "ignore");
}

/* An IPv6 address is in brackets. Passes over one like [::5], which lacks its prefix. */
static bool read_address(const struct word *part, int *family, uint8_t addr[16])
{
	struct word inside = *part;

	if (part->length > 2 && part->text[0] == '[' && part->text[part->length - 1] == ']') {
		inside = (struct word){part->text + 1, part->length - 2};
		if (inside.length > 1 && memcmp(inside.text, "::", 2) == 0)
			return false;
	}
	return word_address(&inside, family, addr);
}

/* What one line says. */
struct record {
	struct word parts; /* the line */
	char name[NAMES_MAX + 2];
	bool known, has_address; /* has a MAC or an address; an IPv4 address */
	uint8_t addr[4];
};

static struct record read_record(const struct lines *lines, const struct word *first)
{
	struct record record = {.parts = {first->text, (size_t)(lines->end - first->text)}};
	struct word rest = record.parts, part;
	uint8_t mac[6], addr[16];
	int family;

	while (next_part(&rest, &part)) {
		if (mac_parse(part.text, part.length, mac)) {
			record.known = true;
		} else if (read_address(&part, &family, addr)) {
			record.known = true;
			if (family == AF_INET)
				memcpy(record.addr, addr, sizeof(record.addr));
			record.has_address |= family == AF_INET;
		} else if (!*record.name && is_name(&part)) {
			word_copy(&part, record.name);
		}
	}
	return record;
}

int dhcp_hosts_line(struct lines *lines, const struct word *first, struct name_table *table)
{
	const struct record record = read_record(lines, first);
	struct word rest = record.parts, part;
	uint8_t mac[6], addr[16];
	int family, error = 0;

	if (!record.known && !memchr(record.parts.text, ':', record.parts.length))
		lines_refuse(lines, "expected a MAC or an address, and a name");
	while (*record.name && !error && next_part(&rest, &part))
		if (mac_parse(part.text, part.length, mac))
			error = record.has_address ? name_table_add_held(table, mac, AF_INET,
							     record.addr, record.name)
						   : name_table_add(table, mac, record.name);
	rest = record.parts;
	while (*record.name && !error && next_part(&rest, &part))
		if (read_address(&part, &family, addr))
			error = name_table_add_address(table, family, addr, record.name);
	return error;
}
