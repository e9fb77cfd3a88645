// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config/option_values.h"

#define LONG 256 /* above any letter: an option by its long name */

#define D (1u << OPTIONS_DAEMON)
#define S (1u << OPTIONS_STATUS)
#define U (1u << OPTIONS_UNLOAD)

/* All options. With name "" one has a letter only, with value NULL it takes none. */
static const struct option_row {
	char letter;
	char name[15];
	const char *value, *help;
	int (*set)(struct value *);
	unsigned commands; /* that know it */
} table[] = {
	{'4', "", "address/mask/interface", "subnet to track and its interface; repeatable",
		value_tracked, D},
	{'6', "", "address/mask", "prefix delegated by the ISP, on all interfaces; repeatable",
		value_delegated, D},
	{'i', "", "interface", "track its subnets and what is routed out of it; repeatable",
		value_followed, D},
	{'e', "", NULL, "serve Prometheus over TCP", value_exporter, D},
	{'p', "", "port", "its port, default 9999", value_port, D},
	{'t', "", "sec", "how often the kernel is asked, default 5", value_interval, D},
	{0, "listen", "ADDRESS", "bind there instead of everywhere; repeatable", value_listen, D},
	{0, "allow", "CIDR", "who may connect besides loopback and the subnets; repeatable",
		value_allow, D},
	{0, "host-name", "NAME", "one more name we are asked by over HTTP; repeatable",
		value_host_name, D},
	{0, "textfile", "PATH", "default /tmp/prom_c; '-' for none", value_textfile, D},
	{0, "metrics", "legacy|native|all", "which families to print, default all", value_metrics,
		D},
	{0, "bytes", "frame|ip", "count whole frames or from the IP header on, default frame",
		value_bytes, D},
	{0, "local", "CIDR", "more ranges that are not the internet; repeatable", value_local, D},
	{0, "unknown", "skip|show", "hosts without a name in the legacy families, default skip",
		value_unknown, D},
	{0, "dhcp-config", "PATH", "names of hosts, default /etc/config/dhcp", value_dhcp_config,
		D},
	{0, "leases", "PATH", "of a DHCP server, more names; '-' for none; repeatable",
		value_leases, D},
	{0, "ethers", "PATH", "more names, default /etc/ethers; '-' for none; repeatable",
		value_ethers, D},
	{0, "hosts", "PATH",
		"more names, default /tmp/hosts/* and /etc/hosts; '-' for none; repeatable",
		value_hosts, D},
	{0, "max-hosts", "N", "addresses a family the kernel has room for, default 4096",
		value_max_hosts, D},
	{0, "idle", "SEC", "silence until an address leaves the kernel's table, default 86400",
		value_idle, D},
	{0, "socket", "PATH", "where the daemon answers, default /run/mezoura.sock", value_socket,
		D | S},
	{0, "json", NULL, "print the daemon's JSON", value_json, S},
	{0, "pin", "DIR", "what outlives the daemon, default " CONFIG_PIN, value_pin, D | S | U},
	{0, "hook", "auto|tcx|clsact", "how to attach, default auto: tcx where there is one",
		value_hook, D},
	{0, "syslog", NULL, "log to syslog instead of stderr", value_syslog, D | U},
	{'V', "version", NULL, "print the version", NULL, D | S | U},
	{'h', "help", NULL, "print this", NULL, D | S | U},
};
#define ROWS (sizeof(table) / sizeof(*table))

static enum options_command find_command(const char *word)
{
	if (word && strcmp(word, "status") == 0)
		return OPTIONS_STATUS;
	return word && strcmp(word, "unload") == 0 ? OPTIONS_UNLOAD : OPTIONS_DAEMON;
}

