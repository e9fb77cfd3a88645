// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds the UCI reader: clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Isrc
 * tests/fuzz/fuzz_uci.c src/uci.c src/uci_text.c src/mac.c
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "uci_hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In place of the real list: what is handed over must be whole. */
struct names_list {
	size_t bytes;
};

int names_list_add(struct names_list *list, const uint8_t mac[6], const char *name)
{
	uint8_t copy[6];

	memcpy(copy, mac, sizeof(copy));
	if (!*name)
		abort();
	list->bytes += strlen(name) + copy[5];
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* of its own, so that a byte read too far shows */
	struct names_list list = {0};
	unsigned line = 0, lines = 1;
	const char *why = NULL;
	int error;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	error = uci_hosts(&(struct uci_input){.text = text, .length = size}, &list, &line, &why);
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	if (size && memcmp(text, data, size) != 0)
		abort();
	if (error && (error != -EINVAL || !why || line < 1 || line > lines))
		abort();
	free(text);
	return 0;
}
