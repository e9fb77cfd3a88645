/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which name belongs to which MAC and to which address. The sources are asked in the order of enum
 * names_source, and within a source its files in the order in which they were added: the first that
 * knows the host names it.
 *
 * To add a source of names: CONTRIBUTING.md has the list of files.
 * To add a format of leases: names/leases.h. To add a UCI section: names/uci/uci_names.h.
 */
#ifndef MZ_NAMES_NAMES_H
#define MZ_NAMES_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "names/source.h"

struct names; /* the names of all sources */

struct names *names_create(void); /* NULL: out of memory */
void names_destroy(struct names *names);

/*
 * Adds a file of a source; of NAMES_HOSTS, path may be a directory of files. Call it before the
 * first names_refresh(), which reads the file. A file that does not exist (yet) counts as empty.
 * path: copied. Returns 0, -ENOMEM, or -E2BIG beyond NAMES_FILES.
 */
int names_add_file(struct names *names, enum names_source source, const char *path);

/*
 * From now on, the lease files that UCI's files name (option leasefile) are files of NAMES_LEASES.
 */
void names_follow_leasefiles(struct names *names);

/* The path of the i-th file, of all sources; NULL behind the last. Valid until names_refresh(). */
const char *names_path(const struct names *names, size_t i);

/* A number that changes whenever names_path() may return other paths. */
uint32_t names_paths_version(const struct names *names);

/*
 * Reads the files that changed since the last call. Logs a broken file once per state of the file,
 * with the line, and keeps its last good names. A host also keeps the name of a lease that ended.
 * Returns whether any name changed.
 */
bool names_refresh(struct names *names);

/* Whether names_refresh() has something to read. */
bool names_stale(const struct names *names);

/* A number, never 0, that changes whenever names_find_mac() and its like may find another name. */
uint32_t names_version(const struct names *names);

/*
 * Notes that a machine used an address, and when: seconds of any clock. An address may have had
 * several users, and its name is that of the last one. So note the uses of all rows before the
 * first names_find_address().
 */
void names_note_use(
	struct names *names, int family, const void *addr, const uint8_t mac[6], uint32_t time_s);

/*
 * Returns the name of a MAC, valid until the next names_refresh(), and sets *source. NULL: no
 * source knows one, or names_is_shared().
 */
const char *names_find_mac(
	const struct names *names, const uint8_t mac[6], enum names_source *source);

/* Whether hosts of several names stand behind a MAC, or stood there earlier. */
bool names_is_shared(const struct names *names, const uint8_t mac[6]);

/* What the name of an address says about the MAC that uses the address. */
enum names_relation {
	NAMES_SAME_AS_MAC,    /* a source gives the MAC this name, too */
	NAMES_ONE_OF_SEVERAL, /* the MAC holds this address, and others under other names */
	NAMES_HELD_BY_OTHER,  /* another MAC holds the address: the name is the address's alone */
	NAMES_HELD_BY_NONE    /* no MAC is known to hold the address */
};

struct names_address_name {
	const char *text; /* NULL: no source knows one */
	enum names_source source;
	enum names_relation relation;
};

/*
 * Returns the name of an address that mac uses, where mac holds the address by a lease, or used it
 * last. mac: all zero on a device without link layer. The text is valid until the next
 * names_refresh().
 */
struct names_address_name names_find_address(
	const struct names *names, int family, const void *addr, const uint8_t mac[6]);

/*
 * How many hosts a source names: MACs, and addresses, but for those with the same name as the MAC
 * that holds them.
 */
size_t names_count(const struct names *names, enum names_source source);

/* The word for a source in metrics and JSON, like "uci": a constant string. */
const char *names_source_text(enum names_source source);

#endif
