/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests whose children are this program, executed anew under another name. */
#ifndef MZ_TEST_ITSELF_H
#define MZ_TEST_ITSELF_H

#include "unit.h"

#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#define ITSELF	      "itself" /* under this name main() returns: */
#define ITSELF_STATUS 42

/* Emulators of single programs may execute something else, or under the old name. */
static inline bool can_execute_itself(void)
{
	char *argv[] = {(char[]){ITSELF}, NULL};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		alarm(60);
		execv("/proc/self/exe", argv);
		_exit(1);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == ITSELF_STATUS;
}

static inline void pass_over(void **state)
{
	(void)state;
	print_message("skipped: this program cannot execute itself under another name here\n");
	skip();
}

static inline void pass_over_all(struct CMUnitTest *tests, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){.name = tests[i].name, .test_func = pass_over};
}

#endif
