// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/history_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

#define ROWS_MORE 256

/* From the year 0 to 9999, as RFC 3339 can tell, and a day from either end. */
#define FIRST_TIME (-62167132800)
#define LAST_TIME  253402214400

void history_client_init(struct history_client *client, int fd, unsigned interval)
{
	int type = 0;
	socklen_t length = sizeof(type);

	*client = (struct history_client){.fd = -1};
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_SEQPACKET) {
		client->fd = fd;
		client->kept = true;
	}
	client->number = clock_us(CLOCK_MONOTONIC);
	client->patience_ms = 3000 * interval + 10000;
	client->reported_ms = now_ms();
}

static int send_question(const struct history_client *client, struct history_question *question)
{
	question->size = sizeof(*question);
	question->number = client->number;
	if (send(client->fd, question, sizeof(*question), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

int history_client_ask(struct history_client *client, const struct history_question *question)
{
	struct history_question sent = *question;
	int error;

	sent.kind = HISTORY_ASK;
	client->number++;
	client->rows = 0;
	error = send_question(client, &sent);
	client->asked = !error;
	return error;
}

void history_client_forget(struct history_client *client)
{
	client->asked = false;
}

static bool is_time(int64_t time, int32_t offset)
{
	return time >= FIRST_TIME && time <= LAST_TIME && offset > -86400 && offset < 86400;
}

static bool is_text(const char *text, size_t room)
{
	return memchr(text, '\0', room);
}

static bool is_host(const struct history_host *host)
{
	const struct history_key *key = &host->key;

	return is_text(key->interface, sizeof(key->interface)) &&
	       is_text(host->name, sizeof(host->name)) &&
	       is_text(host->source, sizeof(host->source)) &&
	       (key->family == 0 || key->family == AF_INET || key->family == AF_INET6) &&
	       (key->reason <= MZ_REASONS || key->reason == HISTORY_FORGOTTEN_HOSTS);
}

static bool is_row(const struct history_row *row, const struct history_answer *answer)
{
	return is_time(row->start, row->start_offset) && is_time(row->end, row->end_offset) &&
	       (row->host < answer->host_count || answer->host_count == 0);
}

static bool is_gap(const struct history_gap *gap)
{
	return is_time(gap->start, gap->start_offset) && is_time(gap->end, gap->end_offset) &&
	       gap->reason < HISTORY_GAP_REASONS;
}

/* Each count alone is small enough that the sum cannot overflow. */
static bool has_length(const struct history_answer *answer, size_t length)
{
	if (length < sizeof(*answer) || answer->size != length || length > HISTORY_MESSAGE)
		return false;
	return answer->row_count < length && answer->host_count < length &&
	       answer->gap_count < length &&
	       length == sizeof(*answer) + answer->row_count * sizeof(struct history_row) +
				 answer->host_count * sizeof(struct history_host) +
				 answer->gap_count * sizeof(struct history_gap);
}

bool history_answer_is_valid(const struct history_answer *answer, size_t length)
{
	if (!has_length(answer, length) || answer->kind != HISTORY_ANSWER ||
		!is_text(answer->zone, sizeof(answer->zone)) ||
		!is_time(answer->from, answer->from_offset) ||
		!is_time(answer->to, answer->to_offset) ||
		(answer->next_row && !is_time(answer->next_start, 0)))
		return false;
	if (answer->error)
		return length == sizeof(*answer) && answer->error < 0;
	for (uint32_t i = 0; i < answer->row_count; i++)
		if (!is_row(&history_answer_rows(answer)[i], answer))
			return false;
	for (uint32_t i = 0; i < answer->host_count; i++)
		if (!is_host(&history_answer_hosts(answer)[i]))
			return false;
	for (uint32_t i = 0; i < answer->gap_count; i++) {
		struct history_gap gap;

		memcpy(&gap, (const char *)history_answer_gaps(answer) + i * sizeof(gap),
			sizeof(gap));
		if (!is_gap(&gap))
			return false;
	}
	return true;
}

static enum history_event take_answer(
	struct history_client *client, const struct history_answer *answer, size_t length)
{
	struct history_question more = {.kind = HISTORY_MORE};

	if (length < sizeof(*answer) || !client->asked || answer->number != client->number)
		return HISTORY_NOTHING; /* a late one */
	client->asked = false;
	if (!history_answer_is_valid(answer, length))
		return HISTORY_BROKEN;
	client->rows += answer->row_count;
	/* A few rows more, as those of one rank stay together. Parts without rows are good, too. */
	if (client->rows > HISTORY_ROWS + ROWS_MORE || answer->gap_count > HISTORY_GAPS)
		return HISTORY_BROKEN;
	if (!answer->more || answer->error)
		return HISTORY_WHOLE;
	client->asked = send_question(client, &more) == 0;
	return client->asked ? HISTORY_PART : HISTORY_BROKEN;
}

static enum history_event take_report(
	struct history_client *client, const struct history_report *report, size_t length)
{
	uint64_t started = client->state.report.started_ms;

	if (length != sizeof(*report) || report->size != length ||
		!is_text(report->zone, sizeof(report->zone)))
		return HISTORY_NOTHING;
	for (size_t i = 0; i < HISTORY_STEPS; i++)
		if (!is_time(report->reach[i], 0))
			return HISTORY_NOTHING;
	if (!is_time(report->committed, 0))
		return HISTORY_NOTHING;
	client->state.report = *report;
	client->state.reported_ms = clock_date_ms();
	client->reported_ms = now_ms();
	return client->asked && started && started != report->started_ms ? HISTORY_RESTARTED
									 : HISTORY_NOTHING;
}

enum history_event history_client_receive(
	struct history_client *client, union history_message *message)
{
	ssize_t length;

	/* MSG_TRUNC: the whole length, also of a message that is too long */
	length = recv(client->fd, message, sizeof(*message), MSG_DONTWAIT | MSG_TRUNC);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return HISTORY_NOTHING;
	if (length <= 0) { /* nobody sends an empty message */
		client->fd = -1;
		client->asked = false;
		return HISTORY_CLOSED;
	}
	if ((size_t)length > sizeof(*message) || (size_t)length < 2 * sizeof(uint32_t))
		return HISTORY_NOTHING;
	if (message->answer.kind == HISTORY_ANSWER)
		return take_answer(client, &message->answer, (size_t)length);
	if (message->report.kind == HISTORY_REPORT)
		return take_report(client, &message->report, (size_t)length);
	return HISTORY_NOTHING;
}

const struct history_state *history_client_state(struct history_client *client)
{
	client->state.answers = client->fd >= 0 && client->state.reported_ms &&
				now_ms() - client->reported_ms <= client->patience_ms;
	return client->kept ? &client->state : NULL;
}
