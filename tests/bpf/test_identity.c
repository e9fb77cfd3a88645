// SPDX-License-Identifier: GPL-2.0-or-later
/* The identity of the tables lives exactly as long as their counts. */
#include "pins.h"

#include <dirent.h>

#include "base/clock.h"
#include "tables/identity.h"
#include "tables/migrate.h"
#include "tables/pins.h"

#define PIN PINS "/mezoura"

static struct pins pins;

static void path_in(unsigned room, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/" MZ_LAYOUT "_%u/%s", PIN, room, name);
}

/* The first steps of a daemon, with so much room. kill: after which of them it is killed; 0: none.
 */
static struct identity start(unsigned room, int kill)
{
	struct identity identity = {0};
	struct maps maps;

	assert_int_equal(pins_open(&pins, PIN, room), 0);
	assert_int_equal(migrate_drop_imported(&pins), 0);
	assert_int_equal(identity_prepare(&pins), 0);
	if (kill != 1)
		assert_int_equal(maps_open(&maps, pins.layout, room, NULL), 0);
	if (kill != 1)
		maps_close(&maps);
	if (!kill)
		assert_int_equal(identity_take(&pins, &identity), 0);
	assert_true(kill || identity.number);
	return identity;
}

static struct identity run(unsigned room)
{
	struct identity identity = start(room, 0);

	pins_close(&pins);
	return identity;
}

static void import(unsigned room)
{
	struct archive archive = {.max_rows = 2 * room};

	start(room, 0);
	assert_int_equal(migrate_import(&pins, &archive), 0);
	archive_close(&archive);
	pins_close(&pins);
}

/* How many there are in all layouts: an identity must not be there twice. */
static int count(void)
{
	DIR *pin = opendir(PIN);
	struct dirent *entry, *inner;
	int found = 0;

	assert_non_null(pin);
	while ((entry = readdir(pin)) != NULL) {
		char path[PATH_MAX];
		DIR *dir;

		snprintf(path, sizeof(path), PIN "/%s", entry->d_name);
		dir = strcmp(entry->d_name, "..") != 0 ? opendir(path) : NULL;
		while (dir && (inner = readdir(dir)) != NULL)
			found += strncmp(inner->d_name, "id_", 3) == 0;
		if (dir)
			closedir(dir);
	}
	closedir(pin);
	return found;
}

static void assert_same(struct identity a, struct identity b)
{
	assert_true(a.number == b.number && a.since_s == b.since_s);
	assert_int_equal(count(), 1);
}

static void assert_new(struct identity identity, struct identity old)
{
	assert_true(identity.number != old.number);
	assert_true(identity.since_s > 0 && identity.since_s <= clock_uptime_s());
	assert_int_equal(count(), 1);
}

static void unload(void)
{
	assert_int_equal(pins_open_existing(&pins, PIN), 0);
	pins_remove(&pins);
	assert_int_equal(access(PIN, F_OK), -1);
}

static void new_tables_have_one_and_keep_it(void **state)
{
	struct identity first;

	need(state);
	first = run(8);
	assert_new(first, (struct identity){0});
	for (int i = 0; i < 3; i++)
		assert_same(run(8), first);
}

static void an_unload_ends_it(void **state)
{
	struct identity first, second;

	need(state);
	first = run(8);
	unload();
	second = run(8);
	assert_new(second, first);
}

/* A kill before the maps are complete, and one right after. */
static void a_kill_at_the_first_start_leaves_tables_that_have_one(void **state)
{
	struct identity first;

	need(state);
	start(8, 1);
	pins_close(&pins);
	start(8, 2);
	pins_close(&pins);
	first = run(8);
	assert_new(first, (struct identity){0});
}

/* The killed unload had removed some of the maps. */
static void tables_that_are_made_anew_have_another_one(void **state)
{
	struct identity first;
	char path[PATH_MAX];

	need(state);
	first = run(8);
	path_in(8, "mz_counts", path);
	assert_int_equal(unlink(path), 0);
	assert_new(run(8), first);
}

