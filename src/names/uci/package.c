// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/uci/package.h"

#include <errno.h>
#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

#define CHUNK	(256 << 10) /* bytes; large enough that malloc() returns it to the system */
#define ID_SIZE 24

struct chunk {
	struct chunk *next;
	size_t used;
	_Alignas(max_align_t) char bytes[];
};

/* Returns zeroed memory that uci_package_free() frees. size: bytes, much less than CHUNK. */
static void *take(struct uci_package *package, size_t size)
{
	struct chunk *chunk = package->chunks;

	size = (size + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
	if (!chunk || chunk->used + size > CHUNK) {
		chunk = calloc(1, sizeof(*chunk) + CHUNK);
		if (!chunk)
			return NULL;
		chunk->next = package->chunks;
		package->chunks = chunk;
	}
	chunk->used += size;
	return chunk->bytes + chunk->used - size;
}

void uci_package_init(struct uci_package *package)
{
	*package = (struct uci_package){0};
	package->sections_end = &package->sections;
}

static void keep(void *section)
{
	(void)section; /* its memory is in a chunk */
}

void uci_package_free(struct uci_package *package)
{
	struct chunk *chunk;

	tdestroy(package->by_id, keep);
	while ((chunk = package->chunks)) {
		package->chunks = chunk->next;
		free(chunk);
	}
}

static int compare_ids(const void *a, const void *b)
{
	const struct uci_section *one = a, *other = b;

	return strcmp(one->id, other->id);
}

/* The id that libuci gives a section without a name: uncommitted changes refer to it. */
static const char *make_id(struct uci_package *package, const struct uci_section *section)
{
	char *id = take(package, ID_SIZE);
	uint32_t hash = 5381;

	if (!id)
		return NULL;
	for (const char *c = section->type; *c; c++)
		hash = hash * 33 + (unsigned char)*c; /* types are ASCII */
	snprintf(id, ID_SIZE, "cfg%02x%04x", section->number, (hash & 0x7fffffff) % (1 << 16));
	return id;
}

static int add_id(struct uci_package *package, struct uci_section *section)
{
	if (!section->id)
		section->id = make_id(package, section);
	return section->id && tsearch(section, &package->by_id, compare_ids) ? 0 : -ENOMEM;
}

int uci_package_name_all(struct uci_package *package)
{
	int error = 0;

	for (struct uci_section *section = package->sections; section && !package->named && !error;
		section = section->next)
		if (!section->id)
			error = add_id(package, section);
	package->named = true;
	return error;
}

struct uci_section *uci_package_open(struct uci_package *package, const char *type, const char *id)
{
	struct uci_section *section = take(package, sizeof(*section));

	if (!section)
		return NULL;
	section->number = ++package->section_count;
	section->id = *id ? id : NULL;
	section->type = type;
	if ((section->id || package->named) && add_id(package, section) < 0)
		return NULL;
	*package->sections_end = section;
	package->sections_end = &section->next;
	return section;
}

struct uci_section *uci_package_known(struct uci_package *package, const char *id)
{
	struct uci_section key = {.id = id};
	struct uci_section *const *known = tfind(&key, &package->by_id, compare_ids);

	return known ? *known : NULL;
}

struct uci_section *uci_package_find(struct uci_package *package, const char *id)
{
	struct uci_section *section = package->sections;

	while (section && strcmp(section->id, id) != 0)
		section = section->next;
	return section;
}

void uci_package_delete(struct uci_package *package, struct uci_section *section)
{
	struct uci_section **at = &package->sections;

	while (*at != section)
		at = &(*at)->next;
	*at = section->next;
	if (!section->next)
		package->sections_end = at;
	section->next = NULL;
}

void uci_package_reorder(struct uci_package *package, struct uci_section *section, long position)
{
	struct uci_section **at = &package->sections;

	uci_package_delete(package, section);
	while (*at && position-- > 0)
		at = &(*at)->next;
	section->next = *at;
	*at = section;
	if (!section->next)
		package->sections_end = &section->next;
}

struct uci_option *uci_section_find(const struct uci_section *section, const char *key)
{
	struct uci_option *option = section->options;

	while (option && strcmp(option->key, key) != 0)
		option = option->next;
	return option;
}

void uci_section_delete(struct uci_section *section, struct uci_option *option)
{
	struct uci_option **at = &section->options;

	while (*at != option)
		at = &(*at)->next;
	*at = option->next;
}

/* Returns the option of that key, a new one where there is none. NULL: out of memory. */
static struct uci_option *open_option(
	struct uci_package *package, struct uci_section *section, const char *key)
{
	struct uci_option *option = uci_section_find(section, key);

	if (option)
		return option;
	option = take(package, sizeof(*option));
	if (option) {
		*option = (struct uci_option){.next = section->options, .key = key};
		option->values_end = &option->values;
		section->options = option;
	}
	return option;
}

static int append(struct uci_package *package, struct uci_option *option, const char *text)
{
	struct uci_value *value = take(package, sizeof(*value));

	if (!value)
		return -ENOMEM;
	value->text = text;
	*option->values_end = value;
	option->values_end = &value->next;
	return 0;
}

int uci_section_set(
	struct uci_package *package, struct uci_section *section, const char *key, const char *text)
{
	struct uci_option *option = open_option(package, section, key);

	if (!option)
		return -ENOMEM;
	option->list = false;
	option->values = NULL;
	option->values_end = &option->values;
	return append(package, option, text);
}

int uci_section_add(
	struct uci_package *package, struct uci_section *section, const char *key, const char *text)
{
	struct uci_option *option = open_option(package, section, key);

	if (!option)
		return -ENOMEM;
	option->list = true;
	return append(package, option, text);
}

static void remove_value(struct uci_option *option, struct uci_value **at)
{
	*at = (*at)->next;
	if (!*at)
		option->values_end = at;
}

void uci_option_remove(struct uci_option *option, const char *text)
{
	struct uci_value **at = &option->values;

	while (*at) {
		if (strcmp((*at)->text, text) == 0)
			remove_value(option, at);
		else
			at = &(*at)->next;
	}
}

void uci_option_remove_at(struct uci_option *option, long position)
{
	struct uci_value **at = &option->values;

	for (; *at && position > 0; position--)
		at = &(*at)->next;
	if (*at && position == 0)
		remove_value(option, at);
}

bool uci_is_name(const char *text)
{
	return *text && !text[strspn(text, WORD)];
}

bool uci_is_package(const char *text)
{
	return *text && !text[strspn(text, WORD "-")];
}

bool uci_is_type(const char *text)
{
	const char *at = text;

	while (*at > ' ' && *at < 0x7f)
		at++;
	return *text && !*at;
}
