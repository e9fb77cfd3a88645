// SPDX-License-Identifier: GPL-2.0-or-later
#include "reconcile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addresses.h"
#include "classifier.h"
#include "devices.h"
#include "log.h"
#include "settings.h"
#include "topology.h"

#define LOOKS 20 /* at devices that come and go meanwhile, as when a machine starts */

/* What one reconciliation works with. */
struct work {
	const struct device *devices;
	size_t device_count;
	const struct address *own;
	size_t owns;
	struct keeper_hook *hooks; /* as they are to be */
	size_t count, room;
	bool failed, xdp;	     /* of any device on the way */
	int program[MZ_DIRECTIONS];  /* the last that was loaded, */
	struct mz_settings settings; /* with these */
};

static void drop_programs(struct work *work)
{
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		if (work->program[d] >= 0)
			close(work->program[d]);
		work->program[d] = -1;
	}
}

/* Ports of one bridge mostly have equal settings, and share a program. */
static int load(struct keeper *keeper, struct work *work, const struct mz_settings *settings)
{
	int error;

	if (work->program[0] >= 0 && memcmp(settings, &work->settings, sizeof(*settings)) == 0)
		return 0;
	drop_programs(work);
	work->settings = *settings;
	error = classifier_load(&keeper->maps, settings, work->program);
	if (error)
		work->program[MZ_UPLOAD] = work->program[MZ_DOWNLOAD] = -1;
	return error;
}

static int attach(struct keeper *keeper, struct work *work, struct keeper_hook *hook)
{
	int error = load(keeper, work, &hook->settings);

	for (int d = 0; d < MZ_DIRECTIONS && !error; d++) {
		struct hook at = {hook->ifindex, hook->net, (enum mz_direction)d};

		error = hooks_attach(keeper->bpffs.pin, &at, work->program[d], keeper->config->hook,
			&hook->kind);
	}
	keeper->changed = true;
	hook->attached = error == 0;
	return error;
}

static bool is_attached(const struct keeper *keeper, const struct keeper_hook *hook)
{
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		struct hook at = {hook->ifindex, hook->net, (enum mz_direction)d};

		if (!hooks_attached(keeper->bpffs.pin, &at, hook->kind))
			return false;
	}
	return true;
}

/* Born since the last time. At the start nobody knows: then none is. */
static bool is_new(const struct keeper *keeper, const struct device *device)
{
	for (size_t i = 0; i < keeper->known_count; i++)
		if (keeper->known[i] == device->index)
			return false;
	return keeper->known_count > 0;
}

/*
 * A hook was put where one had been, or where a device is new, or learned of a prefix: what the
 * device moved in between may be missing. before: what it had moved when all was well. The next
 * gap begins where this one ends.
 */
static void note_gap(struct keeper *keeper, struct keeper_hook *hook, uint64_t before)
{
	devices_moved(hook->ifindex, &hook->moved);
	/* made anew, it began at 0 */
	keeper->missed += hook->moved < before ? hook->moved : hook->moved - before;
}

/* Whether all count elements of size bytes are somewhere in another list. */
static bool has_all(const void *list, size_t count, const void *other, size_t others, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		const char *element = (const char *)list + i * size;
		size_t k = 0;

		while (k < others && memcmp(element, (const char *)other + k * size, size) != 0)
			k++;
		if (k == others)
			return false;
	}
	return true;
}

/* Whether another prefix is tracked than before, of which packets may have passed already. */
static bool has_new_prefix(const struct mz_settings *old, const struct mz_settings *new)
{
	return !has_all(new->prefix4, new->prefixes4, old->prefix4, old->prefixes4,
		       sizeof(*new->prefix4)) ||
	       !has_all(new->prefix6, new->prefixes6, old->prefix6, old->prefixes6,
		       sizeof(*new->prefix6));
}

static const struct keeper_hook *find_hook(
	const struct keeper *keeper, unsigned ifindex, unsigned net)
{
	for (size_t i = 0; i < keeper->hook_count; i++)
		if (keeper->hooks[i].ifindex == ifindex && keeper->hooks[i].net == net)
			return &keeper->hooks[i];
	return NULL;
}

static struct keeper_hook *new_hook(struct work *work)
{
	if (work->count == work->room) {
		size_t room = work->room ? work->room * 2 : 4;
		struct keeper_hook *hooks = realloc(work->hooks, room * sizeof(*hooks));

		if (!hooks)
			return NULL;
		work->hooks = hooks;
		work->room = room;
	}
	memset(&work->hooks[work->count], 0, sizeof(*work->hooks));
	return &work->hooks[work->count++];
}

