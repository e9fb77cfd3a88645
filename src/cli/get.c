// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/get.h"

#include <stdio.h>

#include "base/log.h"
#include "cli/request.h"
#include "config/config.h"
#include "config/option_values.h"

static const struct option_row rows[] = {
	{0, "socket", "PATH", "where the daemon answers, default " CONFIG_SOCKET, value_socket,
		.field = offsetof(struct get_config, socket)},
};

static void set_defaults(void *to)
{
	struct get_config *config = to;

	config->socket = CONFIG_SOCKET;
}

static const char *find_missing(const void *of)
{
	const struct get_config *config = of;

	return config->path ? NULL : "a path, as in mezoura get /api/v1/hosts";
}

/* A blank or a line break would end the path in the middle of the request. */
static int take_word(struct value *value)
{
	struct get_config *config = value->config;

	if (config->path)
		return value_refuse(value, "one path only");
	if (*value->text != '/')
		return value_refuse(value, "a path that begins with /, as /api/v1/hosts");
	for (const char *c = value->text; *c; c++)
		if (*c <= ' ' || *c > '~')
			return value_refuse(value, "a path without blanks: %20 stands for one");
	config->path = value->text;
	return 0;
}

const struct options get_options = {
	.row = rows,
	.count = sizeof(rows) / sizeof(*rows),
	.config_size = sizeof(struct get_config),
	.set_defaults = set_defaults,
	.find_missing = find_missing,
	.take_word = take_word,
	.note = "PATH is one of HTTP, with its query: /metrics, '/api/v1/history?step=day'.",
};

int get_run(void *of, char **argv)
{
	const struct get_config *config = of;
	struct buf body = {0};
	unsigned status = 0;
	int error;

	(void)argv;
	error = request_any(config->socket, config->path, GET_PATIENCE_MS, &body, &status);
	if (error)
		request_log_failure(config->socket, error);
	else if (status == 200)
		fwrite(body.data, 1, body.length, stdout);
	else if (body.length)
		fwrite(body.data, 1, body.length, stderr);
	else
		log_error("%s: HTTP status %u", config->path, status);
	buf_free(&body);
	return !error && status == 200 ? 0 : 1;
}
