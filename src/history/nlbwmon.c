// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/nlbwmon.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/mac.h"
#include "base/printable.h"
#include "history/sums.h"

enum column { FAMILY, MAC, IP, RX_BYTES, RX_PKTS, TX_BYTES, TX_PKTS, COLUMNS };
static const char *const names[COLUMNS] = {
	"family", "mac", "ip", "rx_bytes", "rx_pkts", "tx_bytes", "tx_pkts"};

#define FIELDS 32 /* more than nlbwmon has columns */

struct reader {
	struct nlbwmon *found;
	size_t room;
	int column[FIELDS]; /* which one a field is; -1: one that we do not need */
	size_t fields;
	bool has[COLUMNS];
	const char *unit; /* "line" or "row" */
	size_t number;	  /* of it, from 1 */
	char *error;
};

/* A field, not NUL-terminated. */
struct field {
	const char *text;
	size_t length;
};

static int refuse(
	struct reader *reader, const struct field *field, const char *name, const char *expected)
{
	char value[48], shown[48];
	const char *from = value;

	if (!field) {
		snprintf(reader->error, NLBWMON_ERROR, "%s %zu: expected %s", reader->unit,
			reader->number, expected);
		return -EINVAL;
	}
	snprintf(value, sizeof(value), "%.*s", (int)(field->length < 40 ? field->length : 40),
		field->text);
	printable(&from, shown, sizeof(shown));
	snprintf(reader->error, NLBWMON_ERROR, "%s %zu: %s '%s': expected %s", reader->unit,
		reader->number, name, shown, expected);
	return -EINVAL;
}

/* Returns false for what is no decimal number below 2^63. */
static bool read_number(const struct field *field, uint64_t *number)
{
	*number = 0;
	if (field->length > 20) /* nor is it cut */
		return false;
	for (size_t i = 0; i < field->length; i++) {
		char c = field->text[i];

		if (c < '0' || c > '9' || *number > (INT64_MAX - (uint64_t)(c - '0')) / 10)
			return false;
		*number = *number * 10 + (uint64_t)(c - '0');
	}
	return field->length > 0;
}

static bool read_address(const struct field *field, struct nlbwmon_row *row)
{
	char text[INET6_ADDRSTRLEN];

	if (field->length >= sizeof(text) || memchr(field->text, '\0', field->length))
		return false;
	memcpy(text, field->text, field->length);
	text[field->length] = '\0';
	row->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(row->family, text, row->addr) == 1;
}

/* family: what the column of that name said, 0 before it did. */
static int read_field(struct reader *reader, enum column column, const struct field *field,
	struct nlbwmon_row *row, int *family)
{
	uint64_t number;

	if (column == MAC)
		return mac_parse(field->text, field->length, row->mac)
			       ? 0
			       : refuse(reader, field, names[column],
					 "a MAC, as 02:00:00:00:00:0a");
	if (column == IP)
		return read_address(field, row)
			       ? 0
			       : refuse(reader, field, names[column], "an address");
	if (!read_number(field, &number))
		return refuse(reader, field, names[column], "a number below 2^63");
	switch (column) {
	case FAMILY:
		if (number != 4 && number != 6)
			return refuse(reader, field, names[column], "4 or 6");
		*family = number == 4 ? AF_INET : AF_INET6;
		break;
	case RX_BYTES:
		row->counts.bytes[MZ_DOWNLOAD] = number;
		break;
	case RX_PKTS:
		row->counts.packets[MZ_DOWNLOAD] = number;
		break;
	case TX_BYTES:
		row->counts.bytes[MZ_UPLOAD] = number;
		break;
	default:
		row->counts.packets[MZ_UPLOAD] = number;
		break;
	}
	return 0;
}

/* Notes which column the next field of all rows is. */
static int add_column(struct reader *reader, const struct field *name)
{
	if (reader->fields == FIELDS)
		return refuse(reader, NULL, NULL, "the columns of nlbwmon, not more");
	reader->column[reader->fields] = -1;
	for (int i = 0; i < COLUMNS; i++) {
		if (strlen(names[i]) != name->length ||
			memcmp(names[i], name->text, name->length) != 0)
			continue;
		if (reader->has[i])
			return refuse(reader, name, "column", "it once");
		reader->column[reader->fields] = i;
		reader->has[i] = true;
	}
	reader->fields++;
	return 0;
}

