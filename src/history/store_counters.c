// SPDX-License-Identifier: GPL-2.0-or-later
/* Hosts, boots, and how far the counters are in the database. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mac.h"
#include "history/store.h"
#include "history/store_private.h"
#include "model/labels.h"

int64_t store_boot(struct store *store, const char *boot_id)
{
	struct sqlite_statement *find = &store->statements->sql[STORE_FIND_BOOT];
	int error = store_first(store, STORE_FIND_BOOT, "t", boot_id);
	int64_t id = error == 1 ? sqlite_integer(find, 0) : error;

	sqlite_done(find);
	if (id)
		return id;
	error = store_do(store, STORE_NEW_BOOT, "t", boot_id);
	return error ? error : sqlite_last_id(&store->db);
}

int store_set_boot_offset(struct store *store, int64_t boot, int64_t offset, int64_t ended)
{
	return store_do(store, STORE_SET_BOOT, "iii", boot, offset, ended);
}

int store_prove_boot(struct store *store, int64_t boot, int64_t offset)
{
	return store_do(store, STORE_PROVE_BOOT, "ii", boot, offset);
}

int store_boot_proof(struct store *store, int64_t boot, int64_t *offset)
{
	struct sqlite_statement *proof = &store->statements->sql[STORE_BOOT_PROOF];
	int error = store_first(store, STORE_BOOT_PROOF, "i", boot);
	bool proven = error == 1 && !sqlite_is_null(proof, 0);

	if (proven)
		*offset = sqlite_integer(proof, 0);
	sqlite_done(proof);
	return error < 0 ? error : proven ? 0 : -ENOENT;
}

int store_get_position(struct store *store, struct store_position *position)
{
	struct sqlite_statement *get = &store->statements->sql[STORE_GET_POSITION];
	int error = store_first(store, STORE_GET_POSITION, "");

	memset(position, 0, sizeof(*position));
	if (error == 1) {
		position->boot = sqlite_integer(get, 0);
		position->tables = (uint64_t)sqlite_integer(get, 1);
		position->taken = sqlite_integer(get, 2);
		position->journal = (uint64_t)sqlite_integer(get, 3);
		position->slice = (uint64_t)sqlite_integer(get, 4);
	}
	sqlite_done(get);
	return error < 0 ? error : 0;
}

int store_set_position(struct store *store, const struct store_position *position)
{
	return store_do(store, STORE_SET_POSITION, "iiiii", position->boot,
		(int64_t)position->tables, position->taken, (int64_t)position->journal,
		(int64_t)position->slice);
}

int store_clear_counters(struct store *store)
{
	return store_do(store, STORE_CLEAR_COUNTERS, "");
}

int store_set_counter(struct store *store, int64_t host, const struct mz_counts *counter)
{
	return store_do(store, STORE_SET_COUNTER, "ic", host, counter);
}

/* The parts of a key as the table has them. */
struct key_text {
	char interface[sizeof(((struct history_key *)0)->interface) + 1];
	char address[INET6_ADDRSTRLEN], mac[18];
	const char *reason;
};

#define FORGOTTEN_HOSTS "forgotten_hosts"

static void key_to_text(const struct history_key *key, struct key_text *text)
{
	static const uint8_t none[16];

	memset(text, 0, sizeof(*text));
	memcpy(text->interface, key->interface, sizeof(key->interface));
	if (memcmp(key->mac, none, sizeof(key->mac)) != 0)
		snprintf(text->mac, sizeof(text->mac), "%02x:%02x:%02x:%02x:%02x:%02x", key->mac[0],
			key->mac[1], key->mac[2], key->mac[3], key->mac[4], key->mac[5]);
	if (key->family && memcmp(key->addr, none, sizeof(key->addr)) != 0)
		inet_ntop(key->family, key->addr, text->address, sizeof(text->address));
	if (key->reason == HISTORY_FORGOTTEN_HOSTS)
		text->reason = FORGOTTEN_HOSTS;
	else if (key->reason > 0 && key->reason <= MZ_REASONS)
		text->reason = labels_reason(key->reason - 1);
	else
		text->reason = "";
}

static int ip_version(const struct history_key *key)
{
	return key->family == AF_INET ? 4 : key->family == AF_INET6 ? 6 : 0;
}

