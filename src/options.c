// SPDX-License-Identifier: GPL-2.0-or-later
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "option_values.h"

#define LONG 256 /* above any letter: an option by its long name */

/* All options. One with value NULL takes none. unload: known to `mezoura unload`, too. */
static const struct option_row {
	char letter;
	const char *name, *value, *help;
	int (*set)(struct value *);
	bool unload;
} table[] = {
	{'4', NULL, "address/mask/interface", "subnet to track and its interface; repeatable",
		value_tracked, false},
	{'6', NULL, "address/mask", "prefix delegated by the ISP, on all interfaces; repeatable",
		value_delegated, false},
	{'e', NULL, NULL, "serve Prometheus over TCP", value_exporter, false},
	{'p', NULL, "port", "its port, default 9999", value_port, false},
	{'t', NULL, "sec", "how often the kernel is asked, default 5", value_interval, false},
	{0, "listen", "ADDRESS", "bind there instead of everywhere; repeatable", value_listen,
		false},
	{0, "allow", "CIDR", "who may connect besides loopback and the subnets; repeatable",
		value_allow, false},
	{0, "textfile", "PATH", "default /tmp/prom_c; '-' for none", value_textfile, false},
	{0, "metrics", "seed|native|all", "which families to print, default all", value_metrics,
		false},
	{0, "bytes", "frame|ip", "count whole frames or from the IP header on, default frame",
		value_bytes, false},
	{0, "local", "CIDR", "more ranges that are not the internet; repeatable", value_local,
		false},
	{0, "unknown", "skip|show", "hosts without a name in the seed's families, default skip",
		value_unknown, false},
	{0, "dhcp-config", "PATH", "names of hosts, default /etc/config/dhcp", value_dhcp_config,
		false},
	{0, "max-hosts", "N", "addresses a family the kernel has room for, default 4096",
		value_max_hosts, false},
	{0, "pin", "DIR", "what outlives the daemon, default /sys/fs/bpf/mezoura", value_pin, true},
	{0, "hook", "auto|tcx|clsact", "how to attach, default auto: tcx where there is one",
		value_hook, false},
	{0, "syslog", NULL, "log to syslog instead of stderr", value_syslog, true},
	{'V', "version", NULL, "print the version", NULL, true},
	{'h', "help", NULL, "print this", NULL, true},
};
#define ROWS (sizeof(table) / sizeof(*table))

void options_usage(void)
{
	printf("usage: mezoura [options]              account until SIGTERM\n"
	       "       mezoura unload [--pin DIR]     take the classifier out of the kernel\n\n"
	       "At least one -4 is required.\n\n");
	for (size_t i = 0; i < ROWS; i++) {
		char option[64], letter[4] = "";

		if (table[i].letter)
			snprintf(letter, sizeof(letter), "-%c%s", table[i].letter,
				table[i].name ? "," : "");
		snprintf(option, sizeof(option), "%s%s%s%s%s%s", letter,
			table[i].letter && table[i].name ? " " : "", table[i].name ? "--" : "",
			table[i].name ? table[i].name : "", table[i].value ? " " : "",
			table[i].value ? table[i].value : "");
		printf("  %-28s %s\n", option, table[i].help);
	}
}

static void set_defaults(struct config *config)
{
	*config = (struct config){
		.port = 9999,
		.interval = 5,
		.textfile = "/tmp/prom_c",
		.metrics = {.families = METRICS_ALL},
		.dhcp_config = "/etc/config/dhcp",
		.max_hosts = 4096,
		.idle = 86400,
		.pin = "/sys/fs/bpf/mezoura",
	};
}

/* What getopt_long() needs to know, from the table; a long option's value is LONG + its row. */
static void make_getopt(char letters[2 * ROWS + 2], struct option longs[ROWS + 1])
{
	size_t count = 0;

	*letters++ = ':'; /* tell a missing value from an unknown option, print nothing */
	for (size_t i = 0; i < ROWS; i++) {
		if (table[i].letter) {
			*letters++ = table[i].letter;
			if (table[i].value)
				*letters++ = ':';
		}
		if (table[i].name)
			longs[count++] = (struct option){table[i].name,
				table[i].value ? required_argument : no_argument, NULL,
				LONG + (int)i};
	}
	*letters = '\0';
	longs[count] = (struct option){0};
}

static const struct option_row *find_row(int code)
{
	if (code >= LONG)
		return &table[code - LONG];
	for (size_t i = 0; i < ROWS; i++)
		if (table[i].letter == code)
			return &table[i];
	return NULL;
}

/* Puts the option's name before what refuse() said. */
static int apply(const struct option_row *row, struct config *config, char error[OPTIONS_ERROR])
{
	char what[OPTIONS_ERROR];
	struct value value = {config, optarg, what};
	int result = row->set(&value);

	if (result < 0)
		snprintf(error, OPTIONS_ERROR, "%s%.*s %.200s", row->name ? "--" : "-",
			row->name ? 20 : 1, row->name ? row->name : &row->letter, what);
	return result;
}

static int check_whole(const struct config *config, char error[OPTIONS_ERROR])
{
	if (config->trackeds)
		return 0;
	snprintf(error, OPTIONS_ERROR,
		"expected at least one -4 address/mask/interface (-h for help)");
	return -EINVAL;
}

int options_parse(int argc, char **argv, struct config *config, enum options_command *command,
	char error[OPTIONS_ERROR])
{
	bool unload = argc > 1 && strcmp(argv[1], "unload") == 0;
	char letters[2 * ROWS + 2];
	struct option longs[ROWS + 1];
	int code, result;

	if (unload) {
		argc--;
		argv++;
	}
	set_defaults(config);
	make_getopt(letters, longs);
	*command = unload ? OPTIONS_UNLOAD : OPTIONS_DAEMON;
	optind = 0; /* not 1: forget what an earlier call was in the midst of */
	opterr = 0;
	while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_row *row = find_row(code);

		if (code == ':') {
			snprintf(error, OPTIONS_ERROR, "%.80s: expected a value", argv[optind - 1]);
			return -EINVAL;
		}
		if (!row || (unload && !row->unload)) {
			snprintf(error, OPTIONS_ERROR, "unknown option %.80s (-h for help)",
				argv[optind - 1]);
			return -EINVAL;
		}
		if (!row->set) {
			*command = row->letter == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
			return 0;
		}
		result = apply(row, config, error);
		if (result < 0)
			return result;
	}
	if (optind < argc) {
		snprintf(error, OPTIONS_ERROR, "unknown argument '%.80s' (-h for help)",
			argv[optind]);
		return -EINVAL;
	}
	return unload ? 0 : check_whole(config, error);
}
