// SPDX-License-Identifier: GPL-2.0-or-later
#include "uci.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mac.h"
#include "uci_text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD	LETTERS "0123456789_"

#define CHUNK (256 << 10) /* bytes; large enough that malloc() returns it to the system */

struct chunk {
	struct chunk *next;
	size_t used;
	_Alignas(max_align_t) char bytes[];
};

struct value {
	struct value *next;
	const char *text;
};

struct section {
	struct section *next;
	const char *id; /* "" where it has none */
	const char *type;
	const char *name; /* NULL as long as none is known */
	struct value *macs, **macs_end;
};

struct reader {
	struct uci_text text;
	struct chunk *chunks; /* hold all sections and values */
	struct section *sections, **sections_end, *current;
	void *by_id; /* tsearch(3): balanced, so that no file makes it slow */
};

/* Memory, all zeros, until close_reader(). size: small and a multiple of a pointer's. */
static void *take(struct reader *reader, size_t size)
{
	struct chunk *chunk = reader->chunks;

	if (!chunk || chunk->used + size > CHUNK) {
		chunk = calloc(1, sizeof(*chunk) + CHUNK);
		if (!chunk)
			return NULL;
		chunk->next = reader->chunks;
		reader->chunks = chunk;
	}
	chunk->used += size;
	return chunk->bytes + chunk->used - size;
}

static int read_required(struct reader *reader, const char **argument)
{
	int error = uci_text_argument(&reader->text, argument);

	if (!error && !**argument)
		return uci_text_refuse(&reader->text, "an argument is missing");
	return error;
}

static int read_end(struct reader *reader)
{
	const char *extra;
	int error = uci_text_argument(&reader->text, &extra);

	if (!error && *extra)
		return uci_text_refuse(&reader->text, "too many arguments");
	return error;
}

static bool is_made_of(const char *text, const char *letters)
{
	return !text[strspn(text, letters)];
}

static bool is_type(const char *text)
{
	while (*text > ' ' && *text < 0x7f)
		text++;
	return !*text;
}

static int read_package(struct reader *reader)
{
	const char *name;
	int error = read_required(reader, &name);

	if (!error && !is_made_of(name, WORD "-"))
		return uci_text_refuse(
			&reader->text, "a package's name is made of letters, digits, '_' and '-'");
	return error ? error : read_end(reader);
}

static int compare_ids(const void *a, const void *b)
{
	const struct section *one = a, *other = b;

	return strcmp(one->id, other->id);
}

/* A section that was open before is open again: what it had stays. */
static int open_section(struct reader *reader, const char *type, const char *id)
{
	struct section *section, key = {.id = id};
	struct section *const *known = *id ? tfind(&key, &reader->by_id, compare_ids) : NULL;

	if (known) {
		if (strcmp((*known)->type, type) != 0)
			return uci_text_refuse(
				&reader->text, "a section of another type has this name");
		reader->current = *known;
		return 0;
	}
	section = take(reader, sizeof(*section));
	if (!section)
		return -ENOMEM;
	section->id = id;
	section->type = type;
	section->macs_end = &section->macs;
	*reader->sections_end = section;
	reader->sections_end = &section->next;
	reader->current = section;
	if (*id && !tsearch(section, &reader->by_id, compare_ids))
		return -ENOMEM;
	return 0;
}

static int read_config(struct reader *reader)
{
	const char *type, *id = "";
	int error = read_required(reader, &type);

	if (!error && !is_type(type))
		return uci_text_refuse(
			&reader->text, "a section's type is made of printable characters");
	if (!error)
		error = uci_text_argument(&reader->text, &id);
	if (!error && !is_made_of(id, WORD))
		return uci_text_refuse(
			&reader->text, "a section's name is made of letters, digits and '_'");
	if (!error)
		error = read_end(reader);
	return error ? error : open_section(reader, type, id);
}

static int keep_mac(struct reader *reader, const char *text, bool list)
{
	struct section *section = reader->current;
	struct value *value = take(reader, sizeof(*value));

	if (!value)
		return -ENOMEM;
	if (!list)
		section->macs_end = &section->macs;
	*value = (struct value){.text = text};
	*section->macs_end = value;
	section->macs_end = &value->next;
	return 0;
}

