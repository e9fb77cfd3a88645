// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "names/names.h"
#include "no_debug.h"

static const uint8_t one[6] = {2, 0, 0, 0, 0, 1}, two[6] = {2, 0, 0, 0, 0, 2};

/* In place of the real ones: what was logged, and how often a file was opened. */
static unsigned logged, opened;
static char last[1024];

void log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(last, sizeof(last), format, args);
	va_end(args);
	logged++;
}

int open(const char *path, int flags, ...)
{
	opened++;
	return openat(AT_FDCWD, path, flags);
}

struct fixture {
	struct names *names;
	char directory[32];
};

/*
 * Mounts a private RAM disk, where that is allowed: it ends with the process, even when killed. Not
 * a tmpfs, whose times are too fine to hide a change.
 */
static int isolate(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) == 0)
		if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
			mount("ramfs", "/tmp", "ramfs", 0, "mode=1777");
	return 0;
}

static int enter(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	*state = fixture;
	strcpy(fixture->directory, "/tmp/mz-names-XXXXXX");
	if (!mkdtemp(fixture->directory) || chdir(fixture->directory) < 0)
		return -1;
	logged = opened = 0;
	fixture->names = names_create();
	return fixture->names ? names_add_file(fixture->names, NAMES_UCI, "dhcp") : -1;
}

static int leave(void **state)
{
	struct fixture *fixture = *state;
	int error;

	names_destroy(fixture->names);
	unlink("dhcp");
	unlink("new");
	error = chdir("/") | rmdir(fixture->directory);
	free(fixture);
	return error;
}

static void write_bytes(const char *path, const char *text, size_t length)
{
	int fd = openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	assert_int_equal(close(fd), 0);
}

static void write_text(const char *text)
{
	write_bytes("dhcp", text, strlen(text));
}

static void write_host(const char *name)
{
	char text[2048];

	snprintf(text, sizeof(text), "config host\noption name '%s'\noption mac 2:0:0:0:0:1\n",
		name);
	write_text(text);
}

static void expect(const struct names *names, const uint8_t mac[6], const char *name)
{
	enum names_source source;
	const char *found = names_find_mac(names, mac, &source);

	if (!name)
		assert_null(found);
	else if (!found)
		fail_msg("no name, not %s", name);
	else
		assert_string_equal(found, name);
}

static void without_a_file_there_are_no_names(void **state)
{
	struct names *names = ((struct fixture *)*state)->names;

	expect(names, one, NULL);
	assert_false(names_refresh(names));
	assert_false(names_refresh(names));
	assert_int_equal(names_count(names, NAMES_UCI), 0);
	assert_int_equal(names_add_file(names, NAMES_UCI, "/dev/null/dhcp"), 0);
	assert_false(names_refresh(names));
	assert_int_equal(logged, 0);
}

static void a_source_that_is_not_followed_is_empty(void **state)
{
	struct names *names = names_create();

	(void)state;
	assert_non_null(names);
	assert_false(names_refresh(names));
	expect(names, one, NULL);
	names_destroy(names);
	assert_int_equal(opened, 0);
}

static void names_are_found_once_the_file_is_read(void **state)
{
	struct names *names = ((struct fixture *)*state)->names;

	write_host("koko");
	expect(names, one, NULL);
	assert_true(names_refresh(names));
	expect(names, one, "koko");
	expect(names, two, NULL);
	assert_int_equal(names_count(names, NAMES_UCI), 1);
	assert_false(names_refresh(names));
}

static void a_change_is_followed_however_it_is_made(void **state)
{
	struct names *names = ((struct fixture *)*state)->names;

	write_host("first");
	assert_true(names_refresh(names));
	write_host("longer than before");
	assert_true(names_refresh(names));
	expect(names, one, "longer than before");
	write_bytes("new", "", 0);
	assert_int_equal(rename("new", "dhcp"), 0);
	assert_true(names_refresh(names));
	expect(names, one, NULL);
}

