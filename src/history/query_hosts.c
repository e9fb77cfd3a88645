/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose rows they are: hosts of the store and of the ledger, and those that share a row. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/array.h"
#include "history/query.h"
#include "history/query_private.h"
#include "history/sums.h"

/* Maps */

size_t query_map_start(const struct query_map *map, uint64_t hash)
{
	return map->room ? (size_t)(hash >> 32) & (map->room - 1) : 0;
}

int64_t query_map_find(const struct query_map *map, uint64_t hash, size_t *at)
{
	if (!map->room)
		return -1;
	for (; map->slots[*at].value; *at = (*at + 1) & (map->room - 1))
		if (map->slots[*at].hash == hash)
			return (int64_t)map->slots[*at].value - 1;
	return -1;
}

static void put(struct query_map *map, struct query_slot slot)
{
	size_t at = query_map_start(map, slot.hash);

	while (map->slots[at].value)
		at = (at + 1) & (map->room - 1);
	map->slots[at] = slot;
}

int query_map_add(struct query_map *map, uint64_t hash, uint32_t value)
{
	if (map->count * 2 >= map->room) {
		struct query_map grown = {.room = map->room ? map->room * 2 : 64};

		grown.slots = calloc(grown.room, sizeof(*grown.slots));
		if (!grown.slots)
			return -ENOMEM;
		for (size_t i = 0; i < map->room; i++)
			if (map->slots[i].value)
				put(&grown, map->slots[i]);
		grown.count = map->count;
		free(map->slots);
		*map = grown;
	}
	put(map, (struct query_slot){.hash = hash, .value = value + 1});
	map->count++;
	return 0;
}

static uint64_t hash_bytes(const struct hash_seed *seed, const void *bytes, size_t size)
{
	uint64_t words[HISTORY_NAME / 8] = {0};

	memcpy(words, bytes, size);
	return hash_words(seed, words, (size + 7) / 8);
}

