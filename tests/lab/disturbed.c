// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To be preloaded: of the kernel's answers over netlink that begin with a message of type MZ_TYPE,
 * the first MZ_TIMES fail with the error number MZ_ERROR.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>

typedef int callback(const struct nlmsghdr *message, void *context);

int mnl_cb_run(const void *data, size_t length, unsigned sequence, unsigned port, callback *each,
	void *context)
{
	int (*real)(const void *, size_t, unsigned, unsigned, callback *, void *) =
		dlsym(RTLD_NEXT, "mnl_cb_run");
	const char *type = getenv("MZ_TYPE"), *times = getenv("MZ_TIMES"),
		   *error = getenv("MZ_ERROR");
	const struct nlmsghdr *first = data;
	static int failed;

	if (!type || !times || !error || first->nlmsg_type != atoi(type) || failed == atoi(times))
		return real(data, length, sequence, port, each, context);
	failed++;
	errno = atoi(error);
	return -1;
}
