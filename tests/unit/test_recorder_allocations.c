// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The recorder allocates nothing at a pull, but where a slice ends or it looks at its files. The
 * linker replaces mezoura's own calls of malloc() and its like by those in this file (see the
 * Makefile), but not those of libraries.
 */
#include "unit.h"

#include "history/recorder.h"
#include "router.h"

static unsigned calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size)
{
	calls++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	calls++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	calls++;
	return __real_realloc(memory, size);
}

static void a_pull_allocates_nothing(void **state)
{
	struct router *router = *state;
	struct recorder *recorder;
	unsigned before;

	before = calls;
	router_boot(router, SUMMER * 1000);
	assert_true(calls > before); /* they are counted */
	router_synchronized = true;
	router_pass_fast(router, 7200);
	recorder = router->recorder;
	for (int i = 0; i < 600 / INTERVAL; i++) {
		const uint64_t last = recorder->recent.last;
		const int64_t look_at = recorder->look_at;

		before = calls;
		router_pass(router, INTERVAL);
		if (recorder->recent.last == last && recorder->look_at == look_at)
			assert_int_equal(calls, before);
	}
	assert_int_equal(router->restarts, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROUTER_TEST(a_pull_allocates_nothing),
	};

	alarm(HANGS_S);
	return cmocka_run_group_tests_name("recorder allocations", tests, zones_begin, zones_end);
}
