// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "text.h"

/* Mounts a private RAM disk, where that is allowed: it ends with the process, even when killed. */
static int isolate(void **state)
{
	static char private[] = "/mnt", shared[] = "/tmp";

	*state = shared;
	if (unshare(CLONE_NEWNS) == 0 && mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("tmpfs", private, "tmpfs", 0, "mode=1777") == 0)
		*state = private;
	return 0;
}

/* Each test runs in a directory of its own, which is empty again when it ends. */
static int enter(void **state)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/mz-textfile-XXXXXX", (const char *)*state);
	if (!mkdtemp(path) || chdir(path))
		return -1;
	*state = strdup(path);
	return *state ? 0 : -1;
}

static int leave(void **state)
{
	int error = chdir("/");

	/* Fails where a test, or textfile.c, left something behind. */
	error |= rmdir(*state);
	free(*state);
	return error;
}

static void expect(const char *path, const char *text)
{
	char found[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, found, sizeof(found) - 1), strlen(text));
	assert_string_equal(found, text);
	close(fd);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void a_file_is_made_and_replaced(void **state)
{
	(void)state;
	assert_int_equal(text_write("a.prom", "one\n", 4), 0);
	expect("a.prom", "one\n");
	assert_int_equal(text_write("a.prom", "", 0), 0);
	expect("a.prom", "");
	assert_int_equal(text_write("./a.prom", "three\n", 6), 0);
	expect("a.prom", "three\n");
	assert_int_equal(unlink("a.prom"), 0);
}

