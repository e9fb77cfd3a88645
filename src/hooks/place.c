// SPDX-License-Identifier: GPL-2.0-or-later
#include "hooks/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "hooks/classifier.h"
#include "hooks/hook.h"
#include "model/labels.h"

/* How long a device is left alone after another program's ingress qdisc went: it may restart. */
#define YIELD_MS 10000

static void drop_programs(struct place_work *work)
{
	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		if (work->program[d] >= 0)
			close(work->program[d]);
		work->program[d] = -1;
	}
}

void place_begin(struct place_work *work)
{
	*work = (struct place_work){.program = {-1, -1}};
}

void place_end(struct place_work *work)
{
	drop_programs(work);
}

/* Loads a classifier, unless the last one has the same settings: most ports of a bridge do. */
static int load(
	struct installed *installed, struct place_work *work, const struct mz_settings *settings)
{
	int error;

	if (work->program[0] >= 0 && memcmp(settings, &work->settings, sizeof(*settings)) == 0)
		return 0;
	drop_programs(work);
	work->settings = *settings;
	error = classifier_load(installed->maps, settings, work->program);
	if (error)
		work->program[MZ_UPLOAD] = work->program[MZ_DOWNLOAD] = -1;
	return error;
}

/* Daemons with different --pin count each packet, so they use different marks. */
static uint16_t own_mark(const struct installed *installed, uint16_t mark)
{
	return (uint16_t)(mark ^ (hook_daemon_id(installed->pin) << 1 & 0x7ffe));
}

/*
 * Prepares the change to another kind of hook, after --hook changed. Packets meet both hooks until
 * the old one is detached. So both get settings with which the first hook marks what it counted for
 * the second.
 */
static int change_kind(
	struct installed *installed, struct place_work *work, struct installed_hook *hook)
{
	const char *dir = installed->pin;
	struct mz_settings settings = hook->settings;
	int error = 0;

	settings.hooked_twice = 1;
	if (settings.place == MZ_ALONE) {
		settings.place = MZ_UPPER;
		settings.mark = own_mark(installed, 0x8000);
	}
	for (int d = 0; d < MZ_DIRECTIONS && !error; d++) {
		struct hook at = {hook->ifindex, hook->net, (enum mz_direction)d};
		enum config_hook wanted = installed->config->hook, other;

		if (!hook_change_kind(dir, &at, wanted, &other))
			continue;
		error = load(installed, work, &settings);
		if (!error)
			error = hook_attach(dir, &at, work->program[d], other, &hook->kind);
		if (!error)
			error = hook_attach(dir, &at, work->program[d], wanted, &hook->kind);
	}
	return error == -EADDRINUSE ? 0 : error;
}

static int attach(struct installed *installed, struct place_work *work, struct installed_hook *hook)
{
	int error = change_kind(installed, work, hook);

	if (!error)
		error = load(installed, work, &hook->settings);
	for (int d = 0; d < MZ_DIRECTIONS && !error; d++) {
		struct hook at = {hook->ifindex, hook->net, (enum mz_direction)d};

		error = hook_attach(installed->pin, &at, work->program[d], installed->config->hook,
			&hook->kind);
		hook->uploads_only = error == -EADDRINUSE;
		if (hook->uploads_only)
			error = 0;
	}
	installed->changed = true;
	hook->attached = error == 0;
	return error;
}

static void log_attached(const struct installed_hook *hook, bool swapped)
{
	log_debug("%s, device %u: classifier %s at %s (%s)", hook->device, hook->ifindex,
		swapped ? "swapped" : "attached",
		hook->uploads_only ? "ingress" : "ingress and egress", labels_kind(hook->kind));
}

static bool is_attached(const struct installed *installed, const struct installed_hook *hook)
{
	for (int d = 0; d < (hook->uploads_only ? MZ_DOWNLOAD : MZ_DIRECTIONS); d++) {
		struct hook at = {hook->ifindex, hook->net, (enum mz_direction)d};

		if (!hook_attached(installed->pin, &at, hook->kind))
			return false;
	}
	return true;
}

/* Whether the device was made since the last reconciliation. At the first one, no device is new. */
static bool is_new(const struct installed *installed, const struct device *device)
{
	for (size_t i = 0; i < installed->known_device_count; i++)
		if (installed->known_devices[i] == device->index)
			return false;
	return installed->known_device_count > 0;
}

/*
 * Notes a gap: the hook was attached again, or to a new device, and packets that the device had in
 * between may be missing. before: the device's packets when the hook was last known to be there.
 */
static void note_gap(struct installed *installed, struct installed_hook *hook, uint64_t before)
{
	devices_packets(hook->ifindex, &hook->device_packets);
	/* fewer than before: the device was made anew, and started at 0 */
	installed->missed += hook->device_packets < before ? hook->device_packets
							   : hook->device_packets - before;
}

