// SPDX-License-Identifier: GPL-2.0-or-later
#include "peers.h"

static void each_step_has_its_time(void **state)
{
	struct clients clients;
	struct client *client;
	uint64_t now = 1000;

	(void)state;
	clients_init(&clients);
	assert_true(clients_deadline(&clients) == UINT64_MAX);
	client = add(&clients, 0, now);
	assert_int_equal(clients_deadline(&clients), now + CLIENTS_HEADER_MS);
	client_begins(client, now + 5000); /* a first request gets no more time */
	assert_int_equal(clients_deadline(&clients), now + CLIENTS_HEADER_MS);
	client_asked(client, now += 6000);
	assert_int_equal(clients_deadline(&clients), now + CLIENTS_ANSWER_MS);
	client_served(client, now += 7000);
	assert_int_equal(clients_deadline(&clients), now + CLIENTS_IDLE_MS);
	client_begins(client, now += 8000);
	assert_int_equal(clients_deadline(&clients), now + CLIENTS_HEADER_MS);
	client_begins(client, now + 9000);
	assert_int_equal(clients_deadline(&clients), now + CLIENTS_HEADER_MS);
	client_asked(client, now += 1000);
	assert_int_equal(clients_deadline(&clients), now + CLIENTS_ANSWER_MS);
	finish(&clients, 1);
}

static void who_finishes_nothing_in_time_is_cut_off(void **state)
{
	struct clients clients;
	struct client *busy, *slow;

	(void)state;
	clients_init(&clients);
	busy = add(&clients, 0, 1000);
	add(&clients, 1, 2000);
	slow = add(&clients, 2, 3000);
	client_asked(slow, 4000);
	client_served(busy, 5000);
	clients_expire(&clients, 1999 + CLIENTS_HEADER_MS);
	assert_false(is_cut(0) || is_cut(1) || is_cut(2));
	clients_expire(&clients, 2000 + CLIENTS_HEADER_MS);
	assert_true(is_cut(1));
	assert_false(is_cut(0) || is_cut(2));
	assert_int_equal(rejected(&clients, METRICS_REJECT_TIMEOUT), 1);
	assert_int_equal(clients_deadline(&clients), 4000 + CLIENTS_ANSWER_MS);
	clients_expire(&clients, 4000 + CLIENTS_ANSWER_MS);
	assert_true(is_cut(2));
	assert_false(is_cut(0));
	assert_int_equal(rejected(&clients, METRICS_REJECT_TIMEOUT), 2);
	assert_int_equal(clients_deadline(&clients), 5000 + CLIENTS_IDLE_MS);
	clients_expire(&clients, UINT64_MAX - 1);
	assert_true(is_cut(0));
	assert_true(clients_deadline(&clients) == UINT64_MAX);
	client_served(busy, 9000); /* the end of its answer does not revive it */
	client_begins(busy, 9000);
	client_asked(busy, 9000);
	assert_true(clients_deadline(&clients) == UINT64_MAX);
	/* it had no request under way */
	assert_int_equal(rejected(&clients, METRICS_REJECT_TIMEOUT), 2);
	finish(&clients, 3);
}

static void readers_of_a_page_are_known(void **state)
{
	struct clients clients;
	struct client *a, *b;
	int page[2];

	(void)state;
	clients_init(&clients);
	a = add(&clients, 0, 1);
	b = add(&clients, 1, 2);
	assert_false(clients_have_reader(&clients, &page[0]));
	a->reading = &page[0];
	b->reading = &page[1];
	assert_true(clients_have_reader(&clients, &page[0]));
	clients_cut_readers(&clients, &page[0]);
	assert_int_equal(rejected(&clients, METRICS_REJECT_SLOW), 1);
	assert_true(is_cut(0));
	assert_false(is_cut(1));
	client_served(b, 3);
	assert_false(clients_have_reader(&clients, &page[1]));
	assert_true(clients_have_reader(&clients, &page[0])); /* until the library has closed it */
	close(a->fd);
	client_remove(&clients, a);
	assert_false(clients_have_reader(&clients, &page[0]));
	finish(&clients, 2);
}

static void a_peer_of_another_family_is_a_stranger(void **state)
{
	const struct sockaddr other = {.sa_family = AF_APPLETALK}, local = {.sa_family = AF_UNIX};
	struct clients clients;

	(void)state;
	clients_init(&clients);
	assert_false(clients_admit(&clients, &other));
	assert_true(clients_admit(&clients, &local));
	assert_int_equal(rejected(&clients, METRICS_REJECT_ADDRESS), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_has_its_time),
		cmocka_unit_test(who_finishes_nothing_in_time_is_cut_off),
		cmocka_unit_test(readers_of_a_page_are_known),
		cmocka_unit_test(a_peer_of_another_family_is_a_stranger),
	};

	return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
