// SPDX-License-Identifier: GPL-2.0-or-later
/* A classifier that the kernel refuses to load, and what the log says then. */
#include "rig.h"

#include <string.h>
#include <sys/mman.h>

#include "base/log.h"

static const struct site home = SITE_HOME;

/* Loads with a map of counts in which each value is too small. Returns all that was logged. */
static const char *refused(struct rig *rig)
{
	static char said[1 << 20];
	int counts = rig->maps.fd[MAPS_COUNTS], before = dup(STDERR_FILENO);
	int log = memfd_create("log", MFD_CLOEXEC), programs[MZ_DIRECTIONS], result;
	struct mz_settings settings;
	ssize_t length;

	site_settings(&home, RIG_NET, &settings);
	rig->maps.fd[MAPS_COUNTS] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "small", 4, 4, 1, NULL);
	assert_true(rig->maps.fd[MAPS_COUNTS] >= 0 && log >= 0 && before >= 0);
	dup2(log, STDERR_FILENO);
	result = classifier_load(&rig->maps, &settings, programs);
	dup2(before, STDERR_FILENO);
	close(before);
	close(rig->maps.fd[MAPS_COUNTS]);
	rig->maps.fd[MAPS_COUNTS] = counts;
	assert_int_equal(result, -EACCES);
	assert_int_equal(programs[MZ_UPLOAD], -1);
	length = pread(log, said, sizeof(said) - 1, 0);
	assert_true(length >= 0);
	said[length] = '\0';
	close(log);
	return said;
}

static size_t lines(const char *text)
{
	size_t count = 0;

	while ((text = strchr(text, '\n')) != NULL) {
		count++;
		text++;
	}
	return count;
}

/* In one test, as the log says so once per minute only. */
static void the_reason_is_logged_once_and_the_rest_with_verbose(void **state)
{
	static const char reason[] = "mezoura: the kernel's verifier refuses the classifier: ";
	struct rig rig;
	const char *said;

	rig_start(&rig, state, &home, 8);
	log_verbose = true;
	said = refused(&rig);
	log_verbose = false;
	assert_non_null(strstr(said, "\nmezoura: verifier: "));
	assert_non_null(strstr(said, reason));
	assert_non_null(strstr(strstr(said, reason), "invalid access to map value"));
	assert_true(lines(said) > 5);
	assert_string_equal(refused(&rig), "");
	rig_stop(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reason_is_logged_once_and_the_rest_with_verbose),
	};

	return cmocka_run_group_tests_name("classifier, refused", tests, rig_isolate, NULL);
}
