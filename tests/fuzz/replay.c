// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replaces libFuzzer: runs each given input once, as an ordinary test, with any compiler. Each
 * argument is a file or a directory of them.
 */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned inputs;

static int run_file(const char *path)
{
	FILE *file = fopen(path, "r");
	struct stat stat;
	uint8_t *data;
	size_t size;

	if (!file || fstat(fileno(file), &stat) < 0) {
		perror(path);
		return 1;
	}
	data = malloc((size_t)stat.st_size + 1);
	size = data ? fread(data, 1, (size_t)stat.st_size, file) : 0;
	fclose(file);
	printf("# %s\n", path); /* where the program ends, the last one is the cause */
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	inputs++;
	return 0;
}

static int run(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int status = 0;

	if (!directory)
		return run_file(path);
	while ((entry = readdir(directory))) {
		char inner[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		status |= run(inner);
	}
	closedir(directory);
	return status;
}

int main(int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++)
		status |= run(argv[i]);
	if (status == 0 && inputs > 0)
		printf("ok 1 - %u inputs\n1..1\n", inputs);
	else
		printf("not ok 1 - %u inputs\n1..1\n", inputs);
	return status != 0 || inputs == 0;
}
