/* SPDX-License-Identifier: Apache-2.0 */
/* Notes which files do the compiling, for the cache to see when one of them has changed. */
#ifndef HOTPROBE_CC_TOOLS_H
#define HOTPROBE_CC_TOOLS_H

#include "../image.h"

/* Adds IMAGE_TOOLS. Before the files are out of reach. */
void tools_add(struct image_writer *w);

#endif
