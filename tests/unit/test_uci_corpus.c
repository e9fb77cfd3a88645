// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of tests/corpus/dhcp, with what is in tests/corpus/dhcp_changes of the same name, and
 * generated ones: mezoura's reader and libuci agree on them. To accept a change:
 * MZ_GOLDEN=write build/test_uci_corpus
 */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names/uci/libuci.h"
#include "names/uci/reader.h"
#include "uci_list.h"

#define FILES	"tests/corpus/dhcp"
#define CHANGES "tests/corpus/dhcp_changes"
#define GOLDEN	"tests/golden/dhcp.txt"

#define GENERATED 10000

struct name_table {
	char *text;
	size_t used, room;
};

void note(struct name_table *list, const char *line, size_t length)
{
	if (list->used + length > list->room) {
		list->room = 2 * (list->used + length);
		list->text = realloc(list->text, list->room);
		assert_non_null(list->text);
	}
	memcpy(list->text + list->used, line, length);
	list->used += length;
}

static char *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "r"), *to;
	char *text, part[4096];
	size_t n;

	*length = 0;
	if (!file)
		return NULL;
	to = open_memstream(&text, length);
	assert_non_null(to);
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		fwrite(part, 1, n, to);
	fclose(to);
	fclose(file);
	return text;
}

static char top[512]; /* of the tree: libuci wants whole paths */

/* The names that mezoura's reader finds in the file and its changes. */
static int read_ours(
	const char *name, const char *path, const char *changes, struct name_table *list)
{
	struct uci_input input = {.package = name};
	unsigned line;
	const char *why;
	char *text = read_file(path, &input.length);
	char *changes_text = changes ? read_file(changes, &input.changes_length) : NULL;
	int error;

	assert_non_null(text);
	input.text = text;
	input.changes = changes_text;
	error = uci_read(&input, list, &line, &why);
	free(text);
	free(changes_text);
	return error;
}

/* Whether both readers find the same names. */
static bool agree(const char *name, const char *path, const char *changes)
{
	struct name_table ours = {0}, theirs = {0};
	bool there = changes && access(changes, F_OK) == 0;
	int our_error = read_ours(name, path, changes, &ours);
	int their_error = libuci_read(path, there ? changes : NULL, &theirs);
	bool same = our_error == their_error && ours.used == theirs.used &&
		    (!ours.used || memcmp(ours.text, theirs.text, ours.used) == 0);

	if (!same)
		print_error("%s: ours %d\n%.*s\nlibuci's %d\n%.*s\n", path, our_error,
			(int)ours.used, ours.text ? ours.text : "", their_error, (int)theirs.used,
			theirs.text ? theirs.text : "");
	free(ours.text);
	free(theirs.text);
	return same;
}

static int is_no_dot(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Calls each with the name of a file, its path and the one of its changes; returns how many. */
static int for_each(void (*each)(const char *name, const char *path, const char *changes))
{
	struct dirent **entries;
	int count = scandir(FILES, &entries, is_no_dot, alphasort);

	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		char path[1024], changes[1024];

		snprintf(path, sizeof(path), "%s/" FILES "/%s", top, entries[i]->d_name);
		snprintf(changes, sizeof(changes), "%s/" CHANGES "/%s", top, entries[i]->d_name);
		each(entries[i]->d_name, path, changes);
		free(entries[i]);
	}
	free(entries);
	return count;
}

static FILE *report;

static void add_to_report(const char *name, const char *path, const char *changes)
{
	struct name_table list = {0};
	int error = read_ours(name, path, changes, &list);

	fprintf(report, "%s: %s\n%.*s\n", name, error ? "refused" : "read",
		error ? 0 : (int)list.used, list.text ? list.text : "");
	free(list.text);
}

static void the_corpus_is_read_as_it_was(void **state)
{
	char *text, *golden;
	size_t length, golden_length;

	(void)state;
	report = open_memstream(&text, &length);
	assert_non_null(report);
	for_each(add_to_report);
	fclose(report);
	if (getenv("MZ_GOLDEN")) {
		FILE *file = fopen(GOLDEN, "w");

		assert_non_null(file);
		assert_int_equal(fwrite(text, 1, length, file), length);
		fclose(file);
	}
	golden = read_file(GOLDEN, &golden_length);
	assert_non_null(golden);
	assert_int_equal(golden_length, length);
	assert_memory_equal(golden, text, length);
	free(golden);
	free(text);
}

static bool have_libuci(void)
{
	struct name_table list = {0};
	char path[1024];
	bool have;

	snprintf(path, sizeof(path), "%s/" FILES "/empty", top);
	have = libuci_read(path, NULL, &list) == 0;

	if (!have)
		print_message("skipped: this build is without libuci\n");
	return have;
}

static unsigned disagreements;

static void count_disagreement(const char *name, const char *path, const char *changes)
{
	disagreements += !agree(name, path, changes);
}

static void libuci_reads_the_corpus_as_we_do(void **state)
{
	(void)state;
	if (!have_libuci())
		skip();
	disagreements = 0;
	print_message("%d files\n", for_each(count_disagreement));
	assert_int_equal(disagreements, 0);
}

/* A small generator of numbers that gives the same ones everywhere. */
static uint32_t seed;

static unsigned below(unsigned bound)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % bound;
}

#define PICK(words) words[below(sizeof(words) / sizeof(*words))]

