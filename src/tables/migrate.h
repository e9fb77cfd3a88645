/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Migration from another layout: an upgrade, a downgrade, or another --max-hosts. The new tables
 * start empty, the classifiers are replaced, and then the counts of the old tables are imported
 * into the new archive.
 */
#ifndef MZ_TABLES_MIGRATE_H
#define MZ_TABLES_MIGRATE_H

#include "tables/archive.h"
#include "tables/maps.h"
#include "tables/pins.h"

/*
 * To be called before tables are opened. Empties each layout, this one included, that another
 * layout has imported: the daemon was killed before it removed the old tables, and their counts
 * would count twice. Returns 0 or -errno.
 */
int migrate_drop_imported(const struct pins *pins);

/*
 * To be called before new tables are made. Fills nets, of MZ_NETS entries, from another layout:
 * interfaces keep their network numbers, by which the hooks to replace are found. Returns 1; 0
 * where there is no other layout; or -errno.
 */
int migrate_nets(const struct pins *pins, struct mz_net *nets);

/* Moves the pins of hooks, which earlier layouts had in their own directories, up to --pin. */
void migrate_hooks(const struct pins *pins);

/*
 * Imports the counts of all other layouts into the archive and removes these layouts; logs a line
 * for each. None of their classifiers may be attached any more. After a crash in the middle, it can
 * be called again. Returns 0 or -errno.
 */
int migrate_import(const struct pins *pins, struct archive *archive);

#endif
