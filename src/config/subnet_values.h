/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the daemon's options for subnets, interfaces and ranges of addresses store their values. */
#ifndef MZ_CONFIG_SUBNET_VALUES_H
#define MZ_CONFIG_SUBNET_VALUES_H

#include "config/option_values.h"

/* Each adds to a list of struct config. All return 0, or -EINVAL with value->error set. */
int value_tracked(struct value *value);	  /* -4 */
int value_followed(struct value *value);  /* -i */
int value_delegated(struct value *value); /* -6 */
int value_local(struct value *value);	  /* --local */
int value_allow(struct value *value);	  /* --allow */

#endif