static void everybody_may_read_it_whatever_the_umask(void **state)
{
	mode_t umask_before = umask(0777);
	struct stat status;

	(void)state;
	assert_int_equal(text_write("a", "x", 1), 0);
	umask(umask_before);
	assert_int_equal(stat("a", &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0644);
	unlink("a");
}

static void a_link_is_replaced_and_its_target_untouched(void **state)
{
	struct stat status;

	(void)state;
	put("target", "precious");
	assert_int_equal(symlink("target", "a"), 0);
	assert_int_equal(textfile_check("a"), 0);
	assert_int_equal(text_write("a", "new", 3), 0);
	expect("target", "precious");
	expect("a", "new");
	assert_int_equal(lstat("a", &status), 0);
	assert_true(S_ISREG(status.st_mode));
	unlink("a");
	unlink("target");
}

static void what_stands_at_the_temporary_name_is_not_written_to(void **state)
{
	(void)state;
	put("target", "precious");
	assert_int_equal(symlink("target", ".a.mezoura-tmp"), 0);
	assert_int_equal(text_write("a", "new", 3), 0);
	expect("target", "precious");
	expect("a", "new");
	/* a hard link, or what a killed daemon left */
	assert_int_equal(link("target", ".a.mezoura-tmp"), 0);
	assert_int_equal(text_write("a", "newer", 5), 0);
	expect("target", "precious");
	expect("a", "newer");
	assert_int_equal(access(".a.mezoura-tmp", F_OK), -1);
	unlink("a");
	unlink("target");
}

static void the_longest_name_works(void **state)
{
	char name[NAME_MAX + 2];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[NAME_MAX] = '\0';
	memcpy(name + NAME_MAX - 5, ".prom", 5);
	assert_int_equal(textfile_check(name), 0);
	assert_int_equal(text_write(name, "long", 4), 0);
	expect(name, "long");
	unlink(name);
	name[NAME_MAX] = 'n';
	name[NAME_MAX + 1] = '\0';
	assert_int_equal(textfile_check(name), -ENAMETOOLONG);
	assert_int_equal(text_write(name, "long", 4), -ENAMETOOLONG);
}

static void no_other_name_ends_in_prom_even_for_a_moment(void **state)
{
	char name[NAME_MAX + 1], events[4096] __attribute__((aligned(8)));
	const struct inotify_event *event = (const void *)events;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	(void)state;
	assert_true(inotify_add_watch(fd, ".", IN_CREATE) >= 0);
	for (size_t length = 6; length <= NAME_MAX; length++) {
		memset(name, 'n', length);
		strcpy(name + length - 5, ".prom");
		assert_int_equal(text_write(name, "x", 1), 0);
		assert_true(read(fd, events, sizeof(events)) > 0);
		assert_int_equal(event->name[0], '.');
		assert_string_equal(event->name + strlen(event->name) - 4, "-tmp");
		unlink(name);
	}
	close(fd);
}

static void a_path_that_cannot_be_written_is_refused(void **state)
{
	static const struct {
		const char *path;
		int error;
	} bad[] = {
		{"", -ENOENT},
		{"missing/a", -ENOENT},
		{"file/a", -ENOTDIR},
		{"directory", -EISDIR},
		{"directory/", -EISDIR},
		{"directory/.", -EISDIR},
		{"..", -EISDIR},
		{"/", -EISDIR},
	};
	char *path = malloc(PATH_MAX + 8);

	(void)state;
	assert_non_null(path);
	put("file", "");
	assert_int_equal(mkdir("directory", 0755), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(textfile_check(bad[i].path), bad[i].error);
		assert_int_equal(text_write(bad[i].path, "x", 1), bad[i].error);
	}
	for (size_t i = 0; i < PATH_MAX; i += 2)
		memcpy(path + i, "./", 2);
	strcpy(path + PATH_MAX, "a");
	assert_int_equal(textfile_check(path), -ENAMETOOLONG);
	assert_int_equal(text_write(path, "x", 1), -ENAMETOOLONG);
	free(path);
	assert_int_equal(unlink("file") | rmdir("directory"), 0);
}

static void a_check_creates_nothing_and_refuses_devices(void **state)
{
	(void)state;
	assert_int_equal(textfile_check("a"), 0);
	assert_int_equal(access("a", F_OK), -1);
	if (access("/dev", W_OK) == 0) /* else the directory itself is refused */
		assert_int_equal(textfile_check("/dev/null"), -EEXIST);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(textfile_check("fifo"), -EEXIST);
	unlink("fifo");
}

static void a_directory_that_is_not_writable_is_refused(void **state)
{
	int status;
	pid_t child;

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: needs root, to become somebody else\n");
		skip();
	}
	assert_int_equal(chmod(".", 0755), 0);
	child = fork();
	if (child == 0) { /* root may write anywhere */
		if (setresuid(65534, 65534, 65534))
			_exit(1);
		_exit(textfile_check("a") != -EACCES || text_write("a", "x", 1) != -EACCES);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void when_the_disk_is_full_the_old_file_stays_and_nothing_else(void **state)
{
	static const char much[1 << 16];
	struct rlimit before, limit;

	(void)state;
	assert_int_equal(text_write("a", "old", 3), 0);
	/* A limit on file sizes: the write comes short first, then fails. */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 5000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(text_write("a", much, sizeof(much)), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	expect("a", "old");
	unlink("a");
}

static void a_failed_rename_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(mkdir("a", 0755), 0);
	put("a/b", "");
	assert_int_equal(text_write("a", "x", 1), -EISDIR);
	/* leave() sees that no temporary file is there */
	unlink("a/b");
	assert_int_equal(rmdir("a"), 0);
}

static void no_descriptor_is_leaked(void **state)
{
	int before = dup(0), after;

	(void)state;
	close(before);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(text_write("a", "x", 1), 0);
		assert_int_equal(textfile_check("a"), 0);
		text_write("missing/a", "x", 1);
		text_write("/", "x", 1);
	}
	after = dup(0);
	assert_int_equal(after, before);
	close(after);
	unlink("a");
}

#define PAGE 100000

struct writer {
	atomic_bool stop;
	int error;
};

static void *rewrite(void *context)
{
	struct writer *writer = context;
	char *page = malloc(PAGE);

	for (int letter = 'a'; page && !writer->stop && !writer->error;
		letter = letter == 'z' ? 'a' : letter + 1) {
		memset(page, letter, PAGE);
		/* each letter has a length of its own, so that a mix would show */
		writer->error = text_write("a", page, PAGE - (size_t)letter);
	}
	free(page);
	return NULL;
}

static void a_reader_sees_whole_files_only(void **state)
{
	struct writer writer = {.stop = false};
	char *page = malloc(PAGE);
	unsigned seen[26] = {0}, letters = 0;
	uint64_t end = now_ms() + 60000;
	pthread_t thread;

	(void)state;
	assert_true(page && text_write("a", page, 0) == 0);
	assert_int_equal(pthread_create(&thread, NULL, rewrite, &writer), 0);
	/* until it has been rewritten often enough meanwhile, unless it never is */
	for (int i = 0; i < 1000 || (letters < 10 && now_ms() < end); i++) {
		int fd = open("a", O_RDONLY | O_CLOEXEC);
		ssize_t got = 0, part;

		assert_true(fd >= 0); /* there is always a file */
		while ((part = read(fd, page + got, (size_t)(PAGE - got))) > 0)
			got += part;
		close(fd);
		if (got == 0 && letters == 0)
			continue; /* the empty one it began with */
		assert_int_equal(got, PAGE - page[0]);
		if (memcmp(page, page + 1, (size_t)got - 1) != 0)
			fail_msg("a torn file");
		letters += seen[page[0] - 'a']++ == 0;
	}
	writer.stop = true;
	pthread_join(thread, NULL);
	assert_int_equal(writer.error, 0);
	assert_true(letters >= 10);
	free(page);
	unlink("a");
}

static void a_killed_writer_leaves_the_last_whole_file(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct writer writer = {.stop = false};
		struct stat status;
		pid_t child = fork();

		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			rewrite(&writer);
			_exit(0);
		}
		usleep(2000 + (useconds_t)i * 137);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		if (stat("a", &status) == 0) {
			assert_true(status.st_size >= PAGE - 'z' && status.st_size <= PAGE - 'a');
			assert_int_equal(textfile_check("a"), 0);
		}
	}
	/* and whatever it left is no obstacle */
	assert_int_equal(text_write("a", "x", 1), 0);
	expect("a", "x");
	assert_int_equal(unlink("a"), 0);
	assert_int_equal(access(".a.mezoura-tmp", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)
		TEST(a_file_is_made_and_replaced),
		TEST(everybody_may_read_it_whatever_the_umask),
		TEST(a_link_is_replaced_and_its_target_untouched),
		TEST(what_stands_at_the_temporary_name_is_not_written_to),
		TEST(the_longest_name_works),
		TEST(no_other_name_ends_in_prom_even_for_a_moment),
		TEST(a_path_that_cannot_be_written_is_refused),
		TEST(a_check_creates_nothing_and_refuses_devices),
		TEST(a_directory_that_is_not_writable_is_refused),
		TEST(when_the_disk_is_full_the_old_file_stays_and_nothing_else),
		TEST(a_failed_rename_leaves_nothing),
		TEST(no_descriptor_is_leaked),
		TEST(a_reader_sees_whole_files_only),
		TEST(a_killed_writer_leaves_the_last_whole_file),
	};

	return cmocka_run_group_tests_name("textfile", tests, isolate, NULL);
}
