// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/uci/reader.h"
#include "uci_list.h"

struct name_table {
	char text[8192];
	size_t used;
};

void note(struct name_table *list, const char *line, size_t length)
{
	assert_true(list->used + length < sizeof(list->text));
	memcpy(list->text + list->used, line, length);
	list->used += length;
	list->text[list->used] = '\0';
}

static int read_all(const char *text, size_t length, struct name_table *list, unsigned *line)
{
	char *copy = malloc(
		length +
		1); /* without a byte behind it, so that the sanitizers notice reading too far */
	const char *why = NULL;
	int error;

	assert_non_null(copy);
	copy = realloc(copy, length ? length : 1);
	assert_non_null(copy);
	memcpy(copy, text, length);
	*list = (struct name_table){.used = 0};
	*line = 0;
	error = uci_read(&(struct uci_input){.text = copy, .length = length}, list, line, &why);
	if (error)
		assert_non_null(why);
	free(copy);
	return error;
}

static void expect(const char *text, const char *names)
{
	struct name_table list;
	unsigned line;

	if (read_all(text, strlen(text), &list, &line) != 0)
		fail_msg("refused at line %u: %s", line, text);
	if (strcmp(list.text, names) != 0)
		fail_msg("%s\ngave\n%s\nnot\n%s", text, list.text, names);
}

static void refused(const char *text, size_t length, unsigned at)
{
	struct name_table list;
	unsigned line;

	if (read_all(text, length, &list, &line) != -EINVAL)
		fail_msg("accepted: %s", text);
	if (line != at)
		fail_msg("line %u, not %u: %s", line, at, text);
	assert_int_equal(list.used, 0);
}

#define REFUSED(text, line) refused(text, sizeof(text) - 1, line)

/* Expects the name of a host whose option name is written like this. */
static void named(const char *written, const char *name)
{
	char text[512], names[512];

	snprintf(text, sizeof(text), "config host\n\toption name %s\n\toption mac 2:0:0:0:0:1\n",
		written);
	snprintf(names, sizeof(names), "020000000001=%s\n", name);
	expect(text, names);
}

static void a_dhcp_file_of_openwrt_is_read(void **state)
{
	(void)state;
	expect("\nconfig dnsmasq\n"
	       "\toption domainneeded '1'\n"
	       "\tlist server '/lan/192.0.2.1'\n"
	       "\toption leasefile '/tmp/dhcp.leases'\n"
	       "\n"
	       "config dhcp 'lan'\n"
	       "\toption interface 'lan'\n"
	       "\toption name 'no host'\n"
	       "\toption mac '02:00:00:00:00:99'\n"
	       "\n"
	       "config host\n"
	       "\toption name 'koko'\n"
	       "\toption dns '1'\n"
	       "\toption mac 'AA:0B:cC:00:00:01'\n"
	       "\toption ip '192.168.3.200'\n"
	       "\n"
	       "config host 'laptop'\n"
	       "\toption mac '02:00:00:00:00:02 02:00:00:00:00:03'\n"
	       "\toption name 'laptop'\n"
	       "\n"
	       "config host\n"
	       "\toption name 'dock'\n"
	       "\tlist mac '02:00:00:00:00:04'\n"
	       "\tlist mac '02:00:00:00:00:05'\n",
		"leasefile /tmp/dhcp.leases\n"
		"aa0bcc000001,192.168.3.200=koko\n192.168.3.200=koko\n"
		"020000000002=laptop\n020000000003=laptop\n"
		"020000000004=dock\n020000000005=dock\n");
}

static void nothing_and_comments_hold_no_names(void **state)
{
	(void)state;
	expect("", "");
	expect("\n \t\r\n", "");
	expect("# it's a comment \" ;\n  #config host\n\t# last", "");
}

static void quotes_of_all_kinds_may_touch(void **state)
{
	(void)state;
	named("plain", "plain");
	named("'a b'", "a b");
	named("\"a b\"", "a b");
	named("'a'\"b\"c", "abc");
	named("x'y z'x", "xy zx");
	named("'it'\\''s'", "it's");
	named("\"it's\"", "it's");
	named("'say \"hi\"'", "say \"hi\"");
}

