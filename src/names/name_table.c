// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/name_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "names/name.h"

#define ARENA_MAX (1U << 30)

static const uint8_t mac_prefix[10] = {0xff};

struct name_key name_key_mac(const uint8_t mac[6])
{
	struct name_key key;

	memcpy(key.bytes, mac_prefix, sizeof(mac_prefix));
	memcpy(key.bytes + sizeof(mac_prefix), mac, 6);
	return key;
}

bool name_key_is_mac(const struct name_key *key)
{
	return memcmp(key->bytes, mac_prefix, sizeof(mac_prefix)) == 0;
}

struct name_key name_key_address(int family, const void *addr)
{
	struct name_key key = {{[10] = 0xff, [11] = 0xff}};

	if (family == AF_INET)
		memcpy(key.bytes + 12, addr, 4);
	else
		memcpy(key.bytes, addr, sizeof(key.bytes));
	return key;
}

/* Returns the slot of a key, or the free slot for it. The table is never full. */
static struct name_entry *slot_of(const struct name_table *table, const struct name_key *key)
{
	size_t mask = ((size_t)1 << table->bits) - 1, at;
	uint64_t half[2];

	memcpy(half, key->bytes, sizeof(half));
	at = (size_t)(hash_words(&table->seed, half, 2) >> 32) & mask;
	while (table->slots[at].name && memcmp(&table->slots[at].key, key, sizeof(*key)) != 0)
		at = (at + 1) & mask;
	return &table->slots[at];
}

static struct name_entry *find_slot(const struct name_table *table, const struct name_key *key)
{
	struct name_entry *slot = table->slots ? slot_of(table, key) : NULL;

	return slot && slot->name ? slot : NULL;
}

const struct name_entry *name_table_entry(
	const struct name_table *table, const struct name_key *key)
{
	return find_slot(table, key);
}

const char *name_table_text(const struct name_table *table, const struct name_entry *entry)
{
	return table->arena + entry->name;
}

const char *name_table_find(const struct name_table *table, const struct name_key *key)
{
	const struct name_entry *entry = find_slot(table, key);

	return entry ? name_table_text(table, entry) : NULL;
}

bool name_table_note_use(const struct name_table *table, const struct name_key *address,
	const uint8_t mac[6], uint32_t time_s)
{
	struct name_entry *slot = find_slot(table, address);

	if (!slot || time_s < slot->last_use_s)
		return false;
	slot->last_use_s = time_s;
	if (memcmp(slot->last_user, mac, sizeof(slot->last_user)) == 0)
		return false;
	memcpy(slot->last_user, mac, sizeof(slot->last_user));
	return true;
}

/* Makes room for one more key: at most three of four slots are used. */
static int make_room(struct name_table *table)
{
	struct name_table old = *table;
	size_t size = old.slots ? (size_t)1 << old.bits : 0;

	if (table->count < size / 4 * 3)
		return 0;
	table->bits = old.slots ? old.bits + 1 : 4;
	table->slots = calloc((size_t)1 << table->bits, sizeof(*table->slots));
	if (!table->slots) {
		*table = old;
		return -ENOMEM;
	}
	for (size_t i = 0; i < size; i++)
		if (old.slots[i].name)
			*slot_of(table, &old.slots[i].key) = old.slots[i];
	free(old.slots);
	return 0;
}

/* The length to keep of a name: at most NAMES_MAX bytes, without cutting a UTF-8 character. */
static size_t name_length(const char *name)
{
	size_t length = strnlen(name, NAMES_MAX + 1);
	size_t cut = NAMES_MAX;

	if (length <= NAMES_MAX)
		return length;
	while (cut > NAMES_MAX - 3 && (name[cut] & 0xc0) == 0x80)
		cut--;
	return (name[cut] & 0xc0) == 0x80 ? NAMES_MAX : cut; /* not UTF-8: cut anywhere */
}

static int keep_name(struct name_table *table, const char *name, uint32_t *offset)
{
	size_t length = name_length(name);
	size_t capacity = table->capacity ? table->capacity : 256;
	char *arena;

	if (table->last && !strncmp(table->arena + table->last, name, length) &&
		!table->arena[table->last + length]) {
		*offset = table->last;
		return 0;
	}
	while (capacity - table->used < length + 2)
		capacity *= 2;
	if (capacity > ARENA_MAX)
		return -ENOMEM;
	if (capacity != table->capacity) {
		arena = realloc(table->arena, capacity);
		if (!arena)
			return -ENOMEM;
		table->arena = arena;
		table->capacity = capacity;
	}
	if (!table->used)
		table->arena[table->used++] = '\0';
	*offset = table->last = (uint32_t)table->used;
	memcpy(table->arena + table->used, name, length);
	table->arena[table->used + length] = '\0';
	table->used += length + 1;
	return 0;
}

