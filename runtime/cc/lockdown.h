/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes from the process what a compiler does not need, before it reads a byte of the user's:
 * privileges, other programs, the network, processes, files to write to.
 */
#ifndef HOTPROBE_CC_LOCKDOWN_H
#define HOTPROBE_CC_LOCKDOWN_H

/* Sanitizers take terabytes of addresses and make calls of their own: with one there is no limit of
   memory and no filter of system calls. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* No privilege, no new one, limits on time and memory, an empty environment; of system calls only
   those that reading headers and compiling take. Returns 0 or a negative errno. */
int lockdown(void);
/* From here on no file can be opened either. */
int lockdown_files(void);

#endif
