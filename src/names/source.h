/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where names come from: kinds of files. Of two that know a host, the first in this order wins. */
#ifndef MZ_NAMES_SOURCE_H
#define MZ_NAMES_SOURCE_H

#define NAMES_FILES 8 /* of one source */

enum names_source { NAMES_UCI, NAMES_LEASES, NAMES_ETHERS, NAMES_HOSTS, NAMES_SOURCES };

#endif
