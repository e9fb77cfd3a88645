/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The possible CPUs of this machine: present ones and those that may be plugged in later. */
#ifndef MZ_BASE_CPUS_H
#define MZ_BASE_CPUS_H

/*
 * Reads /sys/devices/system/cpu/possible. numbers: one more than the highest CPU number, for arrays
 * that are indexed by it. possible: the number of CPUs, which is also the number of values per
 * element of a per-CPU BPF map. The two differ where CPU numbers have gaps. Returns 0 or -errno.
 */
int cpus_count(unsigned *numbers, unsigned *possible);

/* The same from the text of that file, like "0,2-3\n". Returns 0, or -EINVAL for another text. */
int cpus_parse(const char *text, unsigned *numbers, unsigned *possible);

#endif
