/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ledger.c, which keeps series and slices, has for ledger_take.c, which reads snapshots. */
#ifndef MZ_HISTORY_LEDGER_PRIVATE_H
#define MZ_HISTORY_LEDGER_PRIVATE_H

#include "history/ledger.h"

/* The slot of the series of a key: its index + 1, or 0 where there is none. There are slots. */
uint32_t *ledger_slot(const struct ledger *ledger, const struct history_key *key);

/* Copies the name; an empty one changes nothing. */
void ledger_rename(struct ledger_series *series, const char *name, const char *source);

/* What the series has in the open slice, if that ends where its counter is at. */
struct mz_counts ledger_earned(const struct ledger_series *series, const struct mz_counts *at);

#endif
