// SPDX-License-Identifier: GPL-2.0-or-later
/* Which name a host gets, from which source, and how /api/v1/hosts and status show it. */
#include "unit.h"

#include <json-c/json.h>

#include "cli/status_text.h"
#include "naming.h"
#include "output/json_hosts.h"

static void the_first_source_that_knows_a_mac_wins(void **state)
{
	struct naming *fixture = *state;

	naming_write(
		fixture, NAMES_UCI, "config host\n\toption name u\n\toption mac 2:0:0:0:0:1\n");
	naming_write(fixture, NAMES_LEASES,
		"1 2:0:0:0:0:1 192.168.2.1 l *\n1 2:0:0:0:0:2 192.168.2.2 l *\n");
	naming_write(fixture, NAMES_ETHERS, "2:0:0:0:0:1 e\n2:0:0:0:0:2 e\n2:0:0:0:0:3 e\n");
	naming_write(fixture, NAMES_HOSTS, "192.168.2.1 h\n192.168.2.2 h\n192.168.2.4 h\n");
	naming_add(fixture, "2:0:0:0:0:1", "192.168.2.1", 1);
	naming_add(fixture, "2:0:0:0:0:2", "192.168.2.2", 1);
	naming_add(fixture, "2:0:0:0:0:3", "192.168.2.3", 1);
	naming_add(fixture, "2:0:0:0:0:4", "192.168.2.4", 1);
	naming_add(fixture, "2:0:0:0:0:5", "192.168.2.5", 1);
	naming_take(fixture);
	naming_expect(fixture, "192.168.2.1", "u", "uci");
	naming_expect(fixture, "192.168.2.2", "l", "leases");
	naming_expect(fixture, "192.168.2.3", "e", "ethers");
	naming_expect(fixture, "192.168.2.4", "h", "hosts");
	naming_expect(fixture, "192.168.2.5", "", NULL);
}

static void a_name_by_address_is_of_the_whole_machine(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_HOSTS, "2001:db8::7 nas\n");
	naming_add(fixture, "2:0:0:0:0:1", "192.168.2.1", 1);
	naming_add(fixture, "2:0:0:0:0:1", "2001:db8::6", 1);
	naming_add(fixture, "2:0:0:0:0:1", "2001:db8::7", 1);
	naming_take(fixture);
	naming_expect(fixture, "192.168.2.1", "nas", "hosts");
	naming_expect(fixture, "2001:db8::6", "nas", "hosts");
}

static void a_name_by_address_goes_with_the_address_to_the_machine_that_used_it_last(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_HOSTS, "192.168.2.1 nas\n");
	naming_add(fixture, "2:0:0:0:0:1", "192.168.2.1", 10);
	naming_take(fixture);
	naming_expect(fixture, "192.168.2.1", "nas", "hosts");
	naming_add(fixture, "2:0:0:0:0:2", "192.168.2.1", 20);
	naming_take(fixture);
	assert_int_equal(fixture->snapshot->host_count, 2);
	naming_expect_host(fixture, "2:0:0:0:0:1", "");
	naming_expect_host(fixture, "2:0:0:0:0:2", "nas");
	naming_add(fixture, "2:0:0:0:0:1", "192.168.2.1", 30);
	naming_take(fixture);
	naming_expect_host(fixture, "2:0:0:0:0:1", "nas");
	naming_expect_host(fixture, "2:0:0:0:0:2", "");
}

static void a_lease_that_moves_leaves_the_old_machine_its_name(void **state)
{
	struct naming *fixture = *state;

	naming_write(fixture, NAMES_LEASES, "1 2:0:0:0:0:1 192.168.2.1 anna *\n");
	naming_add(fixture, "2:0:0:0:0:1", "192.168.2.1", 10);
	naming_write(fixture, NAMES_LEASES, "1 2:0:0:0:0:2 192.168.2.1 otto *\n");
	naming_add(fixture, "2:0:0:0:0:2", "192.168.2.1", 20);
	naming_take(fixture);
	naming_expect_host(fixture, "2:0:0:0:0:1", "anna");
	naming_expect_host(fixture, "2:0:0:0:0:2", "otto");
	naming_write(fixture, NAMES_LEASES, "1 2:0:0:0:0:1 192.168.2.1 renamed *\n");
	naming_write(fixture, NAMES_LEASES, "");
	naming_take(fixture);
	naming_expect_host(fixture, "2:0:0:0:0:1", "renamed");
	naming_expect_host(fixture, "2:0:0:0:0:2", "otto");
	assert_int_equal(names_count(fixture->names, NAMES_LEASES), 0);
}