static const char *explain(int error)
{
	switch (-error) {
	case EINVAL:
		return "the kernel does not take the classifier (5.10 or later is needed, with "
		       "CONFIG_NET_CLS_BPF)";
	case E2BIG:
		return "too many prefixes or addresses (see LIMITS in mezoura(8))";
	default:
		return strerror(-error);
	}
}

/* Makes the hook on one device what it should be. Says once what failed, and when it is over. */
static int reconcile_place(struct keeper *keeper, struct work *work,
	const struct topology *topology, size_t place, const struct mz_settings *settings)
{
	const struct device *device = topology->place[place].device;
	const struct keeper_hook *old;
	struct keeper_hook *hook = new_hook(work);
	uint64_t before;
	bool fresh, there;
	int error;

	if (!hook)
		return -ENOMEM;
	hook->ifindex = device->index;
	hook->net = settings->net;
	memcpy(hook->device, device->name, sizeof(hook->device));
	hook->settings = *settings;
	topology_apply(topology, place, &hook->settings);
	if (device->xdp)
		work->xdp = true;
	old = find_hook(keeper, hook->ifindex, hook->net);
	fresh = !old && is_new(keeper, device);
	before = old ? old->moved : fresh ? 0 : device->moved;
	hook->moved = device->moved;
	hook->since_s = keeper_uptime();
	there = old && old->attached && is_attached(keeper, old);
	if (there && memcmp(&old->settings, &hook->settings, sizeof(hook->settings)) == 0) {
		hook->attached = true;
		hook->kind = old->kind;
		hook->since_s = old->since_s;
		return 0;
	}
	error = attach(keeper, work, hook);
	if (there) { /* the program was swapped */
		hook->since_s = old->since_s;
		/* nobody can have used it for longer than we know of it */
		if (place == 0 && has_new_prefix(&old->settings, &hook->settings))
			note_gap(keeper, hook, device->moved);
	} else if (error) {
		hook->moved = before;
	} else if (old || fresh) {
		keeper->restored++;
		note_gap(keeper, hook, before);
	}
	if (error == -ENODEV) /* it went meanwhile, and an event will tell */
		return error;
	work->failed = work->failed || error;
	if (error && place && (!old || old->attached))
		log_error("%s: cannot attach: %s", device->name, explain(error));
	return error;
}

/* Better what counted up to now than nothing. */
static int keep_hooks(const struct keeper *keeper, struct work *work, unsigned net)
{
	for (size_t i = 0; i < keeper->hook_count; i++) {
		struct keeper_hook *hook;

		if (keeper->hooks[i].net != net)
			continue;
		hook = new_hook(work);
		if (!hook)
			return -ENOMEM;
		*hook = keeper->hooks[i];
	}
	return 0;
}

static void note_absence(struct keeper_link *link, const char *ifname)
{
	if (!link->missed)
		log_warn("%s is not there: waiting for it", ifname);
	link->missed = true;
	link->present = false;
}

static int reconcile_link(struct keeper *keeper, struct work *work, size_t i)
{
	const struct config *config = keeper->config;
	const char *ifname = config->ifnames[i];
	struct keeper_link *link = &keeper->links[i];
	struct mz_settings settings;
	struct topology topology;
	size_t first = work->count;
	int error;

	if (topology_find(&topology, work->devices, work->device_count, ifname, config->ifnames,
		    config->interfaces) < 0) {
		note_absence(link, ifname);
		return 0;
	}
	if (topology.cut && !link->cut)
		log_warn("%s: more than %d devices below it: packets that a flowtable takes at the "
			 "others are not counted",
			ifname, TOPOLOGY_PLACES - 1);
	if (topology.macs_cut && !link->macs_cut)
		log_warn("%s: this router has more than %d MAC addresses there: uploads by way of "
			 "the others are not counted",
			ifname, MZ_MACS);
	link->cut = topology.cut;
	link->macs_cut = topology.macs_cut;
	work->failed = work->failed || topology.cut || topology.macs_cut;
	link->present = true;
	error = settings_make(
		&settings, config, &keeper->tracking, ifname, link->net, work->own, work->owns);
	if (error && keep_hooks(keeper, work, link->net) < 0)
		return -ENOMEM;
	if (!error)
		error = reconcile_place(keeper, work, &topology, 0, &settings);
	for (size_t place = 1; place < topology.places && !error; place++)
		/* one that fails is tried again at the next event, the others count */
		if (reconcile_place(keeper, work, &topology, place, &settings) == -ENOMEM)
			error = -ENOMEM;
	if (error == -ENODEV) {
		note_absence(link, ifname);
		return 0;
	}
	if (work->count > first)
		link->kind = work->hooks[first].kind;
	work->failed = work->failed || error;
	if (error && !link->missed)
		log_error("%s: cannot attach: %s", ifname, explain(error));
	if (!error && link->missed)
		log_info("%s is there: counting on it", ifname);
	link->missed = error != 0;
	return error;
}

