// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/history_pages.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "serve/history_request.h"

#define ROWS_BYTES (HISTORY_PAGE_BYTES - (256 << 10)) /* the rest is for gaps */

void history_pages_init(struct history_pages *pages, int fd, unsigned interval)
{
	history_client_init(&pages->client, fd, interval);
}

void history_pages_finish(struct history_pages *pages)
{
	for (size_t i = 0; i < HISTORY_PAGES; i++) {
		page_drop(&pages->page[i].page);
		page_free(&pages->page[i].page);
	}
}

static bool is_same(const struct history_question *a, const struct history_question *b)
{
	return memcmp(a, b, sizeof(*a)) == 0; /* neither has padding */
}

/* Returns whether nobody reads the page any more. */
static bool give_up(struct history_page *page, const struct clients *clients)
{
	if (clients_have_reader(clients, &page->page))
		return false;
	page_drop(&page->page);
	page->whole = false;
	return !page->page.reference_count;
}

static struct history_page *find_free(struct history_pages *pages, const struct clients *clients)
{
	struct history_page *oldest = NULL;

	for (size_t i = 0; i < HISTORY_PAGES; i++) {
		struct history_page *page = &pages->page[i];

		if (!page->page.reference_count)
			return page;
		if (page->whole && !clients_have_reader(clients, &page->page) &&
			(!oldest || page->page.number < oldest->page.number))
			oldest = page;
	}
	return oldest && give_up(oldest, clients) ? oldest : NULL;
}

static void begin(struct history_pages *pages)
{
	struct history_page *page = pages->rendering;

	json_history_begin(
		&pages->json, &page->question, ROWS_BYTES, page_start(&page->page, PAGES_PLAIN));
}

/* Asks the recorder. Returns HISTORY_WAITING, or why there will be no answer. */
static enum history_outcome ask(struct history_pages *pages, struct clients *clients,
	const struct history_question *question, uint64_t number)
{
	struct history_page *page = find_free(pages, clients);

	if (!page) { /* slow clients hold all of them: make room for the next time */
		for (size_t i = 0; i < HISTORY_PAGES; i++)
			if (pages->page[i].page.number != number)
				clients_cut_readers(clients, &pages->page[i].page);
		return HISTORY_BUSY;
	}
	if (history_client_ask(&pages->client, question) < 0)
		return HISTORY_SILENT;
	page->page.number = number;
	page->page.type = "application/json";
	page->page.vary = "Accept-Encoding";
	page->page.reference_count++; /* by rendering */
	page->question = *question;
	page->asked_ms = pages->now;
	pages->rendering = page;
	begin(pages);
	return HISTORY_WAITING;
}

/* Ends the wait of all who wait for an answer to the question; NULL: to any. */
static void end_wait(struct history_pages *pages, const struct history_question *question,
	enum history_outcome outcome, struct history_page *page)
{
	for (size_t i = 0; i < pages->waiter_count; i++) {
		struct history_waiter *waiter = &pages->waiter[i];

		if (waiter->outcome != HISTORY_WAITING ||
			(question && !is_same(&waiter->question, question)))
			continue;
		waiter->outcome = outcome;
		waiter->page = page ? &page->page : NULL;
		if (page)
			waiter->client->reading = &page->page; /* so it is kept */
		MHD_resume_connection(waiter->connection);
		pages->resumed = true;
	}
}

static void ask_next(struct history_pages *pages, struct clients *clients)
{
	for (size_t i = 0; i < pages->waiter_count && !pages->rendering; i++) {
		struct history_waiter *waiter = &pages->waiter[i];
		enum history_outcome outcome;

		if (waiter->outcome != HISTORY_WAITING)
			continue;
		outcome = ask(pages, clients, &waiter->question, pages->number);
		if (outcome != HISTORY_WAITING)
			end_wait(pages, &waiter->question, outcome, NULL);
	}
}

/* The answer is complete, or there will be none. */
static void finish(
	struct history_pages *pages, struct clients *clients, enum history_outcome outcome)
{
	struct history_page *page = pages->rendering;

	history_client_forget(&pages->client);
	pages->rendering = NULL;
	page->page.reference_count--;
	page->whole = outcome == HISTORY_PAGE && page_respond(&page->page, PAGES_PLAIN);
	if (outcome == HISTORY_PAGE && !page->whole)
		outcome = HISTORY_FAILED;
	end_wait(pages, &page->question, outcome, page->whole ? page : NULL);
	ask_next(pages, clients);
}

static void take_part(struct history_pages *pages, const struct history_answer *answer)
{
	json_history_rows(
		&pages->json, answer, history_answer_rows(answer), history_answer_hosts(answer));
}

static void take_whole(
	struct history_pages *pages, struct clients *clients, const struct history_answer *answer)
{
	if (answer->error) {
		finish(pages, clients, answer->error == -EINVAL ? HISTORY_REFUSED : HISTORY_FAILED);
		return;
	}
	take_part(pages, answer);
	json_history_end(&pages->json, answer, history_answer_gaps(answer), history_request_next);
	finish(pages, clients, HISTORY_PAGE);
}

