// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/capabilities.h"

#define NOBODY 65534

/* Attaching and maps; CAP_PERFMON has the verifier treat programs as root's; files of names. */
#define KEPT                                                                                       \
	(CAPABILITY(CAP_NET_ADMIN) | CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON) |               \
		CAPABILITY(CAP_DAC_READ_SEARCH))

const char *privileges_missing(void)
{
	const uint64_t change =
		CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) | CAPABILITY(CAP_CHOWN);
	struct capabilities now = {0};

	if (capabilities_get(&now) < 0 || !(now.effective & CAPABILITY(CAP_NET_ADMIN)) ||
		!(now.effective & (CAPABILITY(CAP_BPF) | CAPABILITY(CAP_SYS_ADMIN))))
		return "CAP_BPF and CAP_NET_ADMIN";
	if (geteuid() == 0 && (now.effective & change) != change)
		return "CAP_SETUID, CAP_SETGID and CAP_CHOWN";
	return NULL;
}

void privileges_find(struct privileges *users)
{
	const struct passwd *user;

	*users = (struct privileges){geteuid(), geteuid(), getegid(), getegid()};
	if (geteuid() != 0)
		return;
	user = getpwnam("mezoura");
	if (user) {
		users->keeper_uid = user->pw_uid;
		users->keeper_gid = user->pw_gid;
	}
	user = getpwnam("mezoura-exporter");
	if (!user)
		user = getpwnam("nobody");
	users->exporter_uid = user ? user->pw_uid : NOBODY;
	users->exporter_gid = user ? user->pw_gid : NOBODY;
}

/*
 * Keeps the exporter's ids as the saved ones. So a forked process can become that user without any
 * capability, and no process of root's has to wait until the next exporter is started.
 */
static int become_keeper(const struct privileges *users)
{
	int with_parent = 0;

	/* a change of users resets the signal that the end of the parent sends */
	if (prctl(PR_GET_PDEATHSIG, &with_parent) < 0 || setgroups(0, NULL) < 0 ||
		setresgid(users->keeper_gid, users->keeper_gid, users->exporter_gid) < 0 ||
		prctl(PR_SET_KEEPCAPS, 1) < 0 ||
		setresuid(users->keeper_uid, users->keeper_uid, users->exporter_uid) < 0 ||
		prctl(PR_SET_KEEPCAPS, 0) < 0 || prctl(PR_SET_PDEATHSIG, with_parent) < 0 ||
		prctl(PR_SET_DUMPABLE, 1) < 0) /* as for a service that was never root */
		return -errno;
	return 0;
}

int privileges_drop(const struct privileges *users)
{
	static const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct capabilities all = {0};
	int error = capabilities_get(&all);
	uint64_t kept = KEPT;

	if (error)
		return error;
	/* older kernels have only CAP_SYS_ADMIN, which includes CAP_BPF */
	if (!(all.permitted & CAPABILITY(CAP_BPF)))
		kept |= CAPABILITY(CAP_SYS_ADMIN);
	/* limits maps and programs before Linux 5.11; libbpf cannot raise it later */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (geteuid() == 0) {
		for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
			prctl(PR_CAPBSET_DROP, i);
		error = become_keeper(users);
	}
	if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		error = -errno;
	if (!error)
		error = capabilities_set(all.permitted & kept,
			all.permitted & (kept | CAPABILITY(CAP_DAC_OVERRIDE)));
	return error;
}

int privileges_write_anywhere(bool may)
{
	struct capabilities now = {0};
	int error = capabilities_get(&now);
	uint64_t left;

	if (error)
		return error;
	left = may ? now.permitted : now.permitted & ~CAPABILITY(CAP_DAC_OVERRIDE);
	return capabilities_set(left, left);
}

int privileges_become_exporter(const struct privileges *users)
{
	uid_t uid = users->exporter_uid;
	gid_t gid = users->exporter_gid;

	return setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ? -errno : 0;
}

int privileges_become_recorder(const struct privileges *users)
{
	uid_t uid = users->keeper_uid;
	gid_t gid = users->keeper_gid;

	if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return capabilities_set(0, 0);
}

void privileges_forget_exporter(void)
{
	/* cannot fail: each id is one that the process has */
	int failed = setresgid((gid_t)-1, (gid_t)-1, getegid());

	failed |= setresuid((uid_t)-1, (uid_t)-1, geteuid());
	(void)failed;
}
