// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions of the exporter. */
#include <errno.h>
#include <string.h>

#include "history/recorder_private.h"

/* Where answers come from, as of now. */
static void follow_sources(struct recorder *recorder)
{
	recorder->sources =
		(struct query_sources){.store = recorder->store.db.handle ? &recorder->store : NULL,
			.recent = recorder->recent.db.handle ? &recorder->recent : NULL,
			.ledger = &recorder->ledger,
			.zone = &recorder->zone,
			.boot = recorder->boot,
			.stored_slice = recorder_stored(recorder),
			.offset = recorder->offset,
			.proven = recorder->proven,
			.now = recorder->boot_s + recorder->offset};
}

static size_t answer_error(struct recorder *recorder, uint64_t number, int error)
{
	struct history_answer *answer = (struct history_answer *)recorder->message;

	*answer = (struct history_answer){
		.size = sizeof(*answer), .kind = HISTORY_ANSWER, .number = number, .error = error};
	query_free(recorder->query);
	recorder->query = NULL;
	return sizeof(*answer);
}

size_t recorder_answer(struct recorder *recorder, const void *question, size_t length)
{
	struct history_answer *answer = (struct history_answer *)recorder->message;
	struct history_question asked;
	int result = 0;

	if (length != sizeof(asked))
		return 0;
	memcpy(&asked, question, sizeof(asked));
	if (asked.size != sizeof(asked) ||
		(asked.kind != HISTORY_ASK && asked.kind != HISTORY_MORE))
		return 0;
	if (asked.kind == HISTORY_MORE && (!recorder->query || recorder->asked != asked.number))
		return answer_error(recorder, asked.number, -ESTALE);
	follow_sources(recorder);
	if (asked.kind == HISTORY_ASK) {
		query_free(recorder->query);
		recorder->query = NULL;
		recorder->asked = asked.number;
		result = query_start(&recorder->query, &recorder->sources, &asked);
	}
	if (result >= 0)
		result = query_next(recorder->query, answer, sizeof(recorder->message));
	if (result < 0)
		return answer_error(recorder, asked.number, result);
	if (!answer->more) {
		query_free(recorder->query);
		recorder->query = NULL;
	}
	return (size_t)result;
}
