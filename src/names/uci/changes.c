// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/uci/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names/uci/lexer.h"

/* One line: COMMAND PACKAGE.SECTION[.OPTION][=VALUE], without the blank. */
struct change {
	char command;					/* one of the commands, or 0: set */
	const char *package, *section, *option, *value; /* the latter two may be NULL */
};

/* Whether text has no control characters but white space. */
static bool is_text(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' && c != '\t' && c != '\n' && c != '\r')
			return false;
	}
	return true;
}

/* Splits an argument, in place. Returns whether it is well-formed. */
static bool split(char *argument, struct change *change)
{
	static const char commands[] = "+-@^|~";
	char *value = strchr(argument, '='), *rest;

	*change = (struct change){0};
	if (*argument && strchr(commands, *argument))
		change->command = *argument++;
	if (value) {
		*value++ = '\0';
		change->value = value;
	}
	rest = argument;
	change->package = strsep(&rest, ".");
	change->section = strsep(&rest, ".");
	change->option = strsep(&rest, ".");
	return !rest && uci_is_package(change->package) && change->section &&
	       uci_is_name(change->section) && (!change->option || uci_is_name(change->option)) &&
	       (!value || is_text(value));
}

static bool is_complete(const struct change *change)
{
	if (change->command == '-')
		return true;
	if (!change->value)
		return false;
	switch (change->command) {
	case '^':
		return !change->option;
	case '@':
		return uci_is_name(change->value);
	case '|':
	case '~':
		return change->option;
	}
	return true;
}

static int set(struct uci_package *package, const struct change *change,
	struct uci_section *section, struct uci_option *option)
{
	bool empty = !*change->value;

	if (!section && change->option)
		return 0;
	if (!change->option && !empty && !uci_is_type(change->value))
		return 0;
	if (empty) {
		if (option)
			uci_section_delete(section, option);
		else if (section && !change->option)
			uci_package_delete(package, section);
		return 0;
	}
	if (change->option)
		return uci_section_set(package, section, change->option, change->value);
	if (section)
		section->type = change->value;
	else if (!uci_package_open(package, change->value, change->section))
		return -ENOMEM;
	return 0;
}

static void delete (struct uci_package *package, const struct change *change,
	struct uci_section *section, struct uci_option *option)
{
	char *end;
	long position;

	if (!change->option) {
		uci_package_delete(package, section);
	} else if (option->list && change->value && *change->value) {
		position = strtol(change->value, &end, 10);
		if (end != change->value)
			uci_option_remove_at(option, position);
	} else {
		uci_section_delete(section, option);
	}
}

static int apply(struct uci_package *package, const struct change *change)
{
	struct uci_section *section = uci_package_find(package, change->section);
	struct uci_option *option =
		section && change->option ? uci_section_find(section, change->option) : NULL;
	bool found = section && (option || !change->option);

	switch (change->command) {
	case '-':
		if (found)
			delete (package, change, section, option);
		return 0;
	case '@':
		if (found && option)
			option->key = change->value;
		else if (found)
			section->id = change->value;
		return 0;
	case '^':
		if (found)
			uci_package_reorder(package, section,
				(int)strtoul(change->value, NULL,
					10)); /* libuci, too, reads it as an int */
		return 0;
	case '|':
		return section ? uci_section_add(package, section, change->option, change->value)
			       : 0;
	case '~':
		if (found && option->list)
			uci_option_remove(option, change->value);
		return 0;
	}
	return set(package, change, section, option);
}

int uci_changes_apply(struct uci_package *package, const char *name, const char *text,
	size_t length, char *strings)
{
	struct uci_lexer lines = {
		.at = text, .eol = text, .end = text + length, .strings = strings};
	int error = uci_package_name_all(package);

	if (memchr(text, '\0', length))
		return 0;
	while (!error && uci_lexer_next_line(&lines)) {
		char *argument = lines.strings;
		struct change change;
		const char *read;

		if (uci_lexer_argument(&lines, &read) < 0 || lines.at < lines.eol || !*read ||
			!split(argument, &change) || !is_complete(&change) ||
			strcmp(change.package, name) != 0)
			continue;
		error = apply(package, &change);
	}
	return error;
}
