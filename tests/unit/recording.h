/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recorder without a process: a ledger, the recent slices and the database, on disk, by a clock
 * and a zone of the test's own. And what a question's answer is, all messages of it together.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "zones.h"

#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "history/book.h"
#include "history/query.h"
#include "history/sums.h"

static struct recording {
	char dir[64];
	struct zone zone;
	struct ledger ledger;
	struct recent recent;
	struct store store;
	struct query_sources sources;
	int64_t boot_time;	/* CLOCK_BOOTTIME */
	int reason;		/* why nobody looked right before */
	struct mz_counts total; /* of all that was ever sent */
} world;

static inline int recording_close(void *context, const struct ledger_slice *slice)
{
	struct recording *recording = context;

	return recent_add(&recording->recent, &recording->ledger, slice,
		recording->sources.proven ? &recording->sources.offset : NULL);
}

/* The machine starts at an instant, whether or not its clock is right. */
static inline void recording_boot(const char *boot_id, int64_t start, bool proven)
{
	char dir[80];

	if (world.ledger.close) {
		ledger_finish(&world.ledger);
		recent_close(&world.recent);
	}
	ledger_init(&world.ledger, recording_close, &world);
	world.ledger.started = true;
	world.ledger.tables = 1;
	snprintf(dir, sizeof(dir), "%s/%s", world.dir, boot_id);
	assert_int_equal(mkdir(dir, 0700), 0);
	memset(&world.recent, 0, sizeof(world.recent));
	assert_int_equal(recent_open(&world.recent, dir, boot_id, 64 << 20), 0);
	world.boot_time = 0;
	world.sources = (struct query_sources){.store = &world.store,
		.recent = &world.recent,
		.ledger = &world.ledger,
		.zone = &world.zone,
		.boot = store_boot(&world.store, boot_id),
		.offset = start,
		.proven = proven,
		.now = start};
	assert_true(world.sources.boot > 0);
}

static inline void recording_begin(const char *zone, int64_t start)
{
	memset(&world, 0, sizeof(world));
	/* in memory where it can be: nothing here is about the disk */
	strcpy(world.dir, "/dev/shm/mezoura-query-XXXXXX");
	if (!mkdtemp(world.dir)) {
		strcpy(world.dir, "/tmp/mezoura-query-XXXXXX");
		assert_non_null(mkdtemp(world.dir));
	}
	load_value(&world.zone, zone, start - 800 * 86400, start);
	assert_int_equal(sqlite_load(), 0);
	assert_int_equal(store_open(&world.store, world.dir, 0, true), 0);
}

static inline int recording_remove(
	const char *name, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(name);
}