static void lower(char text[static HISTORY_NAME], const char *name)
{
	memset(text, 0, HISTORY_NAME);
	for (size_t i = 0; i < HISTORY_NAME - 1 && name[i]; i++)
		text[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
}

static bool has_mac(const struct history_key *key)
{
	static const uint8_t none[sizeof(key->mac)];

	return memcmp(key->mac, none, sizeof(none)) != 0;
}

/* Groups */

/*
 * The place of a row in its bucket. Answers go on behind a rank, so it comes from the key or the
 * name alone, and is the same in each answer: by MAC, then others, then what is not attributed.
 */
static uint64_t rank_of(const struct history_key *key, const char *lower_name)
{
	static const struct hash_seed fixed = {.word = {0x6d657a6f757261, 1}};
	uint64_t rank = 0;

	if (lower_name) {
		rank = hash_bytes(&fixed, lower_name, HISTORY_NAME);
	} else if (key->reason) {
		rank = UINT64_MAX - UINT8_MAX + key->reason;
	} else if (has_mac(key)) {
		for (size_t i = 0; i < sizeof(key->mac); i++)
			rank = rank << 8 | key->mac[i];
		rank = rank << 16 | (uint64_t)(key->family == AF_INET6) << 15 |
		       hash_bytes(&fixed, key->interface, sizeof(key->interface)) >> 49;
	} else {
		rank = hash_bytes(&fixed, key, sizeof(*key));
	}
	return rank > HISTORY_STEP_BEGINS ? rank : HISTORY_STEP_BEGINS + 1;
}

static int new_group(struct query *query, uint32_t host, const char *lower_name)
{
	struct query_group *grown = array_grow(
		query->groups, query->group_count, &query->group_room, 64, sizeof(*query->groups));
	uint32_t *listed;

	if (!grown)
		return -ENOMEM;
	query->groups = grown;
	/* each group can be listed, so that adding never allocates */
	listed = query->listed_room < query->group_room
			 ? realloc(query->listed, query->group_room * sizeof(*listed))
			 : query->listed;
	if (!listed)
		return -ENOMEM;
	query->listed = listed;
	query->listed_room = query->group_room;
	query->groups[query->group_count] = (struct query_group){
		.host = host,
		.named = lower_name != NULL,
		.rank = rank_of(&query->hosts[host].key, lower_name),
	};
	query->hosts[host].group = (uint32_t)query->group_count++;
	return 0;
}

static int choose_group(struct query *query, uint32_t number)
{
	struct query_host *host = &query->hosts[number];
	char name[HISTORY_NAME], other[HISTORY_NAME];
	int64_t group;
	uint64_t hash;
	size_t at;
	int error;

	if (query->question.by == HISTORY_BY_TOTAL && query->group_count) {
		host->group = 0;
		return 0;
	}
	if (query->question.by != HISTORY_BY_NAME || !host->name)
		return new_group(query, number, NULL);
	lower(name, host->name);
	hash = hash_bytes(&query->seed, name, sizeof(name));
	at = query_map_start(&query->by_name, hash);
	while ((group = query_map_find(&query->by_name, hash, &at)) >= 0) {
		lower(other, query->hosts[query->groups[group].host].name);
		if (strcmp(name, other) == 0) {
			host->group = (uint32_t)group;
			return 0;
		}
		at = (at + 1) & (query->by_name.room - 1);
	}
	error = new_group(query, number, name);
	return error ? error : query_map_add(&query->by_name, hash, host->group);
}

/* Hosts */

static bool is_asked(const struct history_question *question, const struct query_host *host)
{
	switch (question->who) {
	case HISTORY_MAC:
		return has_mac(&host->key) &&
		       !memcmp(host->key.mac, question->mac, sizeof(question->mac));
	case HISTORY_ADDRESS:
		return !host->key.reason && !has_mac(&host->key) &&
		       host->key.family == question->family &&
		       !memcmp(host->key.addr, question->addr, sizeof(question->addr));
	case HISTORY_NAMED:
		return host->name && strcasecmp(host->name, question->name) == 0;
	default:
		return true;
	}
}

/* The index of the host with that key, which is added where the question has not met it yet. */
static int64_t meet(
	struct query *query, const struct history_key *key, const char *name, const char *source)
{
	uint64_t hash = hash_bytes(&query->seed, key, sizeof(*key));
	size_t at = query_map_start(&query->by_key, hash);
	struct query_host *grown, *host;
	int64_t number;
	int error;

	while ((number = query_map_find(&query->by_key, hash, &at)) >= 0) {
		if (memcmp(&query->hosts[number].key, key, sizeof(*key)) == 0)
			return number;
		at = (at + 1) & (query->by_key.room - 1);
	}
	grown = array_grow(
		query->hosts, query->host_count, &query->host_room, 64, sizeof(*query->hosts));
	if (!grown)
		return -ENOMEM;
	query->hosts = grown;
	number = (int64_t)query->host_count;
	host = &query->hosts[number];
	*host = (struct query_host){.key = *key};
	memcpy(host->source, source, sizeof(host->source));
	if (name && *name && !(host->name = strdup(name)))
		return -ENOMEM;
	query->host_count++;
	host->asked = is_asked(&query->question, host);
	error = choose_group(query, (uint32_t)number);
	if (!error)
		error = query_map_add(&query->by_key, hash, (uint32_t)number);
	return error ? error : number;
}

int64_t query_host_of_id(struct query *query, int64_t id)
{
	uint64_t hash = hash_words(&query->seed, &(uint64_t){(uint64_t)id}, 1);
	size_t at = query_map_start(&query->by_id, hash);
	int64_t number = query_map_find(&query->by_id, hash, &at);
	struct history_host host;
	int error;

	/* one word is hashed without collisions: each step can be undone */
	if (number >= 0)
		return number;
	error = store_get_host(query->sources->store, id, &host);
	if (error == -ENOENT) /* it was forgotten just now */
		host = (struct history_host){.key.reason = HISTORY_FORGOTTEN_HOSTS};
	else if (error)
		return error;
	number = meet(query, &host.key, host.name, host.source);
	error = number < 0 ? (int)number : query_map_add(&query->by_id, hash, (uint32_t)number);
	return error ? error : number;
}

/* Chooses the hosts of the store that the question is about. */
static int choose_hosts(struct query *query)
{
	struct sqlite_statement *statement = query_statement(query, QUERY_HOSTS);
	struct sqlite *db = &query->sources->store->db;
	int got;

	for (got = sqlite_first(db, statement, "i", query->last_id); got == 1;
		got = sqlite_next(statement)) {
		int64_t id = sqlite_integer(statement, 0);
		int64_t host = query_host_of_id(query, id);

		if (host < 0) {
			sqlite_done(statement);
			return (int)host;
		}
		query->last_id = id;
		if (!query->hosts[host].asked)
			continue;
		if (query->id_count < QUERY_FEW)
			query->ids[query->id_count] = id;
		query->id_count++;
	}
	return got;
}

int query_meet_hosts(struct query *query)
{
	const struct ledger *ledger = query->sources->ledger;
	size_t count = ledger ? ledger->count : 0;

	if (!query->host_count && query->question.by == HISTORY_BY_TOTAL) {
		/* number 0, for counts of which only the sum is known */
		int64_t all = meet(query, &(struct history_key){0}, "", (char[12]){0});

		if (all < 0)
			return (int)all;
	}
	if (count) {
		uint32_t *grown = realloc(query->of_series, count * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		query->of_series = grown;
	}
	query->series_count = count;
	for (size_t i = 0; i < count; i++) {
		const struct ledger_series *series = &ledger->series[i];
		int64_t host = meet(query, &series->key, series->name, series->source);

		if (host < 0)
			return (int)host;
		query->of_series[i] = (uint32_t)host;
	}
	if (!query->sources->store || query->question.who == HISTORY_EVERYBODY)
		return 0;
	return choose_hosts(query);
}

void query_free_hosts(struct query *query)
{
	for (size_t i = 0; i < query->host_count; i++)
		free(query->hosts[i].name);
	free(query->hosts);
	free(query->groups);
	free(query->listed);
	free(query->of_series);
	free(query->by_id.slots);
	free(query->by_key.slots);
	free(query->by_name.slots);
}

/* Rows */

int query_add(struct query *query, uint32_t host, const struct mz_counts *counts, bool estimated)
{
	struct query_group *group = &query->groups[query->hosts[host].group];

	if (!query->hosts[host].asked)
		return 0;
	if (!group->listed) {
		group->listed = true;
		query->listed[query->listed_count++] = query->hosts[host].group;
	}
	group->estimated |= estimated;
	sums_add(&group->counts, counts);
	return 0;
}

int query_add_id(struct query *query, int64_t id, const struct mz_counts *counts, bool estimated)
{
	int64_t host = query_host_of_id(query, id);

	query->scanned++;
	if (host < 0)
		return (int)host;
	return query_add(query, (uint32_t)host, counts, estimated);
}

void query_clear(struct query *query)
{
	for (size_t i = 0; i < query->listed_count; i++) {
		struct query_group *group = &query->groups[query->listed[i]];

		group->listed = group->estimated = false;
		group->counts = (struct mz_counts){0};
	}
	query->listed_count = query->at = query->end_at = 0;
}

static int compare(const void *a, const void *b, void *context)
{
	const struct query_group *groups = context;
	const struct query_group *one = &groups[*(const uint32_t *)a];
	const struct query_group *other = &groups[*(const uint32_t *)b];

	if (one->rank != other->rank)
		return one->rank < other->rank ? -1 : 1;
	return one < other ? -1 : one > other;
}

void query_sort(struct query *query)
{
	size_t kept = 0;

	for (size_t i = 0; i < query->listed_count; i++) {
		struct query_group *group = &query->groups[query->listed[i]];

		if (sums_are_zero(&group->counts))
			group->listed = group->estimated = false;
		else
			query->listed[kept++] = query->listed[i];
	}
	query->listed_count = kept;
	if (kept)
		qsort_r(query->listed, kept, sizeof(*query->listed), compare, query->groups);
}
