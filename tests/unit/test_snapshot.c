// SPDX-License-Identifier: GPL-2.0-or-later
/* Which name a host gets, and from which source; and what /api/v1/hosts and status make of it. */
#include "unit.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "mac.h"
#include "report.h"
#include "take.h"

#define PATH_SIZE 64

struct fixture {
	char directory[32];
	struct names *names;
	struct tally tally;
	struct snapshot *snapshot;
};

static const char *const file_of[NAMES_SOURCES] = {"dhcp", "leases", "ethers", "hosts"};

static char *path_of(const struct fixture *fixture, enum names_source source, char *path)
{
	snprintf(path, PATH_SIZE, "%s/%s", fixture->directory, file_of[source]);
	return path;
}

static int enter(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char path[PATH_SIZE];
	int error = 0;

	*state = fixture;
	strcpy(fixture->directory, "/tmp/mz-snapshot-XXXXXX");
	if (!mkdtemp(fixture->directory))
		return -1;
	fixture->names = names_create();
	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		error |= names_follow(fixture->names, i, path_of(fixture, i, path));
	tally_init(&fixture->tally);
	strcpy(fixture->tally.nets[0].ifname, "br-lan");
	strcpy(fixture->tally.nets[1].ifname, "wg0");
	return error;
}

static int leave(void **state)
{
	struct fixture *fixture = *state;
	char path[PATH_SIZE];
	int error;

	for (unsigned i = 0; i < NAMES_SOURCES; i++)
		unlink(path_of(fixture, i, path));
	error = rmdir(fixture->directory);
	names_destroy(fixture->names);
	tally_finish(&fixture->tally);
	free(fixture->snapshot);
	free(fixture);
	return error;
}

static void write_file(struct fixture *fixture, enum names_source source, const char *text)
{
	char path[PATH_SIZE];
	FILE *file = fopen(path_of(fixture, source, path), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	names_refresh(fixture->names);
}

/* mac: "" on a device without link layer. seen_s: when it moved the last of its packets. */
static void add(struct fixture *fixture, const char *mac, const char *addr, unsigned seen_s)
{
	struct tally_row row = {.seen_s = seen_s, .net = !*mac};

	row.family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	row.counts.bytes[MZ_UPLOAD] = 100;
	row.counts.packets[MZ_UPLOAD] = 1;
	assert_int_equal(inet_pton(row.family, addr, row.addr), 1);
	if (*mac)
		assert_true(mac_parse(mac, strlen(mac), row.mac));
	assert_int_equal(tally_add(&fixture->tally, &row), 0);
}

static void take(struct fixture *fixture)
{
	tally_sort(&fixture->tally);
	take_snapshot(&fixture->snapshot, &fixture->tally, fixture->names, 1);
}

/* Of the host that has the address. source: NULL where it has no name. */
static void expect(struct fixture *fixture, const char *addr, const char *name, const char *source)
{
	const struct snapshot *s = fixture->snapshot;
	uint8_t bytes[16] = {0};

	inet_pton(strchr(addr, ':') ? AF_INET6 : AF_INET, addr, bytes);
	for (uint32_t i = 0; i < s->addresses; i++) {
		const struct snapshot_address *address = &snapshot_addresses(s)[i];

		if (memcmp(address->addr, bytes, sizeof(bytes)) != 0)
			continue;
		assert_string_equal(snapshot_text(s, address->name), name);
		assert_int_equal(address->name != 0, source != NULL);
		if (source)
			assert_string_equal(
				s->source[snapshot_text_source(s, address->name)].name, source);
		return;
	}
	fail_msg("no %s", addr);
}

static void the_first_source_that_knows_a_mac_wins(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, NAMES_UCI, "config host\n\toption name u\n\toption mac 2:0:0:0:0:1\n");
	write_file(fixture, NAMES_LEASES,
		"1 2:0:0:0:0:1 192.168.2.1 l *\n1 2:0:0:0:0:2 192.168.2.2 l *\n");
	write_file(fixture, NAMES_ETHERS, "2:0:0:0:0:1 e\n2:0:0:0:0:2 e\n2:0:0:0:0:3 e\n");
	write_file(fixture, NAMES_HOSTS,
		"192.168.2.1 h\n192.168.2.2 h\n192.168.2.3 h\n192.168.2.4 h\n");
	add(fixture, "2:0:0:0:0:1", "192.168.2.1", 1);
	add(fixture, "2:0:0:0:0:2", "192.168.2.2", 1);
	add(fixture, "2:0:0:0:0:3", "192.168.2.3", 1);
	add(fixture, "2:0:0:0:0:4", "192.168.2.4", 1);
	add(fixture, "2:0:0:0:0:5", "192.168.2.5", 1);
	take(fixture);
	expect(fixture, "192.168.2.1", "u", "uci");
	expect(fixture, "192.168.2.2", "l", "leases");
	expect(fixture, "192.168.2.3", "e", "ethers");
	expect(fixture, "192.168.2.4", "h", "hosts");
	expect(fixture, "192.168.2.5", "", NULL);
}

