/* SPDX-License-Identifier: Apache-2.0 */
/* Images as files: what hotprobe build writes and hotprobe run takes in place of a source. */
#ifndef HOTPROBE_IMAGE_FILE_H
#define HOTPROBE_IMAGE_FILE_H

#include "internal.h"

bool image_file_is(const void *data, size_t size);
/* Takes over data (malloc'ed) as hp's image, if it is for this kernel. path is for messages. */
int image_file_open(struct hotprobe *hp, const char *path, void *data, size_t size);

#endif
