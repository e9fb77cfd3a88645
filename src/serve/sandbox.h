/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process gives up that reads what strangers send. */
#ifndef MZ_SERVE_SANDBOX_H
#define MZ_SERVE_SANDBOX_H

/*
 * From here on this process can use the descriptors that it has, and nothing else: no capability
 * and none to be had, no file to be opened or reached, no socket, no program, no other process; it
 * dumps no core, and is not traced. What is loaded or read when it is first needed has to be there
 * by now.
 *
 * clients: the first descriptor of a client; those before, of which some are listening sockets,
 * stay as they are.
 *
 * Returns 0 or -errno, -EPERM for root: then it must not go on. Where Landlock or seccomp cannot be
 * had, that part is left out: *missing names it, a constant string, and is NULL where nothing is
 * missing.
 */
int sandbox_enter(int clients, const char **missing);

#endif
