// SPDX-License-Identifier: GPL-2.0-or-later
#include "tables/migrate.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "tables/other_layout.h"

/* The directory of layout n; layout 0 is this one. Returns what pins_other() returns. */
static int layout_at(const struct pins *pins, unsigned n, char dir[PATH_MAX])
{
	if (n > 0)
		return pins_other(pins, n - 1, dir);
	memcpy(dir, pins->layout, PATH_MAX);
	return 1;
}

/* Whether an archive has imported the tables whose mz_slots has this id; or -errno. */
static int is_imported(const struct pins *pins, uint32_t id)
{
	char dir[PATH_MAX];
	int more;

	for (unsigned i = 0; (more = layout_at(pins, i, dir)) > 0; i++) {
		struct archive archive = {0};
		int error = archive_open(&archive, dir, UINT32_MAX);
		bool imported = !error && archive.head.imported == id;

		archive_close(&archive);
		if (error && error != -EUCLEAN) /* no archive: it is removed later */
			return error;
		if (imported)
			return 1;
	}
	return more;
}

int migrate_drop_imported(const struct pins *pins)
{
	char dir[PATH_MAX];
	int more;

	for (unsigned i = 0; (more = layout_at(pins, i, dir)) > 0; i++) {
		uint32_t id;
		int error = other_layout_id(dir, &id);
		int imported = !error && id ? is_imported(pins, id) : error;

		error = imported > 0 ? pins_empty(dir) : imported;
		if (error)
			return error;
	}
	return more;
}

int migrate_nets(const struct pins *pins, struct mz_net *nets)
{
	char dir[PATH_MAX];
	int more;

	for (unsigned i = 0; (more = pins_other(pins, i, dir)) > 0; i++)
		if (other_layout_nets(dir, nets) == 0)
			return 1;
	return more;
}

void migrate_hooks(const struct pins *pins)
{
	char dir[PATH_MAX];

	for (unsigned i = 0; pins_other(pins, i, dir) > 0; i++) {
		pins_move_up(pins, dir, "link_");
		pins_move_up(pins, dir, "qdisc_");
	}
}

static int import(
	const struct pins *pins, const struct other_layout *other, struct archive *archive)
{
	struct archive next;
	int error = archive_copy(&next, archive), count;

	if (error)
		return error;
	count = other_layout_add_to(other, &next);
	error = count < 0 ? count : 0;
	next.head.imported = other->id;
	archive_compact(&next);
	if (!error)
		error = archive_commit(&next, pins->layout);
	if (error) {
		archive_close(&next);
		return error;
	}
	archive_close(archive);
	*archive = next;
	log_info("took over the counts of %d addresses and hosts from %s", count, other->dir);
	return 0;
}

int migrate_import(const struct pins *pins, struct archive *archive)
{
	char dir[PATH_MAX];
	struct other_layout other;
	int more;

	while ((more = pins_other(pins, 0, dir)) > 0) {
		int error = other_layout_open(&other, dir);

		if (!error) {
			maps_wait_for_classifiers();
			if (other.id != archive->head.imported)
				error = import(pins, &other, archive);
			other_layout_close(&other);
		}
		if (error == -ENOENT)
			log_info("removed %s, which a killed daemon had made or removed only in "
				 "part",
				dir);
		else if (error == -EUCLEAN)
			log_warn("the counts in %s cannot be read and are dropped: %s", dir,
				strerror(-error));
		else if (error)
			return error; /* the caller tries again later */
		error = pins_remove_other(dir);
		if (error)
			return error;
	}
	return more;
}
