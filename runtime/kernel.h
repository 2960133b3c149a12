/* SPDX-License-Identifier: Apache-2.0 */
/* What the running kernel has and how it calls things. */
#ifndef HOTPROBE_KERNEL_H
#define HOTPROBE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "internal.h"

enum {
	KERNEL_ID_SIZE = 2 * 64 + 1, /* with its NUL; 20 bytes are usual */
};

/* By its release. */
bool kernel_is_at_least(unsigned major, unsigned minor);
/* CONFIG_KPROBES with its perf PMU (Linux 4.17), asked once per handle. */
bool kernel_has_kprobes(struct hotprobe *hp);
/* opts.backend with AUTO decided as far as it concerns the compiler: KPROBE or TRACEPOINT. */
enum hotprobe_backend kernel_backend(struct hotprobe *hp);
/* Lockdown at 'confidentiality' (as far as securityfs is mounted): then no program may read the
   kernel's memory, and the helpers for it seem not to exist. */
bool kernel_is_locked_down(void);
/* The number of possible CPUs, from /sys/devices/system/cpu/possible: what per-CPU tables have. */
int kernel_possible_cpus(void);
/* The build id in hexadecimal that a file of ELF notes has: KERNEL_NOTES for the kernel's, one in
   /sys/module for a module's; "" if there is none. */
#define KERNEL_NOTES "/sys/kernel/notes"
void kernel_build_id(const char *path, char id[KERNEL_ID_SIZE]);
/* A perf PMU's type number from sysfs, or a negative errno. */
int kernel_pmu_type(const char *pmu);
/* The lowest bit of a field of its perf_event_attr.config, "config:32-63"; -ENOENT if it has none,
   or another negative errno. */
int kernel_pmu_bit(const char *pmu, const char *field);
/* True if the CPU is online. */
bool kernel_cpu_online(int cpu);

/* Reads 4 bytes of the kernel's memory at each address, by a program that is run for each; where it
   cannot, 0. Returns 0 or a negative errno. */
int kernel_read_words(const uint64_t *addresses, uint32_t *words, size_t count);

/* If name is a syscall's kernel function by any kernel's or BCC's spelling ("sys_open",
   "__x64_sys_open"), its name without prefix, else NULL. */
const char *kernel_syscall_of(const char *name);

/* A whole small file of /proc or /sys, malloc'ed with a NUL; NULL with errno set. */
char *kernel_read_file(int dir_fd, const char *path);
/* The beginning of one, as far as it fits into size bytes with a NUL. Returns its length or a
   negative errno; then it is "". */
ssize_t kernel_read_text(const char *path, char *text, size_t size);

#endif
