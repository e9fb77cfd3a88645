/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The content of a UCI file while it is read: sections and their options, and the operations of
 * libuci on them. All texts belong to the caller and must outlive the package, which frees its own
 * memory at once.
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
	bool list; /* it has any number of values, else one */
	struct uci_value *values, **values_end;
};

struct uci_section {
	struct uci_section *next;
	const char *id; /* NULL: none yet, see uci_package_name_all() */
	const char *type;
	unsigned number; /* from 1 */
	struct uci_option *options;
};

struct uci_package {
	struct uci_section *sections, **sections_end;
	struct chunk *chunks;
	void *by_id;		/* of tsearch(3): a balanced tree, which no file can make slow */
	unsigned section_count; /* also of sections that a change deleted */
	bool named;		/* uci_package_name_all() was called */
};

/* Makes an empty package. */
void uci_package_init(struct uci_package *package);

/* Frees everything in a package, not the struct itself. */
void uci_package_free(struct uci_package *package);

/*
 * Appends a new section. id: one that uci_package_known() does not find, or "" for none. Returns
 * NULL: out of memory.
 */
struct uci_section *uci_package_open(struct uci_package *package, const char *type, const char *id);

/*
 * Gives all sections without an id the one that libuci makes up, also those that are opened later.
 * Such ids begin with "cfg": call it before you look for one. Returns 0 or -ENOMEM.
 */
int uci_package_name_all(struct uci_package *package);

/*
 * Returns the section of that id, or NULL. Fast, but only valid while no section has been deleted
 * or renamed.
 */
struct uci_section *uci_package_known(struct uci_package *package, const char *id);

/* Returns the first section of that id, or NULL. Slow, and always valid. All need an id. */
struct uci_section *uci_package_find(struct uci_package *package, const char *id);

/* Takes a section out of the package. */
void uci_package_delete(struct uci_package *package, struct uci_section *section);

/* Moves a section to where that many others precede it, or to the end. */
void uci_package_reorder(struct uci_package *package, struct uci_section *section, long position);

/* Returns the option of that key, or NULL. */
struct uci_option *uci_section_find(const struct uci_section *section, const char *key);

/* Takes an option out of its section. */
void uci_section_delete(struct uci_section *section, struct uci_option *option);

/* Sets an option to one value; or makes it a list and appends the value. Return 0 or -ENOMEM. */
int uci_section_set(struct uci_package *package, struct uci_section *section, const char *key,
	const char *text);
int uci_section_add(struct uci_package *package, struct uci_section *section, const char *key,
	const char *text);

/* Takes out the values that are text; or the value that `position` others precede. */
void uci_option_remove(struct uci_option *option, const char *text);
void uci_option_remove_at(struct uci_option *option, long position);

/*
 * Whether libuci accepts text as the name of a section or an option; a package; a section's type.
 */
bool uci_is_name(const char *text);
bool uci_is_package(const char *text);
bool uci_is_type(const char *text);

#endif