static uint8_t reason_of(const char *text)
{
	if (!*text)
		return 0;
	for (unsigned i = 0; i < MZ_REASONS; i++) {
		if (strcmp(text, labels_reason(i)) == 0)
			return (uint8_t)(1 + i);
	}
	return HISTORY_FORGOTTEN_HOSTS;
}

/* Reads the first seven columns of a row: interface, mac, address, ip_version, reason, name,
 * source. */
static void read_host(struct sqlite_statement *row, struct history_host *host)
{
	const char *mac = sqlite_text(row, 1);
	int64_t version = sqlite_integer(row, 3);

	memset(host, 0, sizeof(*host));
	/* its last byte may be used, too: it is padded, not terminated */
	memcpy(host->key.interface, sqlite_text(row, 0),
		strnlen(sqlite_text(row, 0), sizeof(host->key.interface)));
	if (!mac_parse(mac, strlen(mac), host->key.mac))
		memset(host->key.mac, 0, sizeof(host->key.mac));
	host->key.family = version == 4 ? AF_INET : version == 6 ? AF_INET6 : 0;
	if (host->key.family)
		inet_pton(host->key.family, sqlite_text(row, 2), host->key.addr);
	host->key.reason = reason_of(sqlite_text(row, 4));
	snprintf(host->name, sizeof(host->name), "%s", sqlite_text(row, 5));
	snprintf(host->source, sizeof(host->source), "%s", sqlite_text(row, 6));
}

int store_each_counter(struct store *store,
	int (*take)(void *context, int64_t host, const struct history_host *of,
		const struct mz_counts *counter),
	void *context)
{
	struct sqlite_statement *each = &store->statements->sql[STORE_EACH_COUNTER];
	struct history_host host;
	struct mz_counts counter;
	int error, end = 0;

	for (error = store_first(store, STORE_EACH_COUNTER, ""); error == 1 && !end;
		error = end ? 0 : sqlite_next(each)) {
		read_host(each, &host);
		counter = sqlite_counts(each, 8);
		end = take(context, sqlite_integer(each, 7), &host, &counter);
	}
	sqlite_done(each);
	return end ? end : error;
}

int64_t store_host(
	struct store *store, const struct history_key *key, const char *name, const char *source)
{
	struct sqlite_statement *find = &store->statements->sql[STORE_FIND_HOST];
	bool is_other = false;
	struct key_text text;
	int64_t id;
	int error;

	key_to_text(key, &text);
	error = store_first(store, STORE_FIND_HOST, "tttit", text.interface, text.mac, text.address,
		(int64_t)ip_version(key), text.reason);
	id = error == 1 ? sqlite_integer(find, 0) : error;
	if (id > 0 && name)
		is_other = strcmp(sqlite_text(find, 1), name) != 0 ||
			   strcmp(sqlite_text(find, 2), source ? source : "") != 0;
	sqlite_done(find);
	if (id < 0)
		return id;
	if (is_other) {
		error = store_do(store, STORE_NAME_HOST, "itt", id, name, source ? source : "");
		return error ? error : id;
	}
	if (id)
		return id;
	error = store_do(store, STORE_NEW_HOST, "tttittt", text.interface, text.mac, text.address,
		(int64_t)ip_version(key), text.reason, name ? name : "",
		name && source ? source : "");
	return error ? error : sqlite_last_id(&store->db);
}

int64_t store_next_forgotten(struct store *store, struct history_host *host)
{
	struct sqlite_statement *next = &store->statements->sql[STORE_NEXT_FORGOTTEN];
	int64_t id = store_first(store, STORE_NEXT_FORGOTTEN, "");

	if (id == 1) {
		read_host(next, host);
		id = sqlite_integer(next, 7);
	}
	sqlite_done(next);
	return id;
}

int store_end_forgotten(struct store *store, int64_t id)
{
	return store_do(store, STORE_NAME_HOST, "itt", id, "", "");
}

int store_get_host(struct store *store, int64_t id, struct history_host *host)
{
	struct sqlite_statement *get = &store->statements->sql[STORE_GET_HOST];
	int error = store_first(store, STORE_GET_HOST, "i", id);

	if (error == 1)
		read_host(get, host);
	sqlite_done(get);
	return error == 1 ? 0 : error == 0 ? -ENOENT : error;
}
