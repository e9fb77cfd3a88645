// SPDX-License-Identifier: GPL-2.0-or-later
#include "hooks/hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "net/filters.h"

/* linux/bpf.h of 6.6; older headers have to do. */
#define TCX_INGRESS 46	      /* BPF_TCX_INGRESS */
#define TCX_EGRESS  47	      /* BPF_TCX_EGRESS */
#define TCX_FIRST   (1U << 3) /* BPF_F_BEFORE, and before nobody in particular: first */

#define HANDLE	 0x6d7a0000 /* "mz": our clsact filters have such handles */
#define PRIORITY 1	    /* and run first; where that is taken, right behind */
#define LAST	 16	    /* the last priority tried */

static const char direction_text[][8] = {[MZ_UPLOAD] = "ingress", [MZ_DOWNLOAD] = "egress"};
/* What libbpf calls a filter, its program's name and a number, begins so. */
static const char program_text[][16] = {[MZ_UPLOAD] = "mz_ingress:", [MZ_DOWNLOAD] = "mz_egress:"};

/* A dot in a pin's name is refused by bpffs, so interfaces are named by their index. */
static void link_path(const char *dir, const struct hook *hook, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/link_%u_%u_%s", dir, hook->ifindex, hook->net,
		direction_text[hook->direction]);
}

/* The link pinned at path, open. -ENOENT where it does not hang on the interface. */
static int open_link(const char *path, const struct hook *hook)
{
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);
	int link = bpf_obj_get(path);

	if (link < 0)
		return -errno;
	/* A link that lost its device has ifindex 0; for tcx it stands where it does for xdp. */
	if (bpf_obj_get_info_by_fd(link, &info, &size) == 0 && info.xdp.ifindex == hook->ifindex)
		return link;
	close(link);
	return -ENOENT;
}

/* Swaps the program of the link pinned at path. -ENOENT where none hangs on the interface. */
static int update_link(const char *path, const struct hook *hook, int program)
{
	int link = open_link(path, hook), error;

	if (link < 0) {
		unlink(path); /* of a device that is gone */
		return link;
	}
	error = bpf_link_update(link, program, NULL) < 0 ? -errno : 0;
	close(link);
	return error;
}

static int attach_tcx(const char *dir, const struct hook *hook, int program)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = TCX_FIRST);
	char path[PATH_MAX];
	int link, error;

	link_path(dir, hook, path);
	error = update_link(path, hook, program);
	if (error != -ENOENT)
		return error;
	link = bpf_link_create(program, (int)hook->ifindex,
		(enum bpf_attach_type)(hook->direction == MZ_UPLOAD ? TCX_INGRESS : TCX_EGRESS),
		&options);
	if (link < 0)
		return -errno;
	error = bpf_obj_pin(link, path) < 0 ? -errno : 0;
	close(link); /* without a pin this detaches it */
	return error;
}

static enum bpf_tc_attach_point attach_point(enum mz_direction direction)
{
	return direction == MZ_UPLOAD ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

uint32_t hook_daemon_id(const char *dir)
{
	uint32_t mixed = 0;

	if (strcmp(dir, CONFIG_PIN) != 0)
		for (const char *c = dir; *c; c++)
			mixed = mixed * 31 + (unsigned char)*c;
	return mixed;
}

/* The net is in the lowest bits, and above it what tells daemons apart. */
static uint32_t handle_of(const char *dir, unsigned net)
{
	return HANDLE | (hook_daemon_id(dir) * MZ_NETS & 0xffff) | net;
}

#define FILTERS 64 /* ours are among the first */

/* By the program as well: in an ingress qdisc, those of both directions are in one list. */
static bool filter_is_ours(
	const char *dir, enum mz_direction direction, const struct filter *filter)
{
	return (filter->handle & ~(MZ_NETS - 1u)) == handle_of(dir, 0) &&
	       strncmp(filter->name, program_text[direction], strlen(program_text[direction])) == 0;
}

static int list_filters(const struct hook *hook, struct filter list[FILTERS])
{
	int count = filters_list(hook->ifindex, hook->direction, list, FILTERS);

	return count < FILTERS ? count : FILTERS;
}

/* The priority our filter has on a hook, or 0, or -errno where the kernel does not tell. */
static int find_filter(const char *dir, const struct hook *hook)
{
	struct filter list[FILTERS];
	int count = list_filters(hook, list);

	for (int i = 0; i < count; i++)
		if (list[i].handle == handle_of(dir, hook->net) &&
			filter_is_ours(dir, hook->direction, &list[i]))
			return list[i].priority;
	return count < 0 ? count : 0;
}

/* Remembers, for the day we leave, that the qdisc is our work: a directory, as pins are files. */
static void qdisc_path(const char *dir, unsigned ifindex, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/qdisc_%u", dir, ifindex);
}

/* In the qdisc that was there already. An ingress qdisc puts downloads' filters to uploads. */
static int has_place(const struct hook *hook)
{
	int ingress = hook->direction == MZ_DOWNLOAD ? filters_has_ingress(hook->ifindex) : 0;

	return ingress > 0 ? -EADDRINUSE : ingress;
}

static int attach_clsact(const char *dir, const struct hook *hook, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, at, .ifindex = (int)hook->ifindex,
		.attach_point = attach_point(hook->direction));
	int ours = find_filter(dir, hook), error;
	char path[PATH_MAX];

