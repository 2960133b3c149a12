/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does an image fit a kernel that it was not compiled for? When it is saved, each of its uses of
 * the kernel gets a text of how that is on the kernel compiled for; when it is opened on another
 * one, the same is asked there. Only what is used counts: a struct may have changed otherwise.
 */
#ifndef HOTPROBE_IMAGE_USES_H
#define HOTPROBE_IMAGE_USES_H

#include "internal.h"

#define IMAGE_USES_HINT "build it again here, or for this kernel with hotprobe build --btf"

/* Adds the uses of hp->image to w, with their texts, and those of the functions that programs are
   placed at. Returns 0, or a negative errno with the message set. */
int image_uses_write(struct hotprobe *hp, struct image_writer *w);

/* Compares with the running kernel, and adapts what the image knows of the kernel for the loader.
   Returns 0, or -EINVAL with message and diagnostics. path: of the image, for messages. */
int image_uses_check(struct hotprobe *hp, const char *path);

#endif
