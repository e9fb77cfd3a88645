/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes a whole text file. */
#ifndef TEXT_H
#define TEXT_H

#include "output/textfile.h"

static inline int text_write(const char *path, const void *text, size_t length)
{
	struct textfile file = {0};
	int error = textfile_begin(&file, path);

	if (!error) {
		if (length)
			buf_bytes(&file.page, text, length);
		error = textfile_end(&file);
	}
	buf_free(&file.page);
	return error;
}

#endif
