// SPDX-License-Identifier: GPL-2.0-or-later
/* The query string of /api/v1/history, split as libmicrohttpd does. */
#include "fuzz.h"

#include <json-c/json.h>
#include <sys/socket.h>

#include "serve/history_request.h"

static struct history_request read_query(char *query)
{
	static _Alignas(
		8) char bytes[sizeof(struct snapshot) + sizeof(struct snapshot_address) + 8];
	struct snapshot *snapshot = (struct snapshot *)bytes;
	struct snapshot_address *address = (struct snapshot_address *)snapshot->data;
	struct history_request request;
	char *pair;

	snapshot->address_count = 1;
	*address = (struct snapshot_address){
		.family = AF_INET, .addr = {10, 0, 0, 1}, .mac = {2, 0, 0, 0, 0, 1}};
	history_request_begin(&request, 1);
	while ((pair = strsep(&query, "&"))) {
		char *name = strsep(&pair, "=");

		if (*name || pair)
			history_request_add(&request, name, pair, snapshot);
	}
	history_request_end(&request);
	return request;
}

static void check_error(const struct history_request *request)
{
	struct json_object *json;
	struct buf line = {0};

	history_request_error(request, &line);
	buf_bytes(&line, "", 1);
	json = json_tokener_parse(line.data);
	fuzz_check(json && !line.failed);
	fuzz_check(strchr(line.data, '\n') == line.data + line.length - 2);
	json_object_put(json);
	buf_free(&line);
}

/* The path of the next part is read as the same question. */
static void check_next(const struct history_question *question)
{
	struct history_request next;
	struct history_question same = *question;
	struct buf path = {0};

	history_request_next(question, 5, 7, -6, 8, &path);
	buf_bytes(&path, "", 1);
	for (char *c = path.data; *c; c++)
		fuzz_check(*c > ' ' && *c < 0x7f && !strchr("\"<>#\\", *c));
	next = read_query(strchr(path.data, '?') + 1);
	same.from = (struct history_time){5, HISTORY_INSTANT};
	same.to = (struct history_time){7, HISTORY_INSTANT};
	same.after_start = -6;
	same.after_row = 8;
	fuzz_check(!next.expected);
	fuzz_check(memcmp(&next.question, &same, sizeof(same)) == 0);
	buf_free(&path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *query = fuzz_copy(data, size, true);
	struct history_request request = read_query(query);

	if (request.expected)
		check_error(&request);
	else
		check_next(&request.question);
	free(query);
	return 0;
}
