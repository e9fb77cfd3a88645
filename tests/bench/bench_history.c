// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The history in --state: bytes written a day, bytes stored, and the time of an answer, of houses
 * whose years are simulated. Bytes written are those of write(2) and pwrite(2), journal included,
 * as the kernel counts them for this process.
 *
 * bench_history DIR HOSTS DAYS   only makes a history of so many days, up to now, in DIR
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "simulated.h"

#include "history/query.h"

#define ASKED 15

static uint64_t stored(const char *dir)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, STORE_FILE);
	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* Milliseconds that a question takes, the least of several; *rows: of its answer. */
static double ask(struct house *house, struct history_question question, size_t *rows)
{
	static union {
		struct history_answer head;
		char room[HISTORY_MESSAGE];
	} message;
	struct query_sources sources = {.store = &house->store,
		.zone = &house->zone,
		.boot = house->position.boot,
		.offset = house->now - house->position.taken,
		.proven = true,
		.now = house->now};
	double best = -1;

	question.size = sizeof(question);
	question.kind = HISTORY_ASK;
	question.month_start = 1;
	question.to = (struct history_time){house->now, HISTORY_INSTANT};
	for (int i = 0; i < ASKED; i++) {
		double began = now_ms(), took;
		struct query *query = NULL;
		int size = query_start(&query, &sources, &question);

		*rows = 0;
		message.head.more = 1;
		while (size >= 0 && message.head.more) {
			size = query_next(query, &message.head, sizeof(message));
			*rows += size < 0 ? 0 : message.head.row_count;
		}
		query_free(query);
		if (size < 0) {
			fprintf(stderr, "no answer: %s\n", strerror(-size));
			return -1;
		}
		took = now_ms() - began;
		best = best < 0 || took < best ? took : best;
	}
	return best;
}

static int tell_answers(struct house *house, unsigned hosts)
{
	struct history_key somebody = key_of(0);
	struct history_question year = {.step = HISTORY_DAY,
		.by = HISTORY_BY_TOTAL,
		.from = {house->now - 365 * DAY_SECONDS, HISTORY_INSTANT}};
	struct history_question page = year, days = year, month = year, total = year;
	size_t rows;
	double ms;

	for (size_t i = 1; house->mean[2 * (somebody.mac[5])] < 11 && i < hosts; i++)
		somebody = key_of(2 * i); /* one of the upper half */
	page.by = days.by = HISTORY_BY_HOST;
	month.step = total.step = HISTORY_HOUR;
	month.by = HISTORY_BY_HOST;
	month.who = HISTORY_MAC;
	memcpy(month.mac, somebody.mac, sizeof(month.mac));
	days.from.value = month.from.value = total.from.value = house->now - 30 * DAY_SECONDS;

	const struct {
		const char *what, *goal[2];
		struct history_question *question;
	} all[] = {{"a year by day, the house", {"<= 20", "<= 100"}, &year},
		{"a year by day, by host", {"<= 20", "<= 100"}, &page},
		{"a month by day, by host", {"", ""}, &days},
		{"a month by hour, one host", {"<= 5", "<= 25"}, &month},
		{"a month by hour, the house", {"", ""}, &total}};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		ms = ask(house, *all[i].question, &rows);
		if (ms < 0 || rows == 0)
			return -1;
		printf("history of %u hosts: %s\t%.2f\tms\t%s\tleast of %d; %zu rows%s\n", hosts,
			all[i].what, ms,
			hosts == 100	? all[i].goal[0]
			: hosts == 1000 ? all[i].goal[1]
					: "",
			ASKED, rows, rows == HISTORY_ROWS ? ", as many as an answer may have" : "");
	}
	return 0;
}

static void remove_history(const char *dir)
{
	static const char *const files[] = {STORE_FILE, STORE_FILE "-journal", "lock"};
	char path[4096];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

/* Where files are in memory, so that the disk does not take part. */
static char *scratch(void)
{
	static char dir[64];

	strcpy(dir, "/dev/shm/mz-history-XXXXXX");
	if (!mkdtemp(dir)) {
		strcpy(dir, "/tmp/mz-history-XXXXXX");
		return mkdtemp(dir);
	}
	return dir;
}

static int measure(unsigned hosts, unsigned days, bool sizes)
{
	struct house house = {0};
	int64_t end = time(NULL) / DAY_SECONDS * DAY_SECONDS;
	const char *dir = scratch();
	int status = 1;
	double began = now_ms();

	if (!dir || zone_load(&house.zone, end - (int64_t)days * DAY_SECONDS, end) != 0 ||
		begin(&house, dir, hosts) != 0 || live(&house, days, end, true) != 0)
		goto out;
	if (sizes)
		printf("history of %u hosts: written to the disk a day\t%.2f\tMB\t%s\t"
		       "by write(2); %.0f rows a commit, each hour; the longest took %.1f ms\n",
			hosts, (double)house.written / WATCHED_DAYS / 1e6,
			hosts == 100 ? "<= 1" : "", (double)house.rows / WATCHED_DAYS / 24,
			house.commit_ms);
	printf("history of %u hosts: stored after %u days\t%.2f\tMB\t%s\t"
	       "passed in %.1f s\n",
		hosts, days, (double)stored(dir) / 1e6, hosts == 100 ? "<= 8" : "",
		(now_ms() - began) / 1e3);
	status = !sizes && tell_answers(&house, hosts) != 0;
out:
	finish(&house);
	if (dir)
		remove_history(dir);
	fflush(stdout);
	return status;
}

static int fill(const char *dir, unsigned hosts, unsigned days)
{
	struct house house = {0};
	int64_t end = time(NULL) / 3600 * 3600;
	int status = zone_load(&house.zone, end - (int64_t)days * DAY_SECONDS, end) != 0 ||
		     begin(&house, dir, hosts) != 0 || live(&house, days, end, false) != 0;

	finish(&house);
	return status;
}

int main(int argc, char **argv)
{
	static const struct {
		unsigned hosts, days;
		bool sizes; /* else the time of answers, too */
	} all[] = {{10, 66, true}, {100, 66, true}, {1000, 66, true}, {10000, 30, true},
		{10, 5 * 365 + 1, false}, {100, 5 * 365 + 1, false}, {1000, 5 * 365 + 1, false}};
	int status = 0;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	if (sqlite_load() != 0) {
		fprintf(stderr, "bench_history: no SQLite here\n");
		return 1;
	}
	if (argc == 4)
		return fill(argv[1], (unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		status |= measure(all[i].hosts, all[i].days, all[i].sizes);
	return status;
}
