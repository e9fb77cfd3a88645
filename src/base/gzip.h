/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip (RFC 1952), by zlib: packs pages with a state that is allocated once, and unpacks files. */
#ifndef MZ_BASE_GZIP_H
#define MZ_BASE_GZIP_H

#include <stddef.h>

#include "base/buf.h"

struct gzip;

struct gzip *gzip_create(void);	      /* the state, about 70 kB; NULL: out of memory */
void gzip_destroy(struct gzip *gzip); /* accepts NULL */

/* Appends length bytes at data to out, as one gzip file. Check out->failed afterwards. */
void gzip_pack(struct gzip *gzip, const void *data, size_t length, struct buf *out);

/*
 * Unpacks the gzip file of length bytes at file, which holds at least one byte and less than 4 GB.
 * Returns *size bytes, which the caller frees by munmap(2), or NULL: out of memory, or not a gzip
 * file.
 */
void *gzip_unpack(const void *file, size_t length, size_t *size);

#endif