static void a_backslash_stands_for_what_follows_but_in_single_quotes(void **state)
{
	(void)state;
	named("a\\ b\\'\\\"\\\\\\n", "a b'\"\\n");
	named("\"\\\"\\\\\\n\\'\"", "\"\\n'");
	named("'a\\n\\'", "a\\n\\");
	named("\\#\\;", "#;");
}

static void values_and_lines_may_go_on(void **state)
{
	(void)state;
	named("'two\nlines'", "two\nlines");
	named("\"two\nlines\"", "two\nlines");
	named("\"one\\\nline\"", "oneline");
	named("one\\\nword", "oneword");
	named("one\\\r\nword", "oneword");
	named("'#\n;'", "#\n;");
}

static void a_comment_may_end_a_line_anywhere(void **state)
{
	(void)state;
	named("a # b", "a");
	named("a#b 'c", "a");
	named("'a'#b \"c", "a");
}

static void a_semicolon_separates_as_it_does_in_libuci(void **state)
{
	(void)state;
	expect("config host\noption name 'a'; option mac '2:0:0:0:0:1'\n", "020000000001=a\n");
	expect("config host\noption name a ; option mac 2:0:0:0:0:1 ;", "020000000001=a\n");
	/* libuci loses the rest of such a line */
	expect("config host\noption mac 2:0:0:0:0:1\noption name a; option name 'b'\n",
		"020000000001=a\n");
	REFUSED("config host\noption name 'a';\n", 2);
	REFUSED("config host ; option name a\n", 1);
}

static void lines_may_end_as_in_dos(void **state)
{
	(void)state;
	expect("config host\r\n\toption name 'a'\r\n\r\n\toption mac 2:0:0:0:0:1\r\n",
		"020000000001=a\n");
	expect("config host\noption name a\noption mac 2:0:0:0:0:1", "020000000001=a\n");
}

static void commands_may_be_cut_to_a_letter(void **state)
{
	(void)state;
	expect("p dhcp\nc host\no name a\nl mac 2:0:0:0:0:1\n", "020000000001=a\n");
	expect("package 'dh-cp'\nconfig\thost\noption\tname  a\nlist mac 2:0:0:0:0:1\n",
		"020000000001=a\n");
}

static void the_last_option_wins_and_lists_add_up(void **state)
{
	(void)state;
	expect("config host\noption name a\noption name b\noption mac 2:0:0:0:0:1\n"
	       "option mac 2:0:0:0:0:2\n",
		"020000000002=b\n");
	expect("config host\noption name a\noption mac 2:0:0:0:0:1\nlist mac 2:0:0:0:0:2\n",
		"020000000001=a\n020000000002=a\n");
	expect("config host\noption name a\nlist mac 2:0:0:0:0:1\noption mac 2:0:0:0:0:2\n"
	       "list mac 2:0:0:0:0:3\n",
		"020000000002=a\n020000000003=a\n");
	expect("config host\noption name a\noption name ''\noption mac 2:0:0:0:0:1\noption mac\n",
		"020000000001=a\n");
	expect("config host\nlist name ''\nlist name a\nlist name b\noption mac 2:0:0:0:0:1\n",
		"020000000001=a\n");
}

static void a_section_opened_again_goes_on(void **state)
{
	(void)state;
	expect("config host a\noption name a\noption mac 2:0:0:0:0:1\n"
	       "config host b\noption name b\n"
	       "config host 'a'\noption name c\nlist mac 2:0:0:0:0:2\n"
	       "config host b\noption mac 2:0:0:0:0:3\n",
		"020000000001=c\n020000000002=c\n020000000003=b\n");
	expect("config host\noption name a\nconfig host\noption mac 2:0:0:0:0:1\n", "");
	REFUSED("config host a\n\nconfig dhcp a\n", 3);
}

static void hosts_without_a_name_or_a_mac_are_passed_over(void **state)
{
	(void)state;
	expect("config host\noption mac 2:0:0:0:0:1\n", "");
	expect("config host\noption name a\n", "");
	expect("config host\noption name ''\noption mac 2:0:0:0:0:1\n", "");
	expect("config host\noption name a\noption mac ''\n", "");
	expect("config host\noption name a\noption mac ' \t,'\n", "");
}

