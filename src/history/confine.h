/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sandbox of the recorder, which writes files and reads what the exporter asks. */
#ifndef MZ_HISTORY_CONFINE_H
#define MZ_HISTORY_CONFINE_H

/*
 * Afterwards this process can use the descriptors that it has, and read and change files in these
 * two directories. It has no capability and cannot get one, opens no socket, starts no program and
 * reaches no other process. A directory that does not exist now, or that is replaced by another
 * one, stays out of reach.
 *
 * Returns 0 or -errno: the process must then not go on. Where the kernel lacks Landlock or seccomp,
 * goes on without, and *missing names it, a constant string; else NULL.
 */
int confine_recorder(const char *state, const char *recent, const char **missing);

#endif
