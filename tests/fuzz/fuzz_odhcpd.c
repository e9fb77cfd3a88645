// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include "names/odhcpd.h"

/* Each line is what follows "# ". */
static int parse(
	const struct source_text *text, struct name_table *list, unsigned *line, const char **why)
{
	int error = 0;

	for (int by_duid = 0; by_duid < 2; by_duid++) {
		struct lines lines = lines_of(text->text, text->length);

		while (!error && lines_next(&lines))
			error = odhcpd_line(&lines, by_duid, list);
		*line = lines.bad;
		*why = lines.why;
	}
	return error;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_parser(parse, data, size);
	return 0;
}
