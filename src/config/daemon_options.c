// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/daemon_options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/option_values.h"
#include "config/subnet_values.h"

/* Of --state-size, in bytes. */
#define SIZE_LEAST   UINT64_C(100000)
#define SIZE_LARGEST UINT64_C(1000000000000)

/* HTTP */

static int value_port(struct value *value)
{
	struct config *config = value->config;

	config->port_given = true;
	return value_number(value);
}

/* Returns NULL, or what is expected instead. */
static const char *parse_address(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
	bool is_other;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		address->ss_family = AF_INET;
		is_other = IN_MULTICAST(ntohl(in->sin_addr.s_addr));
	} else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		address->ss_family = AF_INET6;
		is_other = IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) ||
			   IN6_IS_ADDR_MULTICAST(&in6->sin6_addr);
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
			return "IPv4 without ::ffff:";
	} else {
		return "an IPv4 or IPv6 address";
	}
	return is_other ? "an address that is neither link-local nor multicast" : NULL;
}

static int value_listen(struct value *value)
{
	struct config *config = value->config;
	struct sockaddr_storage address = {0};
	const char *expected = parse_address(value->text, &address);

	for (size_t i = 0; i < config->listen_count && !expected; i++)
		if (memcmp(&config->listen[i], &address, sizeof(address)) == 0)
			expected = "an address that was not given before";
	if (expected)
		return value_refuse(value, expected);
	if (config->listen_count == CONFIG_LISTENS)
		return value_refuse_more(value, CONFIG_LISTENS);
	config->listen_text[config->listen_count] = value->text;
	config->listen[config->listen_count++] = address;
	return 0;
}

static int value_host_name(struct value *value)
{
	struct config *config = value->config;

	if (!own_names_valid(value->text))
		return value_refuse(value, "a host name, without port");
	for (size_t i = 0; i < config->host_names_count; i++)
		if (strcasecmp(config->host_names[i], value->text) == 0)
			return value_refuse(value, "a name that was not given before");
	if (config->host_names_count == OWN_NAMES)
		return value_refuse_more(value, OWN_NAMES);
	config->host_names[config->host_names_count++] = value->text;
	return 0;
}

/* Metrics */

static int value_textfile(struct value *value)
{
	struct config *config = value->config;

	if (!value->text[0])
		return value_refuse(value, "a path, or '-' for none");
	config->textfile = strcmp(value->text, "-") ? value->text : NULL;
	return 0;
}

static int value_metrics(struct value *value)
{
	struct config *config = value->config;
	int word = value_choose(value);

	config->legacy_metrics = word != 1;
	config->native_metrics = word != 0;
	return word < 0 ? word : 0;
}

/* One of two words: the second one sets the bool. */
static int value_second(struct value *value)
{
	int word = value_choose(value);

	*(bool *)value->field = word == 1;
	return word < 0 ? word : 0;
}

static int value_hook(struct value *value)
{
	struct config *config = value->config;
	int word = value_choose(value);

	if (word >= 0)
		config->hook = (enum config_hook)word;
	return word < 0 ? word : 0;
}

/* Names of hosts */

static int value_dhcp_config(struct value *value)
{
	struct config *config = value->config;

	config->dhcp_config = value->text;
	return value->text[0] ? 0 : value_refuse(value, "a path");
}

/* The first path that is given replaces the usual ones. */
static int value_paths(struct value *value)
{
	struct config_paths *paths = value->field;

	if (!paths->given)
		paths->count = 0;
	paths->given = true;
	if (!value->text[0])
		return value_refuse(value, "a path, or '-' for none");
	if (strcmp(value->text, "-") == 0)
		return 0;
	if (paths->count == CONFIG_PATHS)
		return value_refuse_more(value, CONFIG_PATHS);
	paths->path[paths->count++] = value->text;
	return 0;
}

/* History */

/* Several daemons have several sockets, so this sets a directory of their own, too. */
static void set_socket(struct config *config, const char *path)
{
	size_t length = strlen(path);

	if (length > 5 && strcmp(path + length - 5, ".sock") == 0)
		length -= 5;
	config->socket = path;
	snprintf(config->recent, sizeof(config->recent), "%.*s.recent", (int)length, path);
}

static int value_own_socket(struct value *value)
{
	int error = value_socket(value);

	if (!error)
		set_socket(value->config, value->text);
	return error;
}

/* Returns NULL, or what is expected instead. */
static const char *set_state(struct config *config, const char *text)
{
	config->state = strcmp(text, "-") ? text : NULL;
#ifdef MZ_HISTORY
	if (config->state && (text[0] != '/' || strlen(text) >= CONFIG_STATE_LENGTH))
		return "an absolute path, or '-' for none";
#else
	if (config->state)
		return "'-': this mezoura was built without history";
#endif
	return NULL;
}

static int value_state(struct value *value)
{
	const char *expected = set_state(value->config, value->text);

	return expected ? value_refuse(value, expected) : 0;
}

/* A number of bytes, or of thousands, millions or billions of them. */
static int value_size(struct value *value)
{
	static const char units[] = "kMG";
	uint64_t number = 0, unit = 1;
	const char *text = value->text, *at;

	for (; *text >= '0' && *text <= '9' && number <= SIZE_LARGEST; text++)
		number = 10 * number + (uint64_t)(*text - '0');
	at = *text ? strchr(units, *text) : NULL;
	for (const char *smaller = units; at && smaller <= at; smaller++)
		unit *= 1000;
	text += at != NULL;
	if (*text || number > SIZE_LARGEST / unit || number * unit < SIZE_LEAST)
		return value_refuse(value, "a size from 100k to 1000G, like 8M");
	*(uint64_t *)value->field = number * unit;
	return 0;
}

