/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOTPROBE_CLI_GUEST_H
#define HOTPROBE_CLI_GUEST_H

#include <limits.h>
#include <stdbool.h>

/* The script that handles guests, looked for as the library looks for the compiler: beside this
   program, exe, or where it was installed. False if it is in neither place; path is the latter. */
bool guest_script(char path[PATH_MAX], const char *exe);

#endif
