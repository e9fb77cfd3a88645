/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What options of any command do with their values, and what helps to write such functions. */
#ifndef MZ_CONFIG_OPTION_VALUES_H
#define MZ_CONFIG_OPTION_VALUES_H

#include "config/command.h"

/* Each is for struct option_row, as set; the type is that of the field. */
int value_flag(struct value *value);   /* bool: true */
int value_number(struct value *value); /* unsigned, from 1 to row->most */
int value_pin(struct value *value);    /* const char *: a directory below a bpf file system */
int value_socket(struct value *value); /* const char *: the path of a Unix socket */

/* Which of the words in row->value, "a|b|c", it is, from 0. Returns that, or -EINVAL with error. */
int value_choose(struct value *value);

/* Both set the error, and return -EINVAL. most: how many of them there may be. */
int value_refuse(struct value *value, const char *expected);
int value_refuse_more(struct value *value, unsigned most);

#endif
