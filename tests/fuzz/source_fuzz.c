/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a source: the scan for includes and tracepoints, and the lookup of lines. */
#include <stdlib.h>
#include <string.h>

#include "source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source source;
	const char *missing;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	source_init(&source, "/nonexistent/fuzz.c", text, size, NULL, 0, &missing);
	for (unsigned line = 0; line < 4; line++)
		free(source_get_line(&source, "/nonexistent/fuzz.c", line));
	source_free(&source);
	return 0;
}
