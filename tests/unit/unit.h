/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every unit test includes. Tests run from the top of the tree. */
#ifndef UNIT_H
#define UNIT_H

/* cmocka wants these first, in this order */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Newer cmocka deprecates its own for this. Evaluates value twice. */
#define assert_between(value, least, most)                                                         \
	assert_true((int64_t)(value) >= (int64_t)(least) && (int64_t)(value) <= (int64_t)(most))

/* For alarm(2): longer than any of these programs takes on a busy machine, under an emulator. */
#define HANGS_S 1000

/*
 * How many times to do what is done many times: MOST, or where MZ_ROUNDS=N is set, for an emulator,
 * an Nth of it, at least LEAST.
 */
static inline unsigned rounds(unsigned most, unsigned least)
{
	const char *text = getenv("MZ_ROUNDS");
	unsigned part = text ? (unsigned)strtoul(text, NULL, 10) : 1;

	return part > 0 && most / part > least ? most / part : least;
}

#endif
