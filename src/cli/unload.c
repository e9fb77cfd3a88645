// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/unload.h"

#include <errno.h>

#include "base/log.h"
#include "config/config.h"
#include "config/option_values.h"
#include "hooks/hook.h"
#include "tables/migrate.h"
#include "tables/pins.h"

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

int unload_run(void *of, char **argv)
{
	const struct unload_config *config = of;
	struct pins pins;
	int error;

	(void)argv;
	if (config->syslog)
		log_to_syslog();
	error = pins_open_existing(&pins, config->pin);
	if (error == -ENOENT || error == -EMEDIUMTYPE)
		return 0; /* nothing there, nothing to do */
	if (error == -EBUSY)
		log_error("--pin %s: a daemon is running: stop it first", config->pin);
	else if (error)
		pins_log_failure(config->pin, error);
	if (error)
		return 1;
	migrate_hooks(&pins);
	hook_remove_all(pins.pin);
	pins_remove(&pins);
	return 0;
}
