/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each option does with its value: for options.c only. */
#ifndef MZ_CONFIG_OPTION_VALUES_H
#define MZ_CONFIG_OPTION_VALUES_H

#include "config/config.h"

/* One value at hand, where it goes, and CONFIG_ERROR bytes for what is wrong with it. */
struct value {
	struct config *config;
	const char *text;
	char *error;
};

/* All return 0, or -EINVAL with value->error set to "'text': expected ...". */
int value_tracked(struct value *value);
int value_followed(struct value *value);
int value_delegated(struct value *value);
int value_local(struct value *value);
int value_allow(struct value *value);
int value_exporter(struct value *value);
int value_port(struct value *value);
int value_interval(struct value *value);
int value_max_hosts(struct value *value);
int value_idle(struct value *value);
int value_listen(struct value *value);
int value_host_name(struct value *value);
int value_textfile(struct value *value);
int value_metrics(struct value *value);
int value_bytes(struct value *value);
int value_unknown(struct value *value);
int value_hook(struct value *value);
int value_dhcp_config(struct value *value);
int value_leases(struct value *value);
int value_ethers(struct value *value);
int value_hosts(struct value *value);
int value_pin(struct value *value);
int value_socket(struct value *value);
int value_json(struct value *value);
int value_syslog(struct value *value);

#endif
