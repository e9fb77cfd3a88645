// SPDX-License-Identifier: GPL-2.0-or-later
/* From slices to hours: every byte is in one hour, of the time that its slice lasted. */
#include "zones.h"

#include <errno.h>

#include "history/book.h"
#include "history/sums.h"

#define SERIES 5
#define SLICES 40
#define SUMMER 1774746000 /* 2026-03-29 01:00 UTC: Berlin goes from 02:00 to 03:00 */

static const char *const zones[] = {"CET-1CEST,M3.5.0,M10.5.0/3", "<+0545>-5:45", "UTC0",
	"<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45", "<-04>4<-03>,M9.1.6/24,M4.1.6/24"};

struct slice {
	struct recent_slice slice;
	struct mz_counts counts[SERIES];
};

static struct {
	struct zone zone;
	struct slice slices[SLICES];
	size_t slice_count, hour_count;
	int64_t offset; /* as it is believed */
	struct mz_counts sums[SERIES];
	struct book_hour last;
	int refuse;
} world;

/* What of a slice lies in [start, end): by floating point, so only about right. */
static double share(const struct recent_slice *slice, int64_t start, int64_t end)
{
	int64_t offset = slice->has_date ? slice->offset : world.offset;
	int64_t began = slice->began + offset, ended = slice->ended + offset;

	if (began == ended)
		return began >= start && began < end;
	began = began > start ? began : start;
	ended = ended < end ? ended : end;
	return began < ended ? (double)(ended - began) / (double)(slice->ended - slice->began) : 0;
}

static double expected(const struct book_hour *hour, uint32_t series)
{
	double bytes = 0;

	for (size_t i = 0; i < world.slice_count; i++) {
		const struct recent_slice *slice = &world.slices[i].slice;

		if (slice->has_date == hour->has_date &&
			(!slice->has_date || slice->offset == hour->offset))
			bytes += share(slice, hour->start, hour->end) *
				 (double)world.slices[i].counts[series].bytes[MZ_UPLOAD];
	}
	return bytes;
}

static int take(
	void *context, const struct book_hour *hour, const struct ledger_row *rows, size_t count)
{
	int64_t start, end;

	assert_ptr_equal(context, &world);
	if (world.refuse)
		return world.refuse;
	zone_hour(&world.zone, hour->began + hour->offset, &start, &end);
	assert_true(hour->start == start && hour->end == end);
	assert_true(hour->began <= hour->ended);
	assert_true(hour->ended + hour->offset <= hour->end);
	assert_true(!world.hour_count || hour->began >= world.last.ended);
	for (size_t i = 0; i < count; i++) {
		double bytes = (double)rows[i].counts.bytes[MZ_UPLOAD];

		assert_true(rows[i].series < SERIES && !sums_are_zero(&rows[i].counts));
		assert_true(i == 0 || rows[i].series > rows[i - 1].series);
		sums_add(&world.sums[rows[i].series], &rows[i].counts);
		/* each part is rounded by less than 1 */
		bytes -= expected(hour, rows[i].series);
		assert_true(bytes < SLICES && bytes > -SLICES);
	}
	world.last = *hour;
	world.hour_count++;
	return 0;
}

static struct book new_book(const char *zone)
{
	zone_free(&world.zone);
	memset(&world, 0, sizeof(world));
	load_value(&world.zone, zone, SUMMER - 86400 * 400, SUMMER);
	return (struct book){.zone = &world.zone, .take = take, .context = &world};
}

static int add(struct book *book, const struct slice *slice)
{
	struct ledger_row rows[SERIES];

	world.slices[world.slice_count++] = *slice;
	for (uint32_t i = 0; i < SERIES; i++)
		rows[i] = (struct ledger_row){.series = i, .counts = slice->counts[i]};
	return book_add(book, &slice->slice, rows, SERIES, SERIES);
}

static void expect_sums(void)
{
	for (size_t i = 0; i < SERIES; i++) {
		struct mz_counts sum = {0};

		for (size_t j = 0; j < world.slice_count; j++)
			sums_add(&sum, &world.slices[j].counts[i]);
		assert_memory_equal(&sum, &world.sums[i], sizeof(sum));
	}
}

static int64_t any_length(void)
{
	switch (rand() % 6) {
	case 0:
		return 0;
	case 1:
		return 1 + rand() % 10;
	case 2:
		return rand() % (86400 * 5);
	default:
		return 300;
	}
}

