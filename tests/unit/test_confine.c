// SPDX-License-Identifier: GPL-2.0-or-later
/* What the recorder's sandbox lets it do, and what not. Each attempt is a process of its own. */
#include "attempts.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/timex.h>

#include "history/confine.h"

static char state[] = "/tmp/mz-confine-XXXXXX", recent[] = "/tmp/mz-confine-XXXXXX";
static char path[128], other_path[128];
static const char *missing;
static int channel[2];

static int enter(void)
{
	int error = become_nobody();

	return error ? error : confine_recorder(state, recent, &missing);
}

static int write_file(const char *directory)
{
	int fd;

	snprintf(path, sizeof(path), "%s/a", directory);
	snprintf(other_path, sizeof(other_path), "%s/b", directory);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || pwrite(fd, "abc", 3, 0) != 3 || fchown(fd, geteuid(), (gid_t)-1) < 0 ||
		ftruncate(fd, 1) < 0 || fsync(fd) < 0 ||
		fcntl(fd, F_SETLK, &(struct flock){.l_type = F_WRLCK}) < 0 || close(fd) < 0)
		return -1;
	fd = open(directory, O_RDONLY | O_DIRECTORY);
	return fd < 0 || fsync(fd) < 0 || rename(path, other_path) < 0 ? -1 : unlink(other_path);
}

static int write_state(void)
{
	return write_file(state);
}

static int write_recent(void)
{
	return write_file(recent);
}

static int look_at_the_zone(void)
{
	struct stat st;

	return stat("/etc/passwd", &st); /* as good as any file: by stat(2) alone */
}

static int read_the_clock(void)
{
	struct timex timex = {0};

	return adjtimex(&timex);
}

static int answer(void)
{
	return (int)send(channel[0], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static const struct attempt needed[] = {
	{"write the state", write_state},
	{"write the recent slices", write_recent},
	{"look whether the zone changed", look_at_the_zone},
	{"read the clock's state", read_the_clock},
	{"answer the exporter", answer},
};

static int read_file(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int write_elsewhere(void)
{
	return write_file("/tmp");
}

static int leave_by_a_link(void)
{
	snprintf(path, sizeof(path), "%s/../mz-confine-elsewhere", state);
	return open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
}

static int make_a_directory(void)
{
	snprintf(path, sizeof(path), "%s/directory", state);
	return mkdir(path, 0700);
}

static int connect_to_nobody(void)
{
	const struct sockaddr to = {.sa_family = AF_UNSPEC};

	return connect(channel[0], &to, sizeof(to)) < 0 && errno == EPERM ? -1 : 0;
}

static int set_the_clock(void)
{
	struct timex timex = {.modes = ADJ_STATUS, .status = STA_UNSYNC};

	return geteuid() == 0 ? -1 : adjtimex(&timex); /* not outside: it is the machine's */
}

static const struct attempt refused[] = {
	{"read a file", read_file},
	{"write elsewhere", write_elsewhere},
	{"leave by ..", leave_by_a_link},
	{"make a directory", make_a_directory},
	{"connect", connect_to_nobody},
	{"set the clock", set_the_clock},
};

static void what_recording_takes_works(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (try(enter, needed[i].attempt) != WORKED)
			fail_msg("cannot %s", needed[i].what);
}

static void nothing_else_does(void **unused)
{
	(void)unused;
	own_end = channel[0];
	expect_refused_to_all(enter);
	/* of them, outside, where nobody sets the clock */
	assert_true(expect_refused(enter, refused, sizeof(refused) / sizeof(*refused)) >= 4);
	unlink("/tmp/mz-confine-elsewhere");
	snprintf(path, sizeof(path), "%s/directory", state);
	rmdir(path);
}

/* Waits inside until the directory is another one. */
static void write_what_was_replaced(int ready, int replaced)
{
	char byte;

	if (enter() < 0 || write(ready, "x", 1) != 1 || read(replaced, &byte, 1) != 1)
		_exit(NO_SANDBOX);
	_exit(write_recent() < 0 ? FAILED : WORKED);
}

/* The recorder then ends, and the next one reaches it. */
static void a_directory_made_anew_is_out_of_reach(void **unused)
{
	int ready[2], replaced[2], status;
	pid_t child;
	char byte;

	(void)unused;
	if (geteuid() != 0)
		skip();
	assert_int_equal(pipe(ready) | pipe(replaced), 0);
	child = fork();
	if (child == 0)
		write_what_was_replaced(ready[1], replaced[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "%s-old", recent);
	assert_int_equal(rename(recent, path), 0);
	assert_int_equal(mkdir(recent, 0700), 0);
	assert_int_equal(chown(recent, NOBODY, NOBODY), 0);
	assert_int_equal(write(replaced[1], "x", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), FAILED);
}

static int make_directories(void **unused)
{
	(void)unused;
	if (!mkdtemp(state) || !mkdtemp(recent) ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return -1;
	if (geteuid() == 0)
		return chown(state, NOBODY, NOBODY) || chown(recent, NOBODY, NOBODY);
	return 0;
}

static int remove_directories(void **unused)
{
	(void)unused;
	snprintf(path, sizeof(path), "%s-old", recent);
	rmdir(path);
	return rmdir(state) || rmdir(recent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_recording_takes_works),
		cmocka_unit_test(nothing_else_does),
		cmocka_unit_test(a_directory_made_anew_is_out_of_reach),
	};

	alarm(HANGS_S);
	return cmocka_run_group_tests_name("confine", tests, make_directories, remove_directories);
}
