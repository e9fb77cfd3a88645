// SPDX-License-Identifier: GPL-2.0-or-later
/* mezoura's reader of UCI. Uncommitted changes follow a line of "%%". */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "names/uci/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Replace the functions of names/parser.h: check that the names are whole. */
struct name_table {
	size_t bytes;
};

static int take(struct name_table *list, const void *key, size_t size, const char *name)
{
	uint8_t copy[16] = {0};

	memcpy(copy, key, size);
	if (!*name)
		abort();
	list->bytes += strlen(name) + copy[size - 1];
	return 0;
}

int name_table_add(struct name_table *list, const uint8_t mac[6], const char *name)
{
	return take(list, mac, 6, name);
}

int name_table_add_address(struct name_table *list, int family, const void *addr, const char *name)
{
	return take(list, addr, family == AF_INET ? 4 : 16, name);
}

int name_table_add_held(struct name_table *list, const uint8_t mac[6], int family, const void *addr,
	const char *name)
{
	return take(list, mac, 6, name) | name_table_add_address(list, family, addr, name);
}

int name_table_add_domain(struct name_table *list, int family, const void *addr, const char *name)
{
	return name_table_add_address(list, family, addr, name);
}

int name_table_add_leasefile(struct name_table *list, const char *path)
{
	return take(list, path, 1, path);
}

/* A copy of its own, so that the sanitizers notice a byte read too far. */
static char *copy_of(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nothing[1], separator[] = "\n%%\n";
	const uint8_t *changes = size ? memmem(data, size, separator, 4) : NULL;
	size_t length = changes ? (size_t)(changes - data) + 1 : size;
	size_t rest = changes ? size - length - 3 : 0;
	char *text = copy_of(size ? data : nothing, length);
	char *changed = changes ? copy_of(changes + 4, rest) : NULL;
	struct uci_input input = {text, length, changed, rest, "dhcp"};
	struct name_table list = {0};
	unsigned line = 0, lines = 1;
	const char *why = NULL;
	int error = uci_read(&input, &list, &line, &why);

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	if (length && memcmp(text, data, length) != 0)
		abort();
	if (error && (error != -EINVAL || !why || line < 1 || line > lines))
		abort();
	free(text);
	free(changed);
	return 0;
}
