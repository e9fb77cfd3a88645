/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte buffer that renderers write to and that is used again for the next page: once it
 * is large enough, writing allocates nothing.
 */
#ifndef MZ_BASE_BUF_H
#define MZ_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is an empty buffer. After a failed allocation writes are dropped and failed is set. */
struct buf {
	char *data;
	size_t length, capacity;
	bool failed;
	/* where a long text goes in pieces, so that there is never all of it; NULL: nowhere */
	void (*sink)(void *context, const char *text, size_t length);
	void *context;
	size_t sunk; /* bytes at the front that went there and are kept all the same */
};

#define BUF_PIECE (160 << 10) /* the text file of 150 hosts is one */

void buf_reset(struct buf *buf); /* empties it, keeps its memory, clears failed */
void buf_free(struct buf *buf);

void buf_bytes(struct buf *buf, const void *bytes, size_t length);
void buf_text(struct buf *buf, const char *text);
void buf_u64(struct buf *buf, uint64_t number);	  /* decimal */
void buf_value(struct buf *buf, uint64_t number); /* " number\n": how lines of metrics end */

/* Appends length bytes that stand in the buffer already, from offset on. */
void buf_repeat(struct buf *buf, size_t offset, size_t length);

/* Hands all of it to the sink, where there is one. Only the first keep bytes stay in the buffer. */
void buf_sink(struct buf *buf, size_t keep);

/* The same, once it is worth a system call. */
static inline void buf_relieve(struct buf *buf, size_t keep)
{
	if (buf->sink && buf->length >= keep + BUF_PIECE)
		buf_sink(buf, keep);
}

/* Upper case, colons between: AA:BB:CC:DD:EE:FF. */
void buf_mac(struct buf *buf, const uint8_t mac[6]);

/* family: AF_INET or AF_INET6; addr: network byte order. IPv6 as in RFC 5952. */
void buf_address(struct buf *buf, int family, const void *addr);

#endif
