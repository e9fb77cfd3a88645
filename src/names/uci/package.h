/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is in a UCI file while it is read: sections, their options, and what libuci does to them.
 * All texts belong to the caller. Memory is freed all at once.
 */
#ifndef MZ_NAMES_UCI_PACKAGE_H
#define MZ_NAMES_UCI_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>

struct uci_value {
	struct uci_value *next;
	const char *text;
};

struct uci_option {
	struct uci_option *next;
	const char *key;
	bool list; /* of any number of values, also of one or none */
	struct uci_value *values, **values_end;
};

struct uci_section {
	struct uci_section *next;
	const char *id; /* NULL: it has none, see uci_package_name_all() */
	const char *type;
	unsigned number; /* from 1 */
	struct uci_option *options;
};

struct uci_package {
	struct uci_section *sections, **sections_end;
	struct chunk *chunks;
	void *by_id;		/* of tsearch(3): balanced, so that no file makes it slow */
	unsigned section_count; /* also of sections that a change deleted */
	bool named;		/* all have an id */
};

/* package: zeroed before. Frees all that is in it. */
void uci_package_init(struct uci_package *package);
void uci_package_free(struct uci_package *package);

/*
 * A new section at the end; id: "" where it has none. It must not be there, see
 * uci_package_known(). NULL: out of memory.
 */
struct uci_section *uci_package_open(struct uci_package *package, const char *type, const char *id);

/*
 * Gives those without an id the one that libuci makes up, also those that are opened later. Due
 * before an id is looked for that may be one of them: they begin with "cfg". 0 or -ENOMEM.
 */
int uci_package_name_all(struct uci_package *package);

/* The section of that id, fast, as long as there were no calls but uci_package_open(). Or NULL. */
struct uci_section *uci_package_known(struct uci_package *package, const char *id);

/* The first one of that id, whatever happened. Or NULL. */
struct uci_section *uci_package_find(struct uci_package *package, const char *id);

/* Takes a section out; puts one that is in it where so many others precede it, or at the end. */
void uci_package_delete(struct uci_package *package, struct uci_section *section);
void uci_package_reorder(struct uci_package *package, struct uci_section *section, long position);

/* The option of that key, or NULL. */
struct uci_option *uci_section_find(const struct uci_section *section, const char *key);
void uci_section_delete(struct uci_section *section, struct uci_option *option);

/* Sets an option to this value alone, or adds it to a list. Returns 0 or -ENOMEM. */
int uci_section_set(struct uci_package *package, struct uci_section *section, const char *key,
	const char *text);
int uci_section_add(struct uci_package *package, struct uci_section *section, const char *key,
	const char *text);

/* Takes the values out of a list that are this text; or the value that so many others precede. */
void uci_option_remove(struct uci_option *option, const char *text);
void uci_option_remove_at(struct uci_option *option, long position);

/* Whether libuci takes this for a section's or an option's name; a package's; a section's type. */
bool uci_is_name(const char *text);
bool uci_is_package(const char *text);
bool uci_is_type(const char *text);

#endif
