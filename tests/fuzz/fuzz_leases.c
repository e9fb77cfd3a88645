// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include "names/leases.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_parser(leases_parse, data, size);
	return 0;
}
