// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/duid.h"

#include <string.h>

#include "base/mac.h"

#define LLT_SIZE 14 /* type, hardware type, time, MAC */
#define LL_SIZE	 10 /* without the time */

static bool read_bytes(const char *text, size_t length, uint8_t bytes[LLT_SIZE], size_t *count)
{
	const char *end = text + length;

	for (*count = 0; text < end; ++*count) {
		int high, low;

		if (*count && *text == ':')
			text++;
		if (end - text < 2 || *count == LLT_SIZE)
			return false;
		high = mac_hex_digit(text[0]);
		low = mac_hex_digit(text[1]);
		if (high < 0 || low < 0)
			return false;
		bytes[*count] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return true;
}

bool duid_mac(const char *text, size_t length, uint8_t mac[6])
{
	static const uint8_t llt[] = {0, 1, 0, 1}, ll[] = {0, 3, 0, 1};
	uint8_t bytes[LLT_SIZE];
	size_t count;

	if (!read_bytes(text, length, bytes, &count))
		return false;
	if ((count != LLT_SIZE || memcmp(bytes, llt, sizeof(llt)) != 0) &&
		(count != LL_SIZE || memcmp(bytes, ll, sizeof(ll)) != 0))
		return false;
	memcpy(mac, bytes + count - 6, 6);
	return true;
}
