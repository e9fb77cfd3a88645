// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/status.h"
#include "cli/unload.h"
#include "config/daemon_options.h"
#include "config/options.h"

#define MOST_WORDS 80

static const struct command commands[] = {
	{"", "", "", &daemon_options, NULL},
	{"status", "", "", &status_options, NULL},
	{"unload", "", "", &unload_options, NULL},
	{0},
};
static const struct command *const daemon_command = commands, *const status_command = commands + 1,
				   *const unload_command = commands + 2;

/* What the last call filled. */
static struct config config;
static struct status_config status;
static struct unload_config unload;
static char error[COMMAND_ERROR];

/* Runs the parser on blank-separated words. They live until the next call. */
static int parse_all(const struct command *table, const char *line, const struct command **command)
{
	static char words[1024];
	static char *argv[MOST_WORDS];
	const struct command *found;
	void *to;
	int argc = 0;

	strcpy(words, "mezoura ");
	strcat(words, line);
	for (char *word = strtok(words, " "); word && argc < MOST_WORDS - 1;
		word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	error[0] = '\0';
	found = options_find(table, argv[1]);
	if (command)
		*command = found;
	to = found->options == &status_options	 ? (void *)&status
	     : found->options == &unload_options ? (void *)&unload
						 : (void *)&config;
	return options_parse(table, found, argc, argv, to, error);
}

static int parse(const char *line, const struct command **command)
{
	return parse_all(commands, line, command);
}

static void the_usual_command_line_is_read(void **state)
{
	const struct command *command;
	char text[PREFIX_STRLEN];

	(void)state;
	assert_int_equal(parse("-e -4 192.168.2.1/24/br-lan -4 192.168.3.1/24/br-foo "
			       "-6 2001:db8:ca2:2::1/64 -t 10",
				 &command),
		0);
	assert_ptr_equal(command, daemon_command);
	assert_true(config.serve_tcp);
	assert_int_equal(config.tracked_count, 2);
	assert_int_equal(config.interface_count, 2);
	assert_string_equal(prefix_format(&config.tracked[0].prefix, text), "192.168.2.0/24");
	assert_string_equal(config.tracked[1].ifname, "br-foo");
	assert_int_equal(config.delegated_count, 1);
	assert_int_equal(config.interval, 10);
}

static void defaults_are_those_of_the_contract(void **state)
{
	(void)state;
	assert_int_equal(parse("-4 10.0.0.1/8/eth0", NULL), 0);
	assert_false(config.serve_tcp);
	assert_int_equal(config.port, 9999);
	assert_int_equal(config.interval, 5);
	assert_string_equal(config.textfile, "/tmp/prom_c");
	assert_true(config.legacy_metrics && config.native_metrics);
	assert_false(config.show_unknown);
	assert_false(config.bytes_from_ip);
	assert_string_equal(config.dhcp_config, "/etc/config/dhcp");
	assert_int_equal(config.leases.count, 7);
	assert_string_equal(config.leases.path[0], "/tmp/dhcp.leases");
	assert_int_equal(config.ethers.count, 1);
	assert_int_equal(config.hosts.count, 2);
	assert_string_equal(config.hosts.path[0], "/tmp/hosts");
	assert_string_equal(config.hosts.path[1], "/etc/hosts");
	assert_int_equal(config.max_hosts, 4096);
	assert_string_equal(config.pin, "/sys/fs/bpf/mezoura");
	assert_int_equal(config.idle, 86400);
	assert_string_equal(config.socket, "/run/mezoura.sock");
}

static void every_long_option_is_read(void **state)
{
	(void)state;
	assert_int_equal(
		parse("-4 10.0.0.1/8/eth0 -4 10.0.0.1/16/eth0 --listen ::1 --listen "
		      "127.0.0.1 --allow 203.0.113.7 --textfile - --metrics legacy --bytes ip "
		      "--local 198.51.100.0/24 --unknown show --max-hosts 7 --pin /x/y "
		      "--hook clsact --syslog --verbose --idle 31536000 --socket /x/sock",
			NULL),
		0);
	assert_int_equal(config.interface_count, 1);
	assert_int_equal(config.tracked_count, 2);
	assert_int_equal(config.listen_count, 2);
	assert_int_equal(config.allow_count, 1);
	assert_null(config.textfile);
	assert_true(config.legacy_metrics && !config.native_metrics);
	assert_true(config.bytes_from_ip);
	assert_int_equal(config.local_count, 1);
	assert_true(config.show_unknown);
	assert_int_equal(config.max_hosts, 7);
	assert_string_equal(config.pin, "/x/y");
	assert_int_equal(config.hook, CONFIG_HOOK_CLSACT);
	assert_true(config.syslog);
	assert_true(config.verbose);
	assert_int_equal(config.idle, 31536000);
	assert_string_equal(config.socket, "/x/sock");
}

static void paths_that_are_given_take_the_place_of_the_usual_ones(void **state)
{
	char line[512] = "-i a";

	(void)state;
	assert_int_equal(
		parse("-i a --leases /a --ethers - --leases /b --hosts - --hosts /c", NULL), 0);
	assert_int_equal(config.leases.count, 2);
	assert_string_equal(config.leases.path[0], "/a");
	assert_string_equal(config.leases.path[1], "/b");
	assert_int_equal(config.ethers.count, 0);
	assert_int_equal(config.hosts.count, 1);
	assert_string_equal(config.hosts.path[0], "/c");
	for (int i = 0; i < CONFIG_PATHS; i++)
		strcat(line, " --hosts /x");
	assert_int_equal(parse(line, NULL), 0);
	strcat(line, " --hosts /y");
	assert_int_equal(parse(line, NULL), -EINVAL);
	assert_string_equal(error, "--hosts '/y': expected at most 8 of them");
}

static void an_interface_may_be_named_by_its_subnet_and_by_itself(void **state)
{
	(void)state;
	assert_int_equal(parse("-i br-lan -i eth0 -4 10.0.0.1/8/eth0 -4 10.1.0.1/16/wg0", NULL), 0);
	assert_int_equal(config.interface_count, 3);
	assert_int_equal(config.tracked_count, 2);
	assert_string_equal(config.ifnames[0], "br-lan");
	assert_string_equal(config.ifnames[1], "eth0");
	assert_string_equal(config.ifnames[2], "wg0");
	assert_true(config.followed[0]);
	assert_true(config.followed[1]);
	assert_false(config.followed[2]);
	assert_int_equal(parse("-i fifteen-letters", NULL), 0);
	/* a network may have several addresses in a subnet */
	assert_int_equal(parse("-4 10.0.0.1/8/a -4 10.0.0.2/8/a", NULL), 0);
	assert_int_equal(config.tracked_count, 1);
}

static void a_bad_value_is_refused_in_one_line(void **state)
{
	static const char *const cases[][2] = {
		{"", "at least one -4 address/mask/interface or -i interface"},
		{"-e", "at least one -4"},
		{"-i br-lan -i eth0 -i br-lan",
			"-i 'br-lan': expected an interface that was not given before"},
		{"-i lo", "-i 'lo': expected an interface with hosts behind it"},
		{"-4 10.0.0.1/8/lo", "expected an interface with hosts behind it"},
		{"-i br/lan", "-i 'br/lan': expected an interface name"},
		{"-i sixteen-letters!", "expected an interface name"},
		{"-4 192.168.2.1/24", "-4 '192.168.2.1/24': expected address/mask/interface"},
		{"-4 192.168.2.1//br", "expected a mask from 0 to 32"},
		{"-4 192.168.2.1/33/br-lan",
			"-4 '192.168.2.1/33/br-lan': expected a mask from 0 to 32"},
		{"-4 2001:db8::1/64/br-lan", "expected an IPv4 address"},
		{"-4 192.168.2.1/24/", "expected an interface name"},
		{"-4 192.168.2.1/24/a-name-too-long-for-linux", "expected an interface name"},
		{"-4 10.0.0.1/8/a -4 10.0.0.2/8/b", "expected a subnet that was not given before"},
		{"-4 10.0.0.1/8/a -6 2000::/3",
			"expected a prefix that leaves some of the internet"},
		{"-4 10.0.0.1/8/a --local 0.0.0.0/0",
			"--local '0.0.0.0/0': expected a prefix that"},
		{"-4 10.0.0.1/8/a -6 10.0.0.0/8", "-6 '10.0.0.0/8': expected an IPv6 address"},
		{"-4 10.0.0.1/8/a -6 2001:db8::/129", "expected a mask from 0 to 128"},
		{"-4 10.0.0.1/8/a -6 2001:db8::/32 -6 2001:db8::/32", "not given before"},
		{"-4 10.0.0.1/8/a -t 0", "-t '0': expected a number from 1 to 86400"},
		{"-4 10.0.0.1/8/a -t -5", "-t '-5': expected a number from 1 to 86400"},
		{"-4 10.0.0.1/8/a -t 5x", "expected a number"},
		{"-4 10.0.0.1/8/a -p 99999", "-p '99999': expected a number from 1 to 65535"},
		{"-4 10.0.0.1/8/a -p 0", "expected a number from 1 to 65535"},
		{"-4 10.0.0.1/8/a -p 18446744073709551617", "expected a number"},
		{"-4 10.0.0.1/8/a -p", "-p: expected a value"},
		{"-4 10.0.0.1/8/a --listen localhost", "--listen 'localhost': expected an IPv4 or"},
		{"-4 10.0.0.1/8/a --listen fe80::1", "expected an address that is neither"},
		{"-4 10.0.0.1/8/a --listen ff02::1", "neither link-local nor multicast"},
		{"-4 10.0.0.1/8/a --listen 224.0.0.1", "neither link-local nor multicast"},
		{"-4 10.0.0.1/8/a --listen ::ffff:10.0.0.1", "expected IPv4 without ::ffff:"},
		{"-4 10.0.0.1/8/a --allow ::ffff:10.0.0.0/104", "expected IPv4 without ::ffff:"},
		{"-4 10.0.0.1/8/a --listen fe80::1%a", "expected an IPv4 or IPv6 address"},
		{"-4 10.0.0.1/8/a --listen ::1 --listen 0::1", "that was not given before"},
		{"-4 10.0.0.1/8/a --metrics some",
			"--metrics 'some': expected legacy, native or all"},
		{"-4 10.0.0.1/8/a --bytes l2", "expected frame or ip"},
		{"-4 10.0.0.1/8/a --unknown hide", "expected skip or show"},
		{"-4 10.0.0.1/8/a --hook xdp", "expected auto, tcx or clsact"},
		{"-4 10.0.0.1/8/a --local 10.0.0.0/40", "expected a mask from 0 to 32"},
		{"-4 10.0.0.1/8/a --max-hosts 0", "expected a number from 1 to 1000000"},
		{"-4 10.0.0.1/8/a --idle 0", "--idle '0': expected a number from 1 to 31536000"},
		{"-4 10.0.0.1/8/a --idle 31536001", "expected a number"},
		{"-4 10.0.0.1/8/a --socket here", "--socket 'here': expected an absolute path"},
		{"-4 10.0.0.1/8/a --socket -", "expected an absolute path"},
		{"-4 10.0.0.1/8/a --json", "unknown option --json"},
		{"-4 10.0.0.1/8/a --pin here", "expected an absolute path"},
		{"-4 10.0.0.1/8/a --nonsense", "unknown option --nonsense"},
		{"-4 10.0.0.1/8/a -x", "unknown option -x"},
		{"-4 10.0.0.1/8/a -xe", "unknown option -x"},
		{"-4 10.0.0.1/8/a -ex", "unknown option -x"},
		{"-4 10.0.0.1/8/a --syslog=x", "unknown option --syslog=x"},
		{"statsu", "unknown command 'statsu': expected status or unload"},
		{"statsu --json", "unknown command 'statsu': expected status or unload"},
		{"help", "unknown command 'help': expected status or unload"},
		{"-4 10.0.0.1/8/a extra", "unknown command 'extra': expected status or unload"},
		{"-i br-lan status", "unknown command 'status': expected status or unload, before"},
		{"unload -e", "unknown option -e"},
		{"unload --json", "unknown option --json"},
		{"unload --socket /x", "unknown option --socket"},
		{"status -4 10.0.0.1/8/a", "unknown option -4"},
		{"status --syslog", "unknown option --syslog"},
		{"status all", "unknown argument 'all'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(parse(cases[i][0], NULL), -EINVAL);
		if (!strstr(error, cases[i][1]))
			fail_msg("'%s' gives '%s', not '%s'", cases[i][0], error, cases[i][1]);
		assert_null(strchr(error, '\n'));
	}
}

static void a_prefix_that_leaves_no_internet_is_refused(void **state)
{
	static const char *const lines[] = {"-4 0.0.0.0/0/a", "-4 10.0.0.1/8/a -6 ::/0",
		"-4 10.0.0.1/8/a -6 2000::/3", "-4 10.0.0.1/8/a --local 0.0.0.0/0",
		"-4 10.0.0.1/8/a --local ::/1"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_int_equal(parse(lines[i], NULL), -EINVAL);
		assert_non_null(
			strstr(error, "expected a prefix that leaves some of the internet"));
	}
	assert_int_equal(parse("-4 128.0.0.0/1/a -6 2000::/4 --local 0.0.0.0/1", NULL), 0);
	assert_int_equal(parse("-4 10.0.0.1/8/a -e --allow 0.0.0.0/0 --allow ::/0", NULL), 0);
}

static void more_subnets_than_there_is_room_for_are_refused(void **state)
{
	char line[1024] = "";

	(void)state;
	for (int i = 0; i <= MZ_PREFIXES; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "-4 10.%d.0.0/16/a ", i);
	assert_int_equal(parse(line, NULL), -EINVAL);
	assert_non_null(strstr(error, "expected at most 16 of them"));
}

static void more_interfaces_than_there_is_room_for_are_refused(void **state)
{
	char line[1024] = "";

	(void)state;
	for (int i = 0; i <= MZ_NETS; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), "-i eth%d ", i);
	assert_int_equal(parse(line, NULL), -EINVAL);
	assert_non_null(strstr(error, "expected at most 32 of them"));
}

static void the_path_of_a_socket_has_to_fit(void **state)
{
	char line[256] = "status --socket /";

	(void)state;
	memset(line + strlen(line), 'x', 106);
	assert_int_equal(parse(line, NULL), 0);
	strcat(line, "x");
	assert_int_equal(parse(line, NULL), -EINVAL);
	assert_non_null(strstr(error, "at most 107 characters"));
}

static void status_takes_its_own_options(void **state)
{
	const struct command *command;

	(void)state;
	assert_int_equal(parse("status", &command), 0);
	assert_ptr_equal(command, status_command);
	assert_false(status.json);
	assert_string_equal(status.socket, "/run/mezoura.sock");
	assert_string_equal(status.pin, "/sys/fs/bpf/mezoura");
	assert_int_equal(parse("status --json --socket /x --pin /y", &command), 0);
	assert_ptr_equal(command, status_command);
	assert_true(status.json);
	assert_string_equal(status.socket, "/x");
	assert_string_equal(status.pin, "/y");
}

static void unload_takes_its_own_options(void **state)
{
	const struct command *command;

	(void)state;
	assert_int_equal(parse("unload", &command), 0);
	assert_ptr_equal(command, unload_command);
	assert_false(unload.syslog);
	assert_string_equal(unload.pin, "/sys/fs/bpf/mezoura");
	assert_int_equal(parse("unload --pin /sys/fs/bpf/other --syslog", &command), 0);
	assert_true(unload.syslog);
	assert_string_equal(unload.pin, "/sys/fs/bpf/other");
}

static void every_command_has_help_and_a_version(void **state)
{
	static const char *const names[] = {"", "status ", "unload "};
	const struct command *command;
	char line[32];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(line, sizeof(line), "%s-h", names[i]);
		assert_int_equal(parse(line, &command), OPTIONS_HELP);
		assert_ptr_equal(command, commands + i);
		snprintf(line, sizeof(line), "%s--version", names[i]);
		assert_int_equal(parse(line, &command), OPTIONS_VERSION);
		assert_ptr_equal(command, commands + i);
	}
}

