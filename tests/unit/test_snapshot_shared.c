// SPDX-License-Identifier: GPL-2.0-or-later
/* The snapshot in shared memory, with its reader in another process. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/snapshot_shared.h"

/* Publishes a snapshot of that many bytes of data, which all equal the low byte of its number. */
static void publish(struct snapshot_shared *shared, uint64_t number, uint32_t bytes)
{
	struct snapshot *snapshot = snapshot_shared_begin(shared, sizeof(*snapshot) + bytes);

	assert_non_null(snapshot);
	assert_true(snapshot->number < number); /* the last one is still there */
	snapshot->number = number;
	snapshot->text_length = bytes;
	memset(snapshot->data, (int)(number & 0xff), bytes);
	snapshot_shared_end(shared, number * 10);
}

static bool is_whole(const struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->text_length; i++)
		if (snapshot->data[i] != (snapshot->number & 0xff))
			return false;
	return true;
}

static void open_both(struct snapshot_shared *writer, struct snapshot_shared *reader)
{
	assert_int_equal(snapshot_shared_create(writer), 0);
	assert_int_equal(snapshot_shared_open(reader, dup(writer->fd)), 0);
}

static void what_is_written_is_read(void **state)
{
	static const uint32_t sizes[] = {0, 1, 60000, 100, 5000000, 70000, 3, 40000000};
	struct snapshot_shared writer, reader;

	(void)state;
	open_both(&writer, &reader);
	assert_null(snapshot_shared_read(&reader));
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const struct snapshot *seen;

		publish(&writer, i + 1, sizes[i]);
		seen = snapshot_shared_read(&reader);
		assert_non_null(seen);
		assert_int_equal(seen->number, i + 1);
		assert_int_equal(seen->text_length, sizes[i]);
		assert_true(is_whole(seen));
		assert_int_equal(snapshot_shared_age_ms(&reader, (i + 1) * 10 + 5), 5);
		assert_ptr_equal(snapshot_shared_read(&reader), seen);
		snapshot_shared_forget(&reader);
		assert_null(reader.copy);
		seen = snapshot_shared_read(&reader);
		assert_non_null(seen);
		assert_int_equal(seen->number, i + 1);
		assert_true(is_whole(seen));
		if (i % 3 == 0)
			snapshot_shared_forget(&reader);
	}
	snapshot_shared_close(&reader);
	snapshot_shared_close(&writer);
}

static void what_is_half_written_is_not_read(void **state)
{
	struct snapshot_shared writer, reader;

	(void)state;
	open_both(&writer, &reader);
	publish(&writer, 1, 100);
	assert_non_null(snapshot_shared_read(&reader));
	assert_non_null(snapshot_shared_begin(&writer, 100)); /* the writer stops in the middle */
	assert_null(snapshot_shared_read(&reader));
	snapshot_shared_end(&writer, 1);
	assert_non_null(snapshot_shared_read(&reader));
	writer.head->bytes = UINT32_MAX / 2;
	writer.head->sequence += 2;
	assert_null(snapshot_shared_read(&reader));
	snapshot_shared_close(&reader);
	snapshot_shared_close(&writer);
}

/*
 * The other process is what the exporter is: it has the descriptor, and may do with it what it can.
 */
static void the_reader_cannot_write(void **state)
{
	struct snapshot_shared writer;

	(void)state;
	assert_int_equal(snapshot_shared_create(&writer), 0);
	assert_true(write(writer.fd, "x", 1) < 0);
	assert_true(ftruncate(writer.fd, 0) < 0);
	assert_ptr_equal(
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, writer.fd, 0), MAP_FAILED);
	assert_true(fcntl(writer.fd, F_GET_SEALS) & F_SEAL_SHRINK);
	publish(&writer, 1, 1000000); /* the writer can, and can enlarge it */
	snapshot_shared_close(&writer);
}

static void a_reader_beside_a_writer_sees_whole_ones_only(void **state)
{
	struct snapshot_shared writer, reader;
	uint64_t last = 0, different = 0;
	volatile struct {
		bool enough; /* the reader has seen enough */
		uint64_t last;
	} *both = mmap(
		NULL, sizeof(*both), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	int status;

	(void)state;
	assert_ptr_not_equal(both, MAP_FAILED);
	open_both(&writer, &reader);
	publish(&writer, 1, 1000);
	child = fork();
	if (child == 0) {
		alarm(HANGS_S);
		while (!both->enough) {
			both->last++;
			publish(&writer, 1 + both->last,
				1000 + (uint32_t)(both->last * 7919 % 300000));
			usleep(200); /* so that some reads succeed */
		}
		_exit(0);
	}
	assert_true(child > 0);
	while (waitpid(child, &status, WNOHANG) == 0) {
		const struct snapshot *seen = snapshot_shared_read(&reader);

		if (!seen)
			continue;
		assert_true(is_whole(seen));
		assert_true(seen->number >= last);
		different += seen->number != last;
		last = seen->number;
		both->enough = different >= 500;
	}
	assert_int_equal(status, 0);
	assert_int_equal(snapshot_shared_read(&reader)->number, 1 + both->last);
	munmap((void *)both, sizeof(*both));
	snapshot_shared_close(&reader);
	snapshot_shared_close(&writer);
}

static void what_may_not_grow_stays_as_it_was(void **state)
{
	struct rlimit before, low;
	struct snapshot_shared writer, reader;

	(void)state;
	open_both(&writer, &reader);
	publish(&writer, 1, 100);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	low = before;
	low.rlim_cur = 100000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	errno = 0;
	assert_null(snapshot_shared_begin(&writer, 200000));
	assert_int_equal(errno, EFBIG);
	assert_int_equal(snapshot_shared_read(&reader)->number, 1);
	publish(&writer, 2, 200);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	publish(&writer, 3, 200000);
	assert_int_equal(snapshot_shared_read(&reader)->number, 3);
	snapshot_shared_close(&reader);
	snapshot_shared_close(&writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_may_not_grow_stays_as_it_was),
		cmocka_unit_test(what_is_half_written_is_not_read),
		cmocka_unit_test(the_reader_cannot_write),
		cmocka_unit_test(a_reader_beside_a_writer_sees_whole_ones_only),
	};

	return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
