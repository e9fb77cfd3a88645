/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How options of any command read and store their values, and helpers for further ones. */
#ifndef MZ_CONFIG_OPTION_VALUES_H
#define MZ_CONFIG_OPTION_VALUES_H

#include "config/command.h"

/* For struct option_row, as set. Behind each, the type of the field. */
int value_flag(struct value *value);   /* bool: true */
int value_number(struct value *value); /* unsigned, from row->least to row->most */
int value_pin(struct value *value);    /* const char *: a directory below a bpf file system */
int value_socket(struct value *value); /* const char *: the path of a Unix socket */

/* Returns the index of the value among the words of row->value, "a|b|c", or -EINVAL with error. */
int value_choose(struct value *value);

/* Both set the error and return -EINVAL. most: how often the option may be given. */
int value_refuse(struct value *value, const char *expected);
int value_refuse_more(struct value *value, unsigned most);

#endif
