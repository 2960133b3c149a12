/* SPDX-License-Identifier: Apache-2.0 */
/* Any string as a KIND:TARGET and as a function's name: what is accepted can be written back. */
#include <stdlib.h>
#include <string.h>

#include "target.h"

static void check(struct target *target)
{
	char *text = target_text(target);

	free(text);
	target_free(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct target target;
	const char *why;

	if (!text)
		return 0;
	if (!target_from_spec(&target, text, &why))
		check(&target);
	if (target_from_name(&target, text, &why) > 0)
		check(&target);
	free(text);
	return 0;
}
