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

#define VERIFIER_LOG (1u << 20) /* bytes; of a longer log, old kernels keep the beginning only */

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

/* Lines of a verifier's log that say nothing about why: they end every log. */
static bool is_statistics(const char *line)
{
	return strncmp(line, "processed ", 10) == 0 ||
	       strncmp(line, "verification time ", 18) == 0 ||
	       strncmp(line, "stack depth ", 12) == 0;
}

/* Logs the last two lines, which say why the kernel refuses it, and with --verbose all of them. */
static void report_refusal(char *text)
{
	static struct log_limit refusal; /* the daemon tries again and again */
	const char *why[2] = {"", ""};
	char *rest;

	if (!*text || !log_due(&refusal))
		return;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		log_debug("verifier: %s", line);
		if (!is_statistics(line)) {
			why[0] = why[1];
			why[1] = line;
		}
	}
	log_error("the kernel's verifier refuses the classifier: %s%s%s", why[0],
		*why[0] ? "; " : "", why[1]);
}

/* As classifier_load(), of the unpacked object file. log: VERIFIER_LOG zero bytes, or NULL. */
static int load_object(const void *file, size_t size, char *log, const struct maps *maps,
	const struct mz_settings *settings, int programs[MZ_DIRECTIONS])
{
	/* At level 0, libbpf asks for a log when the kernel has refused the program without one */
	LIBBPF_OPTS(bpf_object_open_opts, options, .kernel_log_buf = log,
		.kernel_log_size = log ? VERIFIER_LOG : 0, .kernel_log_level = 0);
	struct bpf_object *object = bpf_object__open_mem(file, size, &options);
	int error = object ? load(object, maps, settings, programs) : -errno;

	bpf_object__close(object);
	if (error && log)
		report_refusal(log);
	/* a log that is too long for the buffer takes the place of the verifier's own error */
	return error == -ENOSPC ? -EINVAL : error;
}

int classifier_load(
	const struct maps *maps, const struct mz_settings *settings, int programs[MZ_DIRECTIONS])
{
	size_t size;
	/* for each load: it takes a tenth of a millisecond, and no memory between loads */
	void *unpacked = gzip_unpack(
		classifier_object, (size_t)(classifier_object_end - classifier_object), &size);
	/* of which pages that are not written take no memory */
	char *log = mmap(
		NULL, VERIFIER_LOG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int error = -ENOMEM;

	if (log == MAP_FAILED) /* rather no reason in the log than no classifier */
		log = NULL;
	programs[MZ_UPLOAD] = programs[MZ_DOWNLOAD] = -1;
	libbpf_set_print(NULL); /* the caller says what failed, in one line */
	if (unpacked)
		error = load_object(unpacked, size, log, maps, settings, programs);
	if (unpacked)
		munmap(unpacked, size);
	if (log)
		munmap(log, VERIFIER_LOG);
	return error;
}
