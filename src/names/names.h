/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which name belongs to which MAC and to which address. Sources are asked in the order of enum
 * names_source: the first that knows wins; within a source, the file that was followed first.
 */
#ifndef MZ_NAMES_NAMES_H
#define MZ_NAMES_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names/source.h"

struct names; /* all names of all sources */

struct names *names_create(void); /* NULL: out of memory */
void names_destroy(struct names *names);

/*
 * One more file of a source, or of NAMES_HOSTS a directory of them. What is not there (yet) is
 * empty, not an error. path: copied. Due before names_refresh(). Returns 0, -ENOMEM, or -E2BIG
 * beyond NAMES_FILES.
 */
int names_follow(struct names *names, enum names_source source, const char *path);

/*
 * Follows, besides the lease files so far, those that UCI's files name, as they do.
 * names_paths_version() is another number whenever names_path() may find others.
 */
void names_follow_leasefiles(struct names *names);
uint32_t names_paths_version(const struct names *names);

/* The paths of all files that names come from, one after the other; NULL behind the last. */
const char *names_path(const struct names *names, size_t i);

/*
 * Reads again the files that changed since the last call. A broken file is logged once for each
 * of its states, with the line, and its last good names stay; a name from a lease stays when the
 * lease ends. Returns whether any name changed.
 */
bool names_refresh(struct names *names);

/* Whether names_refresh() has something to read. */
bool names_stale(const struct names *names);

/* Another number, never 0, whenever names_find() and its like may find something else. */
uint32_t names_version(const struct names *names);

/*
 * Notes that a machine used an address, and when: seconds of any clock. Before names_find_address()
 * this is due for all that used one, as a name by address is the last one's.
 */
void names_note_use(
	struct names *names, int family, const void *addr, const uint8_t mac[6], uint32_t time_s);

/*
 * The name of a MAC. Valid until the next names_refresh(); NULL where nobody knows one, or where
 * hosts of several names share it, or shared it.
 */
const char *names_find(const struct names *names, const uint8_t mac[6], enum names_source *source);
bool names_is_shared(const struct names *names, const uint8_t mac[6]);

/* What the name of an address says about the machine that uses it. */
enum names_relation {
	NAMES_SAME_AS_MAC,    /* nothing new: its MAC has this name in one of the sources */
	NAMES_ONE_OF_SEVERAL, /* its MAC holds the address under this name, and others under others
			       */
	NAMES_HELD_BY_OTHER,  /* another MAC holds the address: the name is of this address alone */
	NAMES_HELD_BY_NONE    /* no MAC is known to hold it */
};

struct names_address_name {
	const char *text; /* NULL where nobody knows one */
	enum names_source source;
	enum names_relation relation;
};

/*
 * The name of an address that the machine of that MAC uses (all zero on a device without link
 * layer): of one that it holds by lease, or that it used last. Valid until the next
 * names_refresh().
 */
struct names_address_name names_find_address(
	const struct names *names, int family, const void *addr, const uint8_t mac[6]);

/*
 * How many MACs and addresses a source names, without addresses that are called as the MAC that
 * holds them.
 */
size_t names_count(const struct names *names, enum names_source source);

/* The word for users ("uci"): a constant string. */
const char *names_source_text(enum names_source source);

#endif
