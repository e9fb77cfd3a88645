// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/open_files.h"

#include <errno.h>
#include <sys/resource.h>

#include "base/log.h"

int open_files_check(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= OPEN_FILES)
		return 0;
	files.rlim_cur = files.rlim_max < OPEN_FILES ? files.rlim_max : OPEN_FILES;
	if (setrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur == OPEN_FILES)
		return 0;
	if (files.rlim_cur < OPEN_FILES_LEAST) {
		log_error("RLIMIT_NOFILE (ulimit -n) is %llu: expected at least %d open files",
			(unsigned long long)files.rlim_cur, OPEN_FILES);
		return -EMFILE;
	}
	log_warn("RLIMIT_NOFILE (ulimit -n) is %llu, less than %d: HTTP clients are turned away "
		 "when that is too few",
		(unsigned long long)files.rlim_cur, OPEN_FILES);
	return 0;
}
