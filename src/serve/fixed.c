// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/fixed.h"

#include <microhttpd.h>
#include <string.h>

#include "serve/page.h"

bool fixed_create(struct MHD_Response *all[FIXED])
{
	static const struct {
		const char *text, *header, *value;
	} texts[FIXED] = {
		[FIXED_HEALTHY] = {"ok\n", NULL, NULL},
		[FIXED_NOT_FOUND] = {"Nothing here: try /metrics\n", NULL, NULL},
		[FIXED_NOT_ALLOWED] = {"Only GET and HEAD\n", MHD_HTTP_HEADER_ALLOW, "GET, HEAD"},
		[FIXED_NOT_OURS] =
			{"This machine is not known by that name: ask by its address, or see "
			 "--host-name\n",
				NULL, NULL},
		[FIXED_UNAVAILABLE] = {"Busy: try again\n", MHD_HTTP_HEADER_RETRY_AFTER, "1"},
	};

	for (size_t i = 0; i < FIXED; i++) {
		struct MHD_Response *response =
			MHD_create_response_from_buffer(strlen(texts[i].text),
				(void *)(uintptr_t)texts[i].text, MHD_RESPMEM_PERSISTENT);

		all[i] = response;
		if (!response ||
			!MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				"text/plain; charset=utf-8") ||
			!MHD_add_response_header(
				response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") ||
			!page_protect(response) ||
			(texts[i].header && !MHD_add_response_header(
						    response, texts[i].header, texts[i].value)))
			return false;
	}
	return true;
}

void fixed_destroy(struct MHD_Response *all[FIXED])
{
	for (size_t i = 0; i < FIXED; i++)
		if (all[i])
			MHD_destroy_response(all[i]);
}
