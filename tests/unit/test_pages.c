// SPDX-License-Identifier: GPL-2.0-or-later
#include "web.h"

#include "serve/clients.h"
#include "serve/pages.h"

struct fixture {
	struct pages pages;
	struct clients clients;
};

static void start(struct fixture *f)
{
	*f = (struct fixture){0};
	clients_init(&f->clients);
	pages_init(&f->pages, web_options());
}

static struct page *find(struct fixture *f, uint64_t number, unsigned kind)
{
	struct snapshot *snapshot = web_snapshot(100, number);
	struct page *page = pages_find(&f->pages, &f->clients, snapshot, kind);

	free(snapshot);
	return page;
}

static void what_nobody_asked_for_is_not_made(void **state)
{
	struct fixture f;
	struct page *page;
	struct MHD_Response *packed;

	(void)state;
	start(&f);
	page = find(&f, 1, METRICS_TEXT);
	assert_non_null(page);
	assert_ptr_equal(find(&f, 1, METRICS_TEXT), page);
	assert_ptr_equal(pages_response(&f.pages, page, false), page->response[PAGES_PLAIN]);
	assert_null(page->response[PAGES_GZIP]);
	assert_null(page->buf[PAGES_GZIP].data);
	packed = pages_response(&f.pages, page, true);
	assert_ptr_not_equal(packed, page->response[PAGES_PLAIN]);
	/* nor twice */
	memset(page->buf[PAGES_PLAIN].data + sizeof(page), 'x', 100);
	assert_ptr_equal(pages_response(&f.pages, page, true), packed);
	for (unsigned kind = METRICS_TEXT + 1; kind < PAGES_KINDS; kind++)
		assert_null(f.pages.current[kind]);
	pages_finish(&f.pages);
}

static void without_readers_one_page_a_kind_is_used_again(void **state)
{
	char *data[PAGES_KINDS][PAGES_CODINGS];
	struct fixture f;

	(void)state;
	start(&f);
	for (uint64_t number = 1; number < 20; number++)
		for (unsigned kind = 0; kind < PAGES_KINDS; kind++) {
			struct page *page = find(&f, number, kind);

			assert_ptr_equal(page, &f.pages.page[kind]);
			pages_response(&f.pages, page, true);
			assert_int_equal(page->number, number);
			for (int coding = 0; coding < PAGES_CODINGS; coding++) {
				char *now = page->buf[coding].data;

				/* once sizes have settled */
				assert_true(number < 5 || now == data[kind][coding]);
				data[kind][coding] = now;
			}
		}
	pages_finish(&f.pages);
}

static void readers_keep_theirs_until_they_are_cut_off(void **state)
{
	const struct sockaddr local = {.sa_family = AF_UNIX};
	struct page *page, *old = NULL;
	struct fixture f;

	(void)state;
	start(&f);
	for (uint64_t number = 1; number <= PAGES_MAX; number++) {
		struct client *client = clients_add(&f.clients, 1000, &local, number);

		page = find(&f, number, METRICS_TEXT);
		assert_int_equal(page->number, number);
		page->reference_count++; /* as libmicrohttpd's, for a response that is being sent */
		client->reading = page;
	}
	old = page;
	/* no room: an older page, but the next time there is room */
	assert_ptr_equal(find(&f, 100, METRICS_TEXT), old);
	assert_null(find(&f, 100, PAGES_HOSTS));
	assert_int_equal(f.clients.counts.rejected[METRICS_REJECT_SLOW], PAGES_MAX);
	for (size_t i = 0; i < PAGES_MAX; i++) {
		f.pages.page[i].reference_count--;
		client_remove(&f.clients, &f.clients.slot[i]);
	}
	page = find(&f, 100, METRICS_TEXT);
	assert_int_equal(page->number, 100);
	assert_non_null(find(&f, 100, PAGES_HOSTS));
	pages_finish(&f.pages);
}

static bool has_memory(const struct fixture *f)
{
	for (size_t i = 0; i < PAGES_MAX; i++)
		for (int coding = 0; coding < PAGES_CODINGS; coding++)
			if (f->pages.page[i].buf[coding].data)
				return true;
	return f->pages.gzip;
}

static void at_rest_only_readers_keep_memory(void **state)
{
	const struct sockaddr local = {.sa_family = AF_UNIX};
	struct client *client;
	struct page *page;
	struct fixture f;

	(void)state;
	start(&f);
	assert_true(pages_free_unused(&f.pages, &f.clients));
	for (unsigned kind = 0; kind < PAGES_KINDS; kind++)
		pages_response(&f.pages, find(&f, 1, kind), true);
	assert_true(has_memory(&f));
	client = clients_add(&f.clients, 1000, &local, 1);
	page = f.pages.current[PAGES_HOSTS];
	client->reading = page;
	assert_false(pages_free_unused(&f.pages, &f.clients));
	assert_ptr_equal(find(&f, 1, PAGES_HOSTS), page);
	for (unsigned kind = 0; kind < PAGES_HOSTS; kind++)
		assert_null(f.pages.current[kind]);
	client_served(client, 2);
	page->reference_count++; /* libmicrohttpd has not released it yet */
	assert_false(pages_free_unused(&f.pages, &f.clients));
	assert_true(has_memory(&f));
	page->reference_count--;
	assert_true(pages_free_unused(&f.pages, &f.clients));
	assert_false(has_memory(&f));
	assert_non_null(find(&f, 1, METRICS_TEXT));
	pages_finish(&f.pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_nobody_asked_for_is_not_made),
		cmocka_unit_test(without_readers_one_page_a_kind_is_used_again),
		cmocka_unit_test(readers_keep_theirs_until_they_are_cut_off),
		cmocka_unit_test(at_rest_only_readers_keep_memory),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
