/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte buffer, which renderers append to. The daemon uses a buffer again for the next
 * page: once it is large enough, appending allocates nothing.
 */
#ifndef MZ_BASE_BUF_H
#define MZ_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * All zero is an empty buffer. Once an allocation has failed, failed is set and whatever is
 * appended is dropped, so a renderer checks it once, at the end of the page.
 */
struct buf {
	char *data;
	size_t length, capacity; /* bytes */
	bool failed;
	/*
	 * receives a long text in pieces, so that memory never holds all of it; NULL: keep it all
	 */
	void (*sink)(void *context, const char *text, size_t length);
	void *context;	/* for sink */
	size_t flushed; /* bytes at the front that sink has received and that stay in the buffer */
};

#define BUF_PIECE (160 << 10) /* bytes: the text file of 150 hosts is one piece */

void buf_reset(struct buf *buf); /* empties it, keeps its memory, clears failed */
void buf_free(struct buf *buf);	 /* frees its memory and makes it all zero */

void buf_bytes(struct buf *buf, const void *bytes, size_t length);
void buf_text(struct buf *buf, const char *text); /* without its NUL */
void buf_u64(struct buf *buf, uint64_t number);	  /* in decimal */
void buf_value(struct buf *buf, uint64_t number); /* " number\n": the end of a line of metrics */

/* Appends a copy of length bytes of the buffer itself, which begin at offset. */
void buf_repeat(struct buf *buf, size_t offset, size_t length);

/*
 * Passes the bytes that the sink has not received to it; the first keep bytes stay in the buffer.
 */
void buf_flush(struct buf *buf, size_t keep);

/* The same, once a whole piece has gathered behind the first keep bytes. */
static inline void buf_flush_piece(struct buf *buf, size_t keep)
{
	if (buf->sink && buf->length >= keep + BUF_PIECE)
		buf_flush(buf, keep);
}

/* As AA:BB:CC:DD:EE:FF, in upper case. */
void buf_mac(struct buf *buf, const uint8_t mac[6]);

/* family: AF_INET or AF_INET6; addr: network byte order. IPv6 as in RFC 5952. */
void buf_address(struct buf *buf, int family, const void *addr);

#endif
