// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/history.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/mac.h"
#include "base/printable.h"
#include "cli/history_failure.h"
#include "cli/history_import.h"
#include "cli/history_options.h"
#include "cli/request.h"
#include "history/care.h"

/* Names of hosts are in it: clients choose them. */
static void print_line(void *context, const char *line)
{
	char text[512];

	printable(&line, text, sizeof(text));
	printf("%s%s\n", (const char *)context, text);
}

static int check(const struct history_config *config)
{
	struct care_listener listener = {print_line, ""};
	int faults = care_check(config->state, &listener);

	if (faults == 0)
		printf("%s/" STORE_FILE " is whole.\n", config->state);
	else if (faults > 0)
		log_error("%s/" STORE_FILE ": damaged; faults: %d", config->state, faults);
	else if (faults == -EUCLEAN)
		log_error("%s/" STORE_FILE ": damaged, or no history of mezoura", config->state);
	else
		history_log_failure(config->state, faults);
	return faults == 0 ? 0 : 1;
}

static int backup(const struct history_config *config)
{
	bool of_path;
	int error = care_backup(config->state, config->operand, &of_path);

	if (!error) {
		printf("%s is a copy of %s/" STORE_FILE ".\n", config->operand, config->state);
		return 0;
	}
	if (error == -EEXIST)
		log_error("%s: is there already: expected a new file", config->operand);
	else if (of_path)
		log_error("%s: %s", config->operand, strerror(-error));
	else
		history_log_failure(config->state, error);
	return 1;
}

/* The daemon knows whose address it is. Returns 0; -ENOENT: nobody's that has a MAC; -EEXIST:
 * several hosts' */
static int mac_of_address(const char *socket, int family, const uint8_t addr[16], uint8_t mac[6])
{
	struct buf answer = {0};
	int error = request_get(socket, "/api/v1/hosts", REQUEST_PATIENCE_MS, &answer);

	if (!error)
		buf_bytes(&answer, "", 1);
	if (answer.failed)
		error = -ENOMEM;
	if (!error)
		error = history_mac_in(answer.data, family, addr, mac);
	buf_free(&answer);
	return error;
}

static int forget(const struct history_config *config)
{
	struct care_listener listener = {print_line, "forgotten: "};
	struct care_who who = {.name = config->operand};
	uint8_t mac[6], addr[16] = {0};
	int count, wiped = 0;

	if (mac_parse(config->operand, strlen(config->operand), mac)) {
		who = (struct care_who){.mac = mac};
	} else if (inet_pton(AF_INET, config->operand, addr) == 1 ||
		   inet_pton(AF_INET6, config->operand, addr) == 1) {
		int family = strchr(config->operand, ':') ? AF_INET6 : AF_INET;
		int error = mac_of_address(config->socket, family, addr, mac);

		if (error == -EEXIST) {
			log_error("forget '%s': expected a MAC: several hosts have that address",
				config->operand);
			return 1;
		}
		who = error ? (struct care_who){.addr = addr, .family = (uint8_t)family}
			    : (struct care_who){.mac = mac};
	}
	count = care_forget(config->state, &who, &listener, &wiped);
	if (count < 0)
		history_log_failure(config->state, count);
	else if (count == 0)
		log_error("forget '%s': no such host in the history, as of its last commit%s",
			config->operand,
			who.addr ? ": a host that is off is found by its MAC or name" : "");
	else if (wiped)
		log_warn("%s: unused parts of the file may still have it: %s", config->state,
			strerror(-wiped));
	return count > 0 ? 0 : 1;
}

int history_run(void *of, char **argv)
{
	const struct history_config *config = of;

	(void)argv;
	switch (config->action) {
	case HISTORY_CHECK:
		return check(config);
	case HISTORY_BACKUP:
		return backup(config);
	case HISTORY_FORGET:
		return forget(config);
	default:
		return history_import(config);
	}
}
