/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exporter's side of the socket to the recorder: sends questions, one at a time, and receives
 * answers and reports. Nothing that comes from the recorder is believed before it is checked. Never
 * blocks.
 */
#ifndef MZ_SERVE_HISTORY_CLIENT_H
#define MZ_SERVE_HISTORY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/history.h"

struct history_client {
	bool kept;	      /* there is a recorder; else there is nothing to ask */
	int fd;		      /* -1: the recorder has closed it, or there is none */
	uint64_t number;      /* of the last question: numbers rise, also across exporters */
	bool asked;	      /* its answer is not complete */
	uint32_t rows;	      /* of the answer so far */
	unsigned patience_ms; /* a report that is older is not recent */
	uint64_t reported_ms; /* when the last report came; monotonic */
	struct history_state state;
};

enum history_event {
	HISTORY_NOTHING,   /* for the caller: no message, or a report, or a late answer */
	HISTORY_PART,	   /* a message of the answer, and more will come */
	HISTORY_WHOLE,	   /* the last message of the answer, or one with an error */
	HISTORY_BROKEN,	   /* the answer is not what it should be: it ends here */
	HISTORY_RESTARTED, /* another recorder runs, which does not know the question */
	HISTORY_CLOSED	   /* no recorder will answer on this socket any more */
};

/* A message, aligned. */
union history_message {
	struct history_answer answer;
	struct history_report report;
	char bytes[HISTORY_MESSAGE];
};

/* fd: stays the caller's; if it is no SOCK_SEQPACKET socket, no history is kept. interval: s. */
void history_client_init(struct history_client *client, int fd, unsigned interval);

/* Sends a question, whose size, kind and number it sets. Returns 0 or -errno. */
int history_client_ask(struct history_client *client, const struct history_question *question);

/* The answer is not wanted any more. */
void history_client_forget(struct history_client *client);

/*
 * Receives one message, if there is one. After HISTORY_PART and HISTORY_WHOLE, message holds a
 * checked answer. Asks for the next part by itself.
 */
enum history_event history_client_receive(
	struct history_client *client, union history_message *message);

/* What is known of the history now; NULL: none is kept. */
const struct history_state *history_client_state(struct history_client *client);

/* The parts of an answer, behind its head. Gaps may be misaligned, so they are copied. */
static inline const struct history_row *history_answer_rows(const struct history_answer *answer)
{
	return (const struct history_row *)(answer + 1);
}

static inline const struct history_host *history_answer_hosts(const struct history_answer *answer)
{
	return (const struct history_host *)(history_answer_rows(answer) + answer->row_count);
}

static inline const void *history_answer_gaps(const struct history_answer *answer)
{
	return history_answer_hosts(answer) + answer->host_count;
}

/*
 * Whether length bytes are an answer as model/history.h says: all lengths, indices, enums, times
 * and texts are in their bounds. Reads no byte behind length.
 */
bool history_answer_is_valid(const struct history_answer *answer, size_t length);

#endif
