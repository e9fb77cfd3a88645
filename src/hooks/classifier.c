// SPDX-License-Identifier: GPL-2.0-or-later
#include "hooks/classifier.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/gzip.h"
#include "base/log.h"

/* The compressed object file of bpf/mezoura.bpf.c, embedded in this program. The symbols are global
 * for the assembler, too: on MIPS, it and the compiler have to agree on how to address them. */
__asm__(".pushsection .rodata\n"
	".globl classifier_object, classifier_object_end\n"
	".hidden classifier_object, classifier_object_end\n"
	"classifier_object:\n"
	".incbin \"" MZ_CLASSIFIER "\"\n"
	"classifier_object_end:\n"
	".popsection\n");
extern const unsigned char classifier_object[] __attribute__((visibility("hidden")));
extern const unsigned char classifier_object_end[] __attribute__((visibility("hidden")));

/*
 * Whether this is a kernel for real time. There, since Linux 6.18, a hook may be preempted by the
 * hook of another packet on the same CPU.
 */
static bool kernel_preempts(void)
{
	struct utsname name;

	return uname(&name) == 0 && strstr(name.version, "PREEMPT_RT");
}

static int set_maps(
	struct bpf_object *object, const struct maps *maps, const struct mz_settings *settings)
{
	struct mz_settings complete = *settings;
	struct bpf_map *map;
	int error;

	for (size_t i = 0; i < MAPS_NAMES; i++) {
		map = bpf_object__find_map_by_name(object, maps_names[i]);
		/* the classifier does not use all maps */
		error = map ? bpf_map__reuse_fd(map, maps->fd[i]) : 0;
		if (error)
			return error;
	}
	complete.slot_count = 2 * maps->family_slots;
	complete.index_mask = maps->index_entries - 1;
	complete.preempted |= kernel_preempts();
	log_debug("loading a classifier: interface number %u, place %u, depth %u, mark %#x, "
		  "prefixes %u+%u, own addresses %u+%u, others' prefixes %u+%u, local ranges "
		  "%u+%u, MACs %u, VLANs %u, from IP header %u",
		complete.net, complete.place, complete.depth, complete.mark, complete.prefix4_count,
		complete.prefix6_count, complete.own4_count, complete.own6_count,
		complete.other4_count, complete.other6_count, complete.local4_count,
		complete.local6_count, complete.mac_count, complete.vlan_count, complete.from_ip);
	map = bpf_object__find_map_by_name(object, ".rodata");
	/* libbpf checks that the sizes are equal */
	return map ? bpf_map__set_initial_value(map, &complete, sizeof(complete)) : -ENOENT;
}

static int keep_program(const struct bpf_object *object, const char *name, int *fd)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	/* closing the object closes its own descriptors */
	*fd = program ? fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 3) : -1;
	return *fd < 0 ? -errno : 0;
}

static int load(struct bpf_object *object, const struct maps *maps,
	const struct mz_settings *settings, int programs[MZ_DIRECTIONS])
{
	int error = set_maps(object, maps, settings);

	if (!error)
		error = bpf_object__load(object);
	if (!error)
		error = keep_program(object, "mz_ingress", &programs[MZ_UPLOAD]);
	if (!error)
		error = keep_program(object, "mz_egress", &programs[MZ_DOWNLOAD]);
	if (error && programs[MZ_UPLOAD] >= 0)
		close(programs[MZ_UPLOAD]);
	return error;
}

int classifier_load(
	const struct maps *maps, const struct mz_settings *settings, int programs[MZ_DIRECTIONS])
{
	struct bpf_object *object;
	size_t size;
	/* for each load: it takes a tenth of a millisecond, and no memory between loads */
	void *unpacked = gzip_unpack(
		classifier_object, (size_t)(classifier_object_end - classifier_object), &size);
	int error;

	programs[MZ_UPLOAD] = programs[MZ_DOWNLOAD] = -1;
	if (!unpacked)
		return -ENOMEM;
	libbpf_set_print(NULL); /* the caller logs what failed, in one line */
	object = bpf_object__open_mem(unpacked, size, NULL);
	error = object ? load(object, maps, settings, programs) : -errno;
	bpf_object__close(object);
	munmap(unpacked, size);
	return error;
}
