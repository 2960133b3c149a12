/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes from the process what a compiler does not need, before it reads a byte of the user's:
 * privileges, other programs, the network, processes, files to write to.
 */
#ifndef HOTPROBE_CC_LOCKDOWN_H
#define HOTPROBE_CC_LOCKDOWN_H

/* No privilege, no new one, limits on time and memory, an empty environment; of system calls only
   those that reading headers and compiling take. Returns 0 or a negative errno. */
int lockdown(void);
/* From here on no file can be opened either. */
int lockdown_files(void);

#endif
