// SPDX-License-Identifier: GPL-2.0-or-later
/* What the recorder sends, as a whole answer: what is taken for valid becomes JSON. */
#include "fuzz.h"

#include <json-c/json.h>

#include "output/json_history.h"
#include "serve/history_client.h"
#include "serve/history_request.h"

static void render(const struct history_answer *answer, uint8_t by)
{
	const struct history_question question = {.by = by};
	struct json_history history;
	struct json_object *json;
	struct buf out = {0};

	json_history_begin(&history, &question, 1 << 20, &out);
	json_history_rows(
		&history, answer, history_answer_rows(answer), history_answer_hosts(answer));
	json_history_end(&history, answer, history_answer_gaps(answer), history_request_next);
	buf_bytes(&out, "", 1);
	json = json_tokener_parse(out.data);
	fuzz_check(json && !out.failed);
	fuzz_check(json_object_array_length(json_object_object_get(json, "rows")) <=
		   answer->row_count);
	fuzz_check(json_object_array_length(json_object_object_get(json, "gaps")) ==
		   answer->gap_count);
	json_object_put(json);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history_answer *answer = (struct history_answer *)fuzz_copy(data, size, false);

	if (size >= sizeof(answer->size)) { /* so that mutations of any length get further */
		answer->size = (uint32_t)size;
		if (history_answer_is_valid(answer, size) && !answer->error)
			for (uint8_t by = 0; by < HISTORY_BYS; by++)
				render(answer, by);
	}
	free(answer);
	return 0;
}