static void random_slices_add_up(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < (int)rounds(400, 1); round++) {
		struct book book = new_book(zones[round % (sizeof(zones) / sizeof(*zones))]);
		int64_t boot = rand() % 1000;
		bool dated = false;

		world.offset = book.offset = SUMMER - 3 * 86400 - rand() % 86400;
		for (int i = 0; i < SLICES; i++) {
			struct slice slice = {.slice = {.began = boot,
						      .has_date = dated,
						      .offset = dated ? world.offset + 2 : 0,
						      .unwatched = rand() % 9 == 0}};

			boot += any_length();
			slice.slice.ended = boot;
			for (int j = 0; j < SERIES; j++)
				if (rand() % 2)
					slice.counts[j] = (struct mz_counts){
						.bytes = {(uint64_t)rand() << rand() % 20, 1},
						.packets = {(uint64_t)rand(), 2}};
			assert_int_equal(add(&book, &slice), 0);
			boot += rand() % 8 ? 0 : rand() % 7200;
			dated |= rand() % 20 == 0;
		}
		assert_int_equal(book_end(&book), 0);
		assert_int_equal(book_end(&book), 0);
		expect_sums();
		book_free(&book);
	}
}

static void divides_a_slice_of_days(void **state)
{
	struct book book = new_book(zones[0]);
	struct slice slice = {.slice = {.began = 0,
				      .ended = 3 * 86400,
				      .has_date = true,
				      .offset = SUMMER - 86400 - 1800,
				      .unwatched = true},
		.counts = {{.bytes = {UINT64_MAX, 7}}}};

	(void)state;
	assert_int_equal(add(&book, &slice), 0);
	assert_int_equal(book_end(&book), 0);
	assert_int_equal(world.hour_count, 3 * 24 + 1);
	assert_true(world.last.unwatched && world.last.has_date);
	assert_true(world.last.ended - world.last.began == 1800);
	expect_sums();
	book_free(&book);
}

static void joins_slices_of_an_hour(void **state)
{
	struct book book = new_book(zones[1]);
	struct slice slice = {.slice = {.began = 60, .ended = 360}, .counts = {{.bytes = {5, 6}}}};

	(void)state;
	world.offset = book.offset = SUMMER + 900; /* a full hour in Nepal */
	assert_int_equal(add(&book, &slice), 0);
	slice.slice = (struct recent_slice){.began = 600, .ended = 3600, .unwatched = true};
	assert_int_equal(add(&book, &slice), 0);
	assert_int_equal(world.hour_count, 0);
	slice.slice = (struct recent_slice){.began = 3600, .ended = 3600};
	assert_int_equal(add(&book, &slice), 0);
	assert_int_equal(world.hour_count, 1);
	assert_true(world.last.start == SUMMER + 900 && world.last.end == SUMMER + 4500);
	assert_true(world.last.began == 60 && world.last.ended == 3600);
	assert_true(world.last.unwatched && !world.last.has_date);
	assert_int_equal(book_end(&book), 0);
	assert_false(world.last.unwatched);
	expect_sums();
	book_free(&book);
}

static void hands_errors_on(void **state)
{
	struct book book = new_book(zones[2]);
	struct slice slice = {.slice = {.ended = 7200}};

	(void)state;
	world.refuse = -ENOSPC;
	assert_int_equal(add(&book, &slice), -ENOSPC);
	slice.slice.ended = INT64_MAX;
	assert_int_equal(add(&book, &slice), -ERANGE);
	slice.slice.ended = -1;
	assert_int_equal(add(&book, &slice), -ERANGE);
	slice.slice = (struct recent_slice){
		.began = INT64_MAX - 1, .ended = INT64_MAX, .has_date = true, .offset = 2};
	assert_int_equal(add(&book, &slice), -ERANGE);
	book_free(&book);
}

static void parts_never_overflow(void **state)
{
	(void)state;
	assert_true(book_part(UINT64_MAX, UINT32_MAX, UINT32_MAX) == UINT64_MAX);
	assert_true(book_part(UINT64_MAX, 1, 2) == UINT64_MAX / 2);
	assert_true(book_part(UINT64_MAX - 1, UINT32_MAX - 1, UINT32_MAX) ==
		    UINT64_MAX - 1 - UINT64_MAX / UINT32_MAX);
	assert_true(book_part(7, 1, 2) == 3);
	assert_true(book_part(0, 1, 2) == 0);
	assert_true(book_part(7, 0, 2) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_slices_add_up),
		cmocka_unit_test(divides_a_slice_of_days),
		cmocka_unit_test(joins_slices_of_an_hour),
		cmocka_unit_test(hands_errors_on),
		cmocka_unit_test(parts_never_overflow),
	};

	return cmocka_run_group_tests(tests, zones_begin, zones_end);
}
