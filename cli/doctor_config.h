/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the running kernel's configuration that matter to hotprobe. */
#ifndef HOTPROBE_CLI_DOCTOR_CONFIG_H
#define HOTPROBE_CLI_DOCTOR_CONFIG_H

#include <stdbool.h>

enum { CONFIG_OPTIONS = 19 };

struct config {
	const char *file; /* that was read, NULL: none */
	char path[128];
	char values[CONFIG_OPTIONS]; /* 'y', 'm', or 0 */
};

extern const char *const config_options[CONFIG_OPTIONS]; /* without CONFIG_ */

/* Reads /proc/config.gz, else /boot/config-RELEASE. Returns 0 or a negative errno. */
int config_read(struct config *config);
/* Would the use of what is built with that option load a module, which then stays? */
bool config_would_load(const char *option, const char *module);

#endif
