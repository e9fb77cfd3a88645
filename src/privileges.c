// SPDX-License-Identifier: GPL-2.0-or-later
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

#define BIT(capability) (UINT64_C(1) << (capability))

/* Hooks and maps; programs, which the verifier treats as root's by CAP_PERFMON; files of names. */
#define KEPT (BIT(CAP_NET_ADMIN) | BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_DAC_READ_SEARCH))

struct capabilities {
	uint64_t effective, permitted;
};

static int get(struct capabilities *capabilities)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	capabilities->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	capabilities->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	return 0;
}

/* None is inheritable, and so none ambient. */
static int set(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{.effective = (__u32)effective, .permitted = (__u32)permitted},
		{.effective = (__u32)(effective >> 32), .permitted = (__u32)(permitted >> 32)}};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

const char *privileges_missing(void)
{
	const uint64_t change = BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_CHOWN);
	struct capabilities now = {0};

	if (get(&now) < 0 || !(now.effective & BIT(CAP_NET_ADMIN)) ||
		!(now.effective & (BIT(CAP_BPF) | BIT(CAP_SYS_ADMIN))))
		return "CAP_BPF and CAP_NET_ADMIN";
	if (geteuid() == 0 && (now.effective & change) != change)
		return "CAP_SETUID, CAP_SETGID and CAP_CHOWN";
	return NULL;
}

void privileges_find(struct privileges *who)
{
	const struct passwd *user;

	*who = (struct privileges){geteuid(), geteuid(), getegid(), getegid()};
	if (geteuid() != 0)
		return;
	user = getpwnam("mezoura");
	if (user) {
		who->keeper_uid = user->pw_uid;
		who->keeper_gid = user->pw_gid;
	}
	user = getpwnam("mezoura-exporter");
	if (!user)
		user = getpwnam("nobody");
	who->exporter_uid = user ? user->pw_uid : NOBODY;
	who->exporter_gid = user ? user->pw_gid : NOBODY;
}

/*
 * The exporter's are kept as the saved ids: what is forked may become that one without any
 * capability, and without a process of root's that would wait for the next exporter's birth.
 */
static int become_keeper(const struct privileges *who)
{
	int with_parent = 0;

	/* that we are to end with our parent is forgotten by a change of users */
	if (prctl(PR_GET_PDEATHSIG, &with_parent) < 0 || setgroups(0, NULL) < 0 ||
		setresgid(who->keeper_gid, who->keeper_gid, who->exporter_gid) < 0 ||
		prctl(PR_SET_KEEPCAPS, 1) < 0 ||
		setresuid(who->keeper_uid, who->keeper_uid, who->exporter_uid) < 0 ||
		prctl(PR_SET_KEEPCAPS, 0) < 0 || prctl(PR_SET_PDEATHSIG, with_parent) < 0 ||
		prctl(PR_SET_DUMPABLE, 1) < 0) /* as a service's that was never root */
		return -errno;
	return 0;
}

int privileges_drop(const struct privileges *who)
{
	static const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct capabilities all = {0};
	int error = get(&all);
	uint64_t kept = KEPT;

	if (error)
		return error;
	if (!(all.permitted & BIT(CAP_BPF))) /* of which it is the older and greater form */
		kept |= BIT(CAP_SYS_ADMIN);
	/* before Linux 5.11, of maps and programs to come; libbpf will not be able to raise it */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	if (geteuid() == 0) {
		for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
			prctl(PR_CAPBSET_DROP, i);
		error = become_keeper(who);
	}
	if (!error && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		error = -errno;
	if (!error)
		error = set(all.permitted & kept, all.permitted & (kept | BIT(CAP_DAC_OVERRIDE)));
	return error;
}

int privileges_write_anywhere(bool may)
{
	struct capabilities now = {0};
	int error = get(&now);
	uint64_t left;

	if (error)
		return error;
	left = may ? now.permitted : now.permitted & ~BIT(CAP_DAC_OVERRIDE);
	return set(left, left);
}

int privileges_none(void)
{
	return set(0, 0);
}

int privileges_become_exporter(const struct privileges *who)
{
	uid_t uid = who->exporter_uid;
	gid_t gid = who->exporter_gid;

	return setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ? -errno : 0;
}

void privileges_forget_exporter(void)
{
	/* everybody may keep what they have */
	int failed = setresgid((gid_t)-1, (gid_t)-1, getegid());

	failed |= setresuid((uid_t)-1, (uid_t)-1, geteuid());
	(void)failed;
}
