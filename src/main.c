// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "exporter.h"
#include "keeper.h"
#include "log.h"
#include "options.h"
#include "status.h"

/* What a service manager tells by the environment. */
static void read_environment(struct config *config)
{
	const char *interval = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	unsigned long long us = interval ? strtoull(interval, NULL, 10) : 0;

	config->notify_socket = getenv("NOTIFY_SOCKET");
	if (pid && strtoull(pid, NULL, 10) != (unsigned long long)getpid())
		us = 0; /* it is another process that is watched */
	config->watchdog_ms = us / 1000 < UINT_MAX ? (unsigned)(us / 1000) : 0;
}

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
	} else if (command == OPTIONS_STATUS) {
		status = status_run(config);
	} else if (command == OPTIONS_UNLOAD) {
		status = keeper_unload(config->pin) < 0;
	} else if (strcmp(argv[0], EXPORTER_NAME) == 0) {
		status = exporter_run(config);
	} else {
		config->argv = argv;
		read_environment(config);
		status = daemon_run(config);
	}
	free(config);
	return status;
}