bool history_pages_receive(struct history_pages *pages, struct clients *clients)
{
	union history_message message;

	switch (history_client_receive(&pages->client, &message)) {
	case HISTORY_NOTHING:
		break;
	case HISTORY_PART:
		take_part(pages, &message.answer);
		break;
	case HISTORY_WHOLE:
		take_whole(pages, clients, &message.answer);
		break;
	case HISTORY_BROKEN:
		finish(pages, clients, HISTORY_FAILED);
		break;
	case HISTORY_RESTARTED:
		begin(pages);
		if (history_client_ask(&pages->client, &pages->rendering->question) < 0)
			finish(pages, clients, HISTORY_SILENT);
		break;
	case HISTORY_CLOSED:
		if (pages->rendering)
			finish(pages, clients, HISTORY_SILENT);
		return false;
	}
	return true;
}

enum history_outcome history_pages_waited(
	struct history_pages *pages, struct client *client, struct page **page)
{
	for (size_t i = 0; i < pages->waiter_count; i++) {
		const struct history_waiter *waiter = &pages->waiter[i];
		enum history_outcome outcome = waiter->outcome;

		if (waiter->client != client)
			continue;
		*page = waiter->page;
		history_pages_forget(pages, client);
		return outcome;
	}
	return HISTORY_UNASKED;
}

void history_pages_forget(struct history_pages *pages, const struct client *client)
{
	for (size_t i = 0; i < pages->waiter_count; i++) {
		struct history_waiter *waiter = &pages->waiter[i];

		if (waiter->client != client)
			continue;
		pages->waiter_count--;
		memmove(waiter, waiter + 1, (pages->waiter_count - i) * sizeof(*waiter));
		return;
	}
}

enum history_outcome history_pages_find(struct history_pages *pages, struct clients *clients,
	struct client *client, struct MHD_Connection *connection,
	const struct history_question *question, uint64_t number, uint64_t now, struct page **page)
{
	enum history_outcome outcome = HISTORY_WAITING;

	if (!pages->client.kept)
		return HISTORY_UNKEPT;
	pages->number = number;
	pages->now = now;
	for (size_t i = 0; i < HISTORY_PAGES; i++) {
		struct history_page *made = &pages->page[i];

		if (made->whole && made->page.number == number &&
			now - made->asked_ms < HISTORY_PAGE_MS &&
			is_same(&made->question, question)) {
			*page = &made->page;
			client->reading = *page;
			return HISTORY_PAGE;
		}
	}
	if (pages->waiter_count == HISTORY_WAITERS)
		return HISTORY_BUSY;
	if (!pages->rendering)
		outcome = ask(pages, clients, question, number);
	if (outcome != HISTORY_WAITING)
		return outcome;
	pages->waiter[pages->waiter_count++] = (struct history_waiter){.client = client,
		.connection = connection,
		.question = *question,
		.deadline = now + HISTORY_PATIENCE_MS,
		.outcome = HISTORY_WAITING};
	MHD_suspend_connection(connection);
	return HISTORY_WAITING;
}

uint64_t history_pages_deadline(const struct history_pages *pages)
{
	uint64_t deadline = UINT64_MAX;

	for (size_t i = 0; i < pages->waiter_count; i++)
		if (pages->waiter[i].outcome == HISTORY_WAITING &&
			pages->waiter[i].deadline < deadline)
			deadline = pages->waiter[i].deadline;
	return deadline;
}

/* Whether anybody still waits for the answer that is being received. */
static bool is_wanted(const struct history_pages *pages)
{
	for (size_t i = 0; i < pages->waiter_count; i++)
		if (pages->waiter[i].outcome == HISTORY_WAITING &&
			is_same(&pages->waiter[i].question, &pages->rendering->question))
			return true;
	return false;
}

void history_pages_expire(struct history_pages *pages, struct clients *clients, uint64_t now)
{
	for (size_t i = 0; i < pages->waiter_count; i++) {
		struct history_waiter *waiter = &pages->waiter[i];

		if (waiter->outcome != HISTORY_WAITING || waiter->deadline > now)
			continue;
		waiter->outcome = HISTORY_SILENT;
		MHD_resume_connection(waiter->connection);
		pages->resumed = true;
	}
	pages->now = now;
	if (pages->rendering && !is_wanted(pages))
		finish(pages, clients, HISTORY_SILENT);
}

void history_pages_stop(struct history_pages *pages)
{
	end_wait(pages, NULL, HISTORY_SILENT, NULL);
}

bool history_pages_free_unused(struct history_pages *pages, const struct clients *clients)
{
	bool all = true;

	for (size_t i = 0; i < HISTORY_PAGES; i++) {
		struct history_page *page = &pages->page[i];

		if (page != pages->rendering && give_up(page, clients))
			page_free(&page->page);
		else
			all = false;
	}
	return all;
}
