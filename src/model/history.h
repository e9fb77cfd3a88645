/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that outputs may know of the history: what the exporter asks the recorder, and what the
 * recorder answers and reports. The messages go over a socket pair (SOCK_SEQPACKET) in the
 * machine's byte order. None has pointers, and each has a length that its head tells, so a receiver
 * checks it before it reads anything else.
 */
#ifndef MZ_MODEL_HISTORY_H
#define MZ_MODEL_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "counts.h"

#define HISTORY_NAME 256   /* bytes of a host's name, with the NUL */
#define HISTORY_ROWS 10000 /* of one answer over HTTP */
#define HISTORY_MESSAGE                                                                            \
	(32 << 10)	  /* bytes of the longest message: unlike longer ones, always sent */
#define HISTORY_GAPS 1000 /* of one answer over HTTP */

/* Whose traffic a row is: a host as in snapshots, or what could not be attributed. */
struct history_key {
	char interface[16]; /* padded by NULs; empty for what is not attributed */
	uint8_t addr[16];   /* network byte order; zero where there is a MAC */
	uint8_t mac[6];
	uint8_t family; /* AF_INET, AF_INET6; 0 for what is not attributed, and for sums */
	uint8_t reason; /* 0: a host; else 1 + enum mz_reason, or HISTORY_FORGOTTEN_HOSTS */
};

/* The traffic of hosts that "mezoura history forget" removed: it stays in all totals. */
#define HISTORY_FORGOTTEN_HOSTS 255

_Static_assert(sizeof(struct history_key) == 40, "no padding: it is compared and hashed as bytes");

struct history_host {
	struct history_key key;
	char name[HISTORY_NAME]; /* the last known one; "": none */
	char source[12];	 /* of the name */
};

enum history_step { HISTORY_5M, HISTORY_HOUR, HISTORY_DAY, HISTORY_MONTH, HISTORY_STEPS };
enum history_by { HISTORY_BY_HOST, HISTORY_BY_NAME, HISTORY_BY_TOTAL, HISTORY_BYS };

/* How a question names a time. A date is a local one, which only the recorder can convert. */
enum history_when { HISTORY_ALWAYS, HISTORY_INSTANT, HISTORY_DATE };

struct history_time {
	int64_t value; /* seconds, or days, since 1970 */
	int64_t kind;  /* enum history_when; HISTORY_ALWAYS: not given */
};

/* Which hosts a question is about. */
enum history_who { HISTORY_EVERYBODY, HISTORY_MAC, HISTORY_ADDRESS, HISTORY_NAMED };

/* What is asked: HISTORY_ASK begins a question, HISTORY_MORE goes on with it. */
enum history_kind { HISTORY_ASK = 1, HISTORY_MORE, HISTORY_ANSWER, HISTORY_REPORT };

#define HISTORY_STEP_BEGINS 1 /* lower than any row's rank */

struct history_question {
	uint32_t size;	 /* of this struct */
	uint32_t kind;	 /* HISTORY_ASK or HISTORY_MORE: then only number matters */
	uint64_t number; /* chosen by the exporter, which the answer repeats */
	uint8_t step, by, who, month_start; /* 1 to 28 */
	uint8_t family;			    /* of addr */
	uint8_t mac[6];
	uint8_t pad[5];
	uint8_t addr[16];
	char name[HISTORY_NAME];
	struct history_time from, to;
	/* Go on where an earlier answer ended; after_row 0: from the beginning. */
	int64_t after_start; /* in this step */
	uint64_t after_row;  /* behind this rank of its rows; HISTORY_STEP_BEGINS: with the first */
};

struct history_row {
	int64_t start, end;		  /* seconds since 1970 */
	int32_t start_offset, end_offset; /* of local time then, in seconds east of UTC */
	uint32_t host;	    /* index into the hosts of this message; by total: unused */
	uint32_t estimated; /* 1: some of it has an uncertain time: the clock was not set, or nobody
			       looked */
	struct mz_counts counts;
};

