/* SPDX-License-Identifier: Apache-2.0 */
/* libbcc's own headers, made fit for libclang. */
#include <string.h>

#include "prelude.h"
#include "text.h"

char *prelude_annotate(const char *text)
{
	static const char word[] = "section(\"maps/";
	struct text out = {0};
	const char *at, *end, *argument;

	while ((at = strstr(text, word))) {
		argument = at + strlen("section");
		end = strchr(argument, ')');
		if (!end)
			break;
		text_add(&out, text, (size_t)(end + 1 - text));
		text_puts(&out, ", annotate");
		text_add(&out, argument, (size_t)(end + 1 - argument));
		text = end + 1;
	}
	text_puts(&out, text);
	return out.data;
}
