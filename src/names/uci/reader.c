// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/uci/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names/uci/changes.h"
#include "names/uci/lexer.h"
#include "names/uci/package.h"
#include "names/uci/uci_names.h"

struct reader {
	struct uci_lexer text;
	struct uci_package package;
	struct uci_section *current;
	bool whole; /* keep all options: changes may rename them */
};

static int read_required(struct reader *reader, const char **argument)
{
	int error = uci_lexer_argument(&reader->text, argument);

	if (!error && !**argument)
		return uci_lexer_refuse(&reader->text, "an argument is missing");
	return error;
}

static int read_end(struct reader *reader)
{
	const char *extra;
	int error = uci_lexer_argument(&reader->text, &extra);

	if (!error && *extra)
		return uci_lexer_refuse(&reader->text, "too many arguments");
	return error;
}

static int read_package(struct reader *reader)
{
	const char *name;
	int error = read_required(reader, &name);

	if (!error && !uci_is_package(name))
		return uci_lexer_refuse(
			&reader->text, "a package's name is made of letters, digits, '_' and '-'");
	return error ? error : read_end(reader);
}

/* Opens a section. Where it exists, further options are added to it. */
static int open_section(struct reader *reader, const char *type, const char *id)
{
	struct uci_section *known;

	if (strncmp(id, "cfg", 3) == 0 && uci_package_name_all(&reader->package) < 0)
		return -ENOMEM;
	known = *id ? uci_package_known(&reader->package, id) : NULL;
	if (known && strcmp(known->type, type) != 0)
		return uci_lexer_refuse(&reader->text, "a section of another type has this name");
	reader->current = known ? known : uci_package_open(&reader->package, type, id);
	return reader->current ? 0 : -ENOMEM;
}

static int read_config(struct reader *reader)
{
	const char *type, *id = "";
	int error = read_required(reader, &type);

	if (!error && !uci_is_type(type))
		return uci_lexer_refuse(
			&reader->text, "a section's type is made of printable characters");
	if (!error)
		error = uci_lexer_argument(&reader->text, &id);
	if (!error && *id && !uci_is_name(id))
		return uci_lexer_refuse(
			&reader->text, "a section's name is made of letters, digits and '_'");
	if (!error)
		error = read_end(reader);
	return error ? error : open_section(reader, type, id);
}

static int read_option(struct reader *reader, bool list)
{
	struct uci_section *section = reader->current;
	const char *key, *text = "";
	int error;

	if (!section)
		return uci_lexer_refuse(&reader->text, "an option comes before the first section");
	error = read_required(reader, &key);
	if (!error && !uci_is_name(key))
		return uci_lexer_refuse(
			&reader->text, "an option's name is made of letters, digits and '_'");
	if (!error)
		error = uci_lexer_argument(&reader->text, &text);
	if (!error)
		error = read_end(reader);
	if (error || (!reader->whole && !uci_names_is_key(key)))
		return error;
	if (list)
		return uci_section_add(&reader->package, section, key, text);
	/* libuci, too, passes over an empty option. */
	return *text ? uci_section_set(&reader->package, section, key, text) : 0;
}

/* Whether the word is the command or its first letter. */
static bool is_command(const char *word, size_t length, const char *command)
{
	return (length == 1 || length == strlen(command)) && !memcmp(word, command, length);
}

static int read_statement(struct reader *reader)
{
	struct uci_lexer *text = &reader->text;
	const char *word = text->at;
	size_t length;

	while (uci_lexer_peek(text) && *text->at != ' ' && *text->at != '\t')
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
	return uci_lexer_refuse(text, "expected 'config', 'option', 'list' or 'package'");
}

static int read_line(struct reader *reader)
{
	struct uci_lexer *text = &reader->text;
	unsigned char c = uci_lexer_skip_space(text);
	int error = 0;

	while (!error && c && c != '#') {
		error = read_statement(reader);
		while ((c = uci_lexer_peek(text)) == ' ' || c == '\t')
			text->at++;
	}
	return error;
}

static int add_section(const struct uci_section *section, struct name_table *table, int pass)
{
	const struct uci_option *macs = uci_section_find(section, "mac");
	struct uci_names names = {.type = section->type};
	int error = 0;

	for (const struct uci_option *option = section->options; option; option = option->next) {
		const char **field = uci_names_field(&names, option->key);
		const struct uci_value *value = option->values;

		while (value && !*value->text)
			value = value->next;
		if (field && !*field && value)
			*field = value->text;
	}
	for (const struct uci_value *value = macs && pass == 0 ? macs->values : NULL;
		value && !error; value = value->next)
		error = uci_names_add_macs(table, &names, value->text);
	return error ? error : uci_names_add(table, &names, pass);
}

static int read_all(struct reader *reader, const char *text, size_t length)
{
	const char *nul = memchr(text, '\0', length);
	int error = 0;

	if (nul) {
		while (uci_lexer_next_line(&reader->text) && reader->text.eol <= nul)
			;
		return uci_lexer_refuse(&reader->text, "a NUL byte");
	}
	while (!error && uci_lexer_next_line(&reader->text))
		error = read_line(reader);
	return error;
}

int uci_read(
	const struct uci_input *input, struct name_table *table, unsigned *line, const char **why)
{
	struct reader reader = {
		.text = {
			.at = input->text, .eol = input->text, .end = input->text + input->length}};
	char *strings = malloc(input->length + 1 + input->changes_length + 1);
	int error;

	if (!strings)
		return -ENOMEM;
	reader.text.strings = strings;
	uci_package_init(&reader.package);
	reader.whole = input->changes;
	error = read_all(&reader, input->text, input->length);
	if (!error && input->changes)
		error = uci_changes_apply(&reader.package, input->package, input->changes,
			input->changes_length, strings + input->length + 1);
	for (int pass = 0; pass < UCI_NAMES_PASSES; pass++)
		for (const struct uci_section *section = reader.package.sections; section && !error;
			section = section->next)
			error = add_section(section, table, pass);
	if (error == -EINVAL) {
		*line = reader.text.line;
		*why = reader.text.why;
	}
	uci_package_free(&reader.package);
	free(strings);
	return error;
}
