// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/negotiate.h"

#include <string.h>
#include <strings.h>

/* A part of the header. */
struct text {
	const char *start;
	size_t length;
};

/* One element of the header: "type/subtype; version=...; q=...". */
struct range {
	struct text type, subtype;
	struct text version; /* length 0: any */
	unsigned weight;     /* in thousandths, as q-values have three digits */
};

enum { NO_MATCH, ANY, ANY_SUBTYPE, ANY_VERSION, EXACT };

static const struct {
	char type[12], subtype[17], version[6];
} offers[METRICS_FORMATS] = {
	[METRICS_TEXT] = {"text", "plain", "0.0.4"},
	[METRICS_OPENMETRICS] = {"application", "openmetrics-text", "1.0.0"},
};

static bool is(struct text text, const char *word)
{
	return strlen(word) == text.length && strncasecmp(text.start, word, text.length) == 0;
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

static const char *take_token(const char *at, struct text *token)
{
	token->start = at;
	token->length = strspn(at, "!#$%&'*+-.^_`|~0123456789"
				   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return token->length ? at + token->length : NULL;
}

/* A token, or a quoted string without its quotes. Escapes stay: no known value has any. */
static const char *take_value(const char *at, struct text *value)
{
	if (*at != '"')
		return take_token(at, value);
	value->start = ++at;
	for (; *at != '"'; at++) {
		if (*at == '\\')
			at++;
		if (!*at)
			return NULL;
	}
	value->length = (size_t)(at - value->start);
	return at + 1;
}

/* 0, 1 or a fraction between them, of three digits at most (RFC 9110, 12.4.2). */
static bool parse_weight(struct text text, unsigned *weight)
{
	unsigned scale = 1000;

	if (text.length == 0 || text.length > 5 || text.start[0] < '0' || text.start[0] > '1' ||
		(text.length > 1 && text.start[1] != '.'))
		return false;
	*weight = (unsigned)(text.start[0] - '0') * scale;
	for (size_t i = 2; i < text.length; i++) {
		if (text.start[i] < '0' || text.start[i] > '9')
			return false;
		scale /= 10;
		*weight += (unsigned)(text.start[i] - '0') * scale;
	}
	return *weight <= 1000;
}

/* A range matches whatever its other parameters (charset, escaping) are. */
static const char *take_parameter(const char *at, struct range *range)
{
	struct text name, value;

	at = take_token(at, &name);
	if (!at || *at != '=')
		return NULL;
	at = take_value(at + 1, &value);
	if (!at)
		return NULL;
	if (is(name, "q") && !parse_weight(value, &range->weight))
		return NULL;
	if (is(name, "version"))
		range->version = value;
	return at;
}

/* Returns what follows the range, a comma or the end, or NULL where it is malformed. */
static const char *take_range(const char *at, struct range *range)
{
	*range = (struct range){.weight = 1000};
	at = take_token(at, &range->type);
	if (!at || *at != '/')
		return NULL;
	at = take_token(at + 1, &range->subtype);
	while (at) {
		at = skip_blanks(at);
		if (!*at || *at == ',')
			return at;
		if (*at != ';')
			return NULL;
		at = skip_blanks(at + 1);
		if (*at && *at != ';' && *at != ',') /* RFC 9110 allows empty parameters */
			at = take_parameter(at, range);
	}
	return NULL;
}

static unsigned match(const struct range *range, enum metrics_format format)
{
	if (is(range->type, "*"))
		return is(range->subtype, "*") ? ANY : NO_MATCH;
	if (!is(range->type, offers[format].type))
		return NO_MATCH;
	if (is(range->subtype, "*"))
		return ANY_SUBTYPE;
	if (!is(range->subtype, offers[format].subtype))
		return NO_MATCH;
	if (!range->version.length)
		return ANY_VERSION;
	return is(range->version, offers[format].version) ? EXACT : NO_MATCH;
}

static void weigh(
	const struct range *range, enum metrics_format format, struct negotiation_worth *worth)
{
	unsigned specificity = match(range, format);

	if (specificity == NO_MATCH || specificity < worth->specificity)
		return;
	if (specificity > worth->specificity || range->weight > worth->weight)
		worth->weight = range->weight;
	worth->specificity = specificity;
}

/* Returns where the next element begins. end: of this one, or NULL where it is malformed. */
static const char *next_element(const char *at, const char *end)
{
	at = end ? end : at + strcspn(at, ",");
	return *at == ',' ? at + 1 : at;
}

void negotiate_read_format(struct negotiation *accept, const char *line)
{
	const char *at = line;

	while (*(at = skip_blanks(at))) {
		struct range range;
		const char *end = take_range(at, &range);

		for (int f = 0; end && f < METRICS_FORMATS; f++)
			weigh(&range, (enum metrics_format)f, &accept->format[f]);
		at = next_element(at, end);
	}
}

enum metrics_format negotiate_format(const struct negotiation *accept)
{
	const struct negotiation_worth *text = &accept->format[METRICS_TEXT];
	const struct negotiation_worth *open = &accept->format[METRICS_OPENMETRICS];

	if (open->weight > text->weight)
		return METRICS_OPENMETRICS;
	/*
	 * Browsers and curl send a wildcard, and expect text: only the name asks for OpenMetrics.
	 */
	if (open->weight && open->weight == text->weight && open->specificity >= ANY_VERSION)
		return METRICS_OPENMETRICS;
	return METRICS_TEXT;
}

/* "coding" or "coding;q=...": returns what follows it, or NULL where it is malformed. */
static const char *take_coding(const char *at, struct text *coding, unsigned *weight)
{
	struct text name, value;

	*weight = 1000;
	at = take_token(at, coding);
	at = at ? skip_blanks(at) : NULL;
	if (at && *at == ';') {
		at = take_token(skip_blanks(at + 1), &name);
		if (!at || *at != '=' || !is(name, "q"))
			return NULL;
		at = take_token(at + 1, &value);
		if (!at || !parse_weight(value, weight))
			return NULL;
		at = skip_blanks(at);
	}
	return at && (!*at || *at == ',') ? at : NULL;
}

void negotiate_read_encoding(struct negotiation *accept, const char *line)
{
	const char *at = line;

	while (*(at = skip_blanks(at))) {
		struct text coding;
		unsigned weight;
		const char *end = take_coding(at, &coding, &weight);
		int *named = NULL;

		if (end && (is(coding, "gzip") ||
				   is(coding, "x-gzip"))) /* RFC 9110, 8.4.1.3: the same */
			named = &accept->gzip;
		else if (end && is(coding, "identity"))
			named = &accept->plain;
		else if (end && is(coding, "*"))
			named = &accept->any;
		if (named && (int)weight > *named)
			*named = (int)weight;
		at = next_element(at, end);
	}
}

bool negotiate_gzip(const struct negotiation *accept)
{
	int gzip = accept->gzip < 0 ? accept->any : accept->gzip;
	int plain = accept->plain < 0 ? accept->any : accept->plain;

	return gzip > 0 && gzip >= plain;
}