static void an_unknown_command_is_answered_with_those_of_the_table(void **state)
{
	static const struct command one[] = {
		{"", "", "", &daemon_options, NULL}, {"get", "", "", &status_options, NULL}, {0}};
	static const struct command three[] = {{"", "", "", &daemon_options, NULL},
		{"show", "", "", &status_options, NULL}, {"top", "", "", &status_options, NULL},
		{"get", "", "", &status_options, NULL}, {0}};

	(void)state;
	assert_int_equal(parse_all(one, "status", NULL), -EINVAL);
	assert_string_equal(error, "unknown command 'status': expected get, before all options, "
				   "or none (-h for help)");
	assert_int_equal(parse_all(three, "status", NULL), -EINVAL);
	assert_string_equal(error, "unknown command 'status': expected show, top or get, before "
				   "all options, or none (-h for help)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_command_line_is_read),
		cmocka_unit_test(defaults_are_those_of_the_contract),
		cmocka_unit_test(every_long_option_is_read),
		cmocka_unit_test(paths_that_are_given_take_the_place_of_the_usual_ones),
		cmocka_unit_test(an_interface_may_be_named_by_its_subnet_and_by_itself),
		cmocka_unit_test(a_bad_value_is_refused_in_one_line),
		cmocka_unit_test(a_prefix_that_leaves_no_internet_is_refused),
		cmocka_unit_test(more_subnets_than_there_is_room_for_are_refused),
		cmocka_unit_test(more_interfaces_than_there_is_room_for_are_refused),
		cmocka_unit_test(the_path_of_a_socket_has_to_fit),
		cmocka_unit_test(status_takes_its_own_options),
		cmocka_unit_test(unload_takes_its_own_options),
		cmocka_unit_test(every_command_has_help_and_a_version),
		cmocka_unit_test(an_unknown_command_is_answered_with_those_of_the_table),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
