// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that others lead to: those of directories, and lease files that UCI's files name.
 */
#include "unit.h"

#include "follow.h"

static void write_config(const char *path, const char *leasefile)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "config dnsmasq\n\toption leasefile '%s'\n", leasefile);
	assert_int_equal(fclose(file), 0);
}

static void a_lease_file_that_the_configuration_names_is_followed(void **state)
{
	char dhcp[96], other[96], third[96];

	(void)state;
	snprintf(dhcp, sizeof(dhcp), "%s/dhcp", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	snprintf(third, sizeof(third), "%s/third", directory);
	config.dhcp_config = dhcp;
	write_lease(other, "anna");
	begin();
	assert_null(name());
	write_config(dhcp, other);
	expect("anna");
	read_later(); /* once more, for changes before it was watched */
	write_lease(other, "otto");
	expect("otto");
	write_config(dhcp, third);
	read_later();
	read_later();
	assert_string_equal(name(), "otto"); /* a lease that has ended */
	write_lease(other, "emil");
	expect_nothing_due();
	write_lease(third, "ida");
	expect("ida");
	write_config(dhcp, leases); /* a file that is followed already */
	read_later();
	read_later();
	write_lease(leases, "karl");
	expect("karl");
}

static const char *name_of_address(void)
{
	static const uint8_t address[4] = {192, 168, 2, 9};

	names_note_use(follow_names(follow), AF_INET, address, one, 1);
	return names_find_address(follow_names(follow), AF_INET, address, one).text;
}

static void write_hosts(const char *path, const char *called)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "192.168.2.9 %s\n", called);
	assert_int_equal(fclose(file), 0);
}

static void files_of_a_directory_are_followed_as_they_come_and_go(void **state)
{
	char hosts[96], a[128], b[128];

	(void)state;
	snprintf(hosts, sizeof(hosts), "%s/hosts", directory);
	snprintf(a, sizeof(a), "%s/a", hosts);
	snprintf(b, sizeof(b), "%s/b", hosts);
	config.hosts = (struct config_paths){.path = {hosts}, .count = 1};
	begin();
	assert_null(name_of_address());
	assert_int_equal(mkdir(hosts, 0755), 0);
	read_later();
	write_hosts(b, "bert");
	assert_true(read_later());
	assert_string_equal(name_of_address(), "bert");
	write_hosts(a, "anna"); /* the first file counts */
	assert_true(read_later());
	assert_string_equal(name_of_address(), "anna");
	write_hosts(a, "otto"); /* in place */
	assert_true(read_later());
	assert_string_equal(name_of_address(), "otto");
	assert_int_equal(unlink(a), 0);
	assert_true(read_later());
	assert_string_equal(name_of_address(), "bert");
	assert_int_equal(unlink(b) | rmdir(hosts), 0);
	assert_true(read_later());
	assert_null(name_of_address());
	write_hosts(hosts, "file"); /* in the directory's place */
	assert_true(read_later());
	assert_string_equal(name_of_address(), "file");
	assert_int_equal(logged, 0);
}

static void not_where_lease_files_are_given(void **state)
{
	char dhcp[96], other[96];

	(void)state;
	snprintf(dhcp, sizeof(dhcp), "%s/dhcp", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	config.dhcp_config = dhcp;
	config.leases.given = true;
	write_lease(other, "anna");
	write_config(dhcp, other);
	begin();
	assert_null(name());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, follow_enter, follow_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_lease_file_that_the_configuration_names_is_followed),
		TEST(not_where_lease_files_are_given),
		TEST(files_of_a_directory_are_followed_as_they_come_and_go),
	};

	return cmocka_run_group_tests_name("following_more", tests, NULL, NULL);
}
