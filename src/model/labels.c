// SPDX-License-Identifier: GPL-2.0-or-later
#include "model/labels.h"

const char *labels_direction(unsigned direction)
{
	return direction == MZ_UPLOAD ? "upload" : "download";
}

const char *labels_side(unsigned direction)
{
	return direction == MZ_UPLOAD ? "ingress" : "egress";
}

const char *labels_kind(unsigned kind)
{
	return kind == SNAPSHOT_TCX ? "tcx" : "clsact";
}

const char *labels_reason(unsigned reason)
{
	static const char labels[MZ_REASONS][16] = {[MZ_TABLE_FULL] = "table_full",
		[MZ_INSERT_FAILED] = "insert_failed",
		[MZ_MALFORMED] = "malformed",
		[MZ_FORGOTTEN] = "forgotten",
		[MZ_UNTRACKED] = "untracked"};

	return labels[reason];
}

const char *labels_incomplete(unsigned reason)
{
	static const char labels[SNAPSHOT_REASONS][17] = {
		[SNAPSHOT_HARDWARE_OFFLOAD] = "hardware_offload",
		[SNAPSHOT_HOOK_FAILED] = "hook_failed",
		[SNAPSHOT_XDP] = "xdp",
		[SNAPSHOT_INGRESS_QDISC] = "ingress_qdisc",
		[SNAPSHOT_ADDRESSES] = "addresses",
		[SNAPSHOT_PREFIXES] = "prefixes",
	};

	return labels[reason];
}
