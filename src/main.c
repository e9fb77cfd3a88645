// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/status.h"
#include "config/options.h"
#include "daemon/daemon.h"
#include "daemon/keeper.h"
#include "serve/exporter.h"

/* Whether a variable names this process; without one the other variables are ours, too. */
static bool is_for_us(const char *name, bool without)
{
	const char *pid = getenv(name);

	return pid ? strtoull(pid, NULL, 10) == (unsigned long long)getpid() : without;
}

/* In units of so many; 0 where it is not there or no number. */
static unsigned number_of(const char *name, unsigned long long unit)
{
	const char *text = getenv(name);
	unsigned long long number = text ? strtoull(text, NULL, 10) / unit : 0;

	return number < UINT_MAX ? (unsigned)number : 0;
}

/* What a service manager tells by the environment. */
static void read_environment(struct config *config)
{
	config->notify_socket = getenv("NOTIFY_SOCKET");
	if (is_for_us("WATCHDOG_PID", true))
		config->watchdog_ms = number_of("WATCHDOG_USEC", 1000);
	if (is_for_us("LISTEN_PID", false))
		config->passed = number_of("LISTEN_FDS", 1);
}

/* Nothing else is to have their numbers, where whoever started us closed them. */
static void open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* What is freed goes back to the system: glibc keeps the more of it the larger it was. */
static void keep_no_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 32 << 10);
	mallopt(M_TRIM_THRESHOLD, 32 << 10);
	mallopt(M_TOP_PAD, 16 << 10);
#endif
}

int main(int argc, char **argv)
{
	enum options_command command;
	char error[CONFIG_ERROR];
	struct config *config;
	int status = 2;

	keep_no_memory();
	signal(SIGXFSZ, SIG_IGN); /* beyond RLIMIT_FSIZE writes fail then, which is told */
	config = malloc(sizeof(*config));
	open_standard_descriptors();
	if (!config)
		return 1;
	if (options_parse(argc, argv, config, &command, error) < 0) {
		log_error("%s", error);
	} else if (command == OPTIONS_HELP) {
		options_usage(argv[1]);
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
	if (fflush(stdout) == EOF && status == 0) {
		log_error("cannot write the answer: %s", strerror(errno));
		status = 1;
	}
	return status;
}
