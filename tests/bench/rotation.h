/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets of many hosts in one test run, which shows the same packet again and again: a program
 * that makes of each packet one of the next host, by the last bytes of its MAC and of its address,
 * and hands it on to the program that is to be measured.
 */
#ifndef ROTATION_H
#define ROTATION_H

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>
#include <stddef.h>

#include "counts.h"

#define ROTATION_VLAN	7
#define ROTATION_STRIDE 7919 /* a prime: to all hosts, and not in the order of their slots */

struct rotation {
	enum mz_direction hook;
	bool v6, tagged; /* tagged: with a VLAN tag beside the packet, as the stack has it */
	unsigned hosts;
	int counter; /* an array's descriptor: the number of the last packet's host */
	int targets; /* a program array's, and which of its programs is next */
	int target;
};

#define STEP(c, d, s, o, i)                                                                        \
	(struct bpf_insn)                                                                          \
	{                                                                                          \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (short)(o), .imm = (int)(i)    \
	}
#define COPY(d, s)    STEP(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define PUT(d, i)     STEP(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define LOAD(d, s, o) STEP(BPF_LDX | BPF_MEM | BPF_W, d, s, o, 0)
#define CALL(i)	      STEP(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_##i)

/* Returns its descriptor, or -errno. */
static inline int rotation_load(const struct rotation *r)
{
	bool up = r->hook == MZ_UPLOAD;
	size_t mac = up ? offsetof(struct ethhdr, h_source) : offsetof(struct ethhdr, h_dest);
	size_t addr4 = up ? offsetof(struct iphdr, saddr) : offsetof(struct iphdr, daddr);
	size_t addr6 = up ? offsetof(struct ipv6hdr, saddr) : offsetof(struct ipv6hdr, daddr);
	size_t addr = ETH_HLEN + (r->v6 ? addr6 + 12 : addr4); /* its last 32 bits */
	/* 192.168.16.0 and on, or 2001:db8:1::1000 and on */
	int first = r->v6 ? 0x1000 : (int)0xc0a81000;
	const struct bpf_insn code[] = {
		COPY(6, 1),
		LOAD(2, 6, offsetof(struct __sk_buff, vlan_present)),
		/* once: the packet keeps its tag for the rest of the test run */
		STEP(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 4, r->tagged ? 0 : 2),
		COPY(1, 6),
		PUT(2, htons(ETH_P_8021Q)),
		PUT(3, ROTATION_VLAN),
		CALL(skb_vlan_push),
		STEP(BPF_LD | BPF_DW | BPF_IMM, 7, BPF_PSEUDO_MAP_VALUE, 0, r->counter),
		STEP(0, 0, 0, 0, 0),
		LOAD(2, 7, 0),
		STEP(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, ROTATION_STRIDE),
		STEP(BPF_ALU64 | BPF_MOD | BPF_K, 2, 0, 0, r->hosts),
		STEP(BPF_STX | BPF_MEM | BPF_W, 7, 2, 0, 0),
		LOAD(3, 6, offsetof(struct __sk_buff, data)),
		LOAD(4, 6, offsetof(struct __sk_buff, data_end)),
		COPY(5, 3),
		STEP(BPF_ALU64 | BPF_ADD | BPF_K, 5, 0, 0, addr + 4),
		STEP(BPF_JMP | BPF_JGT | BPF_X, 5, 4, 9, 0),
		/* as wide as the classifier reads: else it would wait for what was written */
		STEP(BPF_STX | BPF_MEM | BPF_H, 3, 2, mac + 4, 0),
		STEP(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, first),
		STEP(BPF_ALU | BPF_END | BPF_TO_BE, 2, 0, 0, 32),
		STEP(BPF_STX | BPF_MEM | BPF_W, 3, 2, addr, 0),
		COPY(1, 6),
		STEP(BPF_LD | BPF_DW | BPF_IMM, 2, BPF_PSEUDO_MAP_FD, 0, r->targets),
		STEP(0, 0, 0, 0, 0),
		PUT(3, r->target),
		CALL(tail_call),
		PUT(0, -2), /* no such program */
		STEP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "mz_rotation", "GPL", code,
		sizeof(code) / sizeof(*code), NULL);
}

#endif
