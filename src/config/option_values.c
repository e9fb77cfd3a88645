// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/option_values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

static int refuse(struct value *v, const char *expected)
{
	snprintf(v->error, CONFIG_ERROR, "'%.80s': expected %s", v->text, expected);
	return -EINVAL;
}

static int too_many(struct value *v, unsigned most)
{
	snprintf(v->error, CONFIG_ERROR, "'%.80s': expected at most %u of them", v->text, most);
	return -EINVAL;
}

static int set_number(struct value *v, unsigned low, unsigned high, unsigned *number)
{
	char expected[64], *end;
	unsigned long n;

	errno = 0;
	n = strtoul(v->text, &end, 10);
	if (errno || *end || v->text[0] < '0' || v->text[0] > '9' || n < low || n > high) {
		snprintf(expected, sizeof(expected), "a number from %u to %u", low, high);
		return refuse(v, expected);
	}
	*number = (unsigned)n;
	return 0;
}

/* Whether it covers all of the internet, of which IPv6 has 2000::/3: nothing would count. */
static bool is_everything(const struct prefix *prefix)
{
	static const struct prefix internet6 = {AF_INET6, 3, {0x20}};

	return prefix->length == 0 || prefix_covers(prefix, &internet6);
}

static const char some[] = "a prefix that leaves some of the internet";

/* Adds a prefix to a list; twice the same is refused. */
static int add_prefix(
	struct value *v, int family, bool bare, struct prefix *list, size_t *count, size_t most)
{
	static const struct prefix mapped = {AF_INET6, 96, {[10] = 0xff, 0xff}};
	struct prefix prefix;
	const char *expected = prefix_parse(v->text, family, bare, &prefix);

	if (expected)
		return refuse(v, expected);
	/* a packet never has such an address, and of a client it is told as IPv4 */
	if (prefix_covers(&mapped, &prefix))
		return refuse(v, "IPv4 without ::ffff:");
	for (size_t i = 0; i < *count; i++)
		if (prefix_equal(&list[i], &prefix))
			return refuse(v, "a prefix that was not given before");
	if (*count == most)
		return too_many(v, (unsigned)most);
	list[(*count)++] = prefix;
	return 0;
}

static bool is_ifname(const char *text)
{
	return text[0] && strlen(text) < IFNAMSIZ && !strpbrk(text, "/ \t\n");
}

/* Where the interface is in the configuration, from now on. */
static int add_ifname(struct value *v, const char *ifname)
{
	struct config *c = v->config;

	if (strcmp(ifname, "lo") == 0)
		return refuse(v, "an interface with hosts behind it, which lo has not");
	for (size_t i = 0; i < c->interfaces; i++)
		if (strcmp(c->ifnames[i], ifname) == 0)
			return (int)i;
	if (c->interfaces == MZ_NETS)
		return too_many(v, MZ_NETS);
	memccpy(c->ifnames[c->interfaces], ifname, 0, IFNAMSIZ);
	return (int)c->interfaces++;
}

int value_followed(struct value *v)
{
	int i;

	if (!is_ifname(v->text))
		return refuse(v, "an interface name of 1 to 15 characters");
	i = add_ifname(v, v->text);
	if (i < 0)
		return i;
	if (v->config->followed[i])
		return refuse(v, "an interface that was not given before");
	v->config->followed[i] = true;
	return 0;
}

int value_tracked(struct value *v)
{
	static const char shape[] = "address/mask/interface, like 192.168.2.1/24/br-lan";
	struct config *c = v->config;
	struct config_tracked tracked = {0};
	const char *slash = strchr(v->text, '/'), *expected;
	char subnet[PREFIX_STRLEN];
	size_t here = 0;

	slash = slash ? strchr(slash + 1, '/') : NULL;
	if (!slash || (size_t)(slash - v->text) >= sizeof(subnet))
		return refuse(v, shape);
	memcpy(subnet, v->text, (size_t)(slash - v->text));
	subnet[slash - v->text] = '\0';
	expected = prefix_parse(subnet, AF_INET, false, &tracked.prefix);
	if (!expected && is_everything(&tracked.prefix))
		expected = some;
	if (expected)
		return refuse(v, expected);
	if (!is_ifname(slash + 1))
		return refuse(v, "an interface name of 1 to 15 characters after the mask");
	memccpy(tracked.ifname, slash + 1, 0, IFNAMSIZ);
	for (size_t i = 0; i < c->tracked_count; i++) {
		bool same = strcmp(c->tracked[i].ifname, tracked.ifname) == 0;

		if (prefix_equal(&c->tracked[i].prefix, &tracked.prefix))
			return same ? 0 : refuse(v, "a subnet that was not given before");
		here += same;
	}
	if (here == MZ_PREFIXES)
		return too_many(v, MZ_PREFIXES);
	if (add_ifname(v, tracked.ifname) < 0)
		return -EINVAL;
	c->tracked[c->tracked_count++] = tracked;
	return 0;
}

/* The same, of prefixes that are not the internet. */
static int add_inside(
	struct value *v, int family, bool bare, struct prefix *list, size_t *count, size_t most)
{
	struct prefix prefix;

	if (!prefix_parse(v->text, family, bare, &prefix) && is_everything(&prefix))
		return refuse(v, some);
	return add_prefix(v, family, bare, list, count, most);
}

int value_delegated(struct value *v)
{
	return add_inside(
		v, AF_INET6, false, v->config->delegated, &v->config->delegated_count, MZ_PREFIXES);
}