void options_usage(const char *word)
{
	enum options_command asked = find_command(word);

	printf("usage: mezoura [options]              account until SIGTERM\n"
	       "       mezoura status [--json]        tell how the daemon counts, and what it "
	       "cannot\n"
	       "       mezoura unload [--pin DIR]     take the classifier out of the kernel\n\n"
	       "At least one -4 or -i is required. status -h and unload -h list their "
	       "options.\n\n");
	for (size_t i = 0; i < ROWS; i++) {
		char option[64], letter[4] = "";

		if (!(table[i].commands & 1u << asked))
			continue;
		if (table[i].letter)
			snprintf(letter, sizeof(letter), "-%c%s", table[i].letter,
				*table[i].name ? "," : "");
		snprintf(option, sizeof(option), "%s%s%s%s%s%s", letter,
			table[i].letter && *table[i].name ? " " : "", *table[i].name ? "--" : "",
			table[i].name, table[i].value ? " " : "",
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
		.legacy_metrics = true,
		.native_metrics = true,
		.dhcp_config = "/etc/config/dhcp",
		.leases = {{"/tmp/dhcp.leases", "/var/lib/misc/dnsmasq.leases",
				   "/tmp/odhcpd.leases", "/tmp/hosts/odhcpd",
				   "/var/lib/kea/kea-leases4.csv", "/var/lib/kea/kea-leases6.csv",
				   "/var/lib/dhcp/dhcpd.leases"},
			7, false},
		.ethers = {{"/etc/ethers"}, 1, false},
		.hosts = {{"/tmp/hosts", "/etc/hosts"}, 2, false},
		.max_hosts = 4096,
		.idle = 86400,
		.socket = "/run/mezoura.sock",
		.pin = CONFIG_PIN,
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
		if (*table[i].name)
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

/*
 * row: of an option that another command knows, or NULL; word: as it was given. A letter may stand
 * behind others in a word that getopt is not done with: that is not word then.
 */
static int unknown(const struct option_row *row, const char *word, char error[CONFIG_ERROR])
{
	bool is_letter = row || (optopt > 0 && optopt < LONG);
	const char letter[] = {'-', row ? row->letter : (char)optopt, '\0'};

	if (row && *row->name)
		snprintf(error, CONFIG_ERROR, "unknown option --%.80s (-h for help)", row->name);
	else
		snprintf(error, CONFIG_ERROR, "unknown option %.80s (-h for help)",
			is_letter ? letter : word);
	return -EINVAL;
}

/* Puts the option's name before what refuse() said. */
static int apply(const struct option_row *row, struct config *config, char error[CONFIG_ERROR])
{
	char what[CONFIG_ERROR];
	struct value value = {config, optarg, what};
	int result = row->set(&value);

	if (result < 0)
		snprintf(error, CONFIG_ERROR, "%s%.*s %.200s", *row->name ? "--" : "-",
			*row->name ? 20 : 1, *row->name ? row->name : &row->letter, what);
	return result;
}

static int check_whole(const struct config *config, char error[CONFIG_ERROR])
{
	if (config->interfaces)
		return 0;
	snprintf(error, CONFIG_ERROR,
		"expected at least one -4 address/mask/interface or -i interface (-h for help)");
	return -EINVAL;
}

/* A word that is no option. Commands come first, before all options. */
static int unknown_word(enum options_command asked, const char *word, char error[CONFIG_ERROR])
{
	if (asked == OPTIONS_DAEMON)
		snprintf(error, CONFIG_ERROR,
			"unknown command '%.80s': expected status or unload, before all options, "
			"or "
			"none (-h for help)",
			word);
	else
		snprintf(error, CONFIG_ERROR, "unknown argument '%.80s' (-h for help)", word);
	return -EINVAL;
}

int options_parse(int argc, char **argv, struct config *config, enum options_command *command,
	char error[CONFIG_ERROR])
{
	enum options_command asked = find_command(argc > 1 ? argv[1] : NULL);
	char letters[2 * ROWS + 2];
	struct option longs[ROWS + 1];
	int code, result;

	if (asked == OPTIONS_DAEMON && argc > 1 && argv[1][0] != '-')
		return unknown_word(asked, argv[1], error);
	if (asked != OPTIONS_DAEMON) {
		argc--;
		argv++;
	}
	set_defaults(config);
	make_getopt(letters, longs);
	*command = asked;
	optind = 0; /* not 1: forget what an earlier call was in the midst of */
	opterr = 0;
	while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_row *row = find_row(code);

		if (code == ':') {
			snprintf(error, CONFIG_ERROR, "%.80s: expected a value", argv[optind - 1]);
			return -EINVAL;
		}
		if (!row || !(row->commands & 1u << asked))
			return unknown(row, argv[optind - 1], error);
		if (!row->set) {
			*command = row->letter == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
			return 0;
		}
		result = apply(row, config, error);
		if (result < 0)
			return result;
	}
	if (optind < argc)
		return unknown_word(asked, argv[optind], error);
	return asked == OPTIONS_DAEMON ? check_whole(config, error) : 0;
}