static void a_name_by_address_is_of_the_whole_machine(void **state)
{
	struct fixture *fixture = *state;

	write_file(fixture, NAMES_HOSTS, "2001:db8::7 nas\n");
	add(fixture, "2:0:0:0:0:1", "192.168.2.1", 1);
	add(fixture, "2:0:0:0:0:1", "2001:db8::6", 1);
	add(fixture, "2:0:0:0:0:1", "2001:db8::7", 1);
	take(fixture);
	expect(fixture, "192.168.2.1", "nas", "hosts");
	expect(fixture, "2001:db8::6", "nas", "hosts");
}

static void a_name_by_address_goes_with_the_address_to_the_machine_that_used_it_last(void **state)
{
	struct fixture *fixture = *state;
	const struct snapshot_host *hosts;

	write_file(fixture, NAMES_HOSTS, "192.168.2.1 nas\n");
	add(fixture, "2:0:0:0:0:1", "192.168.2.1", 10);
	take(fixture);
	expect(fixture, "192.168.2.1", "nas", "hosts");
	add(fixture, "2:0:0:0:0:2", "192.168.2.1", 20);
	take(fixture);
	hosts = snapshot_hosts(fixture->snapshot);
	assert_int_equal(fixture->snapshot->hosts, 2);
	assert_string_equal(snapshot_text(fixture->snapshot, hosts[0].name), "");
	assert_string_equal(snapshot_text(fixture->snapshot, hosts[1].name), "nas");
	add(fixture, "2:0:0:0:0:1", "192.168.2.1", 30);
	take(fixture);
	hosts = snapshot_hosts(fixture->snapshot);
	assert_string_equal(snapshot_text(fixture->snapshot, hosts[0].name), "nas");
	assert_string_equal(snapshot_text(fixture->snapshot, hosts[1].name), "");
}

static void a_lease_that_moves_leaves_the_old_machine_its_name(void **state)
{
	struct fixture *fixture = *state;
	const struct snapshot_host *hosts;

	write_file(fixture, NAMES_LEASES, "1 2:0:0:0:0:1 192.168.2.1 anna *\n");
	add(fixture, "2:0:0:0:0:1", "192.168.2.1", 10);
	write_file(fixture, NAMES_LEASES, "1 2:0:0:0:0:2 192.168.2.1 otto *\n");
	add(fixture, "2:0:0:0:0:2", "192.168.2.1", 20);
	take(fixture);
	hosts = snapshot_hosts(fixture->snapshot);
	assert_string_equal(snapshot_text(fixture->snapshot, hosts[0].name), "anna");
	assert_string_equal(snapshot_text(fixture->snapshot, hosts[1].name), "otto");
	write_file(fixture, NAMES_LEASES, "1 2:0:0:0:0:1 192.168.2.1 renamed *\n");
	write_file(fixture, NAMES_LEASES, "");
	take(fixture);
	hosts = snapshot_hosts(fixture->snapshot);
	assert_string_equal(snapshot_text(fixture->snapshot, hosts[0].name), "renamed");
	assert_string_equal(snapshot_text(fixture->snapshot, hosts[1].name), "otto");
	assert_int_equal(names_count(fixture->names, NAMES_LEASES), 0);
}

