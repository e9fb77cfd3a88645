// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/textfile_writer.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/trust.h"
#include "output/metrics.h"

int textfile_writer_start(struct textfile_writer *writer, const struct config *config)
{
	const char *path = config->textfile;
	int error = path ? textfile_check(path) : 0;

	writer->config = config;
	if (error && !trust_path(path, false)) {
		log_warn("--textfile %s: something of another user's is in the way: no text "
			 "file is written until that is gone",
			path);
		writer->failing = true;
		return 0;
	}
	if (error)
		log_error("--textfile %s: %s", path, strerror(-error));
	return error;
}

void textfile_writer_give(const struct textfile_writer *writer, uid_t uid, gid_t gid)
{
	if (writer->config->textfile)
		textfile_give(writer->config->textfile, uid, gid);
}

bool textfile_writer_may_write(const struct textfile_writer *writer)
{
	const char *path = writer->config->textfile;

	return !path || textfile_check(path) != -EACCES;
}

void textfile_writer_write(struct textfile_writer *writer, const struct snapshot *snapshot)
{
	const struct config *config = writer->config;
	const struct metrics_options options = {.legacy = config->legacy_metrics,
		.native = config->native_metrics,
		.show_unknown = config->show_unknown};
	int error;

	if (!config->textfile)
		return;
	error = textfile_begin(&writer->file, config->textfile);
	if (!error) {
		metrics_render(snapshot, &options, METRICS_TEXT, &writer->file.page);
		error = textfile_end(&writer->file);
	}
	if (error && !writer->failing)
		log_error("--textfile %s: %s", config->textfile, strerror(-error));
	writer->failing = error != 0;
}

void textfile_writer_stop(struct textfile_writer *writer)
{
	buf_free(&writer->file.page);
}
