// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/capabilities.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int capabilities_get(struct capabilities *capabilities)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	capabilities->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	capabilities->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	return 0;
}

int capabilities_set(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{.effective = (__u32)effective, .permitted = (__u32)permitted},
		{.effective = (__u32)(effective >> 32), .permitted = (__u32)(permitted >> 32)}};

	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}
