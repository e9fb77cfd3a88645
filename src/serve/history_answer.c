// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/history_answer.h"

#include <microhttpd.h>
#include <string.h>

#include "serve/history_request.h"

/* What libmicrohttpd passes to read_argument(). */
struct arguments {
	struct history_request request;
	const struct snapshot *snapshot;
};

#if MHD_VERSION >= 0x00097002
static enum MHD_Result read_argument(
	void *context, enum MHD_ValueKind kind, const char *name, const char *value)
#else
static int read_argument(
	void *context, enum MHD_ValueKind kind, const char *name, const char *value)
#endif
{
	struct arguments *arguments = context;

	(void)kind;
	history_request_add(&arguments->request, name, value, arguments->snapshot);
	return MHD_YES;
}

/* retry: the value of Retry-After, or NULL. Copies text. */
static struct MHD_Response *make_error(const char *text, size_t length, const char *retry)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		length, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (!response)
		return NULL;
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json") &&
		MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
		page_protect(response) &&
		(!retry || MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, retry)))
		return response;
	MHD_destroy_response(response);
	return NULL;
}

static struct MHD_Response *refuse(const struct history_request *request)
{
	struct MHD_Response *response = NULL;
	struct buf line = {0};

	history_request_error(request, &line);
	if (!line.failed)
		response = make_error(line.data, line.length, NULL);
	buf_free(&line);
	return response;
}

static struct MHD_Response *explain(enum history_outcome outcome, unsigned *status)
{
	static const struct {
		unsigned status;
		const char *retry, *text;
	} errors[] = {
		[HISTORY_UNASKED... HISTORY_PAGE] = {MHD_HTTP_OK, NULL, ""}, /* no errors */
		[HISTORY_BUSY] = {MHD_HTTP_SERVICE_UNAVAILABLE, "1",
			"{\"error\": \"too many clients ask for the history: try again\"}\n"},
		[HISTORY_SILENT] = {MHD_HTTP_SERVICE_UNAVAILABLE, "10",
			"{\"error\": \"the history does not answer: its disk is slow, or mezoura "
			"status says more\"}\n"},
		[HISTORY_REFUSED] = {MHD_HTTP_BAD_REQUEST, NULL,
			"{\"error\": \"wrong range\", \"parameter\": \"from\", \"expected\": "
			"\"a time that is not after \\\"to\\\"\"}\n"},
		[HISTORY_FAILED] = {MHD_HTTP_SERVICE_UNAVAILABLE, "10",
			"{\"error\": \"the history cannot be read: mezoura status and the log say "
			"why\"}\n"},
		[HISTORY_UNKEPT] = {MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
			"{\"error\": \"no history is kept (--state -)\"}\n"},
	};

	*status = errors[outcome].status;
	return make_error(
		errors[outcome].text, strlen(errors[outcome].text), errors[outcome].retry);
}

struct MHD_Response *history_answer(const struct history_asked *asked, unsigned *status, bool *own)
{
	struct arguments arguments = {.snapshot = asked->snapshot};
	struct page *page = NULL;
	enum history_outcome outcome = history_pages_waited(asked->pages, asked->client, &page);

	*own = true;
	if (outcome != HISTORY_UNASKED)
		client_asked(asked->client, asked->now); /* its time to read begins now */
	if (outcome == HISTORY_UNASKED) {
		history_request_begin(&arguments.request, asked->month_start);
		MHD_get_connection_values(
			asked->connection, MHD_GET_ARGUMENT_KIND, read_argument, &arguments);
		if (!history_request_end(&arguments.request)) {
			*status = MHD_HTTP_BAD_REQUEST;
			return refuse(&arguments.request);
		}
		outcome = history_pages_find(asked->pages, asked->clients, asked->client,
			asked->connection, &arguments.request.question, asked->snapshot->number,
			asked->now, &page);
	}
	*status = 0;
	if (outcome == HISTORY_WAITING)
		return NULL;
	if (outcome != HISTORY_PAGE)
		return explain(outcome, status);
	*own = false;
	*status = MHD_HTTP_OK;
	return page_response(page, asked->gzip, asked->gzip);
}
