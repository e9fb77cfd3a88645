// SPDX-License-Identifier: GPL-2.0-or-later
/* What `mezoura status` prints of any answer: nothing in it controls a terminal. */
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>

#include "cli/status_text.h"

static void check(int (*print)(const char *, FILE *), const char *text)
{
	char *written = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&written, &length);
	int error;

	fuzz_check(out);
	error = print(text, out);
	fclose(out);
	fuzz_check(error >= 0 || (error == -EPROTO && length == 0));
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)written[i];

		fuzz_check((c >= ' ' && c != 0x7f) || c == '\n');
	}
	free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_copy(data, size, true);

	check(status_text, text);
	check(status_text_hosts, text);
	free(text);
	return 0;
}
