// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include <stddef.h>
#include <sys/socket.h>

#include "history/nlbwmon.h"

/* What is taken has each host once, of a known version, and numbers that SQLite can hold. */
static void check_rows(const struct nlbwmon *found)
{
	fuzz_check(found->count > 0);
	for (size_t i = 0; i < found->count; i++) {
		const struct nlbwmon_row *row = &found->rows[i];

		fuzz_check(row->family == AF_INET || row->family == AF_INET6);
		for (int d = 0; d < MZ_DIRECTIONS; d++)
			fuzz_check((row->counts.bytes[d] | row->counts.packets[d]) <= INT64_MAX);
		if (i)
			fuzz_check(
				memcmp(row - 1, row, offsetof(struct nlbwmon_row, addr) + 16) < 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_copy(data, size, true), error[NLBWMON_ERROR] = "";
	struct nlbwmon found;

	if (nlbwmon_read(text, size, &found, error) == 0)
		check_rows(&found);
	else
		fuzz_check(error[0] && !strchr(error, '\n') && !found.rows);
	free(found.rows);
	free(text);
	return 0;
}
