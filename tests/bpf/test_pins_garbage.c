// SPDX-License-Identifier: GPL-2.0-or-later
/* Whatever pinned tables hold is refused, dropped or read, and nothing beyond it: the sanitizers
 * look on. */
#include "pins.h"

#define ROUNDS	 300
#define PAST_MAX 24 /* rows */

static uint64_t chance_state;

/* The same numbers each time (xorshift). */
static uint32_t chance(uint32_t below)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return (uint32_t)(chance_state >> 20) % below;
}

/* Bytes, of which many are such as those of real values. */
static void scribble(unsigned char *value, size_t size)
{
	static const uint32_t words[] = {0, 1, 2, 4, 5, 6, 7, 8, 10, 16, 24, 28, 31, 32, 33, 256,
		0x20000000, INT32_MAX, UINT32_MAX, UINT32_MAX - 3};

	for (size_t i = 0; i < size; i += 4) {
		uint32_t word = chance(4) ? words[chance(sizeof(words) / sizeof(*words))]
					  : chance(UINT32_MAX);

		memcpy(value + i, &word, size - i < 4 ? size - i : 4);
	}
}

static void fill(const char *dir, const char *name)
{
	int fd = get(dir, name), cpus = libbpf_num_possible_cpus();
	struct spec spec = spec_of(fd);
	size_t room = ((size_t)spec.value + 7) / 8 * 8 * (size_t)cpus;
	unsigned char *value = malloc(room), key[64];

	assert_non_null(value);
	for (__u32 i = 0; i < spec.entries && i < 64; i++) {
		/* the rest of what is there stays */
		if (spec.type == BPF_MAP_TYPE_ARRAY && chance(3))
			continue;
		scribble(value, room);
		scribble(key, sizeof(key));
		if (spec.type != BPF_MAP_TYPE_HASH)
			memcpy(key, &i, sizeof(i));
		bpf_map_update_elem(fd, spec.key ? key : NULL, value, BPF_ANY);
	}
	free(value);
	close(fd);
}

static void deform(const char *dir, const char *name)
{
	int fd = get(dir, name);
	struct spec spec = spec_of(fd);

	close(fd);
	switch (chance(6)) {
	case 0:
		spec.entries = 1 + chance(100);
		break;
	case 1:
		spec.value = 1 + chance(200);
		break;
	case 2:
		spec.type = chance(12);
		break;
	case 3:
		spec.flags ^= BPF_F_MMAPABLE;
		break;
	case 4:
		unpin(dir, name);
		return;
	default:
		spec.entries *= 2;
	}
	put(dir, name, &spec);
}

static void use_own(void)
{
	struct counters counters = {0};
	struct archive archive = {0};
	struct retire retire = {0};
	struct tally tally;
	struct maps maps;

	if (maps_open(&maps, OWN, CAPACITY, NULL) < 0)
		return;
	tally_init(&tally);
	if (archive_open(&archive, OWN, PAST_MAX) == 0 &&
		retire_start(&retire, &maps, &archive, 0) == 0 &&
		counters_init(&counters, &maps) == 0)
		for (uint32_t now_s = 1; now_s < 4; now_s++) {
			counters_read(&counters, &maps, &archive, now_s * 1000, &tally);
			retire_step(&retire, &maps, &archive, OWN, tally.entries, 50, now_s * 1000,
				now_s * 1000000ull);
		}
	counters_finish(&counters);
	tally_finish(&tally);
	archive_close(&archive);
	maps_close(&maps);
}

static void garbage_is_survived(void **state)
{
	static const char *const dirs[] = {OWN, OTHER};

	need(state);
	for (unsigned round = 1; round <= ROUNDS; round++) {
		struct mz_net nets[MZ_NETS];
		uint32_t id;

		chance_state = round * 0x9e3779b97f4a7c15;
		for (size_t d = 0; d < 2; d++) {
			struct spec archive = {BPF_MAP_TYPE_ARRAY, 4, sizeof(struct mz_past_row),
				1 + chance(MZ_PAST_HEAD + PAST_MAX), BPF_F_MMAPABLE};

			make_tables(dirs[d]);
			put(dirs[d], MZ_PAST, &archive);
			fill(dirs[d], MZ_PAST);
			for (size_t i = 0; i < MAPS_NAMES; i++)
				if (chance(2))
					fill(dirs[d], maps_names[i]);
			for (size_t i = 0; i < MAPS_NAMES; i++)
				if (chance(40) == 0)
					deform(dirs[d], maps_names[i]);
		}
		use_own();
		open_other();
		other_layout_id(OTHER, &id);
		other_layout_nets(OTHER, nets);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(garbage_is_survived),
	};

	return cmocka_run_group_tests_name("pins, garbage", tests, isolate, NULL);
}