static void other_tables_take_it_over_with_the_counts(void **state)
{
	struct identity first;

	need(state);
	first = run(8);
	assert_same(run(9), first);
	import(9);
	assert_same(run(9), first);
	import(8);
	assert_same(run(8), first);
}

/* By a daemon that is killed before or after its tables are made; then the old one may come back.
 */
static void a_kill_on_the_way_to_other_tables_keeps_it(void **state)
{
	struct identity first;

	need(state);
	first = run(8);
	for (int kill = 1; kill <= 2; kill++) {
		start(9, kill);
		pins_close(&pins);
		assert_same(run(8), first);
		start(9, kill);
		pins_close(&pins);
		assert_same(run(9), first);
		import(8);
		assert_same(run(8), first);
	}
	assert_same(run(9), first); /* the import is to come, but first: */
	assert_same(run(8), first);
	import(10);
	assert_same(run(10), first);
}

/* Their counts began at a time that nobody knows, so they must not be taken for new. */
static void tables_of_an_earlier_version_get_one_without_a_beginning(void **state)
{
	struct identity first, second;
	char path[PATH_MAX], name[64];

	need(state);
	for (unsigned next = 8; next <= 9; next++) { /* in the same tables, or in others */
		first = run(8);
		snprintf(name, sizeof(name), "id_%016llx_%llu", (unsigned long long)first.number,
			(unsigned long long)first.since_s);
		path_in(8, name, path);
		assert_int_equal(rmdir(path), 0);
		second = run(next);
		assert_true(second.number != first.number && second.number != 0);
		assert_int_equal(second.since_s, 0);
		import(next);
		assert_same(run(next), second);
		unload();
	}
}

/* As where its maps are gone, but not the archive beside them. */
static void counts_that_are_left_are_not_taken_for_new(void **state)
{
	struct archive archive = {.max_rows = 16};
	struct identity first, second;
	char path[PATH_MAX];

	need(state);
	first = run(8);
	path_in(8, "", path);
	path[strlen(path) - 1] = '\0';
	assert_int_equal(archive_commit(&archive, path), 0);
	path_in(8, "mz_counts", path);
	assert_int_equal(unlink(path), 0);
	second = run(8);
	assert_true(second.number != first.number);
	assert_int_equal(second.since_s, 0);
}

static void names_that_are_none_are_left_out(void **state)
{
	static const char *const names[] = {"id_", "id_0000000000000000_1", "id_123_1",
		"id_0123456789abcdef_", "id_0123456789abcdef_01", "id_0123456789abcdef_-1",
		"id_0123456789abcdef_1x", "id_0123456789ABCDEF_1", "id_ 123456789abcdef_1",
		"id_0123456789abcdef_99999999999999999999", "ie_0123456789abcdef_1"};
	struct identity first;
	char path[PATH_MAX];

	need(state);
	assert_int_equal(pins_open(&pins, PIN, 8), 0);
	pins_close(&pins);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		path_in(8, names[i], path);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	first = run(8);
	assert_true(first.number && first.number != 0x0123456789abcdef);
	assert_true(first.since_s > 1);
	path_in(8, "mz_counts", path);
	assert_int_equal(unlink(path), 0);
	assert_true(run(8).number != first.number);
}

static int remove_all(void **state)
{
	if (!*state && pins_open_existing(&pins, PIN) == 0)
		pins_remove(&pins);
	return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, remove_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_tables_have_one_and_keep_it),
		TEST(an_unload_ends_it),
		TEST(a_kill_at_the_first_start_leaves_tables_that_have_one),
		TEST(tables_that_are_made_anew_have_another_one),
		TEST(other_tables_take_it_over_with_the_counts),
		TEST(a_kill_on_the_way_to_other_tables_keeps_it),
		TEST(tables_of_an_earlier_version_get_one_without_a_beginning),
		TEST(counts_that_are_left_are_not_taken_for_new),
		TEST(names_that_are_none_are_left_out),
	};

	return cmocka_run_group_tests_name("identity", tests, isolate, NULL);
}
