/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "history/book.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t book_part(uint64_t total, uint64_t elapsed, uint64_t length)
{
	/* total * elapsed needs 128 bits; the remainder is below length, which has 32 */
	return total / length * elapsed + total % length * elapsed / length;
}

static bool any(const struct mz_counts *counts)
{
	return counts->bytes[MZ_UPLOAD] || counts->bytes[MZ_DOWNLOAD] ||
	       counts->packets[MZ_UPLOAD] || counts->packets[MZ_DOWNLOAD];
}

int book_end(struct book *book)
{
	size_t count = 0;

	if (!book->open)
		return 0;
	book->open = false;
	for (size_t i = 0; i < book->count; i++) {
		if (!any(&book->sums[i]))
			continue;
		book->rows[count++] =
			(struct ledger_row){.series = (uint32_t)i, .counts = book->sums[i]};
		book->sums[i] = (struct mz_counts){0};
	}
	return book->take(book->context, &book->hour, book->rows, count);
}

/* Makes room for the sums of count series. Returns 0 or -ENOMEM. */
static int make_room(struct book *book, size_t count)
{
	size_t room = book->sums_room ? book->sums_room : 64;
	struct ledger_row *rows;
	struct mz_counts *sums;

	while (room < count)
		room *= 2;
	if (room > book->sums_room) {
		rows = realloc(book->rows, room * sizeof(*rows));
		if (!rows)
			return -ENOMEM;
		book->rows = rows;
		sums = realloc(book->sums, room * sizeof(*sums));
		if (!sums)
			return -ENOMEM;
		book->sums = sums;
		book->sums_room = room;
	}
	if (count > book->count) {
		memset(book->sums + book->count, 0, (count - book->count) * sizeof(*book->sums));
		book->count = count;
	}
	return 0;
}

/* Opens the hour of a slice's part from began to ended, or goes on with it. */
static int turn_to(struct book *book, const struct recent_slice *slice, int64_t offset,
	int64_t began, int64_t ended)
{
	struct book_hour *hour = &book->hour;
	int64_t date = began + offset;
	int error;

	if (book->open && (date < hour->start || date >= hour->end || offset != hour->offset ||
				  slice->has_date != hour->has_date)) {
		error = book_end(book);
		if (error)
			return error;
	}
	if (!book->open) {
		*hour = (struct book_hour){
			.began = began, .offset = offset, .has_date = slice->has_date};
		zone_hour(book->zone, date, &hour->start, &hour->end);
		book->open = true;
	}
	hour->ended = ended;
	hour->unwatched |= slice->unwatched;
	return 0;
}

static void add_part(struct mz_counts *sum, const struct mz_counts *total, uint64_t before,
	uint64_t after, uint64_t length)
{
	for (int way = 0; way < MZ_DIRECTIONS; way++) {
		sum->bytes[way] += book_part(total->bytes[way], after, length) -
				   book_part(total->bytes[way], before, length);
		sum->packets[way] += book_part(total->packets[way], after, length) -
				     book_part(total->packets[way], before, length);
	}
}

int book_add(struct book *book, const struct recent_slice *slice, const struct ledger_row *rows,
	size_t count, size_t series_count)
{
	int64_t offset = slice->has_date ? slice->offset : book->offset;
	uint64_t length = (uint64_t)slice->ended - (uint64_t)slice->began;
	int64_t began = slice->began, ended, checked;
	int error = make_room(book, series_count);

	if (error)
		return error;
	/* no such slice is ever made: a database that says so is damaged */
	if (length > UINT32_MAX || __builtin_add_overflow(slice->began, offset, &checked) ||
		__builtin_add_overflow(slice->ended, offset, &checked))
		return -ERANGE;
	do {
		int64_t start, end;

		zone_hour(book->zone, began + offset, &start, &end);
		ended = end - offset < slice->ended ? end - offset : slice->ended;
		error = turn_to(book, slice, offset, began, ended);
		if (error)
			return error;
		/* where no time has passed, all belongs to this one hour */
		for (size_t i = 0; i < count; i++)
			add_part(&book->sums[rows[i].series], &rows[i].counts,
				length ? (uint64_t)(began - slice->began) : 0,
				length ? (uint64_t)(ended - slice->began) : 1, length ? length : 1);
		began = ended;
	} while (began < slice->ended);
	return 0;
}

void book_free(struct book *book)
{
	free(book->sums);
	free(book->rows);
	book->sums = NULL;
	book->rows = NULL;
	book->sums_room = book->count = 0;
	book->open = false;
}
