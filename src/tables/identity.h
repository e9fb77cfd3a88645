/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which counts these are. The identity lives exactly as long as the counts: it is drawn when tables
 * are made that take over no others, and then stays the same across daemons and layouts. It is the
 * name of an empty directory among the pins of a layout. So an unload removes it with them, as does
 * a reboot, and it moves from layout to layout in one step.
 */
#ifndef MZ_TABLES_IDENTITY_H
#define MZ_TABLES_IDENTITY_H

#include <stdint.h>

#include "tables/pins.h"

struct identity {
	uint64_t number;  /* random, never 0 */
	uint64_t since_s; /* when the counts began, as clock_uptime_s(); 0: not known */
};

/*
 * To be called before tables are opened, and after migrate_drop_imported(). Where tables are to be
 * made, removes what identity was left here, and draws one unless there are other layouts. Returns
 * 0 or -errno.
 */
int identity_prepare(const struct pins *pins);

/*
 * To be called once tables are open. The identity is that of this layout, or of another one, from
 * which it is moved here. Where no layout has one, since an earlier version of this program made
 * them, draws one. Returns 0 or -errno.
 */
int identity_take(const struct pins *pins, struct identity *identity);

#endif