	if (ours < 0)
		return ours; /* there may be one already: with another, packets would count twice */
	error = bpf_tc_hook_create(&at);
	qdisc_path(dir, hook->ifindex, path);
	if (error == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
		error = -errno;
	if (error == -EEXIST)
		error = has_place(hook);
	if (error)
		return error;
	if (ours) {
		LIBBPF_OPTS(bpf_tc_opts, filter, .handle = handle_of(dir, hook->net),
			.priority = (uint32_t)ours, .prog_fd = program, .flags = BPF_TC_F_REPLACE);

		return bpf_tc_attach(&at, &filter);
	}
	for (unsigned priority = PRIORITY; priority <= LAST; priority++) {
		LIBBPF_OPTS(bpf_tc_opts, filter, .handle = handle_of(dir, hook->net),
			.priority = priority, .prog_fd = program);

		error = bpf_tc_attach(&at, &filter);
		if (error != -EINVAL && error != -EEXIST) /* priority taken by another kind */
			break;
	}
	return error;
}

static void detach_tcx(const char *dir, const struct hook *hook)
{
	char path[PATH_MAX];
	int link;

	link_path(dir, hook, path);
	link = bpf_obj_get(path);
	if (link >= 0) {
		/* the kernel would do so for the last reference, but some time later */
		bpf_link_detach(link);
		close(link);
		log_debug("device %u: classifier detached from %s (tcx)", hook->ifindex,
			direction_text[hook->direction]);
	}
	unlink(path);
}

static void detach_clsact(const char *dir, const struct hook *hook)
{
	LIBBPF_OPTS(bpf_tc_hook, at, .ifindex = (int)hook->ifindex,
		.attach_point = attach_point(hook->direction));
	int ours = find_filter(dir, hook);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = handle_of(dir, hook->net),
		.priority = (uint32_t)ours);

	if (ours > 0 && bpf_tc_detach(&at, &filter) == 0)
		log_debug("device %u: classifier detached from %s (clsact)", hook->ifindex,
			direction_text[hook->direction]);
}

int hook_attach(const char *dir, const struct hook *hook, int program, enum config_hook wanted,
	enum snapshot_hook_kind *kind)
{
	int error = -EINVAL;

	libbpf_set_print(NULL); /* the caller says what failed, in one line */
	*kind = SNAPSHOT_TCX;
	if (wanted != CONFIG_HOOK_CLSACT)
		error = attach_tcx(dir, hook, program);
	if (error == 0) {
		detach_clsact(dir, hook); /* of an earlier --hook clsact */
	} else if (error == -EINVAL && wanted != CONFIG_HOOK_TCX) { /* before 6.6 */
		*kind = SNAPSHOT_CLSACT;
		error = attach_clsact(dir, hook, program);
		if (error == 0 || error == -EADDRINUSE)
			detach_tcx(dir, hook);
	}
	return error;
}

