// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To be preloaded: kills the process in the middle of making room in the kernel's tables, or of
 * replacing them by others. The former begins with the first key that is deleted, the latter with
 * the first pin; MZ_FATAL=N has the Nth step from there on not happen.
 */
#include <bpf/bpf.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static long steps;

static void step(void)
{
	const char *fatal = getenv("MZ_FATAL");

	if (++steps == (fatal ? atol(fatal) : -1))
		kill(getpid(), SIGKILL);
}

int bpf_map_delete_elem(int fd, const void *key)
{
	int (*real)(int, const void *) = dlsym(RTLD_NEXT, "bpf_map_delete_elem");

	step();
	return real(fd, key);
}

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	int (*real)(int, const void *, const void *, __u64) =
		dlsym(RTLD_NEXT, "bpf_map_update_elem");

	if (steps)
		step();
	return real(fd, key, value, flags);
}

int bpf_map_create(enum bpf_map_type type, const char *name, __u32 key_size, __u32 value_size,
	__u32 max_entries, const struct bpf_map_create_opts *options)
{
	int (*real)(enum bpf_map_type, const char *, __u32, __u32, __u32,
		const struct bpf_map_create_opts *) = dlsym(RTLD_NEXT, "bpf_map_create");

	if (steps)
		step();
	return real(type, name, key_size, value_size, max_entries, options);
}

int bpf_obj_pin(int fd, const char *path)
{
	int (*real)(int, const char *) = dlsym(RTLD_NEXT, "bpf_obj_pin");

	step();
	return real(fd, path);
}

int unlinkat(int dir, const char *path, int flags)
{
	int (*real)(int, const char *, int) = dlsym(RTLD_NEXT, "unlinkat");

	if (steps)
		step();
	return real(dir, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	int (*real)(const char *, mode_t) = dlsym(RTLD_NEXT, "mkdir");

	if (steps)
		step();
	return real(path, mode);
}

int rmdir(const char *path)
{
	int (*real)(const char *) = dlsym(RTLD_NEXT, "rmdir");

	if (steps)
		step();
	return real(path);
}

int rename(const char *old, const char *new)
{
	int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");

	if (steps)
		step();
	return real(old, new);
}
