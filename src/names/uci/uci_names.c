// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/uci/uci_names.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mac.h"
#include "names/duid.h"

static const char between[] = " \t\r\n\v\f,"; /* OpenWrt passes a comma on to dnsmasq */

const char **uci_names_field(struct uci_names *section, const char *key)
{
	if (strcmp(key, "name") == 0)
		return &section->name;
	if (strcmp(key, "ip") == 0)
		return &section->ip;
	if (strcmp(key, "duid") == 0)
		return &section->duid;
	if (strcmp(key, "leasefile") == 0)
		return &section->leasefile;
	return NULL;
}

bool uci_names_is_key(const char *key)
{
	struct uci_names any;

	return strcmp(key, "mac") == 0 || uci_names_field(&any, key);
}

static bool is_host(const struct uci_names *section)
{
	return strcmp(section->type, "host") == 0 && section->name;
}

static bool read_address(const struct uci_names *section, int *family, uint8_t addr[16])
{
	*family = section->ip && strchr(section->ip, ':') ? AF_INET6 : AF_INET;
	return section->ip && inet_pton(*family, section->ip, addr) == 1;
}

/*
 * Passes over what is not a whole MAC, such as one with wildcards: the lease has the name of the
 * host that matches.
 */
int uci_names_add_macs(struct name_table *table, const struct uci_names *section, const char *macs)
{
	uint8_t mac[6], addr[16];
	int family, error = 0;
	bool has_address = read_address(section, &family, addr);
	size_t length;

	for (const char *text = macs; *text && !error && is_host(section); text += length) {
		text += strspn(text, between);
		length = strcspn(text, between);
		if (!mac_parse(text, length, mac))
			continue;
		error = has_address ? name_table_add_held(table, mac, family, addr, section->name)
				    : name_table_add(table, mac, section->name);
	}
	return error;
}

/* A value has one DUID or several. Each may be followed by '%' and an IAID, for odhcpd. */
static int add_duids(struct name_table *table, const struct uci_names *section)
{
	uint8_t mac[6];
	size_t length;
	int error = 0;

	for (const char *text = section->duid; *text && !error; text += length) {
		text += strspn(text, between);
		length = strcspn(text, between);
		if (duid_mac(text, strcspn(text, " \t\r\n\v\f,%"), mac))
			error = name_table_add(table, mac, section->name);
	}
	return error;
}

/* Adds the first of several names: OpenWrt writes them to a hosts file for dnsmasq. */
static int add_domain(struct name_table *table, const struct uci_names *section)
{
	char name[NAMES_MAX + 2];
	uint8_t addr[16];
	size_t length;
	int family;

	if (!section->name || !read_address(section, &family, addr))
		return 0;
	length = strcspn(section->name, between);
	if (length > NAMES_MAX + 1)
		length = NAMES_MAX + 1;
	memcpy(name, section->name, length);
	name[length] = '\0';
	return length ? name_table_add_domain(table, family, addr, name) : 0;
}

int uci_names_add(struct name_table *table, const struct uci_names *section, int pass)
{
	uint8_t addr[16];
	int family;

	if (is_host(section) && pass == 0 && read_address(section, &family, addr))
		return name_table_add_address(table, family, addr, section->name);
	if (is_host(section) && pass == 1 && section->duid)
		return add_duids(table, section);
	if (strcmp(section->type, "domain") == 0 && pass == 1)
		return add_domain(table, section);
	if (pass == 0 && section->leasefile &&
		(strcmp(section->type, "dnsmasq") == 0 || strcmp(section->type, "odhcpd") == 0))
		return name_table_add_leasefile(table, section->leasefile);
	return 0;
}