/* Takes what is not wanted any more out of the kernel. */
static int detach_others(struct keeper *keeper)
{
	struct hook *keep = calloc(keeper->hook_count * MZ_DIRECTIONS + 1, sizeof(*keep));
	size_t keeps = 0;

	if (!keep)
		return -ENOMEM;
	for (size_t i = 0; i < keeper->hook_count; i++)
		for (int d = 0; d < MZ_DIRECTIONS; d++)
			keep[keeps++] = (struct hook){keeper->hooks[i].ifindex,
				keeper->hooks[i].net, (enum mz_direction)d};
	hooks_detach_others(keeper->bpffs.pin, keep, keeps);
	free(keep);
	keeper->changed = false;
	return 0;
}

static void remember_devices(struct keeper *keeper, const struct work *work)
{
	unsigned *known = realloc(keeper->known, (work->device_count + 1) * sizeof(*known));

	if (!known)
		return; /* a gap may be told that was none */
	for (size_t i = 0; i < work->device_count; i++)
		known[i] = work->devices[i].index;
	keeper->known = known;
	keeper->known_count = work->device_count;
}

static void adopt(struct keeper *keeper, struct work *work)
{
	if (work->count != keeper->hook_count)
		keeper->changed = true;
	free(keeper->hooks);
	keeper->hooks = work->hooks;
	keeper->hook_count = work->count;
}

static void note_cut(struct keeper *keeper)
{
	bool told = keeper->incomplete & 1u << SNAPSHOT_PREFIXES;

	if (keeper->tracking.cut && !told)
		log_warn("more than %d prefixes of one IP version on an interface of -i: the rest "
			 "is not counted",
			MZ_PREFIXES);
	keeper_set_incomplete(keeper, SNAPSHOT_PREFIXES, keeper->tracking.cut);
}

/* All devices and addresses there are. Says once what failed. Returns 0 or -errno. */
static int look(
	struct keeper *keeper, struct work *work, struct device **devices, struct address **own)
{
	int count = -EINTR, owns, error;

	for (int i = 0; i < LOOKS && count == -EINTR; i++)
		count = devices_list(devices);
	owns = addresses_own(own);
	error = count < 0 ? count : owns < 0 ? owns : 0;
	if (error && !keeper->blind)
		log_error("cannot list the devices and addresses: %s", strerror(-error));
	keeper->blind = error != 0;
	work->devices = *devices;
	work->device_count = (size_t)count;
	work->own = *own;
	work->owns = (size_t)owns;
	return error;
}

int reconcile_hooks(struct keeper *keeper)
{
	struct work *work = calloc(1, sizeof(*work));
	struct device *devices = NULL;
	struct address *own = NULL;
	int error;

	if (!work)
		return -ENOMEM;
	work->program[MZ_UPLOAD] = work->program[MZ_DOWNLOAD] = -1;
	error = look(keeper, work, &devices, &own);
	if (!error) {
		tracking_make(&keeper->tracking, keeper->config, own, work->owns);
		note_cut(keeper);
		for (size_t i = 0; i < keeper->config->interfaces; i++) {
			int failed = reconcile_link(keeper, work, i);

			error = error ? error : failed;
		}
		drop_programs(work);
		keeper_set_incomplete(keeper, SNAPSHOT_HOOK_FAILED, work->failed);
		keeper_set_incomplete(keeper, SNAPSHOT_XDP, work->xdp);
		adopt(keeper, work);
		remember_devices(keeper, work);
	}
	free(devices);
	free(own);
	free(work);
	if (!error && keeper->changed)
		error = detach_others(keeper);
	return error;
}
