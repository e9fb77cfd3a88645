/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip (RFC 1952): compresses pages, with a state that is allocated once. */
#ifndef MZ_BASE_GZIP_H
#define MZ_BASE_GZIP_H

#include <stddef.h>

#include "base/buf.h"

struct gzip;

struct gzip *gzip_create(void);	      /* about 70 kB; NULL when out of memory */
void gzip_destroy(struct gzip *gzip); /* accepts NULL */

/* Appends what length bytes at data are as a gzip file to out. Check out->failed afterwards. */
void gzip_pack(struct gzip *gzip, const void *data, size_t length, struct buf *out);

/*
 * What the gzip file of length bytes at file holds: *size bytes, less than 4 GB and not none, in
 * pages of their own, which the caller unmaps. NULL when out of memory, or where it is no such
 * file.
 */
void *gzip_unpack(const void *file, size_t length, size_t *size);

#endif
