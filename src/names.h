/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which name belongs to which MAC. Sources are asked in the order of enum names_source: the first
 * that knows a MAC wins.
 */
#ifndef MZ_NAMES_H
#define MZ_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMES_MAX 255 /* bytes of a name; a longer one is cut on a character border */

enum names_source { NAMES_UCI, NAMES_SOURCES };

struct names; /* all names of all sources */

struct names *names_create(void); /* NULL: out of memory */
void names_destroy(struct names *names);

/*
 * Where a source's file is. A file that is not there (yet) is an empty source, not an error.
 * path: copied. Returns 0 or -ENOMEM.
 */
int names_follow(struct names *names, enum names_source source, const char *path);

/*
 * Reads again the files that changed since the last call. A broken file is logged once for each
 * of its states, with the line, and its last good names stay. Returns whether any name changed.
 */
bool names_refresh(struct names *names);

/* The name of a MAC, valid until the next names_refresh(), or NULL. */
const char *names_find(const struct names *names, const uint8_t mac[6]);

/* How many MACs a source names, and the source's name for users ("uci"). */
size_t names_count(const struct names *names, enum names_source source);
const char *names_source_text(enum names_source source);

/*
 * What a parser of a source calls for each name it finds; not for other callers. An earlier name
 * of the same MAC stays. name: any bytes, NUL-terminated; copied. Returns 0 or -ENOMEM.
 */
struct names_list;
int names_list_add(struct names_list *list, const uint8_t mac[6], const char *name);

#endif
