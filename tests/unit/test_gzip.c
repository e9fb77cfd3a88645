// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/gzip.h"

static void expect_unpacked(const struct buf *packed, const char *data, size_t length)
{
	size_t size;
	void *unpacked = gzip_unpack(packed->data, packed->length, &size);

	assert_non_null(unpacked);
	assert_int_equal(size, length);
	assert_memory_equal(unpacked, data, length);
	assert_int_equal(munmap(unpacked, size), 0);
}

static void what_is_packed_can_be_unpacked(void **state)
{
	static char data[300000];
	struct gzip *gzip = gzip_create();
	struct buf packed = {0};
	unsigned seed = 1;

	(void)state;
	assert_non_null(gzip);
	for (size_t length = 0; length < sizeof(data); length += 1 + length / 2) {
		for (int noise = 0; noise < 3; noise++) {
			for (size_t i = 0; i < length; i++)
				data[i] = (char)(noise < 2 ? (int)i * noise % 100 : rand_r(&seed));
			buf_reset(&packed);
			buf_text(&packed, "before");
			gzip_pack(gzip, data, length, &packed);
			assert_false(packed.failed);
			assert_memory_equal(packed.data, "before", 6);
			memmove(packed.data, packed.data + 6, packed.length -= 6);
			if (length)
				expect_unpacked(&packed, data, length);
		}
	}
	assert_true(packed.length > 100000); /* noise cannot be compressed */
	buf_free(&packed);
	gzip_destroy(gzip);
	gzip_destroy(NULL);
}

static void packing_again_allocates_nothing_and_says_the_same(void **state)
{
	static char data[100000];
	struct gzip *gzip = gzip_create();
	struct buf first = {0}, again = {0};
	char *memory;

	(void)state;
	assert_non_null(gzip);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)('a' + i * i % 19);
	gzip_pack(gzip, data, sizeof(data), &first);
	gzip_pack(gzip, data, sizeof(data) / 2, &again);
	buf_reset(&again);
	gzip_pack(gzip, data, sizeof(data), &again);
	memory = again.data;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(again.length, first.length);
		assert_memory_equal(again.data, first.data, first.length);
		assert_ptr_equal(again.data, memory);
		buf_reset(&again);
		gzip_pack(gzip, data, sizeof(data), &again);
	}
	/* the next page does not begin with the rest of one that ran out of memory */
	again.failed = true;
	gzip_pack(gzip, data, sizeof(data), &again);
	assert_true(again.failed);
	buf_reset(&again);
	gzip_pack(gzip, data, sizeof(data), &again);
	assert_int_equal(again.length, first.length);
	assert_memory_equal(again.data, first.data, first.length);
	buf_free(&first);
	buf_free(&again);
	gzip_destroy(gzip);
}

static void what_is_broken_is_not_unpacked(void **state)
{
	struct gzip *gzip = gzip_create();
	struct buf packed = {0};
	size_t size;

	(void)state;
	assert_non_null(gzip);
	gzip_pack(gzip, "what is what is what", 20, &packed);
	expect_unpacked(&packed, "what is what is what", 20);
	/* but for what differs from system to system, up to the lowest byte of the length */
	for (size_t i = 0; i < packed.length - 3; i++) {
		if (i > 2 && i < 10)
			continue;
		packed.data[i] ^= 1;
		assert_null(gzip_unpack(packed.data, packed.length, &size));
		packed.data[i] ^= 1;
	}
	for (size_t length = 0; length < 4; length++)
		assert_null(gzip_unpack(packed.data, length, &size));
	buf_free(&packed);
	gzip_destroy(gzip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_can_be_unpacked),
		cmocka_unit_test(packing_again_allocates_nothing_and_says_the_same),
		cmocka_unit_test(what_is_broken_is_not_unpacked),
	};

	return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
