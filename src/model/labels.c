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

const char *labels_step(unsigned step)
{
	static const char labels[HISTORY_STEPS][6] = {[HISTORY_5M] = "5m",
		[HISTORY_HOUR] = "hour",
		[HISTORY_DAY] = "day",
		[HISTORY_MONTH] = "month"};

	return labels[step];
}

const char *labels_by(unsigned by)
{
	static const char labels[HISTORY_BYS][6] = {[HISTORY_BY_HOST] = "host",
		[HISTORY_BY_NAME] = "name",
		[HISTORY_BY_TOTAL] = "total"};

	return labels[by];
}

const char *labels_gap(unsigned reason)
{
	static const char labels[HISTORY_GAP_REASONS][8] = {[HISTORY_GAP_OFF] = "off",
		[HISTORY_GAP_DAEMON] = "daemon",
		[HISTORY_GAP_CLOCK] = "clock",
		[HISTORY_GAP_EXPIRED] = "expired"};

	return labels[reason];
}

const char *labels_trouble(unsigned trouble)
{
	static const char labels[HISTORY_TROUBLES][13] = {
		[HISTORY_NO_DIRECTORY] = "no_directory",
		[HISTORY_NOT_WRITABLE] = "not_writable",
		[HISTORY_DISK_FULL] = "disk_full",
		[HISTORY_DISK_ERROR] = "disk_error",
		[HISTORY_IN_USE] = "in_use",
		[HISTORY_NEWER] = "newer",
		[HISTORY_DAMAGED] = "damaged",
		[HISTORY_SHORTENED] = "shortened",
		[HISTORY_NO_RECENT] = "no_recent",
		[HISTORY_CLOCK] = "clock",
		[HISTORY_LOST] = "lost",
		[HISTORY_NO_SQLITE] = "no_sqlite",
		[HISTORY_WAITS] = "waits",
	};

	return labels[trouble];
}
