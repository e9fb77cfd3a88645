// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * foreign attach tcx|clsact INTERFACE ingress|egress PIN [PRIORITY]
 *	Hangs somebody else's program there, which counts packets in a map pinned at PIN and says
 *	"next"; with a PRIORITY it says "OK" instead, which ends a chain of clsact filters.
 * foreign detach INTERFACE ingress|egress
 *	Takes all such programs away that hang there by tcx.
 * foreign read PIN
 *	Prints how many it has counted.
 * foreign list INTERFACE
 *	Prints the names of all programs that hang there, a line each.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/bpf.h of 6.6 */
#define TCX_INGRESS 46
#define TCX_EGRESS  47

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

static int load(int map, int verdict)
{
	const struct bpf_insn code[] = {
		/* *(u32 *)(fp - 4) = 0; r0 = lookup(map, fp - 4) */
		{.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 10, .off = -4},
		{.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10},
		{.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -4},
		{.code = BPF_LD | BPF_DW | BPF_IMM,
			.dst_reg = 1,
			.src_reg = BPF_PSEUDO_MAP_FD,
			.imm = map},
		{0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem},
		/* if (r0) lock *(u64 *)r0 += 1 */
		{.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = 0, .off = 2},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = 1},
		{.code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = 0, .src_reg = 1, .imm = BPF_ADD},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = verdict},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "foreign", "GPL", code,
		sizeof(code) / sizeof(*code), NULL);

	if (program < 0)
		err(1, "load");
	return program;
}

static void attach_tcx(int program, unsigned ifindex, int ingress)
{
	/* as struct bpf_attr begins for BPF_PROG_ATTACH */
	struct {
		__u32 ifindex, program, type, flags, more[12];
	} attr = {ifindex, (__u32)program, ingress ? TCX_INGRESS : TCX_EGRESS, 0, {0}};

	if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
		err(1, "attach");
}

static void attach_clsact(int program, unsigned ifindex, int ingress, int priority)
{
	LIBBPF_OPTS(bpf_tc_hook, at, .ifindex = (int)ifindex,
		.attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = program, .priority = (__u32)priority);

	libbpf_set_print(quiet); /* it grumbles where the qdisc exists */
	bpf_tc_hook_create(&at);
	if (bpf_tc_attach(&at, &filter) < 0)
		err(1, "attach");
}

static int attach(int argc, char **argv)
{
	unsigned ifindex = if_nametoindex(argv[3]);
	int ingress = strcmp(argv[4], "ingress") == 0;
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "foreign", 4, 8, 1, NULL);
	int program;

	if (map < 0 || bpf_obj_pin(map, argv[5]) < 0)
		err(1, "%s", argv[5]);
	if (!ifindex)
		err(1, "%s", argv[3]);
	program = load(map, argc > 6 ? 0 : -1); /* TC_ACT_OK, TC_ACT_UNSPEC = TCX_NEXT */
	if (strcmp(argv[2], "tcx") == 0)
		attach_tcx(program, ifindex, ingress);
	else
		attach_clsact(program, ifindex, ingress, argc > 6 ? atoi(argv[6]) : 50);
	return 0;
}

static int read_count(const char *pin)
{
	unsigned long long number = 0;
	__u32 key = 0;
	int map = bpf_obj_get(pin);

	if (map < 0 || bpf_map_lookup_elem(map, &key, &number) < 0)
		err(1, "%s", pin);
	printf("%llu\n", number);
	return 0;
}

static void print_program(__u32 id, const char *where)
{
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
		printf("%s %s\n", where, info.name);
	if (fd >= 0)
		close(fd);
}

static int detach(const char *interface, int ingress)
{
	__u32 ids[64];
	/* as struct bpf_attr begins for BPF_PROG_QUERY, and for BPF_PROG_DETACH */
	struct {
		__u32 ifindex, type, flags, attached;
		__u64 ids;
		__u32 count, more[11];
	} attr = {if_nametoindex(interface), ingress ? TCX_INGRESS : TCX_EGRESS, 0, 0,
		(unsigned long)ids, 64, {0}};

	if (syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) < 0)
		return 0; /* none */
	for (__u32 i = 0; i < attr.count; i++) {
		struct bpf_prog_info info = {0};
		__u32 size = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(ids[i]);
		struct {
			__u32 ifindex, program, type, flags, more[12];
		} gone = {attr.ifindex, (__u32)fd, attr.type, 0, {0}};

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ||
			strcmp(info.name, "foreign") != 0)
			continue;
		if (syscall(SYS_bpf, BPF_PROG_DETACH, &gone, sizeof(gone)) < 0)
			err(1, "detach");
		close(fd);
	}
	return 0;
}

static int list(const char *interface)
{
	static const char *const name[] = {"tcx ingress", "tcx egress"};
	unsigned ifindex = if_nametoindex(interface);

	for (int i = 0; i < 2; i++) {
		__u32 ids[64];
		/* as struct bpf_attr begins for BPF_PROG_QUERY */
		struct {
			__u32 ifindex, type, flags, attached;
			__u64 ids;
			__u32 count, more[11];
		} attr = {ifindex, (__u32)(TCX_INGRESS + i), 0, 0, (unsigned long)ids, 64, {0}};

		if (syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) < 0)
			continue; /* before 6.6, or none */
		for (__u32 p = 0; p < attr.count; p++)
			print_program(ids[p], name[i]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 6 && strcmp(argv[1], "attach") == 0)
		return attach(argc, argv);
	if (argc == 4 && strcmp(argv[1], "detach") == 0)
		return detach(argv[2], strcmp(argv[3], "ingress") == 0);
	if (argc == 3 && strcmp(argv[1], "read") == 0)
		return read_count(argv[2]);
	if (argc == 3 && strcmp(argv[1], "list") == 0)
		return list(argv[2]);
	errx(2, "usage: foreign attach|detach|read|list ...");
}