static const struct installed_hook *find_hook(
	const struct installed *installed, unsigned ifindex, unsigned net)
{
	for (size_t i = 0; i < installed->hook_count; i++)
		if (installed->hooks[i].ifindex == ifindex && installed->hooks[i].net == net)
			return &installed->hooks[i];
	return NULL;
}

struct installed_hook *place_add(struct place_work *work)
{
	struct installed_hook *hooks =
		array_grow(work->hooks, work->count, &work->room, 4, sizeof(*hooks));

	if (!hooks)
		return NULL;
	work->hooks = hooks;
	memset(&work->hooks[work->count], 0, sizeof(*work->hooks));
	return &work->hooks[work->count++];
}

const char *place_explain(int error)
{
	switch (-error) {
	case EINVAL:
		return "the kernel does not take the classifier (5.10 or later is needed, with "
		       "CONFIG_NET_CLS_BPF)";
	case E2BIG:
		return "too many prefixes or addresses (see LIMITS in mezoura(8)); where it counts "
		       "already, counts are too high: traffic with new addresses of this router "
		       "passes for the internet's";
	default:
		return strerror(-error);
	}
}

/*
 * Whether the device is left to another program for a while. Its ingress qdisc went, and with it
 * the filter of this daemon. A clsact qdisc made at once would keep a shaper that restarts from
 * making its own.
 */
static bool yields(const struct installed_hook *old, bool there, struct installed_hook *hook)
{
	if (!old || there || (!old->uploads_only && !old->yields_until_ms))
		return false;
	hook->yields_until_ms = old->yields_until_ms ? old->yields_until_ms : now_ms() + YIELD_MS;
	return now_ms() < hook->yields_until_ms;
}

/* Logs once that a device has no hook for downloads, and that it has one again. */
static void report_uploads_only(struct place_work *work, const struct installed_hook *old,
	const struct installed_hook *hook, bool elsewhere)
{
	bool known = old && (old->uploads_only || old->yields_until_ms);

	if (hook->uploads_only && !known)
		log_warn("%s: another program's ingress qdisc leaves downloads no hook there: %s",
			hook->device,
			elsewhere ? "they are counted at the devices below it"
				  : "they are not counted (a clsact qdisc has both)");
	if (!hook->uploads_only && hook->attached && known)
		log_info("%s: the ingress qdisc is gone: counting both directions", hook->device);
	work->ingress = work->ingress || (hook->uploads_only && !elsewhere);
}

int place_reconcile(struct installed *installed, struct place_work *work,
	const struct topology *topology, size_t place, const struct mz_settings *settings)
{
	const struct device *device = topology->place[place].device;
	const struct installed_hook *old;
	struct installed_hook *hook = place_add(work);
	/* all downloads pass a place below as well */
	bool elsewhere = place == 0 && topology->place_count > 1 && !topology->truncated;
	uint64_t before;
	bool fresh, there;
	int error = 0;

	if (!hook)
		return -ENOMEM;
	hook->ifindex = device->index;
	hook->net = settings->net;
	memcpy(hook->device, device->name, sizeof(hook->device));
	hook->settings = *settings;
	topology_apply(topology, place, &hook->settings);
	if (hook->settings.mark)
		hook->settings.mark = own_mark(installed, hook->settings.mark);
	if (device->xdp)
		work->xdp = true;
	old = find_hook(installed, hook->ifindex, hook->net);
	fresh = !old && is_new(installed, device);
	before = old ? old->device_packets : fresh ? 0 : device->packets;
	hook->device_packets = device->packets;
	hook->since_s = clock_uptime_s();
	there = old && old->attached && is_attached(installed, old);
	if (there && memcmp(&old->settings, &hook->settings, sizeof(hook->settings)) == 0) {
		hook->attached = true;
		hook->uploads_only = old->uploads_only;
		hook->kind = old->kind;
		hook->since_s = old->since_s;
		work->ingress = work->ingress || (hook->uploads_only && !elsewhere);
		return 0;
	}
	if (yields(old, there, hook)) {
		hook->device_packets = before;
		hook->kind = old->kind;
		work->ingress = work->ingress || !elsewhere;
		return 0;
	}
	hook->yields_until_ms = 0;
	error = attach(installed, work, hook);
	report_uploads_only(work, old, hook, elsewhere);
	if (!error)
		log_attached(hook, there);
	if (there) { /* the program was replaced */
		hook->since_s = old->since_s;
	} else if (error) {
		hook->device_packets = before;
	} else if (old || fresh) {
		installed->restored++;
		note_gap(installed, hook, before);
	}
	if (error == -ENODEV) /* it went meanwhile, which the kernel announces, too */
		return error;
	work->failed = work->failed || error;
	if (error && place && (!old || old->attached))
		log_error("%s: cannot attach: %s", device->name, place_explain(error));
	return error;
}
