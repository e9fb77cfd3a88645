/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The waist: all that outputs may know. Filled once for each pull, not changed afterwards, without
 * pointers, so that it can be copied or shared as it is.
 */
#ifndef MZ_MODEL_SNAPSHOT_H
#define MZ_MODEL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counts.h"

/* One address of a host. 64 bytes, so that ten thousand of them walk fast. */
struct snapshot_address {
	struct mz_counts counts;
	uint8_t addr[16]; /* network byte order; IPv4 uses the first four */
	uint8_t mac[6];	  /* all zero: a device without link layer */
	uint8_t family;	  /* AF_INET or AF_INET6 */
	uint8_t net;	  /* index into nets */
	uint32_t name;	  /* for snapshot_text(); 0 where nobody knows a name */
	uint32_t pad;
};

/* The sum of a host's addresses of one family on one interface. */
struct snapshot_host {
	struct mz_counts counts;
	uint8_t addr[16]; /* where there is no MAC: the host's one address; else zero */
	uint8_t mac[6];
	uint8_t family;
	uint8_t net;
	uint32_t name;
	uint32_t address_count; /* how many were added up */
};

_Static_assert(sizeof(struct snapshot_address) == 64, "one cache line");
_Static_assert(sizeof(struct snapshot_host) == 64, "one cache line");

enum snapshot_hook_kind { SNAPSHOT_TCX, SNAPSHOT_CLSACT };

/* A place in the kernel where a classifier is attached. */
struct snapshot_hook {
	char device[16];
	uint8_t direction; /* enum mz_direction of what passes: ingress is MZ_UPLOAD */
	uint8_t kind;	   /* enum snapshot_hook_kind */
	uint8_t net;	   /* index into nets: the first tracked interface that it counts for */
	uint32_t age_s;	   /* for how long it has been there, as far as this daemon knows */
};

struct snapshot_prefix {
	uint8_t addr[16]; /* network byte order; IPv4 uses the first four */
	uint8_t family;	  /* AF_INET or AF_INET6 */
	uint8_t length;
};

/* A tracked interface, with the prefixes in force. */
struct snapshot_interface {
	uint8_t net; /* index into nets */
	bool present;
	bool hooked;   /* packets are counted there, in both directions */
	bool followed; /* the prefixes are its own subnets, as they change */
	uint8_t prefix_count;
	struct snapshot_prefix prefix[2 * MZ_PREFIXES];
};

/* Why counts are wrong, most of them too low: bits of struct snapshot's incomplete. */
enum snapshot_incomplete {
	SNAPSHOT_HARDWARE_OFFLOAD, /* a flowtable hands flows to hardware */
	SNAPSHOT_HOOK_FAILED,	   /* a device on the way could not be hooked */
	SNAPSHOT_XDP,		   /* an XDP program may forward packets before they are seen */
	SNAPSHOT_INGRESS_QDISC,	   /* somebody's ingress qdisc leaves downloads no hook */
	SNAPSHOT_ADDRESSES, /* too high: not all addresses of the router are known to be its */
	SNAPSHOT_PREFIXES,  /* an interface has more prefixes than there is room for */
	SNAPSHOT_REASONS
};

#define SNAPSHOT_HOOKS	 256
#define SNAPSHOT_SOURCES 8

/* A source of names and of how many MACs and addresses it knows one. */
struct snapshot_source {
	char name[12];
	uint32_t name_count;
};

/* What a process uses of the machine. */
struct snapshot_process {
	uint64_t cpu_us;	 /* user and system */
	uint64_t resident_bytes; /* 0: not known */
	uint64_t started_ms;	 /* since 1970 */
};

struct snapshot {
	uint64_t taken_ms; /* since 1970 */
	uint64_t number;   /* counts the snapshots since the daemon started */
	uint32_t address_count, host_count, hook_count, source_count, interface_count;
	uint32_t incomplete;		  /* 1 << enum snapshot_incomplete, where it is so */
	uint32_t entries[2], capacity[2]; /* of the kernel tables: IPv4, IPv6 */
	uint32_t retired_count;		  /* rows of what is in the kernel's tables no more */
	uint32_t pull_us;		  /* how long the last pull took */
	uint64_t uptime_s;		  /* of the daemon */
	uint64_t kernel_bytes;		  /* that the kernel's tables take */
	uint64_t hooks_restored;	  /* times that a hook was found gone and put back */
	uint64_t missed_packets; /* that devices moved meanwhile: at most these were not counted */
	uint64_t exporter_restarts;
	struct snapshot_process keeper; /* who made this */
	struct mz_volume unattributed[MZ_DIRECTIONS][MZ_REASONS];
	struct mz_net nets[MZ_NETS];
	struct snapshot_interface interface[MZ_NETS];
	struct snapshot_hook hook[SNAPSHOT_HOOKS];
	struct snapshot_source source[SNAPSHOT_SOURCES];
	/* Where in data what starts. Addresses and hosts are sorted by MAC, family and address. */
	uint32_t hosts_at, text_at, text_length;
	uint32_t names_version, rows_version; /* of what the names were found for */
	_Alignas(8) unsigned char data[];
};

/* How many bytes of it there are to copy. */
static inline size_t snapshot_bytes(const struct snapshot *s)
{
	return sizeof(*s) + s->text_at + s->text_length;
}

static inline const struct snapshot_address *snapshot_addresses(const struct snapshot *s)
{
	return (const struct snapshot_address *)s->data;
}

static inline const struct snapshot_host *snapshot_hosts(const struct snapshot *s)
{
	return (const struct snapshot_host *)(s->data + s->hosts_at);
}

/* A name of an address or a host, NUL-terminated; "" for 0. */
static inline const char *snapshot_text(const struct snapshot *s, uint32_t name)
{
	return (const char *)s->data + s->text_at + name;
}

/* Which source a name is from: an index into source. The byte before the name tells. name: not 0.
 */
static inline uint8_t snapshot_text_source(const struct snapshot *s, uint32_t name)
{
	return s->data[s->text_at + name - 1];
}

#endif
