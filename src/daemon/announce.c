// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/announce.h"

#include <string.h>

#include "base/log.h"

void announce_start(const struct config *config, const struct installed *installed)
{
	for (size_t i = 0; i < config->interface_count; i++)
		if (installed->links[i].present)
			log_info("counting on %s (%s)", config->ifnames[i],
				installed->links[i].kind == SNAPSHOT_TCX ? "tcx" : "clsact");
	if (config->serve_tcp && !config->listen_count)
		log_info("serving http://localhost:%u/metrics", config->port);
	for (size_t i = 0; config->serve_tcp && i < config->listen_count; i++)
		log_info(strchr(config->listen_text[i], ':') ? "serving http://[%s]:%u/metrics"
							     : "serving http://%s:%u/metrics",
			config->listen_text[i], config->port);
}

void announce_end(const struct config *config, const struct installed *installed)
{
	if (installed_counted(installed))
		log_info("the kernel goes on counting: mezoura unload --pin %s ends that",
			config->pin);
}
