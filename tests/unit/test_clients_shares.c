// SPDX-License-Identifier: GPL-2.0-or-later
/* Which connection loses its place when there are too many. */
#include "peers.h"

static void one_address_has_its_share_on_all_sockets(void **state)
{
	struct clients clients;
	struct client *client[CLIENTS_ADDRESS];

	(void)state;
	clients_init(&clients);
	for (size_t i = 0; i < CLIENTS_ADDRESS; i++)
		client[i] = add_from(&clients, i, 0x0a000001, 1 + i);
	add_from(&clients, 16, 0x0a000002, 0);
	assert_int_equal(the_one_cut(17), 17);
	add_from(&clients, 17, 0x0a000001, 100);
	assert_int_equal(the_one_cut(18), 0);
	gone(&clients, client[0], 0);
	/* on an IPv6 socket, the same peer has a mapped address */
	add_v6(&clients, 18, "::ffff:10.0.0.1", 101);
	assert_int_equal(the_one_cut(19), 1);
	assert_int_equal(rejected(&clients, METRICS_REJECT_LIMIT), 2);
	finish(&clients, 19);
}

/* A host can use any address of its /64. */
static void a_network_of_ipv6_is_one_address(void **state)
{
	struct clients clients;
	struct client *client[CLIENTS_OTHERS + 20];
	char host[INET6_ADDRSTRLEN];

	(void)state;
	clients_init(&clients);
	client[0] = add_v6(&clients, 0, "2001:db8:0:2::1", 0);
	client[1] = add_v6(&clients, 1, "2001:db8:1:1::1", 0);
	client[2] = add_v6(&clients, 2, "2001:db8:0:2::2", 0);
	for (size_t i = 3; i < CLIENTS_OTHERS + 20; i++) {
		size_t cut;

		snprintf(host, sizeof(host), "2001:db8:0:1:%zx::%zx", 99 * i, i);
		client[i] = add_v6(&clients, i, host, i);
		client_asked(client[i], i);
		cut = the_one_cut(i + 1);
		if (i < CLIENTS_OTHERS) {
			assert_int_equal(cut, i + 1);
		} else {
			assert_int_equal(cut, i - CLIENTS_OTHERS + 3);
			gone(&clients, client[cut], cut);
		}
	}
	finish(&clients, CLIENTS_OTHERS + 20);
}

/* A host with few addresses does not take places from others in its /64. */
static void within_a_network_the_address_with_most_gives_way(void **state)
{
	struct clients clients;
	struct client *client[CLIENTS_OTHERS + 4];
	char host[INET6_ADDRSTRLEN];

	(void)state;
	clients_init(&clients);
	client[0] = add_v6(&clients, 0, "2001:db8::1", 0);
	client_served(client[0], 0);
	for (size_t i = 1; i < CLIENTS_OTHERS + 4; i++) {
		size_t cut;

		snprintf(host, sizeof(host), "2001:db8::bad:%zx", i % 60);
		client[i] = add_v6(&clients, i, host, i);
		cut = the_one_cut(i + 1);
		assert_int_not_equal(cut, 0);
		if (cut <= i)
			gone(&clients, client[cut], cut);
		else
			assert_true(i < CLIENTS_OTHERS);
	}
	finish(&clients, CLIENTS_OTHERS + 4);
}

/* The first 64 bits of ::1 and of mapped IPv4 addresses are equal. */
static void ipv4_is_no_network_of_ipv6(void **state)
{
	struct clients clients;

	(void)state;
	clients_init(&clients);
	add_v6(&clients, 0, "::1", 0);
	for (size_t i = 1; i <= CLIENTS_ADDRESS - 1; i++)
		add_from(&clients, i, INADDR_LOOPBACK + i, 1);
	add_v6(&clients, CLIENTS_ADDRESS, "::2", 2);
	assert_int_equal(clients.slot[0].near_count, 1);
	assert_int_equal(the_one_cut(CLIENTS_ADDRESS + 1), CLIENTS_ADDRESS + 1);
	finish(&clients, CLIENTS_ADDRESS + 1);
}

/*
 * Against half as many addresses as there are places, a single connection of one address is not cut
 * off, whatever the others do. Here it has not even sent a request.
 */
static void sixty_four_addresses_do_not_touch_another(void **state)
{
	struct clients clients;
	struct client *one;

	(void)state;
	clients_init(&clients);
	one = add_from(&clients, 0, 0x0b000000, 0);
	for (size_t i = 1; i <= 2000; i++) {
		struct client *client = add_from(&clients, 1, 0x0a000000 + i % 64, i);

		assert_non_null(client);
		if (i % 3 == 0)
			client_asked(client, i);
		if (i % 6 == 0)
			client_served(client, i);
		close(far[1]);
		for (size_t k = 0; k < CLIENTS_ALL; k++) {
			struct client *cut = &clients.slot[k];

			if (cut->fd >= 0 && cut->deadline == UINT64_MAX) {
				close(cut->fd);
				client_remove(&clients, cut);
			}
		}
		assert_true(one->deadline < UINT64_MAX && one->fd >= 0);
	}
	assert_int_equal(rejected(&clients, METRICS_REJECT_LIMIT), 2000 - CLIENTS_OTHERS + 1);
	finish(&clients, 1);
}

