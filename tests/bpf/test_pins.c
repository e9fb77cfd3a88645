// SPDX-License-Identifier: GPL-2.0-or-later
/* Pins that are no tables of this program are refused. */
#include "pins.h"

static int open_own(void)
{
	struct maps maps;
	int error = maps_open(&maps, OWN, CAPACITY, NULL);

	if (!error)
		maps_close(&maps);
	return error;
}

static void what_is_not_of_our_shape_is_refused(void **state)
{
	need(state);
	for (size_t i = 0; i < MAPS_NAMES; i++)
		for (int what = 0; what < 6; what++) {
			struct spec spec;
			int fd;

			make_tables(OWN);
			assert_int_equal(open_own(), 0);
			fd = get(OWN, maps_names[i]);
			spec = spec_of(fd);
			close(fd);
			spec.entries += what == 0;
			spec.entries -= what == 1 && spec.entries > 1;
			spec.value += what == 2 ? 8 : 0;
			spec.key += what == 3 ? 4 : 0;
			spec.flags ^= what == 4 ? BPF_F_RDONLY_PROG : 0;
			if (what == 5)
				spec.type = spec.type == BPF_MAP_TYPE_HASH ? BPF_MAP_TYPE_LRU_HASH
									   : BPF_MAP_TYPE_HASH;
			if (what == 5 && spec.key == 0)
				spec.key = 4;
			if (what == 5 || what == 4)
				spec.flags &= ~(unsigned)BPF_F_MMAPABLE;
			if (!put(OWN, maps_names[i], &spec) || (what == 1 && spec.entries == 1))
				continue;
			if (open_own() != -EUCLEAN)
				fail_msg("%s: change %d is taken", maps_names[i], what);
		}
}

static void what_is_no_map_is_refused(void **state)
{
	static const char *const names[] = {"mz_slots", "mz_nets", "mz_geometry", MZ_PAST};
	char path[PATH_MAX];

	need(state);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct archive archive = {0};
		uint32_t id;

		make_tables(OTHER);
		unpin(OTHER, names[i]);
		path_of(OTHER, names[i], path);
		assert_int_equal(mkdir(path, 0700), 0);
		assert_true(archive_open(&archive, OTHER, CAPACITY) < 0 ||
			    other_layout_id(OTHER, &id) < 0 || open_other() < 0 ||
			    other_layout_nets(OTHER, (struct mz_net[MZ_NETS]){0}) < 0);
		archive_close(&archive);
		assert_int_equal(rmdir(path), 0);
	}
}

static void a_past_of_another_shape_is_refused(void **state)
{
	static const struct spec specs[] = {
		{BPF_MAP_TYPE_ARRAY, 4, sizeof(struct mz_past_row), MZ_PAST_HEAD + 4, 0},
		{BPF_MAP_TYPE_ARRAY, 4, sizeof(struct mz_past_row), MZ_PAST_HEAD - 1,
			BPF_F_MMAPABLE},
		{BPF_MAP_TYPE_ARRAY, 4, sizeof(struct mz_past_row) - 8, 100, BPF_F_MMAPABLE},
		{BPF_MAP_TYPE_ARRAY, 4, 4096, 1, BPF_F_MMAPABLE},
		{BPF_MAP_TYPE_HASH, 4, sizeof(struct mz_past_row), 100, 0},
		{BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct mz_past_row), 100, 0},
	};

	need(state);
	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		struct archive archive = {0};

		clear(OTHER);
		assert_true(put(OTHER, MZ_PAST, &specs[i]));
		assert_int_equal(archive_open(&archive, OTHER, CAPACITY), -EUCLEAN);
		archive_close(&archive);
	}
}

#define PAGE_ROWS (4096 / sizeof(struct mz_past_row)) /* nothing may be read behind them */

/* All rows are the same. */
static int open_past_with(struct mz_past_head head, struct mz_past_row row)
{
	static const struct spec spec = {
		BPF_MAP_TYPE_ARRAY, 4, sizeof(row), PAGE_ROWS, BPF_F_MMAPABLE};
	struct mz_past_row rows[MZ_PAST_HEAD] = {0};
	struct archive archive = {0};
	int fd, error;

	assert_true(put(OTHER, MZ_PAST, &spec));
	fd = get(OTHER, MZ_PAST);
	memcpy(rows, &head, sizeof(head));
	for (__u32 i = 0; i < PAGE_ROWS; i++)
		assert_int_equal(
			bpf_map_update_elem(fd, &i, i < MZ_PAST_HEAD ? &rows[i] : &row, BPF_ANY),
			0);
	close(fd);
	error = archive_open(&archive, OTHER, CAPACITY);
	archive_close(&archive);
	return error;
}

