/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox of the exporter: it parses what clients send, so it gives up what it does not need.
 */
#ifndef MZ_SERVE_SANDBOX_H
#define MZ_SERVE_SANDBOX_H

/*
 * Afterwards this process can use the descriptors that it has, and nothing else. It has no
 * capability and cannot get one. It can open no file and no socket, start no program and reach no
 * other process. It dumps no core, and cannot be traced. So load what is loaded on first use
 * before.
 *
 * clients: the lowest descriptor that a client's connection can have. The process cannot change
 * those below, the listening sockets among them.
 *
 * Returns 0 or -errno, -EPERM for root: the process must then not go on. Where the kernel lacks
 * Landlock or seccomp, goes on without, and *missing names it, a constant string; else NULL.
 */
int sandbox_enter_to_serve(int clients, const char **missing);

#endif