/* About 4096 of them, the latest; whatever is in the files is not affected. */
static void not_all_that_ever_had_a_lease_are_remembered(void **state)
{
	struct fixture *fixture = *state;
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
		write_file(fixture, NAMES_LEASES, text);
		free(text);
	}
	assert_null(names_find(fixture->names, first, &source));
	assert_non_null(names_find(fixture->names, last, &source));
	assert_int_equal(names_count(fixture->names, NAMES_LEASES), 1024);
}

/* As they are told apart by it: the other shows by its address. */
static void two_machines_without_macs_do_not_share_a_name(void **state)
{
	struct fixture *fixture = *state;
	char text[100000] = "", *end = text, addr[32];

	write_file(fixture, NAMES_HOSTS,
		"10.0.0.1 phone\n10.0.0.2 phone\n2001:db8::1 phone\n10.0.0.3 other\n"
		"10.0.0.4 b\xfcro\n10.0.0.5 b\xe4ro\n"); /* shown alike: it is no UTF-8 */
	add(fixture, "", "10.0.0.1", 1);
	add(fixture, "", "10.0.0.2", 1);
	add(fixture, "", "10.0.0.3", 1);
	add(fixture, "", "10.0.0.4", 1);
	add(fixture, "", "10.0.0.5", 1);
	add(fixture, "", "2001:db8::1", 1);
	take(fixture);
	expect(fixture, "10.0.0.4", "b\xfcro", "hosts");
	expect(fixture, "10.0.0.5", "", NULL);
	expect(fixture, "10.0.0.1", "phone", "hosts");
	expect(fixture, "10.0.0.2", "", NULL);
	expect(fixture, "10.0.0.3", "other", "hosts");
	expect(fixture, "2001:db8::1", "phone", "hosts");
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(addr, sizeof(addr), "10.0.%u.%u", 1 + i / 250, i % 250);
		end += sprintf(end, "%s name%u\n", addr, i);
		add(fixture, "", addr, 1);
	}
	write_file(fixture, NAMES_HOSTS, text);
	take(fixture);
	expect(fixture, "10.0.1.0", "name0", "hosts");
	expect(fixture, "10.0.8.249", "", NULL);
}

static void hosts_are_listed_with_names_and_sources(void **state)
{
	static const char hostile[] = "a\"\\</script>\x1b[31m\xff";
	struct fixture *fixture = *state;
	struct json_object *json, *hosts, *host;
	struct buf out = {0};
	char lease[128], *text;
	size_t size;
	FILE *file;

	snprintf(lease, sizeof(lease), "1 2:0:0:0:0:1 192.168.2.1 %s *\n", hostile);
	write_file(fixture, NAMES_LEASES, lease);
	add(fixture, "2:0:0:0:0:1", "192.168.2.1", 1);
	add(fixture, "2:0:0:0:0:1", "192.168.2.3", 1);
	add(fixture, "2:0:0:0:0:1", "2001:db8::1", 1);
	add(fixture, "2:0:0:0:0:2", "192.168.2.2", 1);
	add(fixture, "", "10.0.0.1", 1);
	add(fixture, "", "10.0.0.2", 1);
	take(fixture);
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
	host = json_object_array_get_idx(hosts, 2); /* behind those without a MAC */
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
	assert_int_equal(report_hosts(out.data, file), 0);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_source_that_knows_a_mac_wins),
		TEST(a_name_by_address_is_of_the_whole_machine),
		TEST(a_name_by_address_goes_with_the_address_to_the_machine_that_used_it_last),
		TEST(a_lease_that_moves_leaves_the_old_machine_its_name),
		TEST(not_all_that_ever_had_a_lease_are_remembered),
		TEST(two_machines_without_macs_do_not_share_a_name),
		TEST(hosts_are_listed_with_names_and_sources),
		TEST(a_snapshot_of_nothing_has_no_hosts),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
