// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/unload_options.h"

#include "config/config.h"
#include "config/option_values.h"

#define FIELD(name) .field = offsetof(struct unload_config, name)

static const struct option_row rows[] = {
	{0, "pin", "DIR", "what outlives the daemon, default " CONFIG_PIN, value_pin, FIELD(pin)},
	{0, "syslog", NULL, "log to syslog instead of stderr", value_flag, FIELD(syslog)},
};

static void set_defaults(void *to)
{
	struct unload_config *config = to;

	config->pin = CONFIG_PIN;
}

const struct options unload_options = {
	.row = rows,
	.count = sizeof(rows) / sizeof(*rows),
	.config_size = sizeof(struct unload_config),
	.set_defaults = set_defaults,
};
