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

/* From linux/bpf.h of 6.6, as the build may have older headers. */
#define TCX_INGRESS 46	      /* BPF_TCX_INGRESS */
#define TCX_EGRESS  47	      /* BPF_TCX_EGRESS */
#define TCX_FIRST   (1U << 3) /* BPF_F_BEFORE, which without another program means first */

#define HANDLE	 0x6d7a0000 /* "mz": the upper half of this program's clsact handles */
#define PRIORITY 1	    /* runs first; where it is taken, the next one */
#define LAST	 16	    /* the last priority tried */

static const char direction_text[][8] = {[MZ_UPLOAD] = "ingress", [MZ_DOWNLOAD] = "egress"};
/* The start of the name that libbpf gives to a filter: its program's name. */
static const char program_text[][16] = {[MZ_UPLOAD] = "mz_ingress:", [MZ_DOWNLOAD] = "mz_egress:"};

/* bpffs refuses names with a dot, so interfaces are named by their index. */
static void link_path(const char *dir, const struct hook *hook, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/link_%u_%u_%s", dir, hook->ifindex, hook->net,
		direction_text[hook->direction]);
}

/* Opens the link pinned at path. -ENOENT where it is not attached to the device. */
static int open_link(const char *path, const struct hook *hook)
{
	struct bpf_link_info info = {0};
	__u32 size = sizeof(info);
	int link = bpf_obj_get(path);

	if (link < 0)
		return -errno;
	/* a link that lost its device has ifindex 0; tcx has the field at the same offset as xdp */
	if (bpf_obj_get_info_by_fd(link, &info, &size) == 0 && info.xdp.ifindex == hook->ifindex)
		return link;
	close(link);
	return -ENOENT;
}

/* Replaces the program of the link pinned at path. -ENOENT where none is attached to the device. */
static int update_link(const char *path, const struct hook *hook, int program)
{
	int link = open_link(path, hook), error;

	if (link < 0) {
		unlink(path); /* its device is gone */
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
	close(link); /* where pinning failed, this detaches it */
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

/* The network number is in the lowest bits, the daemon's id above it. */
static uint32_t handle_of(const char *dir, unsigned net)
{
	return HANDLE | (hook_daemon_id(dir) * MZ_NETS & 0xffff) | net;
}

#define FILTERS 64 /* this program's are among the first */

/* Checks the program, too: an ingress qdisc has filters of both directions in one list. */
static bool is_own_filter(const char *dir, enum mz_direction direction, const struct filter *filter)
{
	return (filter->handle & ~(MZ_NETS - 1u)) == handle_of(dir, 0) &&
	       strncmp(filter->name, program_text[direction], strlen(program_text[direction])) == 0;
}

static int list_filters(const struct hook *hook, struct filter list[FILTERS])
{
	int count = filters_list(hook->ifindex, hook->direction, list, FILTERS);

	return count < FILTERS ? count : FILTERS;
}

/* The priority of this daemon's filter on a hook; 0: there is none; -errno: the list failed. */
static int find_filter(const char *dir, const struct hook *hook)
{
	struct filter list[FILTERS];
	int count = list_filters(hook, list);

	for (int i = 0; i < count; i++)
		if (list[i].handle == handle_of(dir, hook->net) &&
			is_own_filter(dir, hook->direction, &list[i]))
			return list[i].priority;
	return count < 0 ? count : 0;
}

/* A directory that marks a qdisc as made by this program, for hook_remove_all(). Pins are files. */
static void qdisc_path(const char *dir, unsigned ifindex, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/qdisc_%u", dir, ifindex);
}

/* Checks a qdisc that was there before: an ingress qdisc would run egress filters at ingress. */
static int has_place(const struct hook *hook)
{
	int ingress = hook->direction == MZ_DOWNLOAD ? filters_has_ingress(hook->ifindex) : 0;

	return ingress > 0 ? -EADDRINUSE : ingress;
}

static int attach_clsact(const char *dir, const struct hook *hook, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, at, .ifindex = (int)hook->ifindex,
		.attach_point = attach_point(hook->direction));
	int priority = find_filter(dir, hook), error;
	char path[PATH_MAX];

	if (priority < 0)
		return priority; /* with a second filter, packets would count twice */
	error = bpf_tc_hook_create(&at);
	qdisc_path(dir, hook->ifindex, path);
	if (error == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
		error = -errno;
	if (error == -EEXIST)
		error = has_place(hook);
	if (error)
		return error;
	if (priority) {
		LIBBPF_OPTS(bpf_tc_opts, filter, .handle = handle_of(dir, hook->net),
			.priority = (uint32_t)priority, .prog_fd = program,
			.flags = BPF_TC_F_REPLACE);

		return bpf_tc_attach(&at, &filter);
	}
	for (unsigned next = PRIORITY; next <= LAST; next++) {
		LIBBPF_OPTS(bpf_tc_opts, filter, .handle = handle_of(dir, hook->net),
			.priority = next, .prog_fd = program);

		error = bpf_tc_attach(&at, &filter);
		if (error != -EINVAL && error != -EEXIST) /* a filter of another kind has it */
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
		/* the kernel detaches a link without references, too, but some time later */
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
	int priority = find_filter(dir, hook);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = handle_of(dir, hook->net),
		.priority = (uint32_t)priority);

	if (priority > 0 && bpf_tc_detach(&at, &filter) == 0)
		log_debug("device %u: classifier detached from %s (clsact)", hook->ifindex,
			direction_text[hook->direction]);
}

int hook_attach(const char *dir, const struct hook *hook, int program, enum config_hook wanted,
	enum snapshot_hook_kind *kind)
{
	int error = -EINVAL;

	libbpf_set_print(NULL); /* the caller logs what failed, in one line */
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

/* Linux 6.6 and later. Earlier kernels refuse the query. */
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

/* Also true where the list fails: another program may need the qdisc. */
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
			if (is_own_filter(dir, hook.direction, &list[i]) &&
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
