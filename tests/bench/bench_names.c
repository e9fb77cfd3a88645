// SPDX-License-Identifier: GPL-2.0-or-later
/* The cost of names: to load a file of so many hosts, in memory, and to find one. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#include "names/names.h"

#define ROUNDS	   11
#define LOOKUPS	   1000000
#define GOAL_HOSTS 10000
#define GOAL_MS	   "<= 50"
#define GOAL_BYTES "<= 200"

static int write_hosts(const char *path, enum names_source source, unsigned hosts)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -1;
	for (unsigned i = 0; i < hosts; i++) {
		unsigned high = i >> 16 & 255, mid = i >> 8 & 255, low = i & 255;

		if (source == NAMES_UCI)
			fprintf(file,
				"config host\n\toption name 'host-%u'\n\toption dns '1'\n"
				"\toption mac '02:00:%02x:%02x:%02x:00'\n"
				"\toption ip '10.%u.%u.%u'\n\n",
				i, high, mid, low, high, mid, low);
		else
			fprintf(file,
				"1700000000 02:00:%02x:%02x:%02x:00 10.%u.%u.%u host-%u "
				"01:02:00:%02x:%02x:%02x:00\n",
				high, mid, low, high, mid, low, i, high, mid, low);
	}
	return fclose(file);
}

/* The time to find a MAC that is in the table, and one that is not, in nanoseconds. */
static double measure_lookup(const struct names *names, unsigned hosts, unsigned *found)
{
	double start = now_ms();

	for (unsigned i = 0; i < LOOKUPS; i++) {
		unsigned n = i * 2654435761u % (hosts * 2);
		const uint8_t mac[6] = {2, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, 0};
		enum names_source source;

		*found += names_find_mac(names, mac, &source) != NULL;
	}
	return (now_ms() - start) * 1e6 / LOOKUPS;
}

static int measure(enum names_source source, const char *kind, unsigned hosts)
{
	char path[] = "/tmp/mz-bench-XXXXXX";
	int fd = mkstemp(path);
	double best = 1e9, first = 0, lookup = 0, bytes = 0;
	unsigned found = 0;

	if (fd < 0 || close(fd) < 0 || write_hosts(path, source, hosts) != 0)
		return 1;
	for (int round = 0; round < ROUNDS; round++) {
		size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
		struct names *names = names_create();
		double start, ms;

		if (!names || names_add_file(names, source, path) < 0)
			return 1;
		start = now_ms();
		names_refresh(names);
		ms = now_ms() - start;
		first = round ? first : ms;
		best = ms < best ? ms : best;
		bytes = (double)(mallinfo2().uordblks + mallinfo2().hblkhd - before) / hosts;
		if (names_count(names, source) != hosts)
			return 1;
		if (round == ROUNDS - 1)
			lookup = measure_lookup(names, hosts, &found);
		names_destroy(names);
	}
	unlink(path);
	printf("%u names of %s, read\t%.2f\tms\t%s\tleast of %d, the first %.2f\n", hosts, kind,
		best, hosts == GOAL_HOSTS ? GOAL_MS : "", ROUNDS, first);
	printf("%u names of %s, each\t%.0f\tbytes\t%s\tallocated\n", hosts, kind, bytes,
		hosts == GOAL_HOSTS ? GOAL_BYTES : "");
	printf("%u names of %s, to find one\t%.0f\tns\t\tof %d lookups, half in vain\n", hosts,
		kind, lookup, LOOKUPS);
	return found < LOOKUPS / 3; /* half of them exist */
}

int main(void)
{
	static const unsigned sizes[] = {100, 10000, 100000};
	int status = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		status |= measure(NAMES_UCI, "uci", sizes[i]);
		status |= measure(NAMES_LEASES, "leases", sizes[i]);
	}
	return status;
}