static inline void recording_end(void)
{
	if (world.ledger.close) {
		ledger_finish(&world.ledger);
		recent_close(&world.recent);
	}
	store_close(&world.store);
	zone_free(&world.zone);
	nftw(world.dir, recording_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Host number i: its v4 row where v6 is not set. */
static inline struct history_key recording_key(unsigned i, bool v6)
{
	struct history_key key = {.interface = "br-lan", .family = v6 ? AF_INET6 : AF_INET};

	key.mac[0] = 2;
	key.mac[4] = (uint8_t)(i >> 8);
	key.mac[5] = (uint8_t)i;
	return key;
}

static inline void recording_send(
	const struct history_key *key, const char *name, uint64_t upload, uint64_t download)
{
	struct mz_counts counts = {.bytes = {upload, download}, .packets = {1, download / 1000}};
	int64_t index = ledger_series(&world.ledger, key);

	assert_true(index >= 0);
	ledger_rename(&world.ledger.series[index], name, "leases");
	sums_add(&world.ledger.series[index].seen, &counts);
	sums_add(&world.total, &counts);
}

/* Time passes, and snapshots are taken: slices end at five-minute marks. */
static inline void recording_pass(int64_t seconds)
{
	int64_t end = world.boot_time + seconds, mark;

	while (world.boot_time < end) {
		mark = world.boot_time + 300 - (world.boot_time + world.sources.offset) % 300;
		world.boot_time = world.ledger.taken = mark < end ? mark : end;
		world.sources.now = world.boot_time + world.sources.offset;
		if (world.boot_time == mark)
			assert_int_equal(ledger_close(&world.ledger), 0);
	}
}

/* The same with a snapshot at its end only: one slice. */
static inline void recording_pass_at_once(int64_t seconds)
{
	world.boot_time = world.ledger.taken = world.boot_time + seconds;
	world.sources.now = world.boot_time + world.sources.offset;
	assert_int_equal(ledger_close(&world.ledger), 0);
}

/* No daemon looked for so long. */
static inline void recording_skip(int64_t seconds)
{
	assert_int_equal(ledger_close(&world.ledger), 0);
	world.boot_time = world.ledger.taken = world.boot_time + seconds;
	world.sources.now = world.boot_time + world.sources.offset;
	world.ledger.unwatched = true;
}

static inline int64_t recording_host(uint32_t series)
{
	const struct ledger_series *of = &world.ledger.series[series];
	int64_t id = store_host(&world.store, &of->key, of->name, of->source);

	assert_true(id > 0);
	return id;
}

static inline int recording_take_hour(
	void *context, const struct book_hour *hour, const struct ledger_row *rows, size_t count)
{
	int64_t held = 0;

	(void)context;
	if (!hour->has_date)
		held = store_new_held(&world.store, world.sources.boot, hour->began, hour->ended,
			hour->unwatched);
	assert_true(held >= 0);
	for (size_t i = 0; i < count; i++) {
		int64_t host = recording_host(rows[i].series);

		assert_int_equal(held ? store_add_held(&world.store, held, host, &rows[i].counts)
				      : store_add_hour(&world.store, &world.zone, hour->start,
						hour->end, hour->unwatched, host, &rows[i].counts),
			0);
	}
	return 0;
}

static inline int recording_take_slice(
	void *context, const struct recent_slice *slice, const struct ledger_row *row)
{
	if (!row && slice->has_date && !slice->unwatched)
		assert_int_equal(store_add_recorded(&world.store, slice->began + slice->offset,
					 slice->ended + slice->offset, world.reason),
			0);
	if (!row)
		world.reason = slice->unwatched ? HISTORY_GAP_DAEMON : HISTORY_GAP_OFF;
	return book_add(context, slice, row, row != NULL, world.ledger.count);
}

static inline void recording_commit(void)
{
	struct book book = {
		.zone = &world.zone, .offset = world.sources.offset, .take = recording_take_hour};

	assert_int_equal(store_begin(&world.store), 0);
	assert_int_equal(recent_each(&world.recent, &world.ledger, world.sources.stored_slice,
				 recording_take_slice, &book),
		0);
	assert_int_equal(book_end(&book), 0);
	assert_int_equal(store_set_boot_offset(&world.store, world.sources.boot,
				 world.sources.offset, world.boot_time),
		0);
	assert_int_equal(store_expire(&world.store, &world.zone), 0);
	assert_int_equal(store_commit(&world.store), 0);
	world.sources.stored_slice = world.recent.last;
	book_free(&book);
}

/* The clock is proven. */
static inline void recording_settle(int64_t offset)
{
	assert_int_equal(ledger_close(&world.ledger), 0);
	assert_int_equal(recent_settle(&world.recent, offset), 0);
	assert_int_equal(store_begin(&world.store), 0);
	assert_int_equal(store_settle(&world.store, &world.zone, world.sources.boot, offset), 0);
	assert_int_equal(store_commit(&world.store), 0);
	world.sources.offset = offset;
	world.sources.proven = true;
	world.sources.now = world.boot_time + offset;
}

/* Answers */

static struct answer {
	struct history_answer head; /* of the last message */
	size_t row_count, gap_count, message_count;
	struct answered {
		struct history_row row;
		struct history_host host;
	} rows[2 * HISTORY_ROWS];
	struct history_gap gaps[HISTORY_GAPS];
	struct mz_counts sum;
} answer;

static inline struct history_question recording_question(int step, int by)
{
	return (struct history_question){.size = sizeof(struct history_question),
		.kind = HISTORY_ASK,
		.number = 7,
		.step = (uint8_t)step,
		.by = (uint8_t)by,
		.month_start = 1};
}

static inline void recording_read(const struct history_answer *message, size_t size, int by)
{
	const struct history_row *row = (const struct history_row *)(message + 1);
	const struct history_host *host = (const struct history_host *)(row + message->row_count);

	assert_true(message->size == size && size <= HISTORY_MESSAGE);
	assert_int_equal(message->kind, HISTORY_ANSWER);
	assert_int_equal(message->number, 7);
	assert_int_equal(size, sizeof(*message) + message->row_count * sizeof(*row) +
				       message->host_count * sizeof(*host) +
				       message->gap_count * sizeof(struct history_gap));
	for (uint32_t i = 0; i < message->row_count; i++) {
		struct answered *to = &answer.rows[answer.row_count++];

		assert_true(answer.row_count <= 2 * HISTORY_ROWS);
		to->row = row[i];
		assert_true(by == HISTORY_BY_TOTAL || row[i].host < message->host_count);
		if (by != HISTORY_BY_TOTAL)
			to->host = host[row[i].host];
		sums_add(&answer.sum, &row[i].counts);
	}
	if (message->gap_count) {
		assert_true(message->row_count == 0);
		memcpy(answer.gaps, host, message->gap_count * sizeof(*answer.gaps));
	}
	answer.gap_count = message->gap_count;
	answer.head = *message;
	answer.message_count++;
}

/* Asks. between: NULL, or what happens between two messages. */
static inline void recording_ask_while(
	const struct history_question *question, void (*between)(void))
{
	static _Alignas(8) char buffer[HISTORY_MESSAGE];
	struct history_answer *message = (struct history_answer *)buffer;
	struct query *query;
	int size;

	memset(&answer, 0, offsetof(struct answer, rows));
	memset(&answer.sum, 0, sizeof(answer.sum));
	assert_int_equal(query_start(&query, &world.sources, question), 0);
	do {
		size = query_next(query, message, sizeof(buffer));
		assert_true(size > 0);
		recording_read(message, (size_t)size, question->by);
		if (between)
			between();
	} while (message->more);
	query_free(query);
}

static inline void recording_ask(const struct history_question *question)
{
	recording_ask_while(question, NULL);
}

/* All pages of an answer. */
static inline size_t recording_ask_all(struct history_question question)
{
	static struct answer all;
	size_t pages = 0;

	all.row_count = 0;
	all.sum = (struct mz_counts){0};
	do {
		recording_ask(&question);
		assert_true(answer.row_count <= HISTORY_ROWS);
		assert_true(all.row_count + answer.row_count <= 2 * HISTORY_ROWS);
		memcpy(all.rows + all.row_count, answer.rows,
			answer.row_count * sizeof(*answer.rows));
		all.row_count += answer.row_count;
		sums_add(&all.sum, &answer.sum);
		question.after_start = answer.head.next_start;
		question.after_row = answer.head.next_row;
		pages++;
	} while (answer.head.next_row);
	memcpy(answer.rows, all.rows, all.row_count * sizeof(*all.rows));
	answer.row_count = all.row_count;
	answer.sum = all.sum;
	return pages;
}

/* The rows of the answer as those by total would be: those of one start added up. */
static inline size_t recording_add_up(struct history_row *sums)
{
	size_t count = 0;

	for (size_t i = 0; i < answer.row_count; i++) {
		const struct history_row *row = &answer.rows[i].row;

		if (count && sums[count - 1].start == row->start) {
			sums[count - 1].estimated |= row->estimated;
			sums_add(&sums[count - 1].counts, &row->counts);
		} else {
			sums[count] = *row;
			sums[count++].host = 0;
		}
	}
	return count;
}

/* By total, each row is the sum of those by host, and of those by name. */
static inline void recording_expect_sums(struct history_question question)
{
	static struct history_row sums[2][2 * HISTORY_ROWS];
	size_t count[2];

	for (int by = HISTORY_BY_HOST; by <= HISTORY_BY_NAME; by++) {
		question.by = (uint8_t)by;
		recording_ask_all(question);
		count[by] = recording_add_up(sums[by]);
	}
	question.by = HISTORY_BY_TOTAL;
	recording_ask(&question);
	for (int by = HISTORY_BY_HOST; by <= HISTORY_BY_NAME; by++) {
		assert_int_equal(answer.row_count, count[by]);
		for (size_t i = 0; i < count[by]; i++)
			assert_memory_equal(&answer.rows[i].row, &sums[by][i], sizeof(sums[by][i]));
	}
}

#endif
