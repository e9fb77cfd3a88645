// SPDX-License-Identifier: GPL-2.0-or-later
/* What a recorder could send that is no answer: the exporter believes nothing of it, and goes on.
 */
#include "recorder.h"

#include "base/clock.h"

static struct history_client client;
static union history_message *message;

static int enter(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	history_client_init(&client, pair[0], 5);
	assert_int_equal(client.fd, pair[0]);
	recorder.fd = pair[1];
	message = malloc(sizeof(*message)); /* of its own, so that sanitizers notice */
	assert_non_null(message);
	return 0;
}

static int leave(void **state)
{
	(void)state;
	clock_run();
	close(client.fd);
	close(recorder.fd);
	free(message);
	return 0;
}

static void ask(void)
{
	static const struct history_question question;

	assert_int_equal(history_client_ask(&client, &question), 0);
	assert_int_equal(recv(recorder.fd, &recorder.question, sizeof(recorder.question), 0),
		sizeof(recorder.question));
}

/* An answer of two rows, a host and a gap. */
static struct history_answer *answer(void)
{
	struct history_answer *made;

	ask();
	made = recorder_answer(&recorder);
	recorder_rows(made, 0, 2);
	recorder_gap(made, HISTORY_GAP_CLOCK);
	return made;
}

static void expect(size_t length, enum history_event event)
{
	recorder_send(&recorder, length);
	assert_int_equal(history_client_receive(&client, message), event);
	assert_int_equal(history_client_receive(&client, message), HISTORY_NOTHING);
}

static void answers_are_taken(void **state)
{
	(void)state;
	expect(answer()->size, HISTORY_WHOLE);
	assert_false(client.asked);
	assert_int_equal(message->answer.row_count, 2);
	assert_int_equal(history_answer_rows(&message->answer)[1].counts.bytes[0], 1);
	assert_string_equal(history_answer_hosts(&message->answer)->name, "anna");
	/* one that was not asked for */
	expect(recorder.sent.message.answer.size, HISTORY_NOTHING);
}

static void wrong_lengths_are_refused(void **state)
{
	uint32_t whole = answer()->size;

	(void)state;
	expect(whole - 1, HISTORY_BROKEN);
	answer();
	expect(whole + 1, HISTORY_BROKEN);
	answer()->size--;
	expect(whole, HISTORY_BROKEN);
	answer();
	expect(sizeof(struct history_answer) - 1, HISTORY_NOTHING);
	expect(2 * sizeof(uint32_t), HISTORY_NOTHING);
	expect(1, HISTORY_NOTHING);
	expect(HISTORY_MESSAGE + 1, HISTORY_NOTHING);
	assert_true(client.asked);
	for (int i = 0; i < 3; i++) {
		struct history_answer *made = answer();
		uint32_t *count = i == 0   ? &made->row_count
				  : i == 1 ? &made->host_count
					   : &made->gap_count;

		*count += 1;
		expect(whole, HISTORY_BROKEN);
		made = answer();
		*count -= 1;
		expect(whole, HISTORY_BROKEN);
		made = answer();
		*count = UINT32_MAX;
		expect(whole, HISTORY_BROKEN);
		made = answer();
		*count = 0x10000000; /* times a struct's size, this is 0 in 32 bits */
		expect(whole, HISTORY_BROKEN);
	}
}

