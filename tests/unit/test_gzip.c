// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "gzip.h"

static void expect_unpacked(const struct buf *packed, const char *data, size_t length)
{
	z_stream stream = {0};
	char *text = malloc(length + 1);

	assert_non_null(text);
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_in = (unsigned char *)packed->data;
	stream.avail_in = (unsigned)packed->length;
	stream.next_out = (unsigned char *)text;
	stream.avail_out = (unsigned)length + 1;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	assert_int_equal(stream.total_out, length);
	assert_memory_equal(text, data, length);
	inflateEnd(&stream);
	free(text);
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
			expect_unpacked(&packed, data, length);
		}
	}
	assert_true(packed.length > 100000); /* of noise nothing can be left out */
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
	/* the rest of a page that had no memory is not the beginning of the next */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_can_be_unpacked),
		cmocka_unit_test(packing_again_allocates_nothing_and_says_the_same),
	};

	return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
