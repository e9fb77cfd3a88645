/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From another layout to this one: an upgrade, a downgrade, or another --max-hosts. The new tables
 * begin empty, the classifiers are swapped, and what the old ones had counted becomes a part of the
 * new past.
 */
#ifndef MZ_TABLES_MIGRATE_H
#define MZ_TABLES_MIGRATE_H

#include "tables/archive.h"
#include "tables/maps.h"
#include "tables/pins.h"

/*
 * Before tables are opened: empties the layouts, our own one too, whose counts another one took
 * over when its daemon was killed before it removed them. Else they would count twice. Returns 0 or
 * -errno.
 */
int migrate_drop_taken(const struct pins *pins);

/*
 * Before new tables are made: interfaces keep their numbers, by which the hooks are found that are
 * to be swapped. Returns 1 where nets, of MZ_NETS, was filled from another layout, else 0 or
 * -errno.
 */
int migrate_nets(const struct pins *pins, struct mz_net *nets);

/* Hooks that earlier layouts kept in their own directories move to where they are now. */
void migrate_hooks(const struct pins *pins);

/*
 * Takes over what all other layouts counted and removes them, with a line of log for each. No
 * classifier of theirs may be attached any more. Safe to be called again after a crash in the
 * middle. Returns 0 or -errno.
 */
int migrate_import(const struct pins *pins, struct archive *archive);

#endif
