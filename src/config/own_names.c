// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/own_names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

bool own_names_valid(const char *text)
{
	size_t length = strlen(text), label = 0;

	if (length < 1 || length > OWN_NAMES_LENGTH)
		return false;
	for (const char *c = text; *c; c++) {
		if (*c == '.' ? label == 0 : !isalnum((unsigned char)*c) && !strchr("-_", *c))
			return false;
		label = *c == '.' ? 0 : label + 1;
	}
	return label > 0;
}

/* Copies the host without ":PORT" and without a final dot. Returns false where it is no host. */
static bool take_host(const char *text, size_t length, char host[OWN_NAMES_LENGTH + 3])
{
	const char *end = memchr(text, ':', length);

	if (length && *text == '[') {
		end = memchr(text, ']', length);
		if (!end)
			return false;
		end++;
	} else if (!end) {
		end = text + length;
	}
	for (const char *c = end + 1; c < text + length; c++)
		if (!isdigit((unsigned char)*c))
			return false;
	if (end < text + length && *end != ':')
		return false;
	length = (size_t)(end - text);
	if (length > OWN_NAMES_LENGTH + 1 || memchr(text, '\0', length))
		return false;
	memcpy(host, text, length);
	if (length > 1 && host[length - 1] == '.')
		length--;
	host[length] = '\0';
	return length > 0;
}

static bool is_address(char *host)
{
	struct in6_addr address;
	size_t length = strlen(host);

	if (host[0] != '[')
		return inet_pton(AF_INET, host, &address) == 1;
	host[length - 1] = '\0';
	return inet_pton(AF_INET6, host + 1, &address) == 1;
}

static bool is_host_name(const char *host)
{
	static const char *const domains[] = {"", ".lan", ".local", ".home.arpa"};
	struct utsname system;
	size_t label;

	if (uname(&system) < 0 || !*system.nodename)
		return false;
	label = strcspn(system.nodename, ".");
	if (strncasecmp(host, system.nodename, label) != 0)
		return false;
	host += label;
	for (size_t i = 0; i < sizeof(domains) / sizeof(*domains); i++)
		if (strcasecmp(host, domains[i]) == 0)
			return true;
	return strcasecmp(host, system.nodename + label) == 0 ||
	       (*host == '.' && strcasecmp(host + 1, system.domainname) == 0);
}

bool own_names_has(const char *text, size_t length, const char *const *given, size_t count)
{
	char host[OWN_NAMES_LENGTH + 3];

	if (!take_host(text, length, host))
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(host, given[i]) == 0)
			return true;
	return strcasecmp(host, "localhost") == 0 || is_host_name(host) || is_address(host);
}
