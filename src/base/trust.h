/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MZ_BASE_TRUST_H
#define MZ_BASE_TRUST_H

#include <stdbool.h>
#include <sys/types.h>

/* Users below this are root and services (SYS_UID_MAX of login.defs(5)), others are people. */
#define TRUST_UIDS 1000

/*
 * Whether uid is root, this process's user, or user mezoura, which the keeper becomes. Looks that
 * user up once: call it with another user's id before a sandbox that allows no such look.
 */
bool trust_user(uid_t uid);

/*
 * Whether only trusted users can have put the file at path there: those of trust_user(), and users
 * below TRUST_UIDS where services is true. Another user can where a directory of the path is
 * writable for everyone, as /tmp is, and that user owns the next component. Returns true where a
 * component does not exist or cannot be examined, so test for that separately.
 */
bool trust_path(const char *path, bool services);

#endif
