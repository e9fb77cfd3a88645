/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon reports to the service manager: that it has started, which interfaces it counts
 * on, and that it does not hang.
 */
#ifndef MZ_DAEMON_SERVICE_H
#define MZ_DAEMON_SERVICE_H

#include <stdint.h>

#include "base/loop.h"
#include "config/config.h"

struct service {
	const struct config *config;
	struct loop *loop;
	struct loop_timer watchdog; /* stopped: the manager watches no daemon */
	uint64_t pulled_ms;	    /* when counters were read last; monotonic */
	uint32_t counted; /* a bit per interface that is counted on, as the manager knows */
};

/* Starts the watchdog, where the manager wants one. config, loop: kept by the caller. */
void service_start(struct service *service, const struct config *config, struct loop *loop);

/* The daemon counts on these interfaces, a bit each; the manager may start what waits for it. */
void service_ready(struct service *service, uint32_t counted);

/* As service_ready(), later on: reports a change. */
void service_counts(struct service *service, uint32_t counted);

/* The counters were read now. Where that is not done in time, the manager restarts the daemon. */
void service_pulled(struct service *service);

/* The daemon is about to end. */
void service_stopping(const struct service *service);

/* service: zeroed is fine. */
void service_stop(struct service *service);

#endif
