// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/odhcpd.h"

#include <string.h>
#include <sys/socket.h>

#include "base/mac.h"
#include "names/duid.h"

#define BROKEN "broken\\x20"

/* Replaces \xNN by that byte, but for \x00. */
static void decode(char *name)
{
	char *to = name;

	for (const char *from = name; *from;) {
		int high = -1, low = -1;

		if (from[0] == '\\' && from[1] == 'x') {
			high = mac_hex_digit(from[2]);
			low = high < 0 ? -1 : mac_hex_digit(from[3]);
		}
		if (low < 0 || high + low == 0) {
			*to++ = *from++;
			continue;
		}
		*to++ = (char)(high << 4 | low);
		from += 4;
	}
	*to = '\0';
}

/* Reads the name in a word. Returns false where it has none. */
static bool read_name(const struct word *word, char name[NAMES_MAX + 2])
{
	struct word rest = *word;
	char written[4 * NAMES_MAX + 5];
	size_t length;

	if (word_is(word, "-"))
		return false;
	if (rest.length > strlen(BROKEN) && memcmp(rest.text, BROKEN, strlen(BROKEN)) == 0) {
		rest.text += strlen(BROKEN);
		rest.length -= strlen(BROKEN);
		if (word_is(&rest, "-"))
			return false;
	}
	length = rest.length < sizeof(written) ? rest.length : sizeof(written) - 1;
	memcpy(written, rest.text, length);
	written[length] = '\0';
	decode(written);
	rest = (struct word){written, strlen(written)};
	word_copy(&rest, name);
	return *name;
}

/* Reads a MAC: twelve digits, as older versions write it, or with colons. */
static bool read_mac(const struct word *word, uint8_t mac[6])
{
	for (size_t i = 0; i < 6 && word->length == 12; i++) {
		int high = mac_hex_digit(word->text[2 * i]);
		int low = mac_hex_digit(word->text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return word->length == 12 || mac_parse(word->text, word->length, mac);
}

/* Adds the addresses of a line. Passes over prefixes that are delegated to the client. */
static int add_addresses(
	struct lines *lines, const uint8_t mac[6], struct name_table *table, const char *name)
{
	struct word word;
	int error = 0;

	for (int i = 0; i < 3; i++) /* expiry, id, length */
		lines_word(lines, &word);
	while (!error && lines_word(lines, &word)) {
		const char *slash = memchr(word.text, '/', word.length);
		struct word address = word, length;
		uint8_t addr[16];
		int family;

		if (!slash)
			continue;
		address.length = (size_t)(slash - word.text);
		length = (struct word){slash + 1, word.length - address.length - 1};
		if (!word_address(&address, &family, addr) ||
			!word_is(&length, family == AF_INET ? "32" : "128"))
			continue;
		error = mac ? name_table_add_held(table, mac, family, addr, name)
			    : name_table_add_address(table, family, addr, name);
	}
	return error;
}

int odhcpd_line(struct lines *lines, bool by_duid, struct name_table *table)
{
	struct word interface, client, iaid, name;
	char text[NAMES_MAX + 2];
	uint8_t mac[6];
	int error = 0;

	if (!lines_word(lines, &interface) || !lines_word(lines, &client) ||
		!lines_word(lines, &iaid) || !lines_word(lines, &name))
		return 0; /* any other comment */
	if (word_is(&iaid, "ipv4") == by_duid || !read_name(&name, text))
		return 0;
	if (by_duid ? duid_mac(client.text, client.length, mac) : read_mac(&client, mac))
		error = name_table_add(table, mac, text);
	else if (!by_duid)
		return 0;
	return error ? error : add_addresses(lines, by_duid ? NULL : mac, table, text);
}
