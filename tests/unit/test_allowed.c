// SPDX-License-Identifier: GPL-2.0-or-later
/* Which prefixes may connect. */
#include "web.h"

#include "serve/allowed.h"

static bool isolated;

static int isolate(void **state)
{
	(void)state;
	return web_isolate(&isolated);
}

static void follow(struct web *web, struct allowed *allowed)
{
	allowed_follow(allowed, web->snapshot);
	http_allow(web->http, allowed->prefix, allowed->count, allowed->favoured_count);
}

static void it_follows_the_prefixes_in_force(void **state)
{
	static const struct prefix fixed = {AF_INET6, 64, {0x20, 0x01, 0x0d, 0xb8}};
	struct config config = {0};
	struct allowed allowed;
	struct web web = {.snapshot = web_snapshot(0, 1)};
	struct http_config http = {
		.metrics = *web_options(), .snapshot = web_current, .context = &web};
	int socket;

	(void)state;
	if (!isolated) {
		print_message("skipped: needs a network namespace of its own (root)\n");
		skip();
	}
	config.allow[config.allow_count++] = fixed;
	assert_int_equal(allowed_init(&allowed, &config), 0);
	socket = listen_tcp(NULL, 0);
	assert_true(socket >= 0);
	web.port = web_port(socket);
	web.http = http_create(&http, &socket, 1);
	assert_non_null(web.http);
	follow(&web, &allowed);
	assert_true(web_shuts_out(&web, "192.0.2.1", "192.0.2.1"));
	assert_true(web_admits(&web, "2001:db8::1", "2001:db8::1"));
	web.snapshot->interface_count = 2;
	web.snapshot->interface[1].prefix_count = 1;
	web.snapshot->interface[1].prefix[0] =
		(struct snapshot_prefix){{192, 0, 2, 0}, AF_INET, 24};
	follow(&web, &allowed);
	assert_true(web_admits(&web, "192.0.2.1", "192.0.2.1"));
	assert_true(web_admits(&web, "2001:db8::1", "2001:db8::1"));
	web.snapshot->interface[1].prefix[0].addr[1] = 1;
	follow(&web, &allowed);
	assert_true(web_shuts_out(&web, "192.0.2.1", "192.0.2.1"));
	assert_true(web_admits(&web, "2001:db8::1", "2001:db8::1"));
	http_destroy(web.http);
	allowed_free(&allowed);
	free(web.snapshot);
}

static void all_prefixes_have_room(void **state)
{
	struct config config = {.tracked_count = CONFIG_TRACKED,
		.delegated_count = MZ_PREFIXES,
		.allow_count = MZ_LOCALS};
	struct snapshot *snapshot = web_snapshot(0, 1);
	struct allowed allowed;

	(void)state;
	assert_int_equal(allowed_init(&allowed, &config), 0);
	snapshot->interface_count = MZ_NETS;
	for (size_t i = 0; i < MZ_NETS; i++)
		snapshot->interface[i].prefix_count = 2 * MZ_PREFIXES;
	allowed_follow(&allowed, snapshot); /* the sanitizers notice an overflow */
	assert_int_equal(allowed.count, allowed.fixed_count + (size_t)MZ_NETS * 2 * MZ_PREFIXES);
	allowed_free(&allowed);
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_follows_the_prefixes_in_force),
		cmocka_unit_test(all_prefixes_have_room),
	};

	return cmocka_run_group_tests_name("allowed", tests, isolate, NULL);
}