static int check_columns(struct reader *reader)
{
	for (int i = RX_BYTES; i < COLUMNS; i++)
		if (!reader->has[i])
			return refuse(reader, NULL, NULL,
				"the columns rx_bytes, rx_pkts, tx_bytes and tx_pkts of nlbwmon");
	if (!reader->has[MAC] && !reader->has[IP])
		return refuse(reader, NULL, NULL,
			"a column mac or ip: group by at least one, or leave -g out");
	if (!reader->has[FAMILY] && !reader->has[IP])
		return refuse(reader, NULL, NULL,
			"a column family or ip: group by at least one, or leave -g out");
	return 0;
}

static int add_row(struct reader *reader, const struct field *fields)
{
	static const uint8_t no_mac[6];
	struct nlbwmon *found = reader->found;
	struct nlbwmon_row row = {0};
	int family = 0, error = 0;

	for (size_t i = 0; !error && i < reader->fields; i++)
		if (reader->column[i] >= 0)
			error = read_field(
				reader, (enum column)reader->column[i], &fields[i], &row, &family);
	if (error)
		return error;
	if (family && row.family && family != row.family)
		return refuse(reader, NULL, NULL, "an address of the family that is given");
	if (memcmp(row.mac, no_mac, sizeof(no_mac)) != 0)
		memset(row.addr, 0, sizeof(row.addr));
	else if (!reader->has[IP])
		return refuse(reader, NULL, NULL,
			"a MAC that is not zero, or a column ip: group by ip, too");
	if (family)
		row.family = (uint8_t)family;
	if (found->count == reader->room) {
		size_t room = reader->room ? 2 * reader->room : 64;
		struct nlbwmon_row *rows = reallocarray(found->rows, room, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		found->rows = rows;
		reader->room = room;
	}
	found->rows[found->count++] = row;
	return 0;
}

/* Text that separates fields, and what strings are in: nlbw -s and -q choose them. */
struct csv {
	const char *at, *end;
	char separator, quote; /* '\0': not known yet, none */
};

static bool is_at_end(const struct csv *csv)
{
	return csv->at == csv->end || *csv->at == '\n' ||
	       (*csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n');
}

/* Takes a field, not what separates it from the next. Returns false where a string has no end. */
static bool take_field(struct csv *csv, struct field *field)
{
	if (csv->quote && csv->at < csv->end && *csv->at == csv->quote) {
		field->text = ++csv->at;
		for (; csv->at < csv->end && *csv->at != '\n'; csv->at++) {
			if (*csv->at != csv->quote)
				continue;
			if (csv->at + 1 == csv->end || csv->at[1] != csv->quote) {
				field->length = (size_t)(csv->at++ - field->text);
				return true;
			}
			csv->at++; /* a doubled one is a part of the string */
		}
		return false;
	}
	field->text = csv->at;
	while (!is_at_end(csv) && *csv->at != csv->separator)
		csv->at++;
	field->length = (size_t)(csv->at - field->text);
	return true;
}

static void next_line(struct csv *csv)
{
	if (csv->at < csv->end && *csv->at == '\r')
		csv->at++;
	if (csv->at < csv->end)
		csv->at++;
}

static bool is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The first column's name tells the quote, and what stands behind it, the separator. */
static int read_header(struct reader *reader, struct csv *csv)
{
	const char *c = csv->at;
	int error = 0;

	reader->number = 1;
	if (c < csv->end && !is_of_name(*c))
		csv->quote = *c++;
	while (c < csv->end && is_of_name(*c))
		c++;
	if (csv->quote && (c == csv->end || *c++ != csv->quote))
		return refuse(reader, NULL, NULL, "what nlbw -c json or nlbw -c csv print");
	if (c == csv->end || *c == '\n' || *c == '\r' || is_of_name(*c))
		return refuse(reader, NULL, NULL, "what nlbw -c json or nlbw -c csv print");
	csv->separator = *c;
	for (;;) {
		struct field name;

		if (!take_field(csv, &name))
			return refuse(reader, NULL, NULL, "an end of each string");
		error = add_column(reader, &name);
		if (error || is_at_end(csv))
			break;
		if (*csv->at++ != csv->separator)
			return refuse(reader, NULL, NULL, "one separator between columns");
	}
	next_line(csv);
	return error ? error : check_columns(reader);
}

static int read_csv(struct reader *reader, struct csv *csv)
{
	int error;

	reader->unit = "line";
	error = read_header(reader, csv);
	while (!error && csv->at < csv->end) {
		struct field fields[FIELDS];
		size_t count = 0;

		reader->number++;
		for (bool more = true; more;) {
			if (count == reader->fields || !take_field(csv, &fields[count++]))
				return refuse(reader, NULL, NULL, "as many fields as columns");
			more = !is_at_end(csv);
			if (more && *csv->at++ != csv->separator)
				return refuse(reader, NULL, NULL, "a separator behind a string");
		}
		if (count != reader->fields)
			return refuse(reader, NULL, NULL, "as many fields as columns");
		next_line(csv);
		error = add_row(reader, fields);
	}
	return error;
}

static int read_json(struct reader *reader, const char *text)
{
	const char *json = json_check(text), *data = json_get(json, "data");
	struct json_each column = {0}, row = {0};
	char strings[FIELDS][64];
	struct field fields[FIELDS];
	int error = 0;

	reader->unit = "row";
	if (!json || !data || !json_is_object(json)) {
		snprintf(reader->error, NLBWMON_ERROR,
			"expected what nlbw -c json or nlbw -c csv print");
		return -EINVAL;
	}
	while (!error && json_next(json_get(json, "columns"), &column)) {
		json_get_string(column.value, strings[0], sizeof(strings[0]));
		fields[0] = (struct field){strings[0], strlen(strings[0])};
		error = add_column(reader, &fields[0]);
	}
	if (!error)
		error = check_columns(reader);
	while (!error && json_next(data, &row)) {
		struct json_each field = {0};
		size_t count = 0;

		reader->number++;
		for (; count < reader->fields && json_next(row.value, &field); count++) {
			json_get_string(field.value, strings[count], sizeof(strings[count]));
			fields[count] = (struct field){strings[count], strlen(strings[count])};
		}
		if (count != reader->fields || json_next(row.value, &field))
			return refuse(reader, NULL, NULL, "as many fields as columns");
		error = add_row(reader, fields);
	}
	return error;
}

static int compare(const void *a, const void *b)
{
	const struct nlbwmon_row *row = a;

	return memcmp(a, b, offsetof(struct nlbwmon_row, addr) + sizeof(row->addr));
}

/* Makes one row of those of the same host: ports and protocols do not matter here. */
static int merge(struct reader *reader)
{
	struct nlbwmon *found = reader->found;
	size_t count = 0;

	if (found->count)
		qsort(found->rows, found->count, sizeof(*found->rows), compare);
	for (size_t i = 0; i < found->count; i++) {
		struct nlbwmon_row *to = &found->rows[count ? count - 1 : 0],
				   *row = &found->rows[i];

		if (count == 0 || compare(to, row) != 0) {
			found->rows[count++] = *row;
			continue;
		}
		sums_add(&to->counts, &row->counts);
		for (int d = 0; d < MZ_DIRECTIONS; d++) {
			if ((to->counts.bytes[d] | to->counts.packets[d]) > INT64_MAX) {
				snprintf(reader->error, NLBWMON_ERROR,
					"expected sums below 2^63 of each host");
				return -EINVAL;
			}
		}
	}
	found->count = count;
	return 0;
}

int nlbwmon_read(const char *text, size_t length, struct nlbwmon *found, char error[NLBWMON_ERROR])
{
	struct reader reader = {.found = found, .error = error};
	struct csv csv = {.at = text, .end = text + length};
	int result;

	*found = (struct nlbwmon){0};
	if (length && (*text == '{' || *text == '['))
		result = strlen(text) == length ? read_json(&reader, text) : read_json(&reader, "");
	else
		result = read_csv(&reader, &csv);
	if (!result)
		result = merge(&reader);
	if (!result && !found->count) {
		snprintf(error, NLBWMON_ERROR, "there is nothing to import in it");
		result = -EINVAL;
	}
	if (result) {
		free(found->rows);
		*found = (struct nlbwmon){0};
	}
	return result;
}
