/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUs that this machine may ever have. Their numbers may have gaps. */
#ifndef MZ_BASE_CPUS_H
#define MZ_BASE_CPUS_H

/*
 * numbers: one more than the highest number of a CPU, for tables that are indexed by it. possible:
 * how many there are, each of which has a value in the kernel's per-CPU maps. Returns 0 or -errno.
 */
int cpus_count(unsigned *numbers, unsigned *possible);

/* The same of a list as the kernel writes it: "0,2-3\n". Returns 0, or -EINVAL where it is none. */
int cpus_parse(const char *text, unsigned *numbers, unsigned *possible);

#endif
