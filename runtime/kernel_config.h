/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration a kernel was built with. */
#ifndef HOTPROBE_KERNEL_CONFIG_H
#define HOTPROBE_KERNEL_CONFIG_H

/*
 * The text of the kernel's .config: of the running kernel out of /proc/config.gz, else a file
 * config-RELEASE beside its BTF (btf_path may be NULL) or in /boot. malloc'ed, with a NUL; NULL if
 * there is none.
 */
char *kernel_config_read(const char *btf_path, const char *release);

#endif
