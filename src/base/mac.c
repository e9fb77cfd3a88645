// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mac.h"

int mac_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mac_parse(const char *text, size_t length, uint8_t mac[6])
{
	const char *end = text + length;

	for (int i = 0; i < 6; i++) {
		int high = text < end ? mac_hex_digit(*text++) : -1;
		int low = text < end ? mac_hex_digit(*text) : -1;

		if (low >= 0)
			text++;
		if (high < 0 || (i < 5 && (text == end || *text++ != ':')))
			return false;
		mac[i] = (uint8_t)(low < 0 ? high : high << 4 | low);
	}
	return text == end;
}