static void a_rewrite_of_the_same_size_and_time_is_seen(void **state)
{
	static const char text[] = "config host\noption mac 2:0:0:0:0:1\noption name '%s%c";
	struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	struct names *names = ((struct fixture *)*state)->names;
	char name[8], file[128];

	/* Many times, since a file's times stand still for some milliseconds. */
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "n%03u", i);
		for (const char *end = "'x"; *end; end++) {
			snprintf(file, sizeof(file), text, name, *end);
			write_text(file);
			assert_int_equal(utimensat(AT_FDCWD, "dhcp", times, 0), 0);
			assert_int_equal(names_refresh(names), *end == '\'');
			expect(names, one, name);
		}
		assert_int_equal(logged, i + 1);
	}
}

static void a_rewrite_of_the_same_names_is_no_change(void **state)
{
	struct names *names = ((struct fixture *)*state)->names;

	write_host("a");
	assert_true(names_refresh(names));
	write_text("# moved\n\nconfig host x\n\tlist mac 02:00:00:00:00:01\n\toption name \"a\"\n");
	assert_false(names_refresh(names));
	expect(names, one, "a");
	write_text("config host x\noption mac 2:0:0:0:0:2\noption name a\n");
	assert_true(names_refresh(names));
	expect(names, one, NULL);
	expect(names, two, "a");
}

static void a_file_that_vanishes_takes_its_names_along(void **state)
{
	struct names *names = ((struct fixture *)*state)->names;

	write_host("a");
	assert_true(names_refresh(names));
	assert_int_equal(unlink("dhcp"), 0);
	assert_true(names_refresh(names));
	expect(names, one, NULL);
	assert_false(names_refresh(names));
	write_host("a");
	assert_true(names_refresh(names));
	expect(names, one, "a");
	assert_int_equal(logged, 0);
}

static void a_broken_file_is_logged_once_for_each_of_its_states(void **state)
{
	struct names *names = ((struct fixture *)*state)->names;

	write_host("good");
	assert_true(names_refresh(names));
	write_text("config host\n\toption name 'bad\n");
	for (int i = 0; i < 10; i++)
		assert_false(names_refresh(names));
	assert_int_equal(logged, 1);
	assert_non_null(strstr(last, "dhcp:2: "));
	expect(names, one, "good");

	write_text("config host\n\n\noops now\n");
	assert_false(names_refresh(names));
	assert_false(names_refresh(names));
	assert_int_equal(logged, 2);
	assert_non_null(strstr(last, "dhcp:4: "));
	expect(names, one, "good");

	write_host("better");
	assert_true(names_refresh(names));
	expect(names, one, "better");
	assert_int_equal(logged, 2);
}

static void what_is_no_file_is_refused(void **state)
{
	struct names *names = ((struct fixture *)*state)->names;

	write_host("good");
	assert_true(names_refresh(names));
	assert_int_equal(unlink("dhcp"), 0);
	assert_int_equal(mkfifo("dhcp", 0600), 0);
	assert_false(names_refresh(names));
	assert_false(names_refresh(names));
	assert_int_equal(logged, 1);
	assert_non_null(strstr(last, "not a regular file"));
	expect(names, one, "good");

	assert_int_equal(names_add_file(names, NAMES_UCI, "/dev/zero"), 0);
	assert_false(names_refresh(names));
	assert_int_equal(logged, 2);
	expect(names, one, "good");
}

static void what_cannot_be_read_is_logged_once(void **state)
{
	struct names *names = ((struct fixture *)*state)->names;

	write_host("good");
	assert_true(names_refresh(names));
	assert_int_equal(unlink("dhcp"), 0);
	assert_int_equal(symlink("dhcp", "dhcp"), 0);
	for (int i = 0; i < 10; i++)
		assert_false(names_refresh(names));
	assert_int_equal(logged, 1);
	assert_non_null(strstr(last, strerror(ELOOP)));
	expect(names, one, "good");
	assert_int_equal(unlink("dhcp"), 0);
	assert_true(names_refresh(names));
	expect(names, one, NULL);
}

static void a_file_too_large_is_refused(void **state)
{
	struct names *names = ((struct fixture *)*state)->names;

	write_host("good");
	assert_true(names_refresh(names));
	assert_int_equal(truncate("dhcp", (16 << 20) + 1), 0);
	assert_false(names_refresh(names));
	assert_int_equal(logged, 1);
	assert_int_equal(opened, 1);
	expect(names, one, "good");
	assert_int_equal(truncate("dhcp", 16 << 20), 0); /* not too large, but full of NULs */
	assert_false(names_refresh(names));
	assert_int_equal(logged, 2);
	assert_non_null(strstr(last, "dhcp:4: "));
}

