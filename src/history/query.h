/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers questions from the database, the recent slices and the open one: what is asked for is up
 * to the last snapshot. One question at a time, message by message.
 */
#ifndef MZ_HISTORY_QUERY_H
#define MZ_HISTORY_QUERY_H

#include "history/ledger.h"
#include "history/recent.h"
#include "history/store.h"
#include "history/zone.h"
#include "model/history.h"

/*
 * Where answers come from. store, recent, ledger: NULL where there is none. The caller keeps it as
 * things are, also between two messages: what was committed meanwhile is neither missing nor there
 * twice. The query ends before any of them is closed.
 */
struct query_sources {
	struct store *store;
	struct recent *recent;
	struct ledger *ledger;
	const struct zone *zone;
	int64_t boot;	       /* store's id of this boot */
	uint64_t stored_slice; /* the last slice that is in the store */
	int64_t offset;	       /* date - boot time of this boot, as it is believed, in seconds */
	bool proven;
	int64_t now; /* seconds since 1970 */
};

struct query; /* opaque */

/*
 * Begins a question, of any bytes: -EINVAL for values out of range. *query: to be freed, NULL where
 * this fails. sources: valid until then.
 */
int query_start(struct query **query, const struct query_sources *sources,
	const struct history_question *question);

/*
 * Writes the next message, of at most room bytes (at least HISTORY_MESSAGE), to message, which is
 * aligned to 8. Returns its size, or -errno. Once message->more is 0, the question is answered. Not
 * within a transaction of the store.
 */
int query_next(struct query *query, struct history_answer *message, size_t room);
void query_free(struct query *query);

#endif