static void a_past_with_what_cannot_be_is_refused(void **state)
{
	struct mz_past_head head = {.rows = 1};
	struct mz_past_row row = {.family = 2, .net = MZ_NETS - 1};

	need(state);
	clear(OTHER);
	assert_int_equal(open_past_with(head, row), 0);
	row.net = MZ_NETS;
	assert_int_equal(open_past_with(head, row), -EUCLEAN);
	row.net = 0;
	row.family = 0;
	assert_int_equal(open_past_with(head, row), -EUCLEAN);
	row.family = 10;
	assert_int_equal(open_past_with(head, row), 0);
	head.rows = PAGE_ROWS - MZ_PAST_HEAD;
	assert_int_equal(open_past_with(head, row), 0);
	head.rows++;
	assert_int_equal(open_past_with(head, row), -EUCLEAN);
	head.rows = UINT32_MAX;
	assert_int_equal(open_past_with(head, row), -EUCLEAN);
}

static void set_geometry(size_t field, uint32_t value)
{
	struct mz_geometry geometry;
	int fd = get(OTHER, "mz_geometry");
	__u32 only = 0;

	assert_int_equal(bpf_map_lookup_elem(fd, &only, &geometry), 0);
	memcpy((char *)&geometry + field, &value, sizeof(value));
	assert_int_equal(bpf_map_update_elem(fd, &only, &geometry, BPF_ANY), 0);
	close(fd);
}

/* Also those that come out within the value once they wrap. */
static void a_geometry_that_does_not_fit_is_refused(void **state)
{
	static const size_t offsets[] = {offsetof(struct mz_geometry, slot_net),
		offsetof(struct mz_geometry, slot_mac), offsetof(struct mz_geometry, slot_addr),
		offsetof(struct mz_geometry, slot_state), offsetof(struct mz_geometry, slot_stamp),
		offsetof(struct mz_geometry, counts_bytes),
		offsetof(struct mz_geometry, counts_packets)};
	static const uint32_t values[] = {31, 32, 33, 4096, INT32_MAX, UINT32_MAX, UINT32_MAX - 1,
		UINT32_MAX - 3, UINT32_MAX - 5, UINT32_MAX - 15};

	need(state);
	make_tables(OTHER);
	assert_int_equal(open_other(), 0);
	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++)
		for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
			make_tables(OTHER);
			set_geometry(offsets[i], values[v]);
			if (open_other() != -EUCLEAN)
				fail_msg("%u at %zu is taken", values[v], offsets[i]);
		}
	for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
		make_tables(OTHER);
		set_geometry(offsetof(struct mz_geometry, reasons), values[v]);
		assert_int_equal(open_other(), -EUCLEAN);
		if (values[v] == 32) /* what it is */
			continue;
		make_tables(OTHER);
		set_geometry(offsetof(struct mz_geometry, slot), values[v]);
		assert_int_equal(open_other(), -EUCLEAN);
		make_tables(OTHER);
		set_geometry(offsetof(struct mz_geometry, counts), values[v]);
		assert_int_equal(open_other(), -EUCLEAN);
	}
}

/* In a slot that is in use. */
static void set_slot(const char *dir, uint32_t state, uint16_t net)
{
	struct mz_slot slot = {.host = {.net = net, .mac = {2}}, .addr = {1}, .state = state};
	int fd = get(dir, "mz_slots");
	__u32 first = 0;

	assert_int_equal(bpf_map_update_elem(fd, &first, &slot, BPF_ANY), 0);
	close(fd);
}

static int count_own(void)
{
	struct counters counters;
	struct archive archive = {0};
	struct tally tally;
	struct maps maps;
	int error;

	assert_int_equal(maps_open(&maps, OWN, CAPACITY, NULL), 0);
	assert_int_equal(counters_init(&counters, &maps), 0);
	tally_init(&tally);
	error = counters_read(&counters, &maps, &archive, 1000, &tally);
	tally_finish(&tally);
	counters_finish(&counters);
	maps_close(&maps);
	return error;
}

static void a_number_of_no_interface_is_refused(void **state)
{
	static const uint16_t bad[] = {MZ_NETS, MZ_NETS + 1, 255, 256, 257, 0x8001, UINT16_MAX};

	need(state);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		make_tables(OWN);
		make_tables(OTHER);
		set_slot(OWN, MZ_SLOT_HOST4, MZ_NETS - 1);
		set_slot(OTHER, MZ_SLOT_HOST6, MZ_NETS - 1);
		assert_int_equal(count_own(), 0);
		assert_int_equal(open_other(), 0);
		set_slot(OWN, MZ_SLOT_HOST4, bad[i]);
		set_slot(OTHER, MZ_SLOT_HOST6, bad[i]);
		assert_int_equal(count_own(), -EUCLEAN);
		assert_int_equal(open_other(), -EUCLEAN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_of_our_shape_is_refused),
		cmocka_unit_test(what_is_no_map_is_refused),
		cmocka_unit_test(a_past_of_another_shape_is_refused),
		cmocka_unit_test(a_past_with_what_cannot_be_is_refused),
		cmocka_unit_test(a_geometry_that_does_not_fit_is_refused),
		cmocka_unit_test(a_number_of_no_interface_is_refused),
	};

	return cmocka_run_group_tests_name("pins", tests, isolate, NULL);
}