int value_local(struct value *v)
{
	return add_inside(v, AF_UNSPEC, true, v->config->local, &v->config->local_count, MZ_LOCALS);
}

int value_allow(struct value *v)
{
	return add_prefix(v, AF_UNSPEC, true, v->config->allow, &v->config->allow_count, MZ_LOCALS);
}

int value_exporter(struct value *v)
{
	v->config->serve_tcp = true;
	return 0;
}

int value_port(struct value *v)
{
	v->config->port_given = true;
	return set_number(v, 1, 65535, &v->config->port);
}

int value_interval(struct value *v)
{
	return set_number(v, 1, 86400, &v->config->interval);
}

int value_max_hosts(struct value *v)
{
	return set_number(v, 1, 1000000, &v->config->max_hosts);
}

int value_idle(struct value *v)
{
	return set_number(v, 1, 31536000, &v->config->idle);
}

int value_listen(struct value *v)
{
	struct config *c = v->config;
	struct sockaddr_storage address = {0};
	struct sockaddr_in *in = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;

	if (inet_pton(AF_INET, v->text, &in->sin_addr) == 1)
		address.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, v->text, &in6->sin6_addr) == 1)
		address.ss_family = AF_INET6;
	else
		return refuse(v, "an IPv4 or IPv6 address");
	if (address.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return refuse(v, "IPv4 without ::ffff:");
	if (address.ss_family == AF_INET6 ? IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) ||
						    IN6_IS_ADDR_MULTICAST(&in6->sin6_addr)
					  : IN_MULTICAST(ntohl(in->sin_addr.s_addr)))
		return refuse(v, "an address that is neither link-local nor multicast");
	for (size_t i = 0; i < c->listen_count; i++)
		if (memcmp(&c->listen[i], &address, sizeof(address)) == 0)
			return refuse(v, "an address that was not given before");
	if (c->listen_count == CONFIG_LISTENS)
		return too_many(v, CONFIG_LISTENS);
	c->listen_text[c->listen_count] = v->text;
	c->listen[c->listen_count++] = address;
	return 0;
}

int value_host_name(struct value *v)
{
	struct config *c = v->config;

	if (!own_names_valid(v->text))
		return refuse(v, "a host name, without port");
	for (size_t i = 0; i < c->host_names_count; i++)
		if (strcasecmp(c->host_names[i], v->text) == 0)
			return refuse(v, "a name that was not given before");
	if (c->host_names_count == OWN_NAMES)
		return too_many(v, OWN_NAMES);
	c->host_names[c->host_names_count++] = v->text;
	return 0;
}

int value_textfile(struct value *v)
{
	if (!v->text[0])
		return refuse(v, "a path, or '-' for none");
	v->config->textfile = strcmp(v->text, "-") ? v->text : NULL;
	return 0;
}

/* Which of words the value is, or -EINVAL. */
static int choose(struct value *v, const char words[][8], const char *expected)
{
	for (int i = 0; *words[i]; i++)
		if (strcmp(words[i], v->text) == 0)
			return i;
	return refuse(v, expected);
}

int value_metrics(struct value *v)
{
	static const char words[][8] = {"legacy", "native", "all", ""};
	int i = choose(v, words, "legacy, native or all");

	v->config->legacy_metrics = i != 1;
	v->config->native_metrics = i != 0;
	return i < 0 ? i : 0;
}

int value_bytes(struct value *v)
{
	static const char words[][8] = {"frame", "ip", ""};
	int i = choose(v, words, "frame or ip");

	v->config->bytes_from_ip = i == 1;
	return i < 0 ? i : 0;
}

int value_unknown(struct value *v)
{
	static const char words[][8] = {"skip", "show", ""};
	int i = choose(v, words, "skip or show");

	v->config->show_unknown = i == 1;
	return i < 0 ? i : 0;
}

int value_hook(struct value *v)
{
	static const char words[][8] = {"auto", "tcx", "clsact", ""};
	int i = choose(v, words, "auto, tcx or clsact");

	if (i >= 0)
		v->config->hook = (enum config_hook)i;
	return i < 0 ? i : 0;
}

int value_dhcp_config(struct value *v)
{
	v->config->dhcp_config = v->text;
	return v->text[0] ? 0 : refuse(v, "a path");
}

/* The first one given takes the place of the usual ones. */
static int add_path(struct value *v, struct config_paths *paths)
{
	if (!paths->given)
		paths->count = 0;
	paths->given = true;
	if (!v->text[0])
		return refuse(v, "a path, or '-' for none");
	if (strcmp(v->text, "-") == 0)
		return 0;
	if (paths->count == CONFIG_PATHS)
		return too_many(v, CONFIG_PATHS);
	paths->path[paths->count++] = v->text;
	return 0;
}

int value_leases(struct value *v)
{
	return add_path(v, &v->config->leases);
}

int value_ethers(struct value *v)
{
	return add_path(v, &v->config->ethers);
}

int value_hosts(struct value *v)
{
	return add_path(v, &v->config->hosts);
}

int value_pin(struct value *v)
{
	v->config->pin = v->text;
	return v->text[0] == '/' ? 0 : refuse(v, "an absolute path below a bpf file system");
}

int value_socket(struct value *v)
{
	static const struct sockaddr_un address;

	v->config->socket = v->text;
	if (v->text[0] != '/' || strlen(v->text) >= sizeof(address.sun_path))
		return refuse(v, "an absolute path of at most 107 characters");
	return 0;
}

int value_json(struct value *v)
{
	v->config->json = true;
	return 0;
}

int value_syslog(struct value *v)
{
	v->config->syslog = true;
	return 0;
}