/* The latest 4,096 or so are kept. Names in the files are not affected. */
static void not_all_that_ever_had_a_lease_are_remembered(void **state)
{
	struct naming *fixture = *state;
	enum names_source source;
	const uint8_t first[6] = {2}, last[6] = {2, 0, 0, 0, 79, 255};

	for (unsigned round = 0; round < 20; round++) {
		char *text;
		size_t size;
		FILE *file = open_memstream(&text, &size);

		for (unsigned i = 0; i < 1024; i++)
			fprintf(file, "1 2:0:0:0:%x:%x 10.0.0.1 n%u *\n",
				(round * 4 + i / 256) & 255, i & 255, i);
		fclose(file);
		naming_write(fixture, NAMES_LEASES, text);
		free(text);
	}
	assert_null(names_find_mac(fixture->names, first, &source));
	assert_non_null(names_find_mac(fixture->names, last, &source));
	assert_int_equal(names_count(fixture->names, NAMES_LEASES), 1024);
}

/* More leases end at once than fit, while older names of some of them are kept. */
static void leases_that_all_end_at_once_do_not_bring_back_older_names(void **state)
{
	static const unsigned leases[] = {3000, 20000, 7000, 40000};
	struct naming *fixture = *state;

	for (unsigned round = 0; round < rounds(4, 2); round++) {
		char *text, name = (char)('a' + round);
		unsigned found = 0;
		size_t size;
		FILE *file = open_memstream(&text, &size);

		for (unsigned i = 0; i < leases[round]; i++)
			fprintf(file, "1 2:0:0:0:%x:%x 10.0.%u.%u %c *\n", i >> 8, i & 255, i >> 8,
				i & 255, name);
		fclose(file);
		naming_write(fixture, NAMES_LEASES, text);
		naming_write(fixture, NAMES_LEASES, "");
		free(text);
		for (unsigned i = 0; i < leases[round]; i++) {
			const uint8_t mac[6] = {2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i};
			enum names_source source;
			const char *known = names_find_mac(fixture->names, mac, &source);

			assert_true(!known || *known == name);
			found += known != NULL;
		}
		assert_true(found >= 3000);
	}
}

/* The name is what distinguishes them, so the second one is shown by its address. */
static void two_machines_without_macs_do_not_share_a_name(void **state)
{
	struct naming *fixture = *state;
	char text[100000] = "", *end = text, addr[32];

	naming_write(fixture, NAMES_HOSTS,
		"10.0.0.1 phone\n10.0.0.2 phone\n2001:db8::1 phone\n10.0.0.3 other\n"
		"10.0.0.4 b\xfcro\n10.0.0.5 b\xe4ro\n"); /* shown alike: not UTF-8 */
	naming_add(fixture, "", "10.0.0.1", 1);
	naming_add(fixture, "", "10.0.0.2", 1);
	naming_add(fixture, "", "10.0.0.3", 1);
	naming_add(fixture, "", "10.0.0.4", 1);
	naming_add(fixture, "", "10.0.0.5", 1);
	naming_add(fixture, "", "2001:db8::1", 1);
	naming_take(fixture);
	naming_expect(fixture, "10.0.0.4", "b\xfcro", "hosts");
	naming_expect(fixture, "10.0.0.5", "", NULL);
	naming_expect(fixture, "10.0.0.1", "phone", "hosts");
	naming_expect(fixture, "10.0.0.2", "", NULL);
	naming_expect(fixture, "10.0.0.3", "other", "hosts");
	naming_expect(fixture, "2001:db8::1", "phone", "hosts");
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(addr, sizeof(addr), "10.0.%u.%u", 1 + i / 250, i % 250);
		end += sprintf(end, "%s name%u\n", addr, i);
		naming_add(fixture, "", addr, 1);
	}
	naming_write(fixture, NAMES_HOSTS, text);
	naming_take(fixture);
	naming_expect(fixture, "10.0.1.0", "name0", "hosts");
	naming_expect(fixture, "10.0.8.249", "", NULL);
}