#define FIELD(name) .field = offsetof(struct config, name)

static const struct option_row rows[] = {
	{'4', "", "address/mask/interface", "subnet to track and its interface; repeatable",
		.set = value_tracked},
	{'6', "", "address/mask", "prefix delegated by the ISP, on all interfaces; repeatable",
		.set = value_delegated},
	{'i', "", "interface", "track its subnets and what is routed out of it; repeatable",
		.set = value_followed},
	{'e', "", NULL, "serve Prometheus over TCP", value_flag, FIELD(serve_tcp)},
	{'p', "", "port", "its port, default 9999", value_port, FIELD(port), .most = 65535},
	{'t', "", "sec", "how often to read the counters, default 5", value_number, FIELD(interval),
		.most = 86400},
	{0, "listen", "ADDRESS", "bind there instead of everywhere; repeatable",
		.set = value_listen},
	{0, "allow", "CIDR", "who may connect besides loopback and the subnets; repeatable",
		.set = value_allow},
	{0, "host-name", "NAME", "one more name of this machine over HTTP; repeatable",
		.set = value_host_name},
	{0, "textfile", "PATH", "default /tmp/prom_c; '-' for none", .set = value_textfile},
	{0, "metrics", "legacy|native|all", "which families to print, default all",
		.set = value_metrics},
	{0, "bytes", "frame|ip", "count whole frames or from the IP header on, default frame",
		value_second, FIELD(bytes_from_ip)},
	{0, "local", "CIDR", "more ranges that are not the internet; repeatable",
		.set = value_local},
	{0, "unknown", "skip|show", "hosts without a name in the legacy families, default skip",
		value_second, FIELD(show_unknown)},
	{0, "dhcp-config", "PATH", "names of hosts, default /etc/config/dhcp",
		.set = value_dhcp_config},
	{0, "leases", "PATH", "more names, of a DHCP server; '-' for none; repeatable", value_paths,
		FIELD(leases)},
	{0, "ethers", "PATH", "more names, default /etc/ethers; '-' for none; repeatable",
		value_paths, FIELD(ethers)},
	{0, "hosts", "PATH",
		"more names, default /tmp/hosts/* and /etc/hosts; '-' for none; repeatable",
		value_paths, FIELD(hosts)},
	{0, "max-hosts", "N", "room for addresses in the kernel, per IP version, default 4096",
		value_number, FIELD(max_hosts), .most = 1000000},
	{0, "idle", "SEC", "silence until an address leaves the kernel's table, default 86400",
		value_number, FIELD(idle), .most = 31536000},
	{0, "state", "DIR", "where the history is kept, default " CONFIG_STATE "; '-' for none",
		.set = value_state},
	{0, "commit", "SEC", "how often it is written there, default 3600", value_number,
		FIELD(commit), .least = 60, .most = 86400},
	{0, "state-size", "SIZE", "its most bytes, as 8M; default: a quarter of what is free",
		value_size, FIELD(state_size)},
	{0, "month-start", "DAY", "day on which a month begins, default 1", value_number,
		FIELD(month_start), .most = 28},
	{0, "socket", "PATH", "where the daemon answers, default " CONFIG_SOCKET, value_own_socket,
		FIELD(socket)},
	{0, "pin", "DIR", "what outlives the daemon, default " CONFIG_PIN, value_pin, FIELD(pin)},
	{0, "hook", "auto|tcx|clsact", "how to attach, default auto: tcx where the kernel has it",
		.set = value_hook},
	{0, "syslog", NULL, "log to syslog instead of stderr", value_flag, FIELD(syslog)},
	{0, "verbose", NULL, "log what the daemon does, too", value_flag, FIELD(verbose)},
};

static void set_defaults(void *to)
{
	struct config *config = to;

	config->port = 9999;
	config->interval = 5;
	config->textfile = "/tmp/prom_c";
	config->legacy_metrics = true;
	config->native_metrics = true;
	config->dhcp_config = "/etc/config/dhcp";
	config->leases = (struct config_paths){
		{"/tmp/dhcp.leases", "/var/lib/misc/dnsmasq.leases", "/tmp/odhcpd.leases",
			"/tmp/hosts/odhcpd", "/var/lib/kea/kea-leases4.csv",
			"/var/lib/kea/kea-leases6.csv", "/var/lib/dhcp/dhcpd.leases"},
		7, false};
	config->ethers = (struct config_paths){{"/etc/ethers"}, 1, false};
	config->hosts = (struct config_paths){{"/tmp/hosts", "/etc/hosts"}, 2, false};
	config->max_hosts = 4096;
	config->idle = 86400;
	set_state(config, CONFIG_STATE);
	config->commit = 3600;
	config->month_start = 1;
	set_socket(config, CONFIG_SOCKET);
	config->pin = CONFIG_PIN;
}

static const char *find_missing(const void *from)
{
	const struct config *config = from;

	return config->interface_count ? NULL
				       : "at least one -4 address/mask/interface or -i interface";
}

const struct options daemon_options = {
	.row = rows,
	.count = sizeof(rows) / sizeof(*rows),
	.config_size = sizeof(struct config),
	.set_defaults = set_defaults,
	.find_missing = find_missing,
	.note = "At least one -4 or -i is required. COMMAND -h lists the options of a command.",
};
