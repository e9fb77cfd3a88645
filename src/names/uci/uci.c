// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/uci/uci.h"

#include <errno.h>
#include <string.h>

#include "names/name_table.h"
#include "names/uci/libuci.h"
#include "names/uci/reader.h"

/*
 * Where libuci can read the file, its result counts. Where it refuses the file, the own reader
 * finds the line and the reason, which libuci does not report.
 */
int uci_parse(
	const struct source_text *text, struct name_table *table, unsigned *line, const char **why)
{
	const char *slash = strrchr(text->path, '/');
	const struct uci_input input = {text->text, text->length, text->changes,
		text->changes_length, slash ? slash + 1 : text->path};
	int error = libuci_read(text->path, text->changes_path, table);
	struct name_table unused = {0};

	if (error == -ENOSYS)
		return uci_read(&input, table, line, why);
	if (error == -EINVAL) {
		if (uci_read(&input, &unused, line, why) != -EINVAL)
			*why = "libuci cannot read it";
		name_table_free(&unused);
	}
	return error;
}
