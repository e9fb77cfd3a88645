// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/source.h"

#include "names/ethers.h"
#include "names/hosts.h"
#include "names/leases.h"
#include "names/uci/uci.h"

const struct names_source_kind names_source_kinds[NAMES_SOURCES] = {
	[NAMES_UCI] = {"uci", uci_parse},
	[NAMES_LEASES] = {"leases", leases_parse},
	[NAMES_ETHERS] = {"ethers", ethers_parse},
	[NAMES_HOSTS] = {"hosts", hosts_parse},
};
