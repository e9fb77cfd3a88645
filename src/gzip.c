// SPDX-License-Identifier: GPL-2.0-or-later
#include "gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/*
 * A page says the same a few lines further on, so the fastest level and a small window do: the best
 * ones take twice as long for a tenth less, and the default ones four times the memory for nothing.
 */
#define LEVEL	    1
#define WINDOW_BITS 13 /* 8 kB */
#define MEMORY	    6
#define GZIP_FORMAT 16 /* for deflateInit2(): not zlib's own */

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