static void only_whole_macs_count(void **state)
{
	(void)state;
	expect("config host\noption name a\noption mac '02:00:00:00:00 2:0:0:0:0:1:1 g2:0:0:0:0:1"
	       " 002:0:0:0:0:1 2:0:0:0:0:1: :2:0:0:0:0:1 2:0:0::0:1 02-00-00-00-00-01 2:0:0:0:*:*"
	       " ignore 020000000001 2:0:0:0:0:001'\n",
		"");
	expect("config host\noption name a\n"
	       "option mac ' 0:00:F:f:fF:0\t2:0:0:0:0:2\n2:0:0:0:0:3,2:0:0:0:0:4 '\n",
		"00000f0fff00=a\n020000000002=a\n020000000003=a\n020000000004=a\n");
}

static void a_name_may_hold_any_bytes(void **state)
{
	(void)state;
	named("'b\xc3\xbcro \xff\x01'", "b\xc3\xbcro \xff\x01");
	named("b\xc3\xbcro", "b\xc3\xbcro");
}

static void what_is_not_uci_is_refused_with_its_line(void **state)
{
	(void)state;
	REFUSED("config host\noption name 'a\n\n", 2);
	REFUSED("config host\noption name \"a\n\\", 2);
	REFUSED("config host\nconfig 'x\ny' \"", 3);
	REFUSED("\n\nhost\n", 3);
	REFUSED("configs host\n", 1);
	REFUSED("'config' host\n", 1);
	REFUSED("config\n", 1);
	REFUSED("config ", 1);
	REFUSED("config ''\n", 1);
	REFUSED("config ho\x7fst\n", 1);
	REFUSED("config host a-b\n", 1);
	REFUSED("config host a b\n", 1);
	REFUSED("package\n", 1);
	REFUSED("package d.hcp\n", 1);
	REFUSED("package dhcp x\n", 1);
	REFUSED("option name a\nconfig host\n", 1);
	REFUSED("list mac a\n", 1);
	REFUSED("config host\n\noption\n", 3);
	REFUSED("config host\n\noption na-me x\n", 3);
	REFUSED("config host\noption name a b\n", 2);
	REFUSED("\xef\xbb\xbf# a byte order mark\n", 1);
	REFUSED("{\"config\": 1}\n", 1);
}

static void names_before_a_mistake_are_not_handed_over(void **state)
{
	(void)state;
	REFUSED("config host\noption name a\noption mac 2:0:0:0:0:1\nconfig host\noops\n", 5);
}

static void a_nul_byte_is_refused(void **state)
{
	(void)state;
	REFUSED("\0", 1);
	REFUSED("config host\n\0option name a\n", 2);
	REFUSED("config host\noption name 'a\0b'\n", 2);
	REFUSED("config host\noption name 'a\n\nb\0'\n", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dhcp_file_of_openwrt_is_read),
		cmocka_unit_test(nothing_and_comments_hold_no_names),
		cmocka_unit_test(quotes_of_all_kinds_may_touch),
		cmocka_unit_test(a_backslash_stands_for_what_follows_but_in_single_quotes),
		cmocka_unit_test(values_and_lines_may_go_on),
		cmocka_unit_test(a_comment_may_end_a_line_anywhere),
		cmocka_unit_test(a_semicolon_separates_as_it_does_in_libuci),
		cmocka_unit_test(lines_may_end_as_in_dos),
		cmocka_unit_test(commands_may_be_cut_to_a_letter),
		cmocka_unit_test(the_last_option_wins_and_lists_add_up),
		cmocka_unit_test(a_section_opened_again_goes_on),
		cmocka_unit_test(hosts_without_a_name_or_a_mac_are_passed_over),
		cmocka_unit_test(only_whole_macs_count),
		cmocka_unit_test(a_name_may_hold_any_bytes),
		cmocka_unit_test(what_is_not_uci_is_refused_with_its_line),
		cmocka_unit_test(names_before_a_mistake_are_not_handed_over),
		cmocka_unit_test(a_nul_byte_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
