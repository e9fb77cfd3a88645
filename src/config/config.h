/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon's command line asks for, checked, and not changed afterwards. */
#ifndef MZ_CONFIG_CONFIG_H
#define MZ_CONFIG_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/prefix.h"
#include "config/own_names.h"
#include "settings.h"

#define CONFIG_PIN    "/sys/fs/bpf/mezoura" /* the default of --pin */
#define CONFIG_SOCKET "/run/mezoura.sock"   /* the default of --socket */

/* The default of --state. */
#ifdef MZ_STATE
#define CONFIG_STATE MZ_STATE
#elif defined(MZ_HISTORY)
#define CONFIG_STATE "/var/lib/mezoura"
#else
#define CONFIG_STATE "-"
#endif

#define CONFIG_STATE_LENGTH 3900 /* of --state, with room for a file's name behind it */

/* The hook of an NTP client touches this file whenever the clock was set (OpenWrt). */
#define CONFIG_NTP_STAMP "/var/run/mezoura.ntp"

#define CONFIG_LISTENS 8
#define CONFIG_SOCKETS (CONFIG_LISTENS + 2) /* these, everywhere, and the Unix socket */
#define CONFIG_TRACKED (MZ_NETS * MZ_PREFIXES)

#define CONFIG_PATHS 8

enum config_hook { CONFIG_HOOK_AUTO, CONFIG_HOOK_TCX, CONFIG_HOOK_CLSACT };

/* -4: one subnet of one interface. */
struct config_tracked {
	struct prefix prefix;
	char ifname[IFNAMSIZ];
};

/* Files of one kind. Those of the usual places, until an option gives one. */
struct config_paths {
	const char *path[CONFIG_PATHS];
	size_t count;
	bool given;
};

/* Strings belong to argv, or are constants. */
struct config {
	struct config_tracked tracked[CONFIG_TRACKED];
	size_t tracked_count;
	char ifnames[MZ_NETS][IFNAMSIZ]; /* all tracked interfaces, each once */
	bool followed[MZ_NETS];		 /* -i: the subnets are those it has, as they change */
	size_t interface_count;
	struct prefix delegated[MZ_PREFIXES]; /* -6: tracked on every interface */
	size_t delegated_count;
	struct prefix local[MZ_LOCALS];
	size_t local_count;
	struct prefix allow[MZ_LOCALS];
	size_t allow_count;
	struct sockaddr_storage listen[CONFIG_LISTENS];
	const char *listen_text[CONFIG_LISTENS]; /* as given */
	size_t listen_count;
	const char *host_names[OWN_NAMES];
	size_t host_names_count;
	bool serve_tcp;
	unsigned port;			     /* host byte order */
	bool port_given;		     /* -p was there */
	unsigned interval;		     /* seconds */
	const char *textfile;		     /* NULL: none */
	bool legacy_metrics, native_metrics; /* the families to print */
	bool show_unknown;		     /* legacy families have hosts without a name, too */
	bool bytes_from_ip;		     /* a byte count begins at the IP header */
	const char *dhcp_config;
	struct config_paths leases, ethers, hosts;
	unsigned max_hosts;
	unsigned idle; /* seconds until a silent address leaves the kernel's table */
	const char *pin;
	const char *socket;	   /* where the daemon serves HTTP for local clients */
	const char *notify_socket; /* of the service manager; NULL: none */
	unsigned passed;	   /* listening sockets of the service manager, from fd 3 on */
	unsigned watchdog_ms;	   /* how often it expects a sign of life; 0: never */
	char **argv;	   /* the command line; the exporter gets it with another first word */
	const char *state; /* the directory of the history; NULL: none is kept */
	char recent[128]; /* that of its last day, in memory: socket without ".sock", with ".recent"
			   */
	unsigned commit;  /* seconds */
	uint64_t state_size;  /* bytes; 0: by what is free */
	unsigned month_start; /* day of the month */
	enum config_hook hook;
	bool syslog;
	bool verbose;
};

#endif
