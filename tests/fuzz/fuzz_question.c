// SPDX-License-Identifier: GPL-2.0-or-later
/* Questions to the history, of any bytes: each is refused, or answered by sound messages. */
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "history/query.h"

#define START	 1774695600 /* 2026-03-28 11:00 UTC */
#define MESSAGES 1000	    /* more than the answer can have */

static struct zone_change changes[] = {
	{.at = INT64_MIN, .offset = 3600}, {.at = 1774746000, .offset = 7200}};
static struct zone zone = {.changes = changes, .count = 2, .end = 1800000000};
static char directory[] = "/tmp/mezoura-fuzz-XXXXXX";
static struct store store;
static struct ledger ledger;
static struct query_sources sources = {
	.store = &store, .ledger = &ledger, .zone = &zone, .offset = START, .now = START + 90000};

static void leave(void)
{
	char path[sizeof(directory) + 16];

	store_close(&store);
	snprintf(path, sizeof(path), "%s/%s", directory, STORE_FILE);
	unlink(path);
	rmdir(directory);
}

static int keep(void *context, const struct ledger_slice *slice)
{
	(void)context;
	(void)slice;
	return 0;
}

/* Two months of hours and days, something held, and an open slice. */
static void begin(void)
{
	struct mz_counts counts = {.bytes = {1000, 2000}, .packets = {1, 2}};
	struct history_key key = {.interface = "lan", .family = AF_INET, .mac = {2, 0, 0, 0, 0, 1}};
	int64_t host, held, index;

	fuzz_check(mkdtemp(directory) && !sqlite_load());
	fuzz_check(!store_open(&store, directory, 0, false) && !atexit(leave));
	fuzz_check(!store_begin(&store));
	sources.boot = store_boot(&store, "boot");
	for (uint8_t i = 1; i < 4; i++) {
		key.mac[5] = i;
		host = store_host(&store, &key, i == 1 ? "tv" : "", "leases");
		held = store_new_held(&store, sources.boot, i * 3000, i * 3000 + 4000, false);
		fuzz_check(!store_add_held(&store, held, host, &counts));
		for (int64_t j = -300; j < 0; j++)
			fuzz_check(!store_add_hour(&store, &zone, START + j * 3600,
				START + j * 3600 + 3600, false, host, &counts));
		for (int64_t j = -60; j < -20; j++)
			fuzz_check(!store_add_day(
				&store, &zone, START / 86400 + j, true, host, &counts));
	}
	fuzz_check(!store_add_recorded(&store, START - 100 * 3600, START, HISTORY_GAP_OFF));
	fuzz_check(!store_commit(&store));
	ledger_init(&ledger, keep, NULL);
	ledger.closed = 20000;
	ledger.taken = 20100;
	index = ledger_series(&ledger, &key);
	fuzz_check(index >= 0);
	ledger.series[index].seen = counts;
}

static void check(const struct history_answer *message, size_t size, int by)
{
	const struct history_row *row = (const struct history_row *)(message + 1);

	fuzz_check(message->size == size && size <= HISTORY_MESSAGE && message->error == 0);
	fuzz_check(size == sizeof(*message) + message->row_count * sizeof(*row) +
				   message->host_count * sizeof(struct history_host) +
				   message->gap_count * sizeof(struct history_gap));
	for (uint32_t i = 0; i < message->row_count; i++) {
		fuzz_check(by == HISTORY_BY_TOTAL || row[i].host < message->host_count);
		fuzz_check(i == 0 || row[i].start >= row[i - 1].start);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(8) char message[HISTORY_MESSAGE];
	const struct history_answer *answer = (struct history_answer *)message;
	struct history_question question = {0};
	struct query *query;
	int result, count = 0;

	if (!store.db.handle)
		begin();
	memcpy(&question, data, size < sizeof(question) ? size : sizeof(question));
	result = query_start(&query, &sources, &question);
	fuzz_check(result == 0 || (result == -EINVAL && !query));
	while (result >= 0 && query) {
		result = query_next(query, (struct history_answer *)message, sizeof(message));
		fuzz_check(result > 0 && ++count < MESSAGES);
		check(answer, (size_t)result, question.by);
		fuzz_check(answer->number == question.number);
		if (!answer->more)
			break;
	}
	query_free(query);
	return 0;
}
