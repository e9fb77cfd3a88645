// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <arpa/inet.h>
#include <unistd.h>

#include "clients.h"

/* One end of a stream socket; the other is far[i]. */
static int far[CLIENTS_ALL + 1];

/* host: of the peer's address, 0: on a Unix socket. */
static struct client *add_from(struct clients *clients, size_t i, unsigned host, uint64_t now)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
	const struct sockaddr local = {.sa_family = AF_UNIX};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	far[i] = pair[1];
	return clients_add(clients, pair[0], host ? (const struct sockaddr *)&v4 : &local, now);
}

static struct client *add(struct clients *clients, size_t i, uint64_t now)
{
	return add_from(clients, i, 0, now);
}

static bool is_cut(size_t i)
{
	char byte;

	return recv(far[i], &byte, 1, MSG_DONTWAIT) == 0;
}

static void finish(struct clients *clients, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(far[i]);
	for (size_t i = 0; i < CLIENTS_ALL; i++)
		if (clients->slot[i].fd >= 0)
			close(clients->slot[i].fd);
}

static uint64_t rejected(const struct clients *clients, enum metrics_rejection why)
{
	uint64_t all = 0;

	for (int r = 0; r < METRICS_REJECTIONS; r++)
		all += clients->counts.rejected[r];
	assert_int_equal(all, clients->counts.rejected[why]); /* no other reason */
	return all;
}

static void each_step_has_its_time(void **state)
{
	struct clients clients;
	struct client *client;
	uint64_t now = 1000;

	(void)state;
	clients_init(&clients, NULL, 0);
	assert_true(clients_deadline(&clients) == UINT64_MAX);
	client = add(&clients, 0, now);
	assert_int_equal(clients_deadline(&clients), now + CLIENTS_HEADER_MS);
	client_begins(client, now + 5000); /* which buys a first request no time */
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
	clients_init(&clients, NULL, 0);
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
	client_served(busy, 9000); /* the end of what was under way gives it no new life */
	client_begins(busy, 9000);
	client_asked(busy, 9000);
	assert_true(clients_deadline(&clients) == UINT64_MAX);
	/* it owed us nothing */
	assert_int_equal(rejected(&clients, METRICS_REJECT_TIMEOUT), 2);
	finish(&clients, 3);
}

static void one_address_has_its_share_on_all_sockets(void **state)
{
	const struct sockaddr_in6 mapped = {.sin6_family = AF_INET6,
		.sin6_addr.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}};
	struct clients clients;
	struct client *client;
	int pair[2];

	(void)state;
	clients_init(&clients, NULL, 0);
	for (size_t i = 0; i < CLIENTS_ADDRESS; i++)
		add_from(&clients, i, 0x0a000001, 1 + i);
	add_from(&clients, 20, 0x0a000002, 0); /* of others, and of the Unix socket */
	for (size_t i = 21; i < 41; i++)
		add_from(&clients, i, 0, 0);
	assert_int_equal(rejected(&clients, METRICS_REJECT_LIMIT), 0);
	add_from(&clients, 41, 0x0a000001, 100);
	assert_int_equal(rejected(&clients, METRICS_REJECT_LIMIT), 1);
	assert_true(is_cut(0));
	for (size_t i = 1; i <= 41; i++)
		assert_false((i < CLIENTS_ADDRESS || i > 19) && is_cut(i));
	/* an IPv6 socket calls the same peer otherwise */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	client = clients_add(&clients, pair[0], (const struct sockaddr *)&mapped, 101);
	assert_non_null(client);
	assert_true(is_cut(1));
	assert_false(is_cut(2));
	close(pair[1]);
	for (size_t i = CLIENTS_ADDRESS; i < 20; i++)
		far[i] = -1;
	finish(&clients, 42);
}

static void one_too_many_takes_the_place_of_the_longest_idle(void **state)
{
	struct clients clients;
	struct client *first;

	(void)state;
	clients_init(&clients, NULL, 0);
	first = add(&clients, 0, 1);
	for (size_t i = 1; i < CLIENTS_MAX; i++)
		add(&clients, i, 1 + i);
	client_served(first, 500); /* it stays, the others have asked for nothing yet */
	for (size_t i = CLIENTS_MAX; i < CLIENTS_ALL; i++) {
		assert_false(is_cut(i - CLIENTS_MAX + 1));
		assert_non_null(add(&clients, i, 1000 + i));
		assert_true(is_cut(i - CLIENTS_MAX + 1));
	}
	assert_false(is_cut(0));
	/* As long as none of those cut off is closed there is no slot. */
	assert_null(add(&clients, CLIENTS_ALL, 2000));
	assert_true(is_cut(CLIENTS_ALL));
	assert_false(is_cut(CLIENTS_MAX - 1));
	assert_int_equal(rejected(&clients, METRICS_REJECT_LIMIT), CLIENTS_CUT + 1);
	close(first->fd);
	client_remove(first);
	assert_ptr_equal(add(&clients, CLIENTS_ALL, 2000), first);
	assert_false(is_cut(CLIENTS_ALL));
	finish(&clients, CLIENTS_ALL + 1);
}

static void readers_of_a_page_are_known(void **state)
{
	struct clients clients;
	struct client *a, *b;
	int page[2];

	(void)state;
	clients_init(&clients, NULL, 0);
	a = add(&clients, 0, 1);
	b = add(&clients, 1, 2);
	assert_false(clients_read(&clients, &page[0]));
	a->reading = &page[0];
	b->reading = &page[1];
	assert_true(clients_read(&clients, &page[0]));
	clients_cut_readers(&clients, &page[0]);
	assert_int_equal(rejected(&clients, METRICS_REJECT_SLOW), 1);
	assert_true(is_cut(0));
	assert_false(is_cut(1));
	client_served(b, 3);
	assert_false(clients_read(&clients, &page[1]));
	assert_true(clients_read(&clients, &page[0])); /* until the library has closed it */
	close(a->fd);
	client_remove(a);
	assert_false(clients_read(&clients, &page[0]));
	finish(&clients, 2);
}

static void a_peer_of_another_family_is_a_stranger(void **state)
{
	const struct sockaddr other = {.sa_family = AF_APPLETALK}, local = {.sa_family = AF_UNIX};
	struct clients clients;

	(void)state;
	clients_init(&clients, NULL, 0);
	assert_false(clients_admit(&clients, &other));
	assert_true(clients_admit(&clients, &local));
	assert_int_equal(rejected(&clients, METRICS_REJECT_ADDRESS), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_has_its_time),
		cmocka_unit_test(one_address_has_its_share_on_all_sockets),
		cmocka_unit_test(who_finishes_nothing_in_time_is_cut_off),
		cmocka_unit_test(one_too_many_takes_the_place_of_the_longest_idle),
		cmocka_unit_test(readers_of_a_page_are_known),
		cmocka_unit_test(a_peer_of_another_family_is_a_stranger),
	};

	return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