static void who_waits_for_nothing_goes_before_who_asks_and_who_is_answered(void **state)
{
	struct clients clients;
	struct client *client[CLIENTS_ADDRESS];
	size_t next = CLIENTS_ADDRESS;

	(void)state;
	clients_init(&clients);
	for (size_t i = 0; i < CLIENTS_ADDRESS; i++)
		client[i] = add_from(&clients, i, 0x0a000001, 10 + i);
	for (size_t i = 0; i < CLIENTS_ADDRESS; i++)
		if (i != 7) /* it has sent no request yet */
			client_asked(client[i], 100 + i);
	client_served(client[5], 300);
	client_served(client[3], 301);
	for (size_t i = 0; i < 4; i++) {
		static const size_t order[] = {5, 3, 7, 0};
		struct client *new = add_from(&clients, next, 0x0a000001, 400 + i);

		assert_int_equal(the_one_cut(next + 1), order[i]);
		client_asked(new, 500 + i);
		gone(&clients, client[order[i]], order[i]);
		next++;
	}
	finish(&clients, next);
}

/* A flood from elsewhere does not touch an address with few connections. */
static void the_address_with_most_gives_way(void **state)
{
	const size_t most = CLIENTS_OTHERS;
	struct clients clients;
	struct client *client[CLIENTS_MAX];

	(void)state;
	clients_init(&clients);
	client[0] = add_from(&clients, 0, 0x0a000001, 0); /* without a request so far */
	client[1] = add_from(&clients, 1, 0x0a000002, 0); /* idle */
	client_served(client[1], 0);
	for (size_t i = 2; i < most; i++) {
		client[i] = add_from(&clients, i, 0x0a000003 + i % 16, i);
		client_asked(client[i], i);
	}
	assert_int_equal(the_one_cut(most), most);
	for (size_t i = most; i < most + CLIENTS_CUT; i++) {
		size_t cut;

		add_from(&clients, i, 0x0b000000 + i, 1000 + i); /* another one each time */
		cut = the_one_cut(i + 1);
		assert_true(cut >= 2 && cut < most);
		gone(&clients, client[cut], cut);
	}
	assert_false(is_cut(0) || is_cut(1));
	finish(&clients, most + CLIENTS_CUT);
}

static void places_are_kept_for_the_favoured(void **state)
{
	static const struct prefix allow[] = {
		{.family = AF_INET, .length = 32, .addr = {10, 9, 9, 9}},
		{.family = AF_INET, .length = 8, .addr = {10}},
	};
	struct clients clients;

	(void)state;
	clients_init(&clients);
	clients_allow(&clients, allow, 2, 1);
	add(&clients, 0, 0);
	add_from(&clients, 1, INADDR_LOOPBACK, 0);
	add_from(&clients, 2, 0x0a090909, 0);
	add_v6(&clients, 3, "::1", 0);
	for (size_t i = 4; i < CLIENTS_ALL; i++)
		assert_non_null(add_from(&clients, i, 0x0a000000 + i, i));
	for (size_t i = 0; i < 4; i++)
		assert_false(is_cut(i));
	finish(&clients, CLIENTS_ALL);
	clients_init(&clients);
	clients_allow(&clients, allow, 2, 1);
	for (size_t i = 0; i < CLIENTS_FAVOURED; i++)
		add_from(&clients, i, INADDR_LOOPBACK, i);
	add(&clients, CLIENTS_FAVOURED, 100);
	assert_int_equal(the_one_cut(CLIENTS_FAVOURED + 1), 0);
	finish(&clients, CLIENTS_FAVOURED + 1);
}

static void without_a_free_slot_the_newest_is_turned_away(void **state)
{
	struct clients clients;
	struct client *first;

	(void)state;
	clients_init(&clients);
	first = add_from(&clients, 0, 0x0a000000, 0);
	client_asked(first, 0);
	for (size_t i = 1; i < CLIENTS_ALL; i++)
		add_from(&clients, i, 0x0a000000 + i, i);
	assert_null(add_from(&clients, CLIENTS_ALL, 1, 2000));
	assert_true(is_cut(CLIENTS_ALL));
	assert_false(is_cut(0));
	close(first->fd);
	client_remove(&clients, first);
	assert_ptr_equal(add_from(&clients, CLIENTS_ALL, 1, 2000), first);
	assert_false(is_cut(CLIENTS_ALL));
	finish(&clients, CLIENTS_ALL + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_address_has_its_share_on_all_sockets),
		cmocka_unit_test(a_network_of_ipv6_is_one_address),
		cmocka_unit_test(within_a_network_the_address_with_most_gives_way),
		cmocka_unit_test(ipv4_is_no_network_of_ipv6),
		cmocka_unit_test(sixty_four_addresses_do_not_touch_another),
		cmocka_unit_test(who_waits_for_nothing_goes_before_who_asks_and_who_is_answered),
		cmocka_unit_test(the_address_with_most_gives_way),
		cmocka_unit_test(places_are_kept_for_the_favoured),
		cmocka_unit_test(without_a_free_slot_the_newest_is_turned_away),
	};

	return cmocka_run_group_tests_name("clients' shares", tests, NULL, NULL);
}
