// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"

static void expect(const char *text, const char *expected)
{
	char copy[200];
	const char *from = text;

	assert_int_equal(printable(&from, copy, sizeof(copy)), strlen(expected));
	assert_string_equal(copy, expected);
	assert_string_equal(from, "");
	strcpy(copy, text); /* and in its place */
	from = copy;
	printable(&from, copy, sizeof(copy));
	assert_string_equal(copy, expected);
}

static void what_steers_a_terminal_or_turns_text_becomes_a_question_mark(void **state)
{
	(void)state;
	expect("", "");
	expect("Jürgens Telefon ☎ 日本 🎉", "Jürgens Telefon ☎ 日本 🎉");
	expect("a\033[2Jb\tc\nd\re\177f", "a?[2Jb?c?d?e?f");
	expect("csi\302\233"
	       "31m nel\302\205 nbsp\302\240",
		"csi?31m nel? nbsp\302\240");
	expect("\342\200\256txt.exe\342\200\254", "?txt.exe?");
	expect("\342\200\216\342\200\217\342\200\252\342\200\255\330\234", "?????");
	expect("\342\201\246\342\201\247\342\201\250\342\201\251", "????");
	expect("\342\200\250\342\200\251", "??");
	expect("\342\200\215\342\200\246\342\201\245\342\201\252", /* joiner, dots, others */
		"\342\200\215\342\200\246\342\201\245\342\201\252");
	expect("\377\200\302\342\200", "?????");
	expect("\233\061m", "?1m"); /* C1 of eight-bit terminals */
}

static void what_is_too_long_is_cut_between_characters(void **state)
{
	const char *text = "ab\342\230\216c", *from;
	static const size_t used[] = {0, 0, 1, 2, 2, 2, 5, 6, 6};
	char copy[10];

	(void)state;
	for (size_t room = 1; room < sizeof(used) / sizeof(*used); room++) {
		memset(copy, 'x', sizeof(copy));
		from = text;
		assert_int_equal(printable(&from, copy, room), used[room]);
		assert_ptr_equal(from, text + used[room]);
		assert_int_equal(copy[used[room]], '\0');
		assert_int_equal(copy[room], 'x');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_steers_a_terminal_or_turns_text_becomes_a_question_mark),
		cmocka_unit_test(what_is_too_long_is_cut_between_characters),
	};

	return cmocka_run_group_tests_name("printable", tests, NULL, NULL);
}