/* Since 6.6; earlier kernels do not know what is asked for. */
static bool kernel_has_tcx(unsigned ifindex)
{
	__u32 programs = 0;

	return bpf_prog_query((int)ifindex, (enum bpf_attach_type)TCX_INGRESS, 0, NULL, NULL,
		       &programs) != -EINVAL;
}

bool hook_change_kind(
	const char *dir, const struct hook *hook, enum config_hook wanted, enum config_hook *other)
{
	if (wanted == CONFIG_HOOK_CLSACT) {
		*other = CONFIG_HOOK_TCX;
		return hook_attached(dir, hook, SNAPSHOT_TCX);
	}
	*other = CONFIG_HOOK_CLSACT;
	return find_filter(dir, hook) > 0 && kernel_has_tcx(hook->ifindex);
}

bool hook_attached(const char *dir, const struct hook *hook, enum snapshot_hook_kind kind)
{
	char path[PATH_MAX];
	int link;

	if (kind == SNAPSHOT_CLSACT)
		return find_filter(dir, hook) != 0;
	link_path(dir, hook, path);
	link = open_link(path, hook);
	if (link >= 0)
		close(link);
	return link >= 0;
}

static bool in(const struct hook *list, size_t count, const struct hook *hook)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].ifindex == hook->ifindex && list[i].net == hook->net &&
			list[i].direction == hook->direction)
			return true;
	return false;
}

/* Where the kernel does not tell, somebody may need the qdisc. */
static bool may_have_filters(unsigned ifindex)
{
	return filters_list(ifindex, MZ_UPLOAD, NULL, 0) != 0 ||
	       filters_list(ifindex, MZ_DOWNLOAD, NULL, 0) != 0;
}

static void remove_qdisc(const char *dir, unsigned ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, at, .ifindex = (int)ifindex,
		.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	char path[PATH_MAX];

	qdisc_path(dir, ifindex, path);
	if (!may_have_filters(ifindex) && rmdir(path) == 0)
		bpf_tc_hook_destroy(&at);
}

static void detach_other_links(const char *dir, const struct hook *keep, size_t keep_count)
{
	struct dirent *entry;
	DIR *pins = opendir(dir);

	while (pins && (entry = readdir(pins)) != NULL)
		for (int d = 0; d < MZ_DIRECTIONS; d++) {
			struct hook hook = {.direction = (enum mz_direction)d};
			char path[PATH_MAX];

			if (sscanf(entry->d_name, "link_%u_%u_", &hook.ifindex, &hook.net) != 2)
				continue;
			link_path("", &hook, path);
			if (strcmp(path + 1, entry->d_name) == 0 && !in(keep, keep_count, &hook))
				detach_tcx(dir, &hook);
		}
	if (pins)
		closedir(pins);
}

static void detach_other_filters(
	const char *dir, unsigned ifindex, const struct hook *keep, size_t keep_count)
{
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		struct hook hook = {.ifindex = ifindex, .direction = (enum mz_direction)d};
		struct filter list[FILTERS];
		int count = list_filters(&hook, list);

		for (int i = 0; i < count; i++) {
			hook.net = list[i].handle & (MZ_NETS - 1);
			if (filter_is_ours(dir, hook.direction, &list[i]) &&
				!in(keep, keep_count, &hook))
				detach_clsact(dir, &hook);
		}
	}
}

void hook_detach_others(const char *dir, const struct hook *keep, size_t keep_count)
{
	struct if_nameindex *interfaces = if_nameindex();

	libbpf_set_print(NULL);
	detach_other_links(dir, keep, keep_count);
	for (size_t i = 0; interfaces && interfaces[i].if_index; i++)
		detach_other_filters(dir, interfaces[i].if_index, keep, keep_count);
	if (interfaces)
		if_freenameindex(interfaces);
}

void hook_remove_all(const char *dir)
{
	struct if_nameindex *interfaces = if_nameindex();

	hook_detach_others(dir, NULL, 0);
	for (size_t i = 0; interfaces && interfaces[i].if_index; i++)
		remove_qdisc(dir, interfaces[i].if_index);
	if (interfaces)
		if_freenameindex(interfaces);
}
