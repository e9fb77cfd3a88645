// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mortal PARENT COMMAND [ARGUMENT...]: becomes COMMAND, which the kernel kills when the thread of
 * process PARENT that started it ends. That thread is Python's, which could do as much in a fork of
 * itself: but to copy it for each command of a lab took a sixth of all the lab's time.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	if (argc < 3 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return 126;
	if (getppid() != atoi(argv[1])) /* it ended before that took effect */
		return 126;
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
