// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/exporter_child.h"

#include <string.h>

#include "serve/exporter.h"

_Static_assert(2 + CONFIG_SOCKETS <= CHILD_PASSED_MAX, "all of them can be passed");

/* However often it asks, one answer does. */
static void receive(void *context, const char *bytes, size_t length)
{
	struct exporter_child *exporter = context;

	if (!memchr(bytes, EXPORTER_ASKS, length))
		return;
	exporter->refresh(exporter->context);
	child_send(&exporter->child, EXPORTER_READY);
}

int exporter_child_start(struct exporter_child *exporter, struct children *children)
{
	static char argv0[] = EXPORTER_NAME;

	/* as EXPORTER_SHARED, EXPORTER_HISTORY (what is no socket stands for none), and so on */
	exporter->passed[0] = exporter->shared;
	exporter->passed[1] = exporter->history < 0 ? exporter->shared : exporter->history;
	for (size_t i = 0; i < exporter->sockets_count; i++)
		exporter->passed[2 + i] = exporter->sockets[i];
	exporter->child = (struct child){.name = "exporter",
		.argv = exporter->argv,
		.argv0 = argv0,
		.passed = exporter->passed,
		.passed_count = 2 + exporter->sockets_count,
		.become_user = privileges_become_exporter,
		.privileges = exporter->privileges,
		.receive = receive,
		.context = exporter};
	return child_start(children, &exporter->child);
}
