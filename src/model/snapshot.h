/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that outputs may know. The daemon fills one snapshot per pull and does not change it
 * afterwards. It has no pointers, so it can be copied, or shared between processes, as it is.
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
	uint32_t name;	  /* for snapshot_text(); 0: no source knows a name */
	uint32_t pad;
};

/* The sum of a host's addresses of one family on one interface, retired ones included. */
struct snapshot_host {
	struct mz_counts counts;
	uint8_t addr[16]; /* where there is no MAC: the host's one address; else zero */
	uint8_t mac[6];
	uint8_t family;
	uint8_t net;
	uint32_t name;
	uint32_t address_count; /* of its addresses, without retired ones */
};

_Static_assert(sizeof(struct snapshot_address) == 64, "one cache line");
_Static_assert(sizeof(struct snapshot_host) == 64, "one cache line");

enum snapshot_hook_kind { SNAPSHOT_TCX, SNAPSHOT_CLSACT };

/* A place in the kernel where a classifier is attached. */
struct snapshot_hook {
	char device[16];
	uint8_t direction; /* enum mz_direction: the ingress hook sees MZ_UPLOAD */
	uint8_t kind;	   /* enum snapshot_hook_kind */
	uint8_t net;	   /* index into nets: the first tracked interface that it counts for */
	uint32_t age_s;	   /* seconds since this daemon attached it or found it attached */
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
	bool hooked;   /* its packets are counted in both directions */
	bool followed; /* -i: the prefixes are its own subnets, and change with them */
	uint8_t prefix_count;
	struct snapshot_prefix prefix[2 * MZ_PREFIXES];
};

/* Why counts may be wrong, too low unless noted: bits of struct snapshot's incomplete. */
enum snapshot_incomplete {
	SNAPSHOT_HARDWARE_OFFLOAD, /* a flowtable passes flows to hardware */
	SNAPSHOT_HOOK_FAILED,	   /* the hook of a device could not be attached */
	SNAPSHOT_XDP,		   /* an XDP program may forward packets before the hook */
	SNAPSHOT_INGRESS_QDISC,	   /* a foreign ingress qdisc leaves no room for a clsact qdisc */
	SNAPSHOT_ADDRESSES,	   /* too high: the router has more addresses than fit */
	SNAPSHOT_PREFIXES,	   /* an interface has more prefixes than fit */
	SNAPSHOT_REASONS
};

#define SNAPSHOT_HOOKS	 256
#define SNAPSHOT_SOURCES 8

/* A source of names, and of how many hosts it knows one: names_count(). */
struct snapshot_source {
	char name[12];
	uint32_t name_count;
};

/* What a process uses of the machine. */
struct snapshot_process {
	uint64_t cpu_us;	 /* user and system time */
	uint64_t resident_bytes; /* 0: not known */
	uint64_t started_ms;	 /* since 1970 */
};

struct snapshot {
	uint64_t taken_ms; /* since 1970 */
	uint64_t number;   /* of the snapshot, since the daemon started: from 1 */
	uint64_t tables; /* identity of the kernel's tables: another one where counts began anew */
	uint64_t tables_since_s; /* when these counts began, in seconds since boot; 0: not known */
	bool whole; /* false: counts of other tables are still to be taken over into these */
	uint32_t address_count, host_count, hook_count, source_count, interface_count;
	uint32_t incomplete;		  /* bits 1 << enum snapshot_incomplete */
	uint32_t entries[2], capacity[2]; /* of the kernel's tables: IPv4, IPv6 */
	uint32_t retired_count;		  /* rows that are no longer in the kernel's tables */
	uint32_t pull_us;		  /* how long the last pull took */
	uint64_t uptime_s;		  /* of the daemon */
	uint64_t kernel_bytes;		  /* memory of the kernel's tables */
	uint64_t hooks_restored;	  /* times that the daemon put a missing hook back */
	uint64_t missed_packets;	  /* that devices moved without a hook: an upper bound */
	uint64_t exporter_restarts, recorder_restarts;
	struct snapshot_process keeper; /* the process that made this snapshot */
	struct mz_volume unattributed[MZ_DIRECTIONS][MZ_REASONS];
	struct mz_net nets[MZ_NETS];
	struct snapshot_interface interface[MZ_NETS];
	struct snapshot_hook hook[SNAPSHOT_HOOKS];
	struct snapshot_source source[SNAPSHOT_SOURCES];
	/*
	 * data begins with the addresses; hosts begin at hosts_at, texts at text_at. Addresses and
	 * hosts are sorted by MAC, family and address.
	 */
	uint32_t hosts_at, text_at, text_length;
	uint32_t names_version, rows_version; /* of the names, and of the tally's rows, in data */
	_Alignas(8) unsigned char data[];
};

/* The size of the whole snapshot in bytes. */
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

/* The name of an address or a host (its field name), NUL-terminated; "" for 0. */
static inline const char *snapshot_text(const struct snapshot *s, uint32_t name)
{
	return (const char *)s->data + s->text_at + name;
}

/* The source of a name, an index into source: the byte before the name. name: not 0. */
static inline uint8_t snapshot_text_source(const struct snapshot *s, uint32_t name)
{
	return s->data[s->text_at + name - 1];
}

#endif
