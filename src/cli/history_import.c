// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/history_import.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/calendar.h"
#include "base/json_reader.h"
#include "base/log.h"
#include "base/mac.h"
#include "cli/history_failure.h"
#include "history/care.h"

#define A_DAY 86400

static bool has_address(const char *host, int family, const uint8_t addr[16])
{
	struct json_each each = {0};
	size_t size = family == AF_INET ? 4 : 16;

	while (json_next(json_get(host, "addresses"), &each)) {
		char text[INET6_ADDRSTRLEN];
		uint8_t found[16];

		json_get_string(each.value, text, sizeof(text));
		if (inet_pton(family, text, found) == 1 && memcmp(found, addr, size) == 0)
			return true;
	}
	return false;
}

int history_mac_in(const char *json, int family, const uint8_t addr[16], uint8_t mac[6])
{
	struct json_each host = {0};
	const char *hosts;
	int result = -ENOENT;

	hosts = json_get(json_check(json), "hosts");
	while (json_next(hosts, &host)) {
		char text[32];
		uint8_t found[6];

		json_get_string(json_get(host.value, "mac"), text, sizeof(text));
		if (!has_address(host.value, family, addr) || !mac_parse(text, strlen(text), found))
			continue;
		if (result == 0 && memcmp(mac, found, 6) != 0)
			return -EEXIST;
		memcpy(mac, found, 6);
		result = 0;
	}
	return result;
}

/* Reads all of a file, or of standard input for "-". Returns 0 or -errno. */
static int read_whole(const char *path, struct buf *text)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char part[16384];
	size_t got;
	int error = 0;

	if (!file)
		return -errno;
	while (!error && (got = fread(part, 1, sizeof(part), file)) > 0) {
		buf_bytes(text, part, got);
		if (text->length > HISTORY_IMPORT_MOST)
			error = -EFBIG;
	}
	if (!error && ferror(file))
		error = errno ? -errno : -EIO;
	buf_bytes(text, "", 1);
	if (file != stdin)
		fclose(file);
	return !error && text->failed ? -ENOMEM : error;
}

static const char *date_text(int64_t day, char text[32])
{
	int year, month, day_of_month;

	calendar_date(day, &year, &month, &day_of_month);
	snprintf(text, 32, "%04d-%02d-%02d", year, month, day_of_month);
	return text;
}

static int import_found(const struct history_config *config, const struct nlbwmon *found)
{
	struct care_import import = {.found = found,
		.first = config->first,
		.last = config->last,
		.interface = config->interface,
		.add = config->add};
	int64_t now = time(NULL), day = 0, hosts = 0;
	char first[32], last[32];
	struct zone zone;
	int error = zone_load(&zone, (config->first - 2) * A_DAY, now);

	if (error) {
		history_log_failure(config->state, error);
		return 1;
	}
	import.zone = &zone;
	if (zone_day_of(&zone, now) <= config->last) {
		log_error("%s is not over yet: expected days before today: --from and --to name "
			  "them",
			date_text(config->last, last));
		error = -ERANGE;
	} else {
		error = care_import(config->state, &import, &day, &hosts);
		if (error == -EEXIST)
			log_error("%s has rows of %" PRId64 " of these hosts already, so nothing "
				  "was imported: --add adds to them",
				date_text(day, first), hosts);
		else if (error == -EOVERFLOW)
			log_error("%s: a day would have too much, so nothing was imported: expected"
				  " sums below 2^63 of each day",
				config->operand);
		else if (error)
			history_log_failure(config->state, error);
		else
			printf("%s: imported for %s to %s; hosts, each IP version by itself: "
			       "%zu\n",
				config->operand, date_text(config->first, first),
				date_text(config->last, last), found->count);
	}
	zone_free(&zone);
	return error ? 1 : 0;
}

int history_import(const struct history_config *config)
{
	char why[NLBWMON_ERROR] = "";
	struct nlbwmon found = {0};
	struct buf text = {0};
	int error = read_whole(config->operand, &text), status = 1;

	if (!error)
		error = nlbwmon_read(text.data, text.length - 1, &found, why);
	buf_free(&text);
	if (error == -EINVAL)
		log_error("%s: %s: nothing was imported", config->operand, why);
	else if (error)
		log_error("%s: %s", config->operand, strerror(-error));
	else
		status = import_found(config, &found);
	free(found.rows);
	return status;
}
