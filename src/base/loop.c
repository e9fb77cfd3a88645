// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/loop.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"

#define WINDOW_MS 100
#define PAUSE_MS  10

int loop_open(struct loop *loop, unsigned limit)
{
	*loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC), .limit = limit};
	return loop->epoll < 0 ? -errno : 0;
}

void loop_close(struct loop *loop)
{
	if (loop->epoll > 0)
		close(loop->epoll);
	loop->epoll = -1;
}

int loop_add(struct loop *loop, struct loop_source *source)
{
	/* the kernel always reports EPOLLHUP and EPOLLERR, also where nothing is asked for */
	struct epoll_event event = {
		.events = source->only_hangup ? 0 : EPOLLIN, .data.ptr = source};

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
	if (source->fd > 0)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	source->fd = -1;
}

void loop_start_timer(struct loop *loop, struct loop_timer *timer, uint64_t ms, uint64_t every_ms)
{
	if (!timer->due_ms) {
		timer->next = loop->timers;
		loop->timers = timer;
	}
	timer->due_ms = now_ms() + ms;
	timer->every_ms = every_ms;
}

void loop_stop_timer(struct loop *loop, struct loop_timer *timer)
{
	for (struct loop_timer **at = &loop->timers; *at; at = &(*at)->next)
		if (*at == timer) {
			*at = timer->next;
			break;
		}
	timer->due_ms = 0;
}

/* The one that is due first; NULL: no timer runs. */
static struct loop_timer *first_timer(const struct loop *loop)
{
	struct loop_timer *first = loop->timers;

	for (struct loop_timer *timer = first; timer; timer = timer->next)
		if (timer->due_ms <= first->due_ms) /* of equals the one that was started first */
			first = timer;
	return first;
}

int loop_timeout(const struct loop *loop)
{
	const struct loop_timer *first = first_timer(loop);
	uint64_t now = first ? now_ms() : 0;

	if (!first)
		return -1;
	if (first->due_ms <= now)
		return 0;
	return first->due_ms - now < INT_MAX ? (int)(first->due_ms - now) : INT_MAX;
}

/* One timer per round: those that are due later get the next rounds, which do not wait. */
static void handle_timer(struct loop *loop, uint64_t now)
{
	struct loop_timer *timer = first_timer(loop);

	if (!timer || timer->due_ms > now)
		return;
	if (timer->every_ms) /* times that passed meanwhile are left out */
		timer->due_ms += ((now - timer->due_ms) / timer->every_ms + 1) * timer->every_ms;
	else
		loop_stop_timer(loop, timer);
	timer->handle(timer->context);
}

static void throttle(struct loop *loop, uint64_t now)
{
	if (now >= loop->window_ms + WINDOW_MS) {
		loop->window_ms = now;
		loop->rounds = 0;
	}
	if (++loop->rounds <= loop->limit)
		return;
	if (log_due(&loop->throttled))
		log_warn("more than %u events in %d ms: slowing down", loop->limit, WINDOW_MS);
	usleep(PAUSE_MS * 1000);
}

int loop_round(struct loop *loop, int wait_ms)
{
	struct epoll_event event;
	int ready = epoll_wait(loop->epoll, &event, 1, wait_ms);
	uint64_t now;

	if (ready < 0 && errno != EINTR)
		return -errno;
	if (ready > 0) {
		struct loop_source *source = event.data.ptr;

		source->handle(source->context);
	}
	now = now_ms();
	if (!loop->ended)
		handle_timer(loop, now);
	if (!loop->ended)
		throttle(loop, now);
	return 0;
}

int loop_run(struct loop *loop)
{
	int error = 0;

	for (loop->ended = false; !loop->ended && !error;)
		error = loop_round(loop, loop_timeout(loop));
	return error;
}

void loop_end(struct loop *loop)
{
	loop->ended = true;
}

int loop_fd(const struct loop *loop)
{
	return loop->epoll;
}
