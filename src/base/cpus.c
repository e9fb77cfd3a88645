// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cpus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CPU_MAX 65535 /* more than any kernel is built for */

int cpus_parse(const char *text, unsigned *numbers, unsigned *possible)
{
	*numbers = *possible = 0;
	do {
		unsigned first, last;
		int length = 0;

		if (strspn(text, "0123456789") == 0 || sscanf(text, "%u%n", &first, &length) != 1)
			return -EINVAL;
		last = first;
		text += length;
		if (*text == '-') {
			text++;
			if (strspn(text, "0123456789") == 0 ||
				sscanf(text, "%u%n", &last, &length) != 1)
				return -EINVAL;
			text += length;
		}
		if (first < *numbers || last < first || last > CPU_MAX)
			return -EINVAL;
		*numbers = last + 1;
		*possible += last - first + 1;
	} while (*text++ == ',');
	text--;
	return *text == '\0' || strcmp(text, "\n") == 0 ? 0 : -EINVAL;
}

int cpus_count(unsigned *numbers, unsigned *possible)
{
	FILE *file = fopen("/sys/devices/system/cpu/possible", "re");
	char text[4096];
	int error = file && fgets(text, sizeof(text), file) ? 0 : -errno;

	if (file)
		fclose(file);
	return error ? error : cpus_parse(text, numbers, possible);
}
