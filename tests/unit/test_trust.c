// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/trust.h"

#define SOMEBODY 4711
#define SERVICE	 453 /* dnsmasq's on OpenWrt, whose leases are in /tmp */

static char directory[] = "/tmp/mz-trust-XXXXXX";

static void make(const char *name, mode_t mode, uid_t owner)
{
	if (S_ISDIR(mode))
		assert_int_equal(mkdir(name, 0700), 0);
	else
		close(open(name, O_CREAT | O_EXCL | O_WRONLY, 0600));
	assert_int_equal(lchown(name, owner, 0), 0);
	assert_int_equal(chmod(name, mode & 07777), 0);
}

static int enter(void **state)
{
	(void)state;
	return !mkdtemp(directory) || chmod(directory, 0755) || chdir(directory);
}

static int leave(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static void what_another_user_may_have_put_there_is_not_trusted(void **state)
{
	static const struct {
		const char *path;
		bool trusted;
	} cases[] = {
		{"shared/theirs", false}, {"shared/root's", true}, {"shared/service's", true},
		{"shared/missing", true}, {"missing/missing", true},
		{"shared/their-dir/file", false}, {"shared/their-dir/root's", false},
		{"shared/their-dir/missing", false}, {"shared/service-dir/file", true},
		{"shared/their-link", false}, {"shared/root's-link", true},
		{"shared//theirs", false}, {"./shared/theirs", false},
		{"home/theirs", true}, /* the user who names this path trusts its owner */
	};
	char path[128];

	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: needs root, for files of others\n");
		skip();
	}
	make("shared", S_IFDIR | 01777, 0);
	make("shared/theirs", 0644, SOMEBODY);
	make("shared/root's", 0644, 0);
	make("shared/service's", 0644, SERVICE);
	make("shared/their-dir", S_IFDIR | 0755, SOMEBODY);
	make("shared/their-dir/file", 0644, SOMEBODY);
	make("shared/their-dir/root's", 0644, 0);
	make("shared/service-dir", S_IFDIR | 0755, SERVICE);
	make("shared/service-dir/file", 0644, SERVICE);
	assert_int_equal(symlink("root's", "shared/their-link"), 0);
	assert_int_equal(lchown("shared/their-link", SOMEBODY, 0), 0);
	assert_int_equal(symlink("theirs", "shared/root's-link"), 0);
	make("home", S_IFDIR | 0755, SOMEBODY);
	make("home/theirs", 0644, SOMEBODY);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, cases[i].path);
		for (int services = 0; services < 2; services++) {
			bool trusted =
				cases[i].trusted && (services || !strstr(cases[i].path, "service"));

			if (trust_path(cases[i].path, services) != trusted ||
				trust_path(path, services) != trusted)
				fail_msg("%s is %strusted", cases[i].path, trusted ? "not " : "");
		}
	}
	assert_int_equal(chdir("shared"), 0);
	assert_false(trust_path("theirs", true));
	assert_true(trust_path("root's", false));
	assert_int_equal(chdir(".."), 0);
}

static void ones_own_is_trusted(void **state)
{
	static const char own[] = "/tmp/mz-trust-own";

	(void)state;
	unlink(own);
	close(open(own, O_CREAT | O_WRONLY, 0600));
	assert_true(trust_path(own, false));
	unlink(own);
	assert_true(trust_path("/", false));
	assert_true(trust_path("", false));
	assert_true(trust_path("/etc/passwd", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_another_user_may_have_put_there_is_not_trusted),
		cmocka_unit_test(ones_own_is_trusted),
	};

	return cmocka_run_group_tests_name("trust", tests, enter, leave);
}