static void hosts_are_listed_with_names_and_sources(void **state)
{
	static const char hostile[] = "a\"\\</script>\x1b[31m\xff";
	struct naming *fixture = *state;
	struct json_object *json, *hosts, *host;
	struct buf out = {0};
	char lease[128], *text;
	size_t size;
	FILE *file;

	snprintf(lease, sizeof(lease), "1 2:0:0:0:0:1 192.168.2.1 %s *\n", hostile);
	naming_write(fixture, NAMES_LEASES, lease);
	naming_add(fixture, "2:0:0:0:0:1", "192.168.2.1", 1);
	naming_add(fixture, "2:0:0:0:0:1", "192.168.2.3", 1);
	naming_add(fixture, "2:0:0:0:0:1", "2001:db8::1", 1);
	naming_add(fixture, "2:0:0:0:0:2", "192.168.2.2", 1);
	naming_add(fixture, "", "10.0.0.1", 1);
	naming_add(fixture, "", "10.0.0.2", 1);
	naming_take(fixture);
	json_hosts(fixture->snapshot, &out);
	buf_bytes(&out, "", 1);
	assert_false(out.failed);
	assert_null(strstr(out.data, "</script>"));
	json = json_tokener_parse(out.data);
	assert_non_null(json);
	assert_string_equal(json_object_get_string(json_object_object_get(json, "timestamp")),
		"1970-01-01T00:00:00.001Z");
	hosts = json_object_object_get(json, "hosts");
	assert_int_equal(json_object_array_length(hosts), 5);
	host = json_object_array_get_idx(hosts, 2); /* hosts without a MAC come first */
	assert_string_equal(json_object_get_string(json_object_object_get(host, "name")),
		"a\"\\</script>\x1b[31m\xef\xbf\xbd");
	assert_string_equal(
		json_object_get_string(json_object_object_get(host, "source")), "leases");
	assert_int_equal(json_object_array_length(json_object_object_get(host, "addresses")), 2);
	host = json_object_array_get_idx(hosts, 1);
	assert_null(json_object_object_get(host, "mac"));
	assert_int_equal(json_object_array_length(json_object_object_get(host, "addresses")), 1);
	json_object_put(json);

	file = open_memstream(&text, &size);
	assert_int_equal(status_text_hosts(out.data, file), 0);
	fclose(file);
	assert_string_equal(text,
		"\nhosts, and which source their names are from:\n"
		"  wg0              -                  -        10.0.0.1                    -\n"
		"  wg0              -                  -        10.0.0.2                    -\n"
		"  br-lan           02:00:00:00:00:01  leases   192.168.2.1 and 2 more      "
		"a\"\\</script>?[31m\xef\xbf\xbd\n"
		"  br-lan           02:00:00:00:00:02  -        192.168.2.2                 -\n");
	free(text);
	buf_free(&out);
}

static void a_snapshot_of_nothing_has_no_hosts(void **state)
{
	static const struct snapshot nothing;
	struct buf out = {0};

	(void)state;
	json_hosts(&nothing, &out);
	buf_bytes(&out, "", 1);
	assert_string_equal(out.data,
		"{\n  \"timestamp\": \"1970-01-01T00:00:00.000Z\",\n  \"hosts\": []\n}\n");
	buf_free(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, naming_enter, naming_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_source_that_knows_a_mac_wins),
		TEST(a_name_by_address_is_of_the_whole_machine),
		TEST(a_name_by_address_goes_with_the_address_to_the_machine_that_used_it_last),
		TEST(a_lease_that_moves_leaves_the_old_machine_its_name),
		TEST(not_all_that_ever_had_a_lease_are_remembered),
		TEST(leases_that_all_end_at_once_do_not_bring_back_older_names),
		TEST(two_machines_without_macs_do_not_share_a_name),
		TEST(hosts_are_listed_with_names_and_sources),
		TEST(a_snapshot_of_nothing_has_no_hosts),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
