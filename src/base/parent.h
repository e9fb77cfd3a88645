/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a child process of the daemon talks to it, and ends with it: the other side of
 * daemon/child.h. The two may be different users, so neither can send the other a signal. A child
 * that ends with status 0 wants to be executed anew.
 */
#ifndef MZ_BASE_PARENT_H
#define MZ_BASE_PARENT_H

#include <stdbool.h>

/*
 * The descriptors that every child is executed with: a socket to the daemon, a pipe whose other end
 * the daemon holds while it runs, and from PARENT_PASSED on what this kind of child needs.
 */
enum { PARENT_CHANNEL = 3, PARENT_LIFE, PARENT_PASSED };

/* The daemon asks for a sign of life by this byte, and the child sends it back. */
#define PARENT_LIVES 'l'

/*
 * Has the kernel kill this process when the daemon has ended, also where this process hangs.
 * Returns 0 or -errno.
 */
int parent_follow_to_the_end(void);

/* Sends one byte. Ends this process where the daemon has ended. */
void parent_send(char byte);

/*
 * The next byte from the daemon; false where there is none yet. Ends this process where the daemon
 * has ended.
 */
bool parent_receive(char *byte);

#endif
