// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/kea.h"

#include <string.h>

#include "base/mac.h"
#include "names/duid.h"
#include "names/journal.h"
#include "names/lines.h"

#define BEGINNING "address,"
#define COMMA	  "&#x2c" /* how Kea writes a comma within a field */

enum column { ADDRESS, HWADDR, DUID, LIFETIME, TYPE, HOSTNAME, STATE, COLUMNS };

struct reading {
	struct lines lines;
	int at[COLUMNS]; /* -1: there is no such column */
	struct name_table journal;
};

bool kea_is(const struct source_text *text)
{
	return text->length >= strlen(BEGINNING) &&
	       memcmp(text->text, BEGINNING, strlen(BEGINNING)) == 0;
}

/* Takes the next field off the line. Returns false behind the last. */
static bool next_field(struct lines *lines, struct word *field)
{
	const char *comma;

	if (!lines->at)
		return false;
	comma = memchr(lines->at, ',', (size_t)(lines->end - lines->at));
	field->text = lines->at;
	field->length = (size_t)((comma ? comma : lines->end) - lines->at);
	lines->at = comma ? comma + 1 : NULL;
	if (!comma && field->length && field->text[field->length - 1] == '\r')
		field->length--;
	return true;
}

static void read_header(struct reading *reading)
{
	static const char *const names[COLUMNS] = {[ADDRESS] = "address",
		[HWADDR] = "hwaddr",
		[DUID] = "duid",
		[LIFETIME] = "valid_lifetime",
		[TYPE] = "lease_type",
		[HOSTNAME] = "hostname",
		[STATE] = "state"};
	struct word field;

	memset(reading->at, -1, sizeof(reading->at));
	lines_next(&reading->lines);
	for (int i = 0; next_field(&reading->lines, &field); i++)
		for (int c = 0; c < COLUMNS; c++)
			if (word_is(&field, names[c]))
				reading->at[c] = i;
}

/* Reads the fields of a line. A field is empty where the line does not have it. */
static void read_fields(struct reading *reading, struct word fields[COLUMNS])
{
	struct word field;

	for (int c = 0; c < COLUMNS; c++)
		fields[c] = (struct word){"", 0};
	for (int i = 0; next_field(&reading->lines, &field); i++)
		for (int c = 0; c < COLUMNS; c++)
			if (reading->at[c] == i)
				fields[c] = field;
}

/* Whether the lease is in force, neither declined nor expired, and of an address, not a prefix. */
static bool counts(const struct word fields[COLUMNS])
{
	return (!fields[STATE].length || word_is(&fields[STATE], "0")) &&
	       !word_is(&fields[LIFETIME], "0") && !word_is(&fields[TYPE], "2");
}

static bool read_name(const struct word *word, char name[NAMES_MAX + 2])
{
	char *comma;
	size_t length;

	if (!word->length)
		return false;
	word_copy(word, name);
	while ((comma = strstr(name, COMMA))) {
		*comma = ',';
		memmove(comma + 1, comma + strlen(COMMA), strlen(comma + strlen(COMMA)) + 1);
	}
	length = strlen(name);
	if (length && name[length - 1] == '.')
		name[length - 1] = '\0';
	return *name;
}

static int add(const struct word fields[COLUMNS], int family, const uint8_t addr[16],
	struct name_table *table)
{
	char name[NAMES_MAX + 2];
	uint8_t mac[6];
	int error = 0;

	if (!counts(fields) || !read_name(&fields[HOSTNAME], name))
		return 0;
	if (fields[DUID].length) {
		if (duid_mac(fields[DUID].text, fields[DUID].length, mac))
			error = name_table_add(table, mac, name);
	} else if (mac_parse(fields[HWADDR].text, fields[HWADDR].length, mac)) {
		return name_table_add_held(table, mac, family, addr, name);
	}
	return error ? error : name_table_add_address(table, family, addr, name);
}

static int read_lines(struct reading *reading, struct name_table *table, bool note)
{
	struct word fields[COLUMNS];
	uint8_t addr[16];
	int family, error = 0;

	read_header(reading);
	while (!error && lines_next(&reading->lines)) {
		read_fields(reading, fields);
		if (!fields[ADDRESS].length || !word_address(&fields[ADDRESS], &family, addr))
			lines_refuse(&reading->lines, "expected a lease as Kea writes it");
		else if (note)
			error = journal_note(
				&reading->journal, family, addr, reading->lines.number);
		else if (journal_is_last(&reading->journal, family, addr, reading->lines.number))
			error = add(fields, family, addr, table);
	}
	return error;
}

int kea_parse(
	const struct source_text *text, struct name_table *table, unsigned *line, const char **why)
{
	struct reading reading = {.journal.seed = table->seed};
	int error = 0;

	for (int i = 0; i < 2 && !error; i++) {
		reading.lines = lines_of(text->text, text->length);
		error = read_lines(&reading, table, i == 0);
	}
	*line = reading.lines.bad;
	*why = reading.lines.why;
	name_table_free(&reading.journal);
	return error;
}
