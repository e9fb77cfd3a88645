// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>

#include "daemon.h"
#include "keeper.h"
#include "log.h"
#include "options.h"

int main(int argc, char **argv)
{
	struct config *config = malloc(sizeof(*config));
	enum options_command command;
	char error[OPTIONS_ERROR];
	int status = 2;

	if (!config)
		return 1;
	if (options_parse(argc, argv, config, &command, error) < 0) {
		log_error("%s", error);
	} else if (command == OPTIONS_HELP) {
		options_usage();
		status = 0;
	} else if (command == OPTIONS_VERSION) {
		puts("mezoura " MZ_VERSION);
		status = 0;
	} else if (command == OPTIONS_UNLOAD) {
		status = keeper_unload(config->pin) < 0;
	} else {
		status = daemon_run(config);
	}
	free(config);
	return status;
}
