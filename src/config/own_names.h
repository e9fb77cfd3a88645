/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names that a request over HTTP may have in its Host header. Against DNS rebinding: a web site
 * can make its own name resolve to this machine's address, so that its page reads the answers
 * through a visitor's browser. The Host header of such a request has the site's name.
 */
#ifndef MZ_CONFIG_OWN_NAMES_H
#define MZ_CONFIG_OWN_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define OWN_NAMES	 8   /* as many may be given by --host-name */
#define OWN_NAMES_LENGTH 253 /* of a host name, without the final dot (RFC 1035, 2.3.4) */

/* Whether text may be a host name: letters, digits, '-', '_', and dots between labels. */
bool own_names_valid(const char *text);

/*
 * Whether the host of a Host header, of length bytes and perhaps with a port, is an IP address,
 * localhost, this machine's host name (alone, with its domain, with .lan, .local or .home.arpa) or
 * one of the given names. The host name is read from the kernel each time: it may change.
 */
bool own_names_has(const char *host, size_t length, const char *const *given, size_t count);

#endif
