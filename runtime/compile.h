/* SPDX-License-Identifier: Apache-2.0 */
/* From source to image, by way of the compiler process. */
#ifndef HOTPROBE_COMPILE_H
#define HOTPROBE_COMPILE_H

#include "internal.h"
#include "request.h"

/* Compiles hp->source into hp->image_data and hp->image. Diagnostics are added to the handle.
   Returns 0 or a negative errno as hotprobe_open_file() documents, with the message set. */
int compile(struct hotprobe *hp);

/* Makes size bytes at data (malloc'ed, aligned, taken over) the handle's image, and adds its
   diagnostics. Returns 0; -EINVAL if it holds no program; -EBADMSG if it is unusable. */
int take_image(struct hotprobe *hp, void *data, size_t size);

/* Gives the compiler process a request. Returns 0 and its answer, malloc'ed; or a negative errno as
   hotprobe_open_file() documents, with the message set. */
int compile_ask(struct hotprobe *hp, const struct request *request, void **answer, size_t *size);

/* Adds the kernel to compile for: its BTF, release and build id. */
void compile_request_kernel(const struct hotprobe *hp, struct request *request);

/* Adds to *request what the compiler process needs for hp->source. Returns 0 or -ENOMEM. */
int compile_request(struct hotprobe *hp, struct request *request);

#endif
