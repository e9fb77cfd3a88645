// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/family.h"

void family_head(struct buf *out, const char *name, enum family_type type, const char *help,
	enum metrics_format format)
{
	bool counter = type == FAMILY_COUNTER;
	const char *suffix = counter && format == METRICS_TEXT ? "_total " : " ";

	buf_text(out, "# HELP ");
	buf_text(out, name);
	buf_text(out, suffix);
	buf_text(out, help);
	buf_text(out, "\n# TYPE ");
	buf_text(out, name);
	buf_text(out, suffix);
	buf_text(out, counter ? "counter\n" : "gauge\n");
}
