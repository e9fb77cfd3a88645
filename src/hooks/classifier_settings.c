// SPDX-License-Identifier: GPL-2.0-or-later
#include "hooks/classifier_settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hooks/reserved.h"

static struct mz_prefix4 prefix4(const struct prefix *prefix)
{
	struct mz_prefix4 p;
	uint8_t mask[16];

	prefix_mask(prefix, mask);
	memcpy(&p.mask, mask, sizeof(p.mask));
	memcpy(&p.addr, prefix->addr, sizeof(p.addr));
	/* RFC 3021: the two addresses of a /31 are both hosts */
	p.broadcast = prefix->length < 31 ? p.addr | ~p.mask : 0;
	return p;
}

static struct mz_prefix6 prefix6(const struct prefix *prefix)
{
	struct mz_prefix6 p;
	uint8_t mask[16];

	prefix_mask(prefix, mask);
	memcpy(p.mask, mask, sizeof(p.mask));
	memcpy(p.addr, prefix->addr, sizeof(p.addr));
	return p;
}

static int add_tracked(struct mz_settings *s, const struct tracking_row *row)
{
	const struct prefix *prefix = &row->prefix;

	if (prefix->family == AF_INET) {
		if (s->prefix4_count == MZ_PREFIXES)
			return -E2BIG;
		s->prefix4[s->prefix4_count] = prefix4(prefix);
		/* behind another router, the last address of the prefix may be a host's */
		if (row->routed)
			s->prefix4[s->prefix4_count].broadcast = 0;
		s->prefix4_count++;
	} else {
		if (s->prefix6_count == MZ_PREFIXES)
			return -E2BIG;
		s->prefix6[s->prefix6_count++] = prefix6(prefix);
	}
	return 0;
}

/* The longest prefix first: its broadcast address is no host of a wider one. */
static int by_length(const void *a, const void *b)
{
	const struct mz_prefix4 *x = a, *y = b;

	if (x->mask != y->mask)
		return ntohl(x->mask) < ntohl(y->mask) ? 1 : -1;
	return x->addr == y->addr ? 0 : ntohl(x->addr) < ntohl(y->addr) ? -1 : 1;
}

/* Prefixes without room are left out: at a port that moves, their hosts may count as untracked. */
static void add_other(struct mz_settings *s, const struct prefix *prefix)
{
	if (prefix->family == AF_INET && s->other4_count < MZ_OTHERS)
		s->other4[s->other4_count++] = prefix4(prefix);
	if (prefix->family == AF_INET6 && s->other6_count < MZ_OTHERS)
		s->other6[s->other6_count++] = prefix6(prefix);
}

static int add_local(struct mz_settings *s, const struct prefix *prefix)
{
	if (reserved_range(prefix, NULL)) /* scope.h covers it, and a short list is fast */
		return 0;
	if (prefix->family == AF_INET) {
		if (s->local4_count == MZ_LOCALS)
			return -E2BIG;
		s->local4[s->local4_count++] = prefix4(prefix);
	} else {
		if (s->local6_count == MZ_LOCALS)
			return -E2BIG;
		s->local6[s->local6_count++] = prefix6(prefix);
	}
	return 0;
}

static int add_self(struct mz_settings *s, const struct prefix *own)
{
	if (own->family == AF_INET) {
		if (s->own4_count == MZ_OWN)
			return -E2BIG;
		memcpy(&s->own4[s->own4_count++], own->addr, sizeof(s->own4[0]));
	} else {
		if (s->own6_count == MZ_OWN)
			return -E2BIG;
		memcpy(s->own6[s->own6_count++], own->addr, sizeof(s->own6[0]));
	}
	return 0;
}

static bool tracks(
	const struct tracking *tracking, const char *ifname, const struct prefix *address)
{
	for (size_t i = 0; i < tracking->count; i++)
		if ((!ifname || tracking_is_on(&tracking->row[i], ifname)) &&
			prefix_covers(&tracking->row[i].prefix, address))
			return true;
	return false;
}

int classifier_settings_make(struct mz_settings *settings, const struct config *config,
	const struct tracking *tracking, const char *ifname, unsigned net,
	const struct address *own, size_t own_count)
{
	int error = 0;

	memset(settings, 0, sizeof(*settings));
	settings->net = (__u16)net;
	settings->from_ip = config->bytes_from_ip;
	for (size_t i = 0; i < tracking->count && !error; i++) {
		const struct tracking_row *row = &tracking->row[i];

		if (tracking_is_on(row, ifname))
			error = add_tracked(settings, row);
		else
			add_other(settings, &row->prefix);
		if (!error)
			error = add_local(settings, &row->prefix);
	}
	qsort(settings->prefix4, settings->prefix4_count, sizeof(*settings->prefix4), by_length);
	for (size_t i = 0; i < config->local_count && !error; i++)
		error = add_local(settings, &config->local[i]);
	for (size_t i = 0; i < own_count && !error; i++) {
		if (tracks(tracking, ifname, &own[i].own))
			error = add_self(settings, &own[i].own);
		if (!error && !tracks(tracking, NULL, &own[i].own))
			error = add_local(settings, &own[i].own);
	}
	return error;
}
