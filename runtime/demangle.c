/* SPDX-License-Identifier: Apache-2.0 */
#include "demangle.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static void load(struct demangler *d)
{
	d->tried = true;
	d->library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
	if (d->library)
		*(void **)&d->demangle = dlsym(d->library, "__cxa_demangle");
}

const char *demangle(struct demangler *d, const char *name)
{
	char *result;
	int status;

	if (strncmp(name, "_Z", 2))
		return name;
	if (!d->tried)
		load(d);
	if (!d->demangle)
		return name;
	/* It takes over the buffer, grows it, and leaves it alone if it fails. */
	result = d->demangle(name, d->buffer, &d->size, &status);
	if (!result || status)
		return name;
	d->buffer = result;
	return result;
}

void demangler_free(struct demangler *d)
{
	free(d->buffer);
	if (d->library)
		dlclose(d->library);
	*d = (struct demangler){0};
}