static void put_value(FILE *file)
{
	static const char *const values[] = {"", "a", "b c", "02:00:00:00:00:01", "2:0:0:0:0:2",
		"02:00:00:00:00:03 02:00:00:00:00:04", "AA:BB:CC:DD:EE:FF", "x", "\xc3\xbc", "host",
		"\xff", "a\nb", "\\", "'", "\"", "#", ";", "a;b", " ", "\t", "=", ".", "\x01",
		"name", "a#b", "\\\n", "\r", "a\\", "192.168.2.1", "2001:db8::1", "/tmp/x",
		"00030001020000000005"};
	static const char *const quotes[] = {"'", "'", "'", "\"", "\"", ""};
	unsigned parts = 1 + (below(8) == 0) + (below(16) == 0);

	while (parts--) {
		const char *quote = PICK(quotes), *value = PICK(values);

		/* most of the time such that it means itself */
		if (below(8) && strpbrk(value, "'\"\\#; \t\n\r"))
			quote = strchr(value, '\'') || strchr(value, '\\') ? "" : "'";
		if (below(8) && !*quote && strpbrk(value, "'\"\\"))
			value = "q";
		fprintf(file, "%s%s%s", quote, value, quote);
	}
}

static void put_id(FILE *file)
{
	static const char *const ids[] = {"a", "b", "c", "cfg01fe63", "cfg02fe63", "cfg03fe63",
		"cfg014cb8", "a-b", "@host[0]"};

	fprintf(file, "%s", below(16) ? ids[below(8 - 1)] : PICK(ids));
}

static void put_key(FILE *file)
{
	static const char *const keys[] = {"name", "mac", "name", "mac", "name", "mac", "ip",
		"duid", "leasefile", "dns", "x", "na-me", ""};

	fprintf(file, "%s", below(16) ? keys[below(9)] : PICK(keys));
}

static void put_statement(FILE *file)
{
	static const char *const types[] = {"host", "host", "host", "'host'", "domain", "dnsmasq"};
	static const char *const odd[] = {"package dhcp", "p 'a-b'", "config", "option", "#", "# '",
		"'", "oops", "c host", "\\", "list", ";", "config host a b", "c 'ho st'"};
	unsigned kind = below(100);

	if (kind < 20) {
		fprintf(file, "config %s", PICK(types));
		if (below(3) == 0) {
			fputc(' ', file);
			put_id(file);
		}
	} else if (kind < 98) {
		fprintf(file, "%s%s ", below(4) ? "\t" : "", below(3) ? "option" : "list");
		put_key(file);
		fputc(' ', file);
		put_value(file);
	} else if (below(8) == 0) {
		fprintf(file, "%s", PICK(odd));
	}
}

static void put_file(FILE *file)
{
	static const char *const ends[] = {"\n", "\n", "\n", "\n", "\n", "\n", "\r\n", " # x\n",
		"#x\n", " \n", ";", " ; ", "\n\n"};
	unsigned statements = below(24);

	if (below(64))
		fprintf(file, "config host\n");
	while (statements--) {
		put_statement(file);
		fprintf(file, "%s", below(4) ? "\n" : PICK(ends));
	}
}

static void put_changes(FILE *file)
{
	static const char *const commands[] = {"", "", "", "", "+", "-", "@", "^", "|", "|", "~"};
	unsigned lines = below(12);

	while (lines--) {
		fprintf(file, "%s%s.", PICK(commands), below(32) ? "dhcp" : "other");
		put_id(file);
		if (below(4)) {
			fputc('.', file);
			put_key(file);
		}
		if (below(8)) {
			fputc('=', file);
			if (below(8) == 0)
				fprintf(file, "'%u'", below(4));
			else if (below(8) == 0)
				fprintf(file, "'host'");
			else
				put_value(file);
		}
		fprintf(file, "%s", below(32) ? "\n" : " \n");
	}
}

static void generate(const char *path, void (*put)(FILE *))
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	put(file);
	assert_int_equal(fclose(file), 0);
}

static void libuci_reads_generated_files_as_we_do(void **state)
{
	char directory[] = "/tmp/mz-uci-XXXXXX", path[64], saved[64], changes[64];
	unsigned read = 0, wrong = 0;

	(void)state;
	if (!have_libuci())
		skip();
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/dhcp", directory);
	snprintf(saved, sizeof(saved), "%s/saved", directory);
	snprintf(changes, sizeof(changes), "%s/saved/dhcp", directory);
	assert_int_equal(mkdir(saved, 0700), 0);
	for (unsigned i = 0; i < GENERATED && wrong < 3; i++) {
		struct name_table list = {0};

		seed = i * 2654435761u;
		generate(path, put_file);
		unlink(changes);
		if (i % 2)
			generate(changes, put_changes);
		read += read_ours("dhcp", path, changes, &list) == 0;
		free(list.text);
		if (!agree("dhcp", path, changes)) {
			print_error("file %u\n", i);
			wrong++;
			if (getenv("MZ_KEEP"))
				fail();
		}
	}
	unlink(changes);
	unlink(path);
	rmdir(saved);
	rmdir(directory);
	print_message("%u files, %u of them in order\n", GENERATED, read);
	assert_int_equal(wrong, 0);
	assert_true(read > GENERATED / 4 && read < GENERATED - GENERATED / 8); /* of both kinds */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_corpus_is_read_as_it_was),
		cmocka_unit_test(libuci_reads_the_corpus_as_we_do),
		cmocka_unit_test(libuci_reads_generated_files_as_we_do),
	};

	if (!getcwd(top, sizeof(top)))
		return 1;
	return cmocka_run_group_tests_name("uci corpus", tests, NULL, NULL);
}
