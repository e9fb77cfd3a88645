/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_TRUST_H
#define MZ_BASE_TRUST_H

#include <stdbool.h>
#include <sys/types.h>

/* Below it are root and services (SYS_UID_MAX of login.defs(5)), above it people, and nobody. */
#define TRUST_UIDS 1000

/* Whether that is root, this process, or the keeper once it is root no longer. */
bool trust_user(uid_t uid);

/*
 * Whether only these can have put there what is at path; services, where they may have, too.
 * Another user may have where a directory on the way lets everybody make files, as /tmp does. Where
 * nothing is, or nothing can be seen, nobody has.
 */
bool trust_path(const char *path, bool services);

#endif
