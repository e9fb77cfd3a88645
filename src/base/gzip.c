// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/gzip.h"

#include <endian.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

/*
 * A page says the same a few lines further on, so the fastest level and a small window do: the best
 * ones take twice as long for a tenth less, and the default ones four times the memory for nothing.
 */
#define LEVEL	    1
#define WINDOW_BITS 13 /* 8 kB */
#define MEMORY	    6
#define GZIP_FORMAT 16 /* beside the bits of the window: not zlib's own */

struct gzip {
	z_stream stream;
};

struct gzip *gzip_create(void)
{
	struct gzip *gzip = calloc(1, sizeof(*gzip));

	if (gzip && deflateInit2(&gzip->stream, LEVEL, Z_DEFLATED, WINDOW_BITS + GZIP_FORMAT,
			    MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(gzip);
		gzip = NULL;
	}
	return gzip;
}

void gzip_destroy(struct gzip *gzip)
{
	if (gzip)
		deflateEnd(&gzip->stream);
	free(gzip);
}

void gzip_pack(struct gzip *gzip, const void *data, size_t length, struct buf *out)
{
	z_stream *stream = &gzip->stream;
	unsigned char piece[4096];
	int status = length <= UINT_MAX ? deflateReset(stream) : Z_BUF_ERROR;

	/* zlib does not write there, it only was not always compiled to say so */
	stream->next_in = (unsigned char *)(uintptr_t)data;
	stream->avail_in = (unsigned)length;
	while (status == Z_OK && !out->failed) {
		stream->next_out = piece;
		stream->avail_out = sizeof(piece);
		status = deflate(stream, Z_FINISH);
		buf_bytes(out, piece, sizeof(piece) - stream->avail_out);
		if (status == Z_BUF_ERROR) /* it wants more room */
			status = Z_OK;
	}
	out->failed |= status != Z_STREAM_END;
}

void *gzip_unpack(const void *file, size_t length, size_t *size)
{
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)file};
	uint32_t unpacked;
	void *data;
	bool done;

	if (length < sizeof(unpacked) || length > UINT_MAX)
		return NULL;
	/* the end of it says how much to expect: so there is no need to try, nor for a window */
	memcpy(&unpacked, (const char *)file + length - sizeof(unpacked), sizeof(unpacked));
	*size = le32toh(unpacked);
	/* not of the heap, which would seldom give so much back */
	data = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return NULL;
	stream.avail_in = (unsigned)length;
	stream.next_out = data;
	stream.avail_out = (unsigned)*size;
	done = inflateInit2(&stream, MAX_WBITS + GZIP_FORMAT) == Z_OK &&
	       inflate(&stream, Z_FINISH) == Z_STREAM_END;
	inflateEnd(&stream); /* accepts one that was not begun */
	if (!done) {
		munmap(data, *size);
		return NULL;
	}
	return data;
}
