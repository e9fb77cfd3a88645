// SPDX-License-Identifier: GPL-2.0-or-later
#include "world.h"

/* An NTP client that has reached a server: the one before it has ended. */
static void sync_by_any_client(void)
{
	static const enum what clients[] = {BUSYBOX, TIMESYNCD, CHRONY, BUSYBOX_SLEWS};
	bool right = llabs(world.clock_ms - world.true_ms) < S;

	pending_count = 0;
	later(0, clients[random() % (right ? 4 : 3)], 0);
}

static void something(bool *fell)
{
	int64_t wrong_ms = 10 * S + random() % (random() % 2 ? 3 * YEAR : HOUR);

	switch (random() % 6) {
	case 0:
		pending_count = 0;
		world_set(&world, random() % 2 ? wrong_ms : -wrong_ms);
		*fell = false;
		break;
	case 1:
		pending_count = 0;
		world_set(&world, random() % (2 * S) - S);
		*fell = false;
		break;
	case 2: /* ntpsec, which does not run beside systemd's client; restarted once */
		if (!world.signals.systemd_synchronized && !*fell) {
			*fell = !world.signals.unsynchronized;
			world_clear(&world, 16);
		}
		break;
	case 3:
		world_restart(&world);
		break;
	default:
		sync_by_any_client();
		*fell = false;
	}
}

/* Anything, in any order, and NTP in the end: all is final, and has its true time. */
static void any_sequence(void **state)
{
	int64_t date = NOW, floor_ms = FLOOR;

	(void)state;
	srandom(1);
	for (unsigned boot = 0; boot < rounds(300, 1); boot++) {
		int64_t end = HOUR / S + random() % 20000, next = random() % 2000;
		bool fell = false;

		pending_count = 0;
		world_boot(&world, date, random() % 2 ? random() % (6 * YEAR) - 4 * YEAR : 0,
			floor_ms);
		for (; world.boot < end + 600; world_pass(&world)) {
			happen_now();
			if (world.boot % 5 == 0)
				world_read(&world);
			if (world.boot == end)
				sync_by_any_client();
			/* two things between two readings cannot be told apart */
			if (world.boot < end - 10 && world.boot == next) {
				something(&fell);
				next += 6 + random() % (random() % 2 ? 60 : 6000);
			}
		}
		assert_int_equal(world.keeper.state, TIMEKEEPER_PROVEN);
		world_close(&world, true, world.keeper.offset_ms);
		for (int64_t s = 0; s < world.boot; s++)
			if (!world.final[s] || llabs(world.given[s] - world.truth[s]) > 2 * S)
				fail_msg("boot %u, second %lld of %lld: final %d, wrong by %lld ms",
					boot, (long long)s, (long long)world.boot, world.final[s],
					(long long)(world.given[s] - world.truth[s]));
		floor_ms = world.boot * S + world.keeper.offset_ms;
		date += (world.boot + 60) * S;
		assert_true(floor_ms < date);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_sequence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
