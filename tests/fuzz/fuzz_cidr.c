// SPDX-License-Identifier: GPL-2.0-or-later
/* The ranges of the command line, and all of its other values. */
#include "fuzz.h"

#include <sys/socket.h>

#include "base/prefix.h"
#include "config/daemon_options.h"
#include "config/options.h"

static void check_prefix(const char *text, int family, bool bare)
{
	struct prefix prefix, again;
	char written[PREFIX_STRLEN];
	const char *expected = prefix_parse(text, family, bare, &prefix);

	if (expected) {
		fuzz_check(*expected);
		return;
	}
	fuzz_check(prefix.family == AF_INET || prefix.family == AF_INET6);
	fuzz_check(family == AF_UNSPEC || prefix.family == family);
	fuzz_check(prefix.length <= (prefix.family == AF_INET ? 32 : 128));
	fuzz_check(prefix_has(&prefix, prefix.family, prefix.addr));
	prefix_format(&prefix, written);
	fuzz_check(!prefix_parse(written, family, false, &again));
	fuzz_check(prefix_equal(&prefix, &again));
}

static void check_option(const char *option, char *text)
{
	static struct config config;
	static char program[] = "mezoura", name[32];
	char *argv[] = {program, name, text, NULL};
	static const struct command commands[] = {{"", "", "", &daemon_options, NULL}, {0}};
	char error[COMMAND_ERROR] = "";
	int result;

	memccpy(name, option, 0, sizeof(name));
	result = options_parse(commands, commands, 3, argv, &config, error);
	fuzz_check(memchr(error, '\0', sizeof(error)));
	fuzz_check(result == 0 || *error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const options[] = {"-4", "-6", "-i", "-p", "-t", "--local", "--allow",
		"--listen", "--max-hosts", "--metrics", "--pin", "--socket", "--hosts"};
	char *text = fuzz_copy(data, size, true);

	for (int bare = 0; bare < 2; bare++) {
		check_prefix(text, AF_UNSPEC, bare);
		check_prefix(text, AF_INET, bare);
		check_prefix(text, AF_INET6, bare);
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		check_option(options[i], text);
	free(text);
	return 0;
}
