// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <unistd.h>

#include "clients.h"

/* One end of a stream socket; the other is far[i]. */
static int far[CLIENTS_ALL + 1];

static struct client *add(struct clients *clients, size_t i, uint64_t now)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	far[i] = pair[1];
	return clients_add(clients, pair[0], now);
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

static void who_finishes_nothing_in_time_is_cut_off(void **state)
{
	struct clients clients;
	struct client *busy;

	(void)state;
	clients_init(&clients, NULL, 0);
	assert_true(clients_deadline(&clients) == UINT64_MAX);
	busy = add(&clients, 0, 1000);
	add(&clients, 1, 2000);
	assert_int_equal(clients_deadline(&clients), 1000 + CLIENTS_PATIENCE_MS);
	client_served(busy, 5000);
	assert_int_equal(clients_deadline(&clients), 2000 + CLIENTS_PATIENCE_MS);
	clients_expire(&clients, 1999 + CLIENTS_PATIENCE_MS);
	assert_false(is_cut(0) || is_cut(1));
	clients_expire(&clients, 2000 + CLIENTS_PATIENCE_MS);
	assert_false(is_cut(0));
	assert_true(is_cut(1));
	assert_int_equal(clients_deadline(&clients), 5000 + CLIENTS_PATIENCE_MS);
	clients_expire(&clients, UINT64_MAX - 1);
	assert_true(is_cut(0));
	assert_true(clients_deadline(&clients) == UINT64_MAX);
	client_served(busy, 9000); /* the end of what was under way gives it no new life */
	assert_true(clients_deadline(&clients) == UINT64_MAX);
	finish(&clients, 2);
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
	client_served(first, 500);
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_finishes_nothing_in_time_is_cut_off),
		cmocka_unit_test(one_too_many_takes_the_place_of_the_longest_idle),
		cmocka_unit_test(readers_of_a_page_are_known),
		cmocka_unit_test(a_peer_of_another_family_is_a_stranger),
	};

	return cmocka_run_group_tests_name("clients", tests, NULL, NULL);
}
