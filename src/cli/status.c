// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/status.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/log.h"
#include "base/printable.h"
#include "cli/request.h"
#include "cli/status_text.h"
#include "config/config.h"
#include "config/option_values.h"
#include "hooks/leftover.h"
#include "model/labels.h"
#include "output/json_status.h"

#define FIELD(name) .field = offsetof(struct status_config, name)

static const struct option_row rows[] = {
	{0, "socket", "PATH", "where the daemon answers, default " CONFIG_SOCKET, value_socket,
		FIELD(socket)},
	{0, "json", NULL, "print the daemon's JSON", value_flag, FIELD(json)},
	{0, "pin", "DIR", "what outlives the daemon, default " CONFIG_PIN, value_pin, FIELD(pin)},
};

static void set_defaults(void *to)
{
	struct status_config *config = to;

	config->socket = CONFIG_SOCKET;
	config->pin = CONFIG_PIN;
}

const struct options status_options = {
	.row = rows,
	.count = sizeof(rows) / sizeof(*rows),
	.config_size = sizeof(struct status_config),
	.set_defaults = set_defaults,
};

/* Returns 0 or -ENOMEM. */
static int print_json(const struct leftover *left)
{
	struct buf json = {0};
	int error;

	json_leftover(left->hooks, left->count, &json);
	error = json.failed ? -ENOMEM : 0;
	if (!error)
		fwrite(json.data, 1, json.length, stdout);
	buf_free(&json);
	return error;
}

/* Makes from printable, in text of PATH_MAX bytes. Returns text. */
static const char *clean(const char *from, char *text)
{
	printable(&from, text, PATH_MAX);
	return text;
}

static void print_text(const struct status_config *config, const struct leftover *left)
{
	char text[PATH_MAX];

	printf("No daemon answers at %s.\n", clean(config->socket, text));
	if (!left->count) {
		printf("No classifier counts either: none of --pin %s is attached to a device.\n",
			clean(config->pin, text));
		return;
	}
	printf("The classifier still counts, and the next daemon takes over from it:\n");
	for (size_t i = 0; i < left->count; i++)
		printf("  %-15s  %-7s  %s\n", clean(left->hooks[i].device, text),
			labels_side(left->hooks[i].direction), labels_kind(left->hooks[i].kind));
}

static int report_leftover(const struct status_config *config)
{
	struct leftover left = {0};
	int error = leftover_look(config->pin, &left);

	if (error)
		log_error("no daemon answers at %s, and --pin %s cannot be read: %s",
			config->socket, config->pin, strerror(-error));
	else if (!config->json)
		print_text(config, &left);
	else if ((error = print_json(&left)) < 0)
		log_error("no daemon answers at %s, and its classifiers cannot be listed: %s",
			config->socket, strerror(-error));
	leftover_free(&left);
	return error ? 1 : STATUS_NO_DAEMON;
}

/* As request_get(), with a NUL behind the body. A NUL within it would hide the rest: -EPROTO. */
static int get(const char *socket, const char *path, struct buf *answer)
{
	int error = request_get(socket, path, REQUEST_PATIENCE_MS, answer);

	if (!error)
		buf_bytes(answer, "", 1);
	if (answer->failed)
		return -ENOMEM;
	return error || strlen(answer->data) + 1 == answer->length ? error : -EPROTO;
}

/* It is no error where a daemon of an earlier version does not list the hosts. */
static int print_hosts(const struct status_config *config)
{
	struct buf answer = {0};
	int error = get(config->socket, "/api/v1/hosts", &answer);

	if (!error)
		error = status_text_hosts(answer.data, stdout);
	buf_free(&answer);
	return error == -EPROTO ? 0 : error;
}

int status_run(void *of, char **argv)
{
	const struct status_config *config = of;
	struct buf answer = {0};
	int error = get(config->socket, "/api/v1/status", &answer), status = 0;

	(void)argv;
	if (error == -ENOENT || error == -ECONNREFUSED) {
		status = report_leftover(config);
		error = 0;
	} else if (!error) {
		error = status_text(answer.data, config->json ? NULL : stdout);
		if (error >= 0 && config->json)
			fwrite(answer.data, 1, answer.length - 1, stdout);
		status = error > 0 ? STATUS_NOT_COUNTING : 0;
		if (error >= 0)
			error = config->json ? 0 : print_hosts(config);
	}
	buf_free(&answer);
	if (error) {
		request_log_failure(config->socket, error);
		return 1;
	}
	if (fflush(stdout) || ferror(stdout)) {
		log_error("cannot write: %s", strerror(errno));
		return 1;
	}
	return status;
}
