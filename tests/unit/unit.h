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

#endif