static int read_option(struct reader *reader, bool list)
{
	struct section *section = reader->current;
	const char *key, *text = "";
	int error;

	if (!section)
		return uci_text_refuse(&reader->text, "an option comes before the first section");
	error = read_required(reader, &key);
	if (!error && !is_made_of(key, WORD))
		return uci_text_refuse(
			&reader->text, "an option's name is made of letters, digits and '_'");
	if (!error)
		error = uci_text_argument(&reader->text, &text);
	if (!error)
		error = read_end(reader);
	/* libuci, too, passes over an option that is empty. */
	if (error || !*text || strcmp(section->type, "host") != 0)
		return error;
	if (!strcmp(key, "mac"))
		return keep_mac(reader, text, list);
	if (!strcmp(key, "name") && !(list && section->name))
		section->name = text;
	return 0;
}

/* A command may be cut to its first letter. */
static bool is_command(const char *word, size_t length, const char *command)
{
	return (length == 1 || length == strlen(command)) && !memcmp(word, command, length);
}

static int read_statement(struct reader *reader)
{
	struct uci_text *text = &reader->text;
	const char *word = text->at;
	size_t length;

	while (uci_text_peek(text) && *text->at != ' ' && *text->at != '\t')
		text->at++;
	length = (size_t)(text->at - word);
	if (is_command(word, length, "package"))
		return read_package(reader);
	if (is_command(word, length, "config"))
		return read_config(reader);
	if (is_command(word, length, "option"))
		return read_option(reader, false);
	if (is_command(word, length, "list"))
		return read_option(reader, true);
	return uci_text_refuse(text, "expected 'config', 'option', 'list' or 'package'");
}

static int read_line(struct reader *reader)
{
	struct uci_text *text = &reader->text;
	unsigned char c = uci_text_skip_space(text);
	int error = 0;

	while (!error && c && c != '#') {
		error = read_statement(reader);
		while ((c = uci_text_peek(text)) == ' ' || c == '\t')
			text->at++;
	}
	return error;
}

static int add_section(const struct section *section, struct names_list *list)
{
	static const char between[] = " \t\r\n\v\f,"; /* a comma passes through to dnsmasq */
	uint8_t mac[6];
	size_t length;
	int error = 0;

	if (!section->name)
		return 0;
	for (const struct value *value = section->macs; value; value = value->next) {
		for (const char *text = value->text; *text && !error; text += length) {
			text += strspn(text, between);
			length = strcspn(text, between);
			if (mac_parse(text, length, mac))
				error = names_list_add(list, mac, section->name);
		}
	}
	return error;
}

static void keep(void *section)
{
	(void)section; /* a chunk has it */
}

static void close_reader(struct reader *reader)
{
	struct chunk *chunk;

	tdestroy(reader->by_id, keep);
	while ((chunk = reader->chunks)) {
		reader->chunks = chunk->next;
		free(chunk);
	}
}

int uci_hosts(
	const char *text, size_t length, struct names_list *list, unsigned *line, const char **why)
{
	struct reader reader = {.text = {.at = text, .eol = text, .end = text + length}};
	const char *nul = memchr(text, '\0', length);
	char *strings = malloc(length + 1);
	int error = 0;

	if (!strings)
		return -ENOMEM;
	reader.text.strings = strings;
	reader.sections_end = &reader.sections;
	if (nul) {
		while (uci_text_next_line(&reader.text) && reader.text.eol <= nul)
			;
		error = uci_text_refuse(&reader.text, "a NUL byte");
	}
	while (!error && uci_text_next_line(&reader.text))
		error = read_line(&reader);
	for (const struct section *section = reader.sections; section && !error;
		section = section->next)
		error = add_section(section, list);
	if (error == -EINVAL) {
		*line = reader.text.line;
		*why = reader.text.why;
	}
	close_reader(&reader);
	free(strings);
	return error;
}
