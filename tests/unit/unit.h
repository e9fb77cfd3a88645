/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every unit test includes. Tests run from the top of the tree. */
#ifndef UNIT_H
#define UNIT_H

/* cmocka wants these first, in this order */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Newer cmocka deprecates its own for this. Evaluates value twice. */
#define assert_between(value, least, most)                                                         \
	assert_true((int64_t)(value) >= (int64_t)(least) && (int64_t)(value) <= (int64_t)(most))

#endif
