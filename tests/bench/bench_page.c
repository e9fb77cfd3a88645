// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cost of a pull and of a page for several numbers of addresses: reading the kernel's tables,
 * making the snapshot, rendering the text, compressing it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench.h"

#include "base/gzip.h"
#include "daemon/snapshot_fill.h"
#include "model/tally.h"
#include "names/names.h"
#include "output/metrics.h"
#include "tables/counters.h"
#include "tables/maps.h"

#define ROUNDS 21

enum step {
	STEP_PULL,
	STEP_SNAPSHOT,
	STEP_LEGACY,
	STEP_NATIVE,
	STEP_ALL,
	STEP_GZIP,
	STEP_TEXTFILE, /* all steps of a text file: pull, snapshot, text */
	STEPS
};

static const char *const step_name[STEPS] = {"pull", "snapshot", "render legacy", "render native",
	"render all", "gzip all", "pull, snapshot and render all"};

static const struct size {
	unsigned rows;
	const char *goal; /* of STEP_TEXTFILE */
} sizes[] = {{100, ""}, {10000, "<= 5"}, {100000, "<= 60"}};

struct bench {
	struct maps maps;
	struct counters counters;
	struct archive archive; /* empty */
	struct tally tally;
	struct names *names;
	struct snapshot *snapshot;
	struct buf page, packed;
	struct gzip *gzip;
	double ms[STEPS][ROUNDS];
	size_t bytes[STEPS];
};

/* Writes what the classifier writes: the number of the slot, and the counts of each CPU in it. */
static int put(const struct maps *maps, __u32 number, const struct mz_slot *slot)
{
	struct mz_counts counts;
	int error = bpf_map_update_elem(maps->fd[MAPS_SLOTS], &number, slot, BPF_ANY);

	for (int d = 0; d < MZ_DIRECTIONS; d++) {
		counts.bytes[d] = 1234567890123u * (1u + (unsigned)d) + number;
		counts.packets[d] = 1234567890u + number;
	}
	for (__u32 cpu = 0; cpu < maps->cpus && !error; cpu++) {
		__u32 at = cpu * 2 * maps->family_slots + number;

		error = bpf_map_update_elem(maps->fd[MAPS_COUNTS], &at, &counts, BPF_ANY);
	}
	return error ? -errno : 0;
}

/* Half of the addresses are IPv4. Each machine has four of the IPv6 ones. */
static int fill(const struct maps *maps, unsigned rows)
{
	int error = 0;

	for (unsigned i = 0; i < rows && !error; i++) {
		bool v6 = i % 2;
		unsigned machine = v6 ? i / 2 / 4 : i / 2;
		struct mz_slot slot = {.host.mac = {2, 0, 0, (uint8_t)(machine >> 16),
					       (uint8_t)(machine >> 8), (uint8_t)machine},
			.addr = {v6 ? 0x20010db8 : i, 0, 0, v6 ? i : 0},
			.state = v6 ? MZ_SLOT_HOST6 : MZ_SLOT_HOST4};

		error = put(maps, i / 2 + (v6 ? maps->family_slots : 0), &slot);
	}
	return error;
}

static void render(struct bench *bench, enum step step, int round)
{
	const struct metrics_options options = {
		.legacy = step != STEP_NATIVE, .native = step != STEP_LEGACY, .show_unknown = true};
	double start = now_ms();

	buf_reset(&bench->page);
	metrics_render(bench->snapshot, &options, METRICS_TEXT, &bench->page);
	bench->ms[step][round] = now_ms() - start;
	bench->bytes[step] = bench->page.length;
}

static void pack(struct bench *bench, int round)
{
	double start = now_ms();

	buf_reset(&bench->packed);
	gzip_pack(bench->gzip, bench->page.data, bench->page.length, &bench->packed);
	bench->ms[STEP_GZIP][round] = now_ms() - start;
	bench->bytes[STEP_GZIP] = bench->packed.length;
}

static int take(struct bench *bench, int round)
{
	size_t bytes = snapshot_needed(&bench->tally, bench->names, NULL);

	if (!bench->snapshot) /* all snapshots have as many rows */
		bench->snapshot = calloc(1, bytes);
	if (!bench->snapshot)
		return -ENOMEM;
	snapshot_fill(
		bench->snapshot, &bench->tally, bench->names, 1700000000000u + (uint64_t)round);
	return 0;
}

static int measure(struct bench *bench, unsigned rows)
{
	int error = 0;

	for (int round = 0; round < ROUNDS && !error; round++) {
		double start = now_ms();

		error = counters_read(
			&bench->counters, &bench->maps, &bench->archive, 1, &bench->tally);
		bench->ms[STEP_PULL][round] = now_ms() - start;
		if (!error && bench->tally.count != rows)
			error = -EINVAL;
		start = now_ms();
		if (!error)
			error = take(bench, round);
		bench->ms[STEP_SNAPSHOT][round] = now_ms() - start;
		for (enum step step = STEP_LEGACY; step < STEP_GZIP && !error; step++)
			render(bench, step, round);
		if (!error)
			pack(bench, round);
		bench->ms[STEP_TEXTFILE][round] = bench->ms[STEP_PULL][round] +
						  bench->ms[STEP_SNAPSHOT][round] +
						  bench->ms[STEP_ALL][round];
		if (bench->page.failed || bench->packed.failed)
			error = -ENOMEM;
	}
	return error;
}

static void print(struct bench *bench, const struct size *size)
{
	bench->bytes[STEP_TEXTFILE] = bench->bytes[STEP_ALL];
	for (int step = 0; step < STEPS; step++) {
		double first = bench->ms[step][0], least;

		qsort(bench->ms[step], ROUNDS, sizeof(bench->ms[step][0]), compare);
		least = bench->ms[step][0];
		printf("%u addresses: %s\t%.3f\tms\t%s\tleast of %d, median %.3f, the first %.3f",
			size->rows, step_name[step], least, step == STEP_TEXTFILE ? size->goal : "",
			ROUNDS, bench->ms[step][ROUNDS / 2], first);
		if (bench->bytes[step])
			printf("; %zu bytes", bench->bytes[step]);
		printf("; %.0f ns an address\n", least * 1e6 / size->rows);
	}
}

static int run(const struct size *size)
{
	struct bench bench = {.names = names_create(), .gzip = gzip_create()};
	int error = bench.names && bench.gzip ? maps_open(&bench.maps, NULL, size->rows, NULL)
					      : -ENOMEM;

	if (error) {
		names_destroy(bench.names);
		gzip_destroy(bench.gzip);
		return error;
	}
	tally_init(&bench.tally);
	error = counters_init(&bench.counters, &bench.maps);
	if (!error)
		error = maps_net(&bench.maps, "lan0") == 0 ? fill(&bench.maps, size->rows)
							   : -EINVAL;
	if (!error)
		error = measure(&bench, size->rows);
	if (!error)
		print(&bench, size);
	buf_free(&bench.page);
	buf_free(&bench.packed);
	gzip_destroy(bench.gzip);
	free(bench.snapshot);
	tally_finish(&bench.tally);
	counters_finish(&bench.counters);
	names_destroy(bench.names);
	maps_close(&bench.maps);
	return error;
}

int main(void)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		int error = run(&sizes[i]);

		if (error) {
			fprintf(stderr, "bench_page: %u addresses: %s\n", sizes[i].rows,
				strerror(-error));
			return 1;
		}
	}
	return 0;
}
