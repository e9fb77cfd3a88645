// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/gzip.h"

#include <endian.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

/*
 * Lines of a page resemble the lines just before them, so the fastest level and a small window are
 * enough. The best level takes twice the time for a tenth less output. The default window and
 * memory level take four times the memory for no gain.
 */
#define LEVEL	    1
#define WINDOW_BITS 13 /* 8 kB */
#define MEMORY	    6
#define GZIP_FORMAT 16 /* added to the window's bits: a gzip header, not zlib's */

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

	/* zlib only reads there; next_in lacks const unless zlib was built with ZLIB_CONST */
	stream->next_in = (unsigned char *)(uintptr_t)data;
	stream->avail_in = (unsigned)length;
	while (status == Z_OK && !out->failed) {
		stream->next_out = piece;
		stream->avail_out = sizeof(piece);
		status = deflate(stream, Z_FINISH);
		buf_bytes(out, piece, sizeof(piece) - stream->avail_out);
		if (status == Z_BUF_ERROR) /* piece is full */
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
	/* The last four bytes are the unpacked size (RFC 1952, 2.3.1): unpack into it at once. */
	memcpy(&unpacked, (const char *)file + length - sizeof(unpacked), sizeof(unpacked));
	*size = le32toh(unpacked);
	/* mmap(2), as the heap might keep so large a block after free(3) */
	data = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return NULL;
	stream.avail_in = (unsigned)length;
	stream.next_out = data;
	stream.avail_out = (unsigned)*size;
	done = inflateInit2(&stream, MAX_WBITS + GZIP_FORMAT) == Z_OK &&
	       inflate(&stream, Z_FINISH) == Z_STREAM_END;
	inflateEnd(&stream); /* also where inflateInit2() failed */
	if (!done) {
		munmap(data, *size);
		return NULL;
	}
	return data;
}
