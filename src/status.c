// SPDX-License-Identifier: GPL-2.0-or-later
#include "status.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "left.h"
#include "log.h"
#include "report.h"
#include "words.h"

/* Device names may be anything: as JSON escapes them, or with '?' where they steer a terminal. */
static void print_json(const struct left *left)
{
	struct json_object *object = json_object_new_object(), *array = json_object_new_array();

	for (size_t i = 0; i < left->count; i++) {
		struct json_object *hook = json_object_new_object();
		struct buf device = {0};

		buf_utf8(&device, left->hooks[i].device);
		json_object_object_add(hook, "device",
			json_object_new_string_len(device.data, (int)device.length));
		json_object_object_add(hook, "direction",
			json_object_new_string(words_side(left->hooks[i].direction)));
		json_object_object_add(
			hook, "kind", json_object_new_string(words_kind(left->hooks[i].kind)));
		json_object_array_add(array, hook);
		buf_free(&device);
	}
	json_object_object_add(object, "daemon", json_object_new_boolean(false));
	json_object_object_add(object, "classifier", array);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static void print_text(const struct config *config, const struct left *left)
{
	printf("No daemon answers at %s.\n", config->socket);
	if (!left->count) {
		printf("No classifier counts either: nothing of --pin %s hangs on a device.\n",
			config->pin);
		return;
	}
	printf("The classifier still counts, and the next daemon takes over from it:\n");
	for (size_t i = 0; i < left->count; i++) {
		char device[sizeof(left->hooks[i].device)];

		memcpy(device, left->hooks[i].device, sizeof(device));
		for (char *c = device; *c; c++)
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				*c = '?';
		printf("  %-15s  %-7s  %s\n", device, words_side(left->hooks[i].direction),
			words_kind(left->hooks[i].kind));
	}
}

static int tell_what_is_left(const struct config *config)
{
	struct left left = {0};
	int error = left_look(config->pin, &left);

	if (error)
		log_error("no daemon answers at %s, and --pin %s cannot be looked at: %s",
			config->socket, config->pin, strerror(-error));
	else if (config->json)
		print_json(&left);
	else
		print_text(config, &left);
	left_free(&left);
	return error ? 1 : STATUS_NO_DAEMON;
}

/* A daemon of an earlier version does not list them. */
static void tell_hosts(const struct config *config)
{
	struct buf answer = {0};

	if (client_get(config->socket, "/api/v1/hosts", CLIENT_PATIENCE_MS, &answer) == 0)
		report_hosts(answer.data, answer.length, stdout);
	buf_free(&answer);
}

int status_run(const struct config *config)
{
	struct buf answer = {0};
	int error = client_get(config->socket, "/api/v1/status", CLIENT_PATIENCE_MS, &answer),
	    status = 0;

	if (error == -ENOENT || error == -ECONNREFUSED) {
		status = tell_what_is_left(config);
		error = 0;
	} else if (!error && config->json) {
		fwrite(answer.data, 1, answer.length, stdout);
	} else if (!error) {
		error = report_status(answer.data, answer.length, stdout);
		if (!error)
			tell_hosts(config);
	}
	buf_free(&answer);
	if (error) {
		log_error("--socket %s: %s", config->socket,
			error == -EPROTO ? "what answers there is no mezoura" : strerror(-error));
		return 1;
	}
	if (fflush(stdout) || ferror(stdout)) {
		log_error("cannot write: %s", strerror(errno));
		return 1;
	}
	return status;
}
