/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signals that ask hotprobe to end: SIGINT, SIGTERM, and SIGHUP unless nohup(1) or so has it
 * ignored. The first one makes a descriptor readable; a second one ends the process at once.
 * SIGPIPE does nothing: writing then fails with EPIPE.
 */
#ifndef HOTPROBE_CLI_SIGNALS_H
#define HOTPROBE_CLI_SIGNALS_H

#include <stdbool.h>

/* Returns the descriptor, or a negative errno. */
int signals_catch(void);
/* The first signal that came, 0 if none did; whether the terminal sent it, and so sent it to the
   other processes of the foreground job too. */
int signals_caught(bool *from_terminal);

#endif
