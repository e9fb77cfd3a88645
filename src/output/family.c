// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/family.h"

#include <string.h>

void family_head(struct buf *out, const char *name, const char *type, const char *help,
	enum metrics_format format)
{
	const char *suffix =
		strcmp(type, "counter") == 0 && format == METRICS_TEXT ? "_total " : " ";

	buf_text(out, "# HELP ");
	buf_text(out, name);
	buf_text(out, suffix);
	buf_text(out, help);
	buf_text(out, "\n# TYPE ");
	buf_text(out, name);
	buf_text(out, suffix);
	buf_text(out, type);
	buf_text(out, "\n");
}
