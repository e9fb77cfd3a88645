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
		if (s->prefixes4 == MZ_PREFIXES)
			return -E2BIG;
		s->prefix4[s->prefixes4] = prefix4(prefix);
		/* the last address of what is routed elsewhere is forwarded as any other, and may
		 * be a host's */
		if (row->routed)
			s->prefix4[s->prefixes4].broadcast = 0;
		s->prefixes4++;
	} else {
		if (s->prefixes6 == MZ_PREFIXES)
			return -E2BIG;
		s->prefix6[s->prefixes6++] = prefix6(prefix);
	}
	return 0;
}

/* The longest first: of nested ones, the inner one's broadcast address is nobody's. */
static int by_length(const void *a, const void *b)
{
	const struct mz_prefix4 *x = a, *y = b;

	if (x->mask != y->mask)
		return ntohl(x->mask) < ntohl(y->mask) ? 1 : -1;
	return x->addr == y->addr ? 0 : ntohl(x->addr) < ntohl(y->addr) ? -1 : 1;
}

/* What there is no room for may be counted as a stranger's, at a port that moves. */
static void add_other(struct mz_settings *s, const struct prefix *prefix)
{
	if (prefix->family == AF_INET && s->others4 < MZ_OTHERS)
		s->other4[s->others4++] = prefix4(prefix);
	if (prefix->family == AF_INET6 && s->others6 < MZ_OTHERS)
		s->other6[s->others6++] = prefix6(prefix);
}

static int add_local(struct mz_settings *s, const struct prefix *prefix)
{
	if (reserved_range(prefix, NULL)) /* scope.h knows: a shorter list is faster */
		return 0;
	if (prefix->family == AF_INET) {
		if (s->locals4 == MZ_LOCALS)
			return -E2BIG;
		s->local4[s->locals4++] = prefix4(prefix);
	} else {
		if (s->locals6 == MZ_LOCALS)
			return -E2BIG;
		s->local6[s->locals6++] = prefix6(prefix);
	}
	return 0;
}

static int add_self(struct mz_settings *s, const struct prefix *own)
{
	if (own->family == AF_INET) {
		if (s->selves4 == MZ_SELVES)
			return -E2BIG;
		memcpy(&s->self4[s->selves4++], own->addr, sizeof(s->self4[0]));
	} else {
		if (s->selves6 == MZ_SELVES)
			return -E2BIG;
		memcpy(s->self6[s->selves6++], own->addr, sizeof(s->self6[0]));
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
	qsort(settings->prefix4, settings->prefixes4, sizeof(*settings->prefix4), by_length);
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