struct name_entry *name_table_put(
	struct name_table *table, const struct name_key *key, const char *name)
{
	struct name_entry *slot = find_slot(table, key);
	uint32_t offset;

	if (slot && strcmp(name_table_text(table, slot), name) == 0)
		return slot;
	if (make_room(table) < 0 || keep_name(table, name, &offset) < 0)
		return NULL;
	slot = slot_of(table, key);
	table->count += !slot->name;
	slot->key = *key;
	slot->name = offset;
	return slot;
}

/* Returns the entry of a key, and names it where it has no name yet. NULL: out of memory. */
static struct name_entry *add(
	struct name_table *table, const struct name_key *key, const char *name)
{
	struct name_entry *entry = find_slot(table, key);

	if (entry)
		return entry;
	table->host_count++;
	return name_table_put(table, key, name);
}

int name_table_add(struct name_table *table, const uint8_t mac[6], const char *name)
{
	struct name_key key = name_key_mac(mac);

	return add(table, &key, name) ? 0 : -ENOMEM;
}

/* Whether one host alone can have that address: not multicast, link-local or loopback, or ::. */
static bool is_hosts(const struct name_key *key)
{
	static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff}, zero[15];
	const uint8_t *byte = key->bytes;

	if (memcmp(byte, v4, sizeof(v4)) == 0)
		return byte[12] != 0 && byte[12] != 127 && byte[12] < 224;
	return byte[0] != 0xff && !(byte[0] == 0xfe && (byte[1] & 0xc0) == 0x80) &&
	       !(memcmp(byte, zero, sizeof(zero)) == 0 && byte[15] <= 1);
}

/* Outputs show the address where there is no name, so no name may look like an address. */
static bool is_address(const char *name)
{
	uint8_t addr[16];

	return inet_pton(AF_INET, name, addr) == 1 || inet_pton(AF_INET6, name, addr) == 1;
}

int name_table_add_address(struct name_table *table, int family, const void *addr, const char *name)
{
	struct name_key key = name_key_address(family, addr);

	if (!is_hosts(&key) || is_address(name))
		return 0;
	return add(table, &key, name) ? 0 : -ENOMEM;
}

int name_table_add_held(struct name_table *table, const uint8_t mac[6], int family,
	const void *addr, const char *name)
{
	struct name_key key = name_key_address(family, addr), of_mac = name_key_mac(mac);
	bool known = find_slot(table, &key);
	int error = name_table_add(table, mac, name);
	struct name_entry *address, *machine;

	if (error || known || !is_hosts(&key) || is_address(name))
		return error;
	address = add(table, &key, name);
	machine = address ? find_slot(table, &of_mac) : NULL;
	if (!machine)
		return -ENOMEM;
	memcpy(address->holder, mac, sizeof(address->holder));
	if (name_agrees(table->arena + machine->name, table->arena + address->name))
		table->host_count--;
	else
		machine->shared = true;
	return 0;
}

int name_table_add_domain(struct name_table *table, int family, const void *addr, const char *name)
{
	struct name_key key = name_key_address(family, addr);
	struct name_entry *entry;

	if (!is_hosts(&key) || is_address(name) || find_slot(table, &key))
		return 0;
	entry = add(table, &key, name);
	if (entry)
		entry->domain = true;
	return entry ? 0 : -ENOMEM;
}

int name_table_add_leasefile(struct name_table *table, const char *path)
{
	for (int i = 0; i < NAMES_LEASEFILES && *path == '/'; i++) {
		if (table->leasefiles[i] && strcmp(table->leasefiles[i], path) == 0)
			return 0;
		if (table->leasefiles[i])
			continue;
		table->leasefiles[i] = strdup(path);
		return table->leasefiles[i] ? 0 : -ENOMEM;
	}
	return 0;
}

bool name_table_equal(const struct name_table *a, const struct name_table *b)
{
	if (a->count != b->count)
		return false;
	for (int i = 0; i < NAMES_LEASEFILES; i++) {
		const char *x = a->leasefiles[i], *y = b->leasefiles[i];

		if (x && y ? strcmp(x, y) != 0 : x != y)
			return false;
	}
	for (size_t i = 0; a->count && i < (size_t)1 << a->bits; i++) {
		const struct name_entry *slot = &a->slots[i], *other;

		if (!slot->name)
			continue;
		other = find_slot(b, &slot->key);
		if (!other || strcmp(a->arena + slot->name, b->arena + other->name) != 0 ||
			memcmp(slot->holder, other->holder, sizeof(slot->holder)) != 0 ||
			slot->domain != other->domain)
			return false;
	}
	return true;
}

void name_table_free(struct name_table *table)
{
	free(table->slots);
	free(table->arena);
	for (int i = 0; i < NAMES_LEASEFILES; i++)
		free(table->leasefiles[i]);
}
