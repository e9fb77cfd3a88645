// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/get.h"
#include "cli/status.h"
#include "cli/unload.h"
#include "config/daemon_options.h"
#include "config/environment.h"
#include "config/options.h"
#include "daemon/daemon.h"
#include "serve/exporter.h"
#ifdef MZ_HISTORY
#include "cli/history.h"
#include "cli/history_options.h"
#include "history/recorder.h"
#endif

#ifdef MZ_HISTORY
static int run_recorder(const struct config *config)
{
	const struct recorder_options options = {.state = config->state,
		.recent = config->recent,
		.ntp_stamp = CONFIG_NTP_STAMP,
		.interval = config->interval,
		.commit = config->commit,
		.state_size = config->state_size,
		.syslog = config->syslog};

	return recorder_run(&options);
}
#endif

/* The daemon, its exporter and its recorder: the same program, which the daemon executes anew. */
static int run_daemon(void *of, char **argv)
{
	struct config *config = of;

	log_verbose = config->verbose;
	if (strcmp(argv[0], EXPORTER_NAME) == 0)
		return exporter_run(config);
#ifdef MZ_HISTORY
	if (strcmp(argv[0], RECORDER_NAME) == 0)
		return run_recorder(config);
#endif
	config->argv = argv;
	environment_read(config);
	return daemon_run(config);
}

static const struct command commands[] = {
	{"", "[options]", "count until SIGTERM", &daemon_options, run_daemon},
	{"status", "[--json]", "report how the daemon counts, and what it cannot", &status_options,
		status_run},
	{"get", "PATH", "print what HTTP answers there", &get_options, get_run},
#ifdef MZ_HISTORY
	{"history", "check|backup FILE|forget HOST|import FILE", "take care of the history",
		&history_options, history_run},
#endif
	{"unload", "[--pin DIR]", "remove the classifier from the kernel", &unload_options,
		unload_run},
	{0},
};

/* Opens those that the parent closed: else the next file would get such a number. */
static void open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Makes glibc return freed memory to the system, also that of large blocks. */
static void keep_no_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 32 << 10);
	mallopt(M_TRIM_THRESHOLD, 32 << 10);
	mallopt(M_TOP_PAD, 16 << 10);
#endif
}

/* Returns the exit status. config: command->options->config_size bytes. */
static int run(const struct command *command, int argc, char **argv, void *config)
{
	char error[COMMAND_ERROR];

	switch (options_parse(commands, command, argc, argv, config, error)) {
	case OPTIONS_RUN:
		return command->run(config, argv);
	case OPTIONS_HELP:
		options_usage(commands, command);
		return 0;
	case OPTIONS_VERSION:
		puts("mezoura " MZ_VERSION);
		return 0;
	default:
		log_error("%s", error);
		return 2;
	}
}

int main(int argc, char **argv)
{
	const struct command *command = options_find(commands, argc > 1 ? argv[1] : NULL);
	void *config;
	int status;

	keep_no_memory();
	signal(SIGXFSZ, SIG_IGN); /* beyond RLIMIT_FSIZE a write fails, which is logged */
	config = malloc(command->options->config_size);
	open_standard_descriptors();
	if (!config)
		return 1;
	status = run(command, argc, argv, config);
	free(config);
	if (fflush(stdout) == EOF && status == 0) {
		log_error("cannot write the answer: %s", strerror(errno));
		status = 1;
	}
	return status;
}
