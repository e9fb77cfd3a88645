// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/subnet_values.h"

#include <errno.h>
#include <string.h>

#include "config/config.h"

/* Whether the prefix covers the whole internet, in IPv6 2000::/3: then nothing would count. */
static bool is_everything(const struct prefix *prefix)
{
	static const struct prefix internet6 = {AF_INET6, 3, {0x20}};

	return prefix->length == 0 || prefix_covers(prefix, &internet6);
}

static const char some[] = "a prefix that leaves some of the internet";

/* A list of prefixes, and which ones may be in it. */
struct list {
	struct prefix *prefix;
	size_t *count, most;
	int family; /* AF_UNSPEC: both */
	bool bare;  /* an address without a mask is one, too */
	bool may_be_everything;
};

/* Adds a prefix to a list, unless it is there already. */
static int add_prefix(struct value *value, const struct list *list)
{
	static const struct prefix mapped = {AF_INET6, 96, {[10] = 0xff, 0xff}};
	struct prefix prefix;
	const char *expected = prefix_parse(value->text, list->family, list->bare, &prefix);

	if (!expected && !list->may_be_everything && is_everything(&prefix))
		expected = some;
	/* no packet has such an address, and the exporter compares those of clients as IPv4 */
	if (!expected && prefix_covers(&mapped, &prefix))
		expected = "IPv4 without ::ffff:";
	for (size_t i = 0; i < *list->count && !expected; i++)
		if (prefix_equal(&list->prefix[i], &prefix))
			expected = "a prefix that was not given before";
	if (expected)
		return value_refuse(value, expected);
	if (*list->count == list->most)
		return value_refuse_more(value, (unsigned)list->most);
	list->prefix[(*list->count)++] = prefix;
	return 0;
}

int value_delegated(struct value *value)
{
	struct config *config = value->config;
	const struct list list = {
		config->delegated, &config->delegated_count, MZ_PREFIXES, AF_INET6, false, false};

	return add_prefix(value, &list);
}

int value_local(struct value *value)
{
	struct config *config = value->config;
	const struct list list = {
		config->local, &config->local_count, MZ_LOCALS, AF_UNSPEC, true, false};

	return add_prefix(value, &list);
}

int value_allow(struct value *value)
{
	struct config *config = value->config;
	const struct list list = {
		config->allow, &config->allow_count, MZ_LOCALS, AF_UNSPEC, true, true};

	return add_prefix(value, &list);
}

static bool is_ifname(const char *text)
{
	return text[0] && strlen(text) < IFNAMSIZ && !strpbrk(text, "/ \t\n");
}

/* Adds the interface where it is new. Returns its index in config->ifnames, or -EINVAL. */
static int add_ifname(struct value *value, const char *ifname)
{
	struct config *config = value->config;

	if (strcmp(ifname, "lo") == 0)
		return value_refuse(value, "an interface with hosts behind it, which lo has not");
	for (size_t i = 0; i < config->interface_count; i++)
		if (strcmp(config->ifnames[i], ifname) == 0)
			return (int)i;
	if (config->interface_count == MZ_NETS)
		return value_refuse_more(value, MZ_NETS);
	memccpy(config->ifnames[config->interface_count], ifname, 0, IFNAMSIZ);
	return (int)config->interface_count++;
}

int value_followed(struct value *value)
{
	struct config *config = value->config;
	int i;

	if (!is_ifname(value->text))
		return value_refuse(value, "an interface name of 1 to 15 characters");
	i = add_ifname(value, value->text);
	if (i < 0)
		return i;
	if (config->followed[i])
		return value_refuse(value, "an interface that was not given before");
	config->followed[i] = true;
	return 0;
}

/* Takes address/mask/interface apart. Returns NULL, or what is expected instead. */
static const char *parse_tracked(const char *text, struct config_tracked *tracked)
{
	static const char shape[] = "address/mask/interface, like 192.168.2.1/24/br-lan";
	const char *slash = strchr(text, '/'), *expected;
	char subnet[PREFIX_STRLEN];

	slash = slash ? strchr(slash + 1, '/') : NULL;
	if (!slash || (size_t)(slash - text) >= sizeof(subnet))
		return shape;
	memcpy(subnet, text, (size_t)(slash - text));
	subnet[slash - text] = '\0';
	expected = prefix_parse(subnet, AF_INET, false, &tracked->prefix);
	if (!expected && is_everything(&tracked->prefix))
		expected = some;
	if (!expected && !is_ifname(slash + 1))
		expected = "an interface name of 1 to 15 characters after the mask";
	if (!expected)
		memccpy(tracked->ifname, slash + 1, 0, IFNAMSIZ);
	return expected;
}

int value_tracked(struct value *value)
{
	struct config *config = value->config;
	struct config_tracked tracked = {0};
	const char *expected = parse_tracked(value->text, &tracked);
	size_t here = 0;

	if (expected)
		return value_refuse(value, expected);
	for (size_t i = 0; i < config->tracked_count; i++) {
		bool same = strcmp(config->tracked[i].ifname, tracked.ifname) == 0;

		/* an interface may have several addresses in a subnet */
		if (prefix_equal(&config->tracked[i].prefix, &tracked.prefix))
			return same ? 0 : value_refuse(value, "a subnet that was not given before");
		here += same;
	}
	if (here == MZ_PREFIXES)
		return value_refuse_more(value, MZ_PREFIXES);
	if (add_ifname(value, tracked.ifname) < 0)
		return -EINVAL;
	config->tracked[config->tracked_count++] = tracked;
	return 0;
}
