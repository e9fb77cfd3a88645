// SPDX-License-Identifier: GPL-2.0-or-later
#include "hooks/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "hooks/hook.h"
#include "model/labels.h"
#include "net/filters.h"

static int compare(const void *a, const void *b)
{
	const struct snapshot_hook *x = a, *y = b;
	int order = strcmp(x->device, y->device);

	order = order ? order : x->kind - y->kind;
	return order ? order : x->direction - y->direction;
}

/* Adds a hook once, also where the device has classifiers for several tracked interfaces. */
static int add(struct leftover *left, const struct hook *hook, enum snapshot_hook_kind kind)
{
	struct snapshot_hook *hooks,
		found = {.direction = (uint8_t)hook->direction, .kind = (uint8_t)kind};

	if (!if_indextoname(hook->ifindex, found.device))
		return 0; /* it has just gone */
	for (size_t i = 0; i < left->count; i++)
		if (compare(&left->hooks[i], &found) == 0)
			return 0;
	hooks = array_grow(left->hooks, left->count, &left->room, 16, sizeof(*hooks));
	if (!hooks)
		return -ENOMEM;
	left->hooks = hooks;
	left->hooks[left->count++] = found;
	return 0;
}

static bool parse_pin(const char *name, struct hook *hook)
{
	char again[64];

	for (unsigned d = 0; d < MZ_DIRECTIONS; d++) {
		hook->direction = (enum mz_direction)d;
		if (sscanf(name, "link_%u_%u_", &hook->ifindex, &hook->net) != 2)
			return false;
		snprintf(again, sizeof(again), "link_%u_%u_%s", hook->ifindex, hook->net,
			labels_side(d));
		if (strcmp(again, name) == 0)
			return true;
	}
	return false;
}

/* Lists links pinned in a directory; below: and in its subdirectories, one per layout. */
static int list_links(const char *path, bool below, struct leftover *left)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int error = 0;

	if (!dir)
		return errno == ENOTDIR ? 0 : -errno;
	while (!error && (entry = readdir(dir)) != NULL) {
		char inner[PATH_MAX];
		struct hook hook;

		if (parse_pin(entry->d_name, &hook)) {
			if (hook_attached(path, &hook, SNAPSHOT_TCX))
				error = add(left, &hook, SNAPSHOT_TCX);
		} else if (below && entry->d_name[0] != '.' &&
			   snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name) <
				   (int)sizeof(inner)) {
			error = list_links(inner, false, left);
			error = error == -ENOENT ? 0 : error;
		}
	}
	closedir(dir);
	return error;
}

static int list_filters(const char *pin, struct leftover *left)
{
	struct if_nameindex *devices = if_nameindex();
	int error = devices ? 0 : -errno;

	for (size_t i = 0; devices && devices[i].if_index && !error; i++)
		for (int d = 0; d < MZ_DIRECTIONS && !error; d++) {
			struct hook hook = {
				.ifindex = devices[i].if_index, .direction = (enum mz_direction)d};
			int count = filters_list(hook.ifindex, hook.direction, NULL, 0);

			error = count < 0 ? count : 0;
			for (hook.net = 0; hook.net < MZ_NETS && count > 0 && !error; hook.net++)
				if (hook_attached(pin, &hook, SNAPSHOT_CLSACT)) {
					error = add(left, &hook, SNAPSHOT_CLSACT);
					break;
				}
		}
	if (devices)
		if_freenameindex(devices);
	return error;
}

int leftover_look(const char *pin, struct leftover *left)
{
	int error = list_links(pin, true, left);

	if (error == -ENOENT)
		return 0; /* without its maps, a filter is not this daemon's */
	if (!error)
		error = list_filters(pin, left);
	if (left->count)
		qsort(left->hooks, left->count, sizeof(*left->hooks), compare);
	return error;
}

void leftover_free(struct leftover *left)
{
	free(left->hooks);
	*left = (struct leftover){0};
}
