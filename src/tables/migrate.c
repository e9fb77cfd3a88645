// SPDX-License-Identifier: GPL-2.0-or-later
#include "tables/migrate.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "tables/other_layout.h"

/* Directory n of all layouts, of which ours is the first. As bpffs_other(). */
static int layout_at(const struct bpffs *bpffs, unsigned n, char dir[PATH_MAX])
{
	if (n > 0)
		return bpffs_other(bpffs, n - 1, dir);
	memcpy(dir, bpffs->layout, PATH_MAX);
	return 1;
}

/* Whether a past has taken over what was counted with the slots of this id; or -errno. */
static int is_taken(const struct bpffs *bpffs, uint32_t id)
{
	char dir[PATH_MAX];
	int more;

	for (unsigned i = 0; (more = layout_at(bpffs, i, dir)) > 0; i++) {
		struct past past = {0};
		int error = past_open(&past, dir, UINT32_MAX);
		bool taken = !error && past.head.imported == id;

		past_close(&past);
		if (error && error != -EUCLEAN) /* that is no past, and goes later */
			return error;
		if (taken)
			return 1;
	}
	return more;
}

int migrate_drop_taken(const struct bpffs *bpffs)
{
	char dir[PATH_MAX];
	int more;

	for (unsigned i = 0; (more = layout_at(bpffs, i, dir)) > 0; i++) {
		uint32_t id;
		int error = other_layout_id(dir, &id);
		int taken = !error && id ? is_taken(bpffs, id) : error;

		error = taken > 0 ? bpffs_empty(dir) : taken;
		if (error)
			return error;
	}
	return more;
}

int migrate_nets(const struct bpffs *bpffs, struct mz_net *nets)
{
	char dir[PATH_MAX];
	int more;

	for (unsigned i = 0; (more = bpffs_other(bpffs, i, dir)) > 0; i++)
		if (other_layout_nets(dir, nets) == 0)
			return 1;
	return more;
}

void migrate_hooks(const struct bpffs *bpffs)
{
	char dir[PATH_MAX];

	for (unsigned i = 0; bpffs_other(bpffs, i, dir) > 0; i++) {
		bpffs_move_up(bpffs, dir, "link_");
		bpffs_move_up(bpffs, dir, "qdisc_");
	}
}

static int import(const struct bpffs *bpffs, const struct other_layout *other, struct past *past)
{
	struct past next;
	int error = past_copy(&next, past), count;

	if (error)
		return error;
	count = other_layout_add_to(other, &next);
	error = count < 0 ? count : 0;
	next.head.imported = other->id;
	past_settle(&next);
	if (!error)
		error = past_commit(&next, bpffs->layout);
	if (error) {
		past_close(&next);
		return error;
	}
	past_close(past);
	*past = next;
	log_info("took over the counts of %d addresses and hosts from %s", count, other->dir);
	return 0;
}

int migrate_import(const struct bpffs *bpffs, struct past *past)
{
	char dir[PATH_MAX];
	struct other_layout other;
	int more;

	while ((more = bpffs_other(bpffs, 0, dir)) > 0) {
		int error = other_layout_open(&other, dir);

		if (!error) {
			maps_wait_for_classifiers();
			if (other.id != past->head.imported)
				error = import(bpffs, &other, past);
			other_layout_close(&other);
		}
		if (error == -ENOENT)
			log_info("removed %s, which a killed daemon left half made or half removed",
				dir);
		else if (error == -EUCLEAN)
			log_warn("the counts in %s cannot be read and are dropped: %s", dir,
				strerror(-error));
		else if (error)
			return error; /* it may be over another time */
		error = bpffs_remove_other(dir);
		if (error)
			return error;
	}
	return more;
}
