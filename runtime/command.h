/* SPDX-License-Identifier: Apache-2.0 */
/* A command that is started to be traced: hotprobe_command_start() and its like. */
#ifndef HOTPROBE_COMMAND_H
#define HOTPROBE_COMMAND_H

#include "internal.h"

/* Kills it if it was never released; leaves it alone otherwise. */
void command_free(struct command *command);

#endif