/* Why a part of the range has no rows, or rows of which only the sum is known. */
enum history_gap_reason {
	HISTORY_GAP_OFF,     /* the machine was off, or counts were taken out of the kernel */
	HISTORY_GAP_DAEMON,  /* no daemon ran: what was counted is spread evenly */
	HISTORY_GAP_CLOCK,   /* the clock is not known to be right: the times may still move */
	HISTORY_GAP_EXPIRED, /* the history does not reach back so far in this step */
	HISTORY_GAP_REASONS
};

struct history_gap {
	int64_t start, end; /* seconds since 1970 */
	int32_t start_offset, end_offset;
	uint32_t reason;
	uint32_t pad;
};

/*
 * An answer is one or more messages. Behind the head: rows, then hosts; or gaps, which come in a
 * message of their own. Rows are in order of start. By name, hosts of one name have one row, whose
 * host has that name and a key of zeros.
 */
struct history_answer {
	uint32_t size; /* of the whole message */
	uint32_t kind; /* HISTORY_ANSWER */
	uint64_t number;
	int32_t error; /* 0 or -errno; then there is nothing behind the head */
	uint32_t row_count, host_count, gap_count;
	uint32_t more;	    /* HISTORY_MORE brings more; the gaps are the last message */
	uint32_t unsettled; /* 1: the clock is not known to be right yet */
	int64_t from, to;   /* the range, as it was understood; seconds since 1970 */
	int32_t from_offset, to_offset;
	char zone[64];
	/* where another question goes on: its after_start and after_row; next_row 0: no more rows
	 */
	int64_t next_start;
	uint64_t next_row;
};

/* What is wrong with the history: a bit each in struct history_report. */
enum history_trouble {
	HISTORY_NO_DIRECTORY, /* --state does not exist */
	HISTORY_NOT_WRITABLE, /* no permission, or a read-only file system */
	HISTORY_DISK_FULL,
	HISTORY_DISK_ERROR,
	HISTORY_IN_USE,	   /* another mezoura holds the lock of --state */
	HISTORY_NEWER,	   /* the database is of a newer version */
	HISTORY_DAMAGED,   /* a damaged database was put aside */
	HISTORY_SHORTENED, /* old rows were removed for --state-size */
	HISTORY_NO_RECENT, /* no memory-backed directory: five-minute steps do not survive a restart
			    */
	HISTORY_CLOCK,	   /* the clock is not known to be right */
	HISTORY_LOST,	   /* counts that cannot be in the history, see lost */
	HISTORY_NO_SQLITE,
	HISTORY_WAITS, /* counts of another version are not taken over yet */
	HISTORY_TROUBLES
};

/* Sent about once per pull, whether or not anybody asks. */
struct history_report {
	uint32_t size;
	uint32_t kind;	  /* HISTORY_REPORT */
	uint32_t trouble; /* bits 1 << enum history_trouble */
	uint32_t pad;
	uint64_t bytes;		    /* of the database */
	uint64_t bytes_limit;	    /* --state-size */
	uint64_t recent_bytes;	    /* of the five-minute steps, in memory */
	uint64_t written_today;	    /* bytes, to the database's file system, since local midnight */
	uint64_t written;	    /* the same since the recorder started */
	uint64_t commits, failures; /* since the recorder started */
	int64_t committed;	    /* when last, seconds since 1970; 0: not yet */
	int64_t reach[HISTORY_STEPS]; /* the start of the first row; 0: none. Months: as days */
	uint64_t rows[HISTORY_STEPS];
	uint64_t lost_bytes; /* see HISTORY_LOST */
	uint64_t hosts;
	uint64_t cpu_us, resident_bytes, started_ms; /* as struct snapshot_process */
	char zone[64];
};

/* What outputs tell of the history. */
struct history_state {
	bool answers;	      /* the last report is recent */
	uint64_t reported_ms; /* when it came, since 1970; 0: none came so far */
	struct history_report report;
};

#endif
