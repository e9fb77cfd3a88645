// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/history_options.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "config/config.h"
#include "config/option_values.h"
#include "history/zone.h"

#define FIELD(name) .field = offsetof(struct history_config, name)

static const struct {
	const char *word, *operand;
} actions[HISTORY_ACTIONS] = {
	[HISTORY_CHECK] = {"check", NULL},
	[HISTORY_BACKUP] = {"backup", "FILE"},
	[HISTORY_FORGET] = {"forget", "HOST"},
	[HISTORY_IMPORT] = {"import", "FILE"},
};

static int value_state(struct value *value)
{
	*(const char **)value->field = value->text;
	if (value->text[0] != '/' || strlen(value->text) >= CONFIG_STATE_LENGTH)
		return value_refuse(value, "an absolute path");
	return 0;
}

/* Returns false where text is no date, as 2026-11-27, or, where no day is wanted, 2026-11. */
static bool read_date(const char *text, int *year, int *month, int *day)
{
	int length = 0, most[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (strspn(text, "0123456789-") != strlen(text))
		return false;
	if (day)
		sscanf(text, "%4d-%2d-%2d%n", year, month, day, &length);
	else
		sscanf(text, "%4d-%2d%n", year, month, &length);
	if (length != (day ? 10 : 7) || text[length] || text[4] != '-' || *year < 1970 ||
		*month < 1 || *month > 12)
		return false;
	if (day && (*day < 1 || *day > most[*month - 1]))
		return false;
	return !day || *month != 2 || *day < 29 || *year % 400 == 0 ||
	       (*year % 4 == 0 && *year % 100 != 0);
}

static int value_month(struct value *value)
{
	struct history_config *config = value->config;
	int year, month;

	if (!read_date(value->text, &year, &month, NULL))
		return value_refuse(value, "a month, as 2026-11");
	config->first = calendar_day(year, month, 1);
	config->last = calendar_day(year + month / 12, month % 12 + 1, 1) - 1;
	config->has_first = config->has_last = true;
	return 0;
}

static int value_date(struct value *value)
{
	struct history_config *config = value->config;
	int year, month, day;

	if (!read_date(value->text, &year, &month, &day))
		return value_refuse(value, "a date, as 2026-11-27");
	*(int64_t *)value->field = calendar_day(year, month, day);
	*(value->field == &config->first ? &config->has_first : &config->has_last) = true;
	return 0;
}

static int value_interface(struct value *value)
{
	*(const char **)value->field = value->text;
	if (!*value->text || strlen(value->text) >= IFNAMSIZ)
		return value_refuse(value, "the name of an interface");
	return 0;
}

static const struct option_row rows[] = {
	{0, "state", "DIR", "where the history is kept, default " CONFIG_STATE, value_state,
		FIELD(state)},
	{0, "socket", "PATH", "where the daemon answers, default " CONFIG_SOCKET, value_socket,
		FIELD(socket)},
	{0, "month", "MONTH", "import: what was counted in it, as 2026-11", value_month,
		FIELD(first)},
	{0, "from", "DATE", "import: or the first day of it, as 2026-11-27", value_date,
		FIELD(first)},
	{0, "to", "DATE", "import: and the last one", value_date, FIELD(last)},
	{0, "interface", "interface", "import: of hosts that the history does not know yet",
		value_interface, FIELD(interface)},
	{0, "add", NULL, "import: also to days that have these hosts already", value_flag,
		FIELD(add)},
};

static void set_defaults(void *to)
{
	struct history_config *config = to;

	config->state = CONFIG_STATE;
	config->socket = CONFIG_SOCKET;
}

static int take_word(struct value *value)
{
	struct history_config *config = value->config;

	for (int i = 1; !config->action && i < HISTORY_ACTIONS; i++)
		if (strcmp(value->text, actions[i].word) == 0) {
			config->action = (enum history_action)i;
			return 0;
		}
	if (!config->action)
		return value_refuse(value, "check, backup, forget or import");
	if (config->operand || !actions[config->action].operand)
		return value_refuse(value, "nothing more");
	if (!*value->text)
		return value_refuse(value, actions[config->action].operand);
	config->operand = value->text;
	return 0;
}

static const char *find_missing(const void *of)
{
	const struct history_config *config = of;
	bool has_import = config->has_first || config->has_last || config->interface || config->add;

	switch (config->action) {
	case HISTORY_NOTHING:
		return "check, backup FILE, forget HOST or import FILE";
	case HISTORY_BACKUP:
		if (!config->operand)
			return "backup FILE: a name for the copy";
		break;
	case HISTORY_FORGET:
		if (!config->operand)
			return "forget HOST: a MAC, an address or a name";
		break;
	case HISTORY_IMPORT:
		if (!config->operand)
			return "import FILE: what nlbw -c json or nlbw -c csv printed";
		if (!config->has_first || !config->has_last || config->last < config->first)
			return "import FILE with --month, or with --from and --to: the days that "
			       "it is of";
		return NULL;
	default:
		break;
	}
	return has_import ? "--month, --from, --to, --interface and --add with import only" : NULL;
}

const struct options history_options = {
	.row = rows,
	.count = sizeof(rows) / sizeof(*rows),
	.config_size = sizeof(struct history_config),
	.set_defaults = set_defaults,
	.find_missing = find_missing,
	.take_word = take_word,
	.note = "check: tell whether the database is whole\n"
		"backup FILE: make a consistent copy of it, also while the daemon runs\n"
		"forget HOST: remove a host, by MAC, address or name; its traffic stays in all "
		"totals\n"
		"import FILE: add what nlbwmon counted, from nlbw -c json or nlbw -c csv",
};
