// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/service.h"

#include "base/clock.h"
#include "daemon/notify.h"

/* Beyond two intervals: a pull that is so late is a sign that the daemon hangs. */
#define LATE_MS 1000

static void feed_watchdog(void *context)
{
	const struct service *service = context;
	uint64_t late = service->pulled_ms + 2000ULL * service->config->interval + LATE_MS;

	if (now_ms() <= late)
		notify_watchdog(service->config);
}

void service_start(struct service *service, const struct config *config, struct loop *loop)
{
	uint64_t ms = config->watchdog_ms / 2;

	*service = (struct service){.config = config,
		.loop = loop,
		.watchdog = {.handle = feed_watchdog, .context = service}};
	if (config->notify_socket && ms)
		loop_start_timer(loop, &service->watchdog, ms, ms);
}

void service_ready(struct service *service, uint32_t counted)
{
	service->counted = counted;
	notify_counting(service->config, counted, true);
}

void service_counts(struct service *service, uint32_t counted)
{
	if (counted != service->counted)
		notify_counting(service->config, counted, false);
	service->counted = counted;
}

void service_pulled(struct service *service)
{
	service->pulled_ms = now_ms();
}

void service_stopping(const struct service *service)
{
	notify_stopping(service->config);
}

void service_stop(struct service *service)
{
	if (service->loop)
		loop_stop_timer(service->loop, &service->watchdog);
}
