// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/uci/libuci.h"

#include <errno.h>

#ifndef MZ_LIBUCI

int libuci_read(const char *path, const char *changes, struct name_table *table)
{
	(void)path;
	(void)changes;
	(void)table;
	return -ENOSYS;
}

#else

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <uci.h>
#include <unistd.h>

#include "names/uci/uci_names.h"

/* libuci waits for a lock without a limit, so look first. A lock that comes afterwards is short. */
static bool is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return locked;
}

/* The directory of a path, for free(). */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* Without changes, loads the file by its path: libuci then looks for no changes. */
static int load(struct uci_context *context, const char *path, const char *changes,
	struct uci_package **package)
{
	char *directory = directory_of(path), *saved = changes ? directory_of(changes) : NULL;
	int error = UCI_ERR_MEM;

	if (directory && (saved || !changes))
		error = UCI_OK;
	if (!error && changes)
		error = uci_set_confdir(context, directory);
	if (!error && changes)
		error = uci_set_savedir(context, saved);
	if (!error)
		error = uci_load(context, changes ? strrchr(path, '/') + 1 : path, package);
	free(directory);
	free(saved);
	return error;
}

/* The option's value, or its first one that is not empty. NULL: none. */
static const char *first_value(const struct uci_option *option)
{
	struct uci_element *item;

	if (option->type == UCI_TYPE_STRING)
		return *option->v.string ? option->v.string : NULL;
	uci_foreach_element(&option->v.list, item)
	{
		if (*item->name)
			return item->name;
	}
	return NULL;
}

static int add_macs(
	const struct uci_option *option, const struct uci_names *section, struct name_table *table)
{
	struct uci_element *item;
	int error = 0;

	if (option->type == UCI_TYPE_STRING)
		return uci_names_add_macs(table, section, option->v.string);
	uci_foreach_element(&option->v.list, item)
	{
		error = error ? error : uci_names_add_macs(table, section, item->name);
	}
	return error;
}

static int add_section(const struct uci_section *section, struct name_table *table, int pass)
{
	const struct uci_option *macs = NULL;
	struct uci_names names = {.type = section->type};
	struct uci_element *element;
	int error = 0;

	uci_foreach_element(&section->options, element)
	{
		const char **field = uci_names_field(&names, element->name);

		if (field && !*field)
			*field = first_value(uci_to_option(element));
		if (!macs && strcmp(element->name, "mac") == 0)
			macs = uci_to_option(element);
	}
	if (macs && pass == 0)
		error = add_macs(macs, &names, table);
	return error ? error : uci_names_add(table, &names, pass);
}

int libuci_read(const char *path, const char *changes, struct name_table *table)
{
	struct uci_context *context;
	struct uci_package *package = NULL;
	struct uci_element *element;
	int error;

	if (path[0] != '/' || strchr(strrchr(path, '/'), '.'))
		return -ENOSYS; /* a relative path, or not the name of a package */
	if (is_locked(path) || (changes && is_locked(changes)))
		return -EAGAIN;
	context = uci_alloc_context();
	if (!context)
		return -ENOMEM;
	error = load(context, path, changes, &package);
	if (error || !package) {
		uci_free_context(context);
		if (error == UCI_ERR_MEM)
			return -ENOMEM;
		return error == UCI_ERR_PARSE || error == UCI_ERR_DUPLICATE ? -EINVAL : -ENOSYS;
	}
	for (int pass = 0; pass < UCI_NAMES_PASSES; pass++) {
		uci_foreach_element(&package->sections, element)
		{
			error = error ? error : add_section(uci_to_section(element), table, pass);
		}
	}
	uci_free_context(context);
	return error;
}

#endif
