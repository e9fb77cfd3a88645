// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/history_failure.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "history/care.h"

void history_log_failure(const char *state, int error)
{
	switch (error) {
	case -ENOENT:
		log_error("%s: there is no history: a daemon makes it", state);
		break;
	case -ENOSYS:
		log_error("SQLite is not here: please install its library, libsqlite3.so.0");
		break;
	case -EBUSY:
		log_error("%s: the daemon writes to it: please try again", state);
		break;
	case -EMEDIUMTYPE:
		log_error("%s: a newer version of mezoura wrote it", state);
		break;
	case -EUCLEAN:
		log_error("%s/" STORE_FILE ": damaged, or no history: see mezoura history check",
			state);
		break;
	case -EACCES:
	case -EPERM:
		log_error("%s: %s: try sudo", state, strerror(-error));
		break;
	default:
		log_error("%s: %s", state, strerror(-error));
		break;
	}
}
