// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/offload_watch.h"

#include "base/log.h"

static void look(void *context)
{
	struct offload_watch *watch = context;
	bool known = watch->installed->incomplete & 1u << SNAPSHOT_HARDWARE_OFFLOAD;
	char name[128];
	bool offloads = flowtables_offloaded(watch->flowtables, name);

	/* loud, as figures that are too low look like any others */
	if (offloads && !known)
		log_warn("COUNTS ARE TOO LOW: flowtable %s hands flows to the hardware, where "
			 "nothing can count them; take 'flags offload' out of it (OpenWrt: option "
			 "flow_offloading_hw '0')",
			name);
	if (!offloads && known)
		log_info("no flowtable hands flows to the hardware any more");
	installed_set_incomplete(watch->installed, SNAPSHOT_HARDWARE_OFFLOAD, offloads);
}

int offload_watch_start(struct offload_watch *watch, struct loop *loop, struct installed *installed)
{
	int error;

	watch->flowtables = flowtables_watch();
	if (!watch->flowtables)
		return 0;
	watch->loop = loop;
	watch->installed = installed;
	watch->source = (struct loop_source){
		.fd = flowtables_fd(watch->flowtables), .handle = look, .context = watch};
	error = loop_add(loop, &watch->source);
	if (!error)
		look(watch);
	return error;
}

void offload_watch_stop(struct offload_watch *watch)
{
	if (!watch->flowtables)
		return;
	loop_remove(watch->loop, &watch->source);
	flowtables_close(watch->flowtables);
	watch->flowtables = NULL;
}