static void wrong_values_are_refused(void **state)
{
	for (int i = 0; i < 17; i++) {
		struct history_answer *made = answer();
		struct history_row *row = (struct history_row *)(made + 1);
		struct history_host *host = (struct history_host *)(row + 2);
		struct history_gap gap;
		char *gaps = (char *)(host + 1);

		memcpy(&gap, gaps, sizeof(gap));
		switch (i) {
		case 0:
			memset(made->zone, 'x', sizeof(made->zone));
			break;
		case 1:
			memset(host->name, 'x', sizeof(host->name));
			break;
		case 2:
			memset(host->source, 'x', sizeof(host->source));
			break;
		case 3:
			memset(host->key.interface, 'x', sizeof(host->key.interface));
			break;
		case 4:
			host->key.reason = MZ_REASONS + 1;
			break;
		case 5:
			host->key.family = 3;
			break;
		case 6:
			row[1].host = 1;
			break;
		case 7:
			row[1].start = INT64_MAX;
			break;
		case 8:
			row[1].end = INT64_MIN;
			break;
		case 9:
			row[1].start_offset = 86400;
			break;
		case 10:
			row[1].end_offset = INT32_MIN;
			break;
		case 11:
			gap.reason = HISTORY_GAP_REASONS;
			break;
		case 12:
			gap.start = INT64_MIN;
			break;
		case 13:
			made->from = INT64_MAX;
			break;
		case 14:
			made->to_offset = INT32_MAX;
			break;
		case 15:
			made->next_row = 1;
			made->next_start = INT64_MAX;
			break;
		default:
			made->error = 5;
		}
		memcpy(gaps, &gap, sizeof(gap));
		expect(made->size, HISTORY_BROKEN);
	}
	(void)state;
}

static void answers_end(void **state)
{
	struct history_answer *made;
	uint32_t rows = 0;

	(void)state;
	/* a part without rows */
	ask();
	made = recorder_answer(&recorder);
	made->more = 1;
	expect(made->size, HISTORY_PART);
	recv(recorder.fd, &recorder.question, sizeof(recorder.question), 0);
	/* more rows than an answer may have */
	ask();
	while (true) {
		made = recorder_answer(&recorder);
		recorder_rows(made, 0, 500);
		made->more = 1;
		rows += 500;
		if (rows > HISTORY_ROWS + 256)
			break;
		expect(made->size, HISTORY_PART);
		recv(recorder.fd, &recorder.question, sizeof(recorder.question), 0);
		assert_int_equal(recorder.question.kind, HISTORY_MORE);
	}
	expect(made->size, HISTORY_BROKEN);
}

static void reports_are_told_until_they_are_old(void **state)
{
	(void)state;
	clock_stop();
	assert_false(history_client_state(&client)->answers);
	recorder_report(&recorder, 1);
	expect(sizeof(struct history_report), HISTORY_NOTHING);
	assert_true(history_client_state(&client)->answers);
	assert_int_equal(history_client_state(&client)->report.bytes, 4096);
	clock_advance(3 * 5000 + 10000);
	assert_true(history_client_state(&client)->answers);
	clock_advance(1);
	assert_false(history_client_state(&client)->answers);
	assert_int_equal(history_client_state(&client)->report.bytes, 4096);
}

static void wrong_reports_are_dropped(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct history_report *report = recorder_report(&recorder, 1);
		size_t length = sizeof(*report);

		if (i == 0)
			memset(report->zone, 'x', sizeof(report->zone));
		if (i == 1)
			report->reach[HISTORY_DAY] = INT64_MAX;
		if (i == 2)
			report->committed = INT64_MIN;
		length -= i == 3;
		report->size -= i == 4;
		expect(length, HISTORY_NOTHING);
		assert_int_equal(history_client_state(&client)->reported_ms, 0);
	}
}

static void it_never_blocks(void **state)
{
	static const struct history_question question;
	int asked = 0;

	(void)state;
	while (history_client_ask(&client, &question) == 0) /* of a recorder that hangs */
		asked++;
	assert_true(asked > 0);
	assert_false(client.asked);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_are_taken),
		TEST(wrong_lengths_are_refused),
		TEST(wrong_values_are_refused),
		TEST(answers_end),
		TEST(reports_are_told_until_they_are_old),
		TEST(wrong_reports_are_dropped),
		TEST(it_never_blocks),
	};

	return cmocka_run_group_tests_name("history_client", tests, NULL, NULL);
}
