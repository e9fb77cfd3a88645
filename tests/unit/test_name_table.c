// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "names/name_table.h"

static const uint8_t one[6] = {2, 0, 0, 0, 0, 1}, two[6] = {2, 0, 0, 0, 0, 2};

static void add(struct name_table *list, const uint8_t mac[6], const char *name)
{
	assert_int_equal(name_table_add(list, mac, name), 0);
}

static void expect(const struct name_table *list, const uint8_t mac[6], const char *name)
{
	const struct name_key key = name_key_mac(mac);
	const char *found = name_table_find(list, &key);

	assert_non_null(found);
	assert_string_equal(found, name);
}

static void an_empty_list_finds_nothing(void **state)
{
	struct name_table list = {0}, other = {0};
	struct name_key key = name_key_mac(one);

	(void)state;
	assert_null(name_table_find(&list, &key));
	assert_true(name_table_equal(&list, &other));
	name_table_free(&list);
}

static void the_first_name_of_a_mac_stays(void **state)
{
	struct name_table list = {0};

	(void)state;
	add(&list, one, "a");
	add(&list, one, "b");
	add(&list, two, "b");
	expect(&list, one, "a");
	expect(&list, two, "b");
	assert_int_equal(list.count, 2);
	name_table_free(&list);
}

static void a_mac_of_zeros_is_one_like_others(void **state)
{
	static const uint8_t zero[6];
	struct name_key key = name_key_mac(zero);
	struct name_table list = {0};

	(void)state;
	add(&list, one, "a");
	assert_null(name_table_find(&list, &key));
	add(&list, zero, "zero");
	expect(&list, zero, "zero");
	name_table_free(&list);
}

static void names_that_begin_alike_are_told_apart(void **state)
{
	static const char *const names[] = {"ab", "a", "abc", "ab", "abd", "abd"};
	struct name_table list = {0};
	uint8_t mac[6] = {2};

	(void)state;
	for (mac[5] = 0; mac[5] < 6; mac[5]++)
		add(&list, mac, names[mac[5]]);
	for (mac[5] = 0; mac[5] < 6; mac[5]++)
		expect(&list, mac, names[mac[5]]);
	name_table_free(&list);
}

static void parsed_are_equal_whatever_their_order_and_seed(void **state)
{
	struct name_table a = {.seed = {{1, 2}}}, b = {.seed = {{3, 4}}};

	(void)state;
	add(&a, one, "a");
	assert_false(name_table_equal(&a, &b));
	assert_false(name_table_equal(&b, &a));
	add(&a, two, "b");
	add(&b, two, "b");
	add(&b, one, "a");
	assert_true(name_table_equal(&a, &b));
	name_table_free(&b);
	b = (struct name_table){0};
	add(&b, one, "a");
	add(&b, two, "c");
	assert_false(name_table_equal(&a, &b));
	name_table_free(&a);
	name_table_free(&b);
}

/*
 * Expects how many bytes are kept of a name of that length, which begins with so many ASCII
 * letters.
 */
static void check_cut(const char *character, size_t ascii, size_t length)
{
	struct name_table list = {0};
	size_t size = strlen(character), used = ascii;
	char name[1101];

	memset(name, 'a', used);
	for (; used + size < sizeof(name); used += size)
		memcpy(name + used, character, size);
	name[used] = '\0';
	add(&list, one, name);
	add(&list, two, name);
	name[length] = '\0';
	expect(&list, one, name);
	assert_int_equal(list.used, 1 + length + 1); /* both share it */
	name_table_free(&list);
}

static void long_names_are_cut_between_characters(void **state)
{
	(void)state;
	check_cut("x", 0, 255);
	check_cut("\xc3\xbc", 0, 254);
	check_cut("\xc3\xbc", 1, 255);
	check_cut("\xe2\x82\xac", 0, 255);
	check_cut("\xe2\x82\xac", 1, 253);
	check_cut("\xe2\x82\xac", 2, 254);
	check_cut("\xf0\x9f\x98\x80", 0, 252);
	check_cut("\xf0\x9f\x98\x80", 1, 253);
	check_cut("\xf0\x9f\x98\x80", 2, 254);
	check_cut("\xf0\x9f\x98\x80", 3, 255);
	check_cut("\x80", 0, 255);
}

static void a_name_of_just_the_size_is_whole(void **state)
{
	struct name_table list = {0};
	char name[NAMES_MAX + 1];

	(void)state;
	memset(name, 'a', NAMES_MAX - 2);
	memcpy(name + NAMES_MAX - 2, "\xc3\xbc", 3);
	add(&list, one, name);
	expect(&list, one, name);
	name_table_free(&list);
}

static void a_hundred_thousand_hosts_are_all_found(void **state)
{
	struct name_table list = {.seed = {{0x0123456789abcdef, 0xfedcba9876543210}}};
	clock_t start = clock();
	char name[16];

	(void)state;
	for (int found = 0; found < 2; found++) {
		for (unsigned i = 0; i < 100000; i++) {
			const uint8_t mac[6] = {
				2, 0, (uint8_t)i, (uint8_t)(i >> 16), (uint8_t)(i >> 8), 0};

			snprintf(name, sizeof(name), "n%u", i);
			if (found)
				expect(&list, mac, name);
			else
				add(&list, mac, name);
		}
	}
	assert_int_equal(list.count, 100000);
	name_table_free(&list);
	assert_true(clock() - start < 10 * CLOCKS_PER_SEC); /* far less, unless quadratic */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_list_finds_nothing),
		cmocka_unit_test(the_first_name_of_a_mac_stays),
		cmocka_unit_test(a_mac_of_zeros_is_one_like_others),
		cmocka_unit_test(names_that_begin_alike_are_told_apart),
		cmocka_unit_test(parsed_are_equal_whatever_their_order_and_seed),
		cmocka_unit_test(long_names_are_cut_between_characters),
		cmocka_unit_test(a_name_of_just_the_size_is_whole),
		cmocka_unit_test(a_hundred_thousand_hosts_are_all_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