static void an_old_file_is_read_only_once(void **state)
{
	struct names *names = ((struct fixture *)*state)->names;

	assert_int_equal(names_add_file(names, NAMES_UCI, "/etc/passwd"), 0);
	assert_false(names_refresh(names));
	opened = 0; /* libuci, where there is one, has opened it, too */
	for (int i = 0; i < 9; i++)
		assert_false(names_refresh(names));
	assert_int_equal(opened, 0);
	assert_int_equal(logged, 1);
	assert_non_null(strstr(last, "/etc/passwd:1: "));
}

static void a_file_of_a_hundred_thousand_hosts_is_no_trouble(void **state)
{
	static const char *const forms[] = {
		"c host\no name n%u\no mac 2:0:0:%x:%x:%x\n",
		"c host s%u\no name n\no mac 2:0:0:%x:%x:%x\n",
		"c host\no name n%u\no mac 2:0:0:0:0:1 # %x %x %x\n",
		"c host one\no name n%u\nl mac 2:0:0:%x:%x:%x\n",
	};
	const unsigned count = rounds(100000, 1);
	const size_t counts[] = {count, count, 1, count};
	struct names *names = ((struct fixture *)*state)->names;
	clock_t start = clock();
	char name[16];

	for (size_t form = 0; form < sizeof(forms) / sizeof(*forms); form++) {
		char *text;
		size_t size;
		FILE *file = open_memstream(&text, &size);

		assert_non_null(file);
		for (unsigned i = 1; i <= count; i++)
			fprintf(file, forms[form], i, i >> 16 & 0xff, i >> 8 & 0xff, i & 0xff);
		assert_int_equal(fclose(file), 0);
		write_bytes("dhcp", text, size);
		free(text);
		assert_true(names_refresh(names));
		assert_int_equal(names_count(names, NAMES_UCI), counts[form]);
	}
	snprintf(name, sizeof(name), "n%u", count);
	expect(names, one, name);
	assert_int_equal(logged, 0);
	assert_true(clock() - start < 20 * CLOCKS_PER_SEC); /* far less, unless quadratic */
}

static void several_files_are_one_source(void **state)
{
	struct names *names = ((struct fixture *)*state)->names;

	assert_int_equal(names_add_file(names, NAMES_UCI, "new"), 0);
	assert_string_equal(names_source_text(NAMES_UCI), "uci");
	assert_string_equal(names_path(names, 0), "dhcp");
	assert_string_equal(names_path(names, 1), "new");
	assert_null(names_path(names, 2));
	write_host("second");
	assert_int_equal(rename("dhcp", "new"), 0);
	assert_true(names_refresh(names));
	expect(names, one, "second");
	write_host("first");
	assert_true(names_refresh(names));
	expect(names, one, "first");
	assert_int_equal(names_count(names, NAMES_UCI), 2);
	for (int i = 2; i < NAMES_FILES; i++)
		assert_int_equal(names_add_file(names, NAMES_UCI, "none"), 0);
	assert_int_equal(names_add_file(names, NAMES_UCI, "none"), -E2BIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_file_there_are_no_names),
		TEST(a_source_that_is_not_followed_is_empty),
		TEST(names_are_found_once_the_file_is_read),
		TEST(a_change_is_followed_however_it_is_made),
		TEST(a_rewrite_of_the_same_size_and_time_is_seen),
		TEST(a_rewrite_of_the_same_names_is_no_change),
		TEST(a_file_that_vanishes_takes_its_names_along),
		TEST(a_broken_file_is_logged_once_for_each_of_its_states),
		TEST(what_is_no_file_is_refused),
		TEST(what_cannot_be_read_is_logged_once),
		TEST(a_file_too_large_is_refused),
		TEST(an_old_file_is_read_only_once),
		TEST(a_file_of_a_hundred_thousand_hosts_is_no_trouble),
		TEST(several_files_are_one_source),
	};

	return cmocka_run_group_tests(tests, isolate, NULL);
}
