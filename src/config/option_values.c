// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/option_values.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

int value_refuse(struct value *value, const char *expected)
{
	snprintf(value->error, COMMAND_ERROR, "'%.80s': expected %s", value->text, expected);
	return -EINVAL;
}

int value_refuse_more(struct value *value, unsigned most)
{
	snprintf(value->error, COMMAND_ERROR, "'%.80s': expected at most %u of them", value->text,
		most);
	return -EINVAL;
}

int value_flag(struct value *value)
{
	*(bool *)value->field = true;
	return 0;
}

int value_number(struct value *value)
{
	const char *text = value->text;
	unsigned least = value->row->least ? value->row->least : 1;
	char expected[64], *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || number < least ||
		number > value->row->most) {
		snprintf(expected, sizeof(expected), "a number from %u to %u", least,
			value->row->most);
		return value_refuse(value, expected);
	}
	*(unsigned *)value->field = (unsigned)number;
	return 0;
}

int value_choose(struct value *value)
{
	const char *word = value->row->value;
	char expected[80] = "";

	for (int i = 0;; i++) {
		size_t length = strcspn(word, "|"), used = strlen(expected);
		bool is_last = !word[length];

		if (strlen(value->text) == length && memcmp(value->text, word, length) == 0)
			return i;
		snprintf(expected + used, sizeof(expected) - used, "%s%.*s",
			i == 0	  ? ""
			: is_last ? " or "
				  : ", ",
			(int)length, word);
		if (is_last)
			return value_refuse(value, expected);
		word += length + 1;
	}
}

int value_pin(struct value *value)
{
	*(const char **)value->field = value->text;
	if (value->text[0] != '/')
		return value_refuse(value, "an absolute path below a bpf file system");
	return 0;
}

int value_socket(struct value *value)
{
	static const struct sockaddr_un address;

	*(const char **)value->field = value->text;
	if (value->text[0] != '/' || strlen(value->text) >= sizeof(address.sun_path))
		return value_refuse(value, "an absolute path of at most 107 characters");
	return 0;
}
