/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

#include <bpf/bpf.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arch.h"
#include "insns.h"

char *kernel_read_file(int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	size_t used = 0, capacity = 0;
	char *text = NULL, *grown;
	ssize_t n;

	if (fd < 0)
		return NULL;
	do {
		if (used + 1 >= capacity) {
			capacity = capacity ? capacity * 2 : 4096;
			grown = realloc(text, capacity);
			if (!grown) {
				n = -1;
				break;
			}
			text = grown;
		}
		n = read(fd, text + used, capacity - used - 1);
		if (n > 0)
			used += n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0) {
		free(text);
		text = NULL;
	} else {
		text[used] = '\0';
	}
	close(fd);
	return text;
}

ssize_t kernel_read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	size_t used = 0;
	ssize_t n = 1;

	*text = '\0';
	if (fd < 0)
		return -errno;
	while (n && used + 1 < size) {
		n = read(fd, text + used, size - used - 1);
		if (n < 0 && errno != EINTR) {
			err = -errno;
			break;
		}
		used += n > 0 ? (size_t)n : 0;
	}
	text[err ? 0 : used] = '\0';
	close(fd);
	return err ? err : (ssize_t)used;
}

/* Notes are ELF's: sizes of name and content, type, then both, each padded to 4 bytes. */
static const uint8_t *find_build_id(const uint8_t *notes, size_t size, uint32_t *id_size)
{
	while (size >= sizeof(Elf64_Nhdr)) {
		const Elf64_Nhdr *note = (const void *)notes;
		uint64_t name = ((uint64_t)note->n_namesz + 3) & ~3ULL;
		uint64_t content = ((uint64_t)note->n_descsz + 3) & ~3ULL;

		if (name + content > size - sizeof(*note))
			return NULL;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
		    !memcmp(note + 1, "GNU", 4)) {
			*id_size = note->n_descsz;
			return (const uint8_t *)(note + 1) + name;
		}
		notes += sizeof(*note) + name + content;
		size -= sizeof(*note) + name + content;
	}
	return NULL;
}

void kernel_build_id(const char *path, char id[KERNEL_ID_SIZE])
{
	_Alignas(4) uint8_t notes[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, notes, sizeof(notes));
	uint32_t size = 0;
	const uint8_t *found = n > 0 ? find_build_id(notes, n, &size) : NULL;

	id[0] = '\0';
	for (uint32_t i = 0; found && i < size && 2 * i + 2 < KERNEL_ID_SIZE; i++)
		snprintf(id + 2 * i, 3, "%02x", found[i]);
	if (fd >= 0)
		close(fd);
}

int kernel_pmu_type(const char *pmu)
{
	char path[128], text[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", pmu);
	n = kernel_read_text(path, text, sizeof(text));
	return n < 0 ? (int)n : atoi(text);
}

int kernel_pmu_bit(const char *pmu, const char *field)
{
	char path[128], text[64];
	ssize_t n;
	int bit;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/format/%s", pmu, field);
	n = kernel_read_text(path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	return sscanf(text, "config:%d", &bit) == 1 && bit >= 0 && bit < 64 ? bit : -ENOENT;
}

bool kernel_has_kprobes(struct hotprobe *hp)
{
	if (hp->has_kprobes < 0)
		hp->has_kprobes = kernel_pmu_type("kprobe") >= 0;
	return hp->has_kprobes;
}

enum hotprobe_backend kernel_backend(struct hotprobe *hp)
{
	if (hp->opts.backend != HOTPROBE_BACKEND_AUTO)
		return hp->opts.backend;
	/* What was compiled for tracepoints would read a kprobe's registers at the wrong place. */
	if (hp->image.flags & IMAGE_F_DIRECT_SYSCALLS)
		return HOTPROBE_BACKEND_TRACEPOINT;
	if (hp->opts.btf_path)
		return HOTPROBE_BACKEND_KPROBE; /* another kernel: most have kprobes */
	return kernel_has_kprobes(hp) ? HOTPROBE_BACKEND_KPROBE : HOTPROBE_BACKEND_TRACEPOINT;
}

bool kernel_is_at_least(unsigned major, unsigned minor)
{
	unsigned has_major = 0, has_minor = 0;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &has_major, &has_minor) != 2)
		return false;
	return has_major > major || (has_major == major && has_minor >= minor);
}

bool kernel_is_locked_down(void)
{
	char text[128];

	kernel_read_text("/sys/kernel/security/lockdown", text, sizeof(text));
	return strstr(text, "[confidentiality]");
}

int kernel_possible_cpus(void)
{
	char text[4096], *last = text;
	int count;

	/* "0-3" or "0,2-5": the highest number comes last. */
	kernel_read_text("/sys/devices/system/cpu/possible", text, sizeof(text));
	for (char *at = text; *at; at++)
		if (*at == '-' || *at == ',')
			last = at + 1;
	count = *last ? atoi(last) + 1 : (int)sysconf(_SC_NPROCESSORS_CONF);
	return count > 0 ? count : 1;
}

bool kernel_cpu_online(int cpu)
{
	char text[4096], *at = text;
	bool online = kernel_read_text("/sys/devices/system/cpu/online", text, sizeof(text)) < 0;

	while (*at) {
		int first = (int)strtol(at, &at, 10), last = first;

		if (*at == '-')
			last = (int)strtol(at + 1, &at, 10);
		if (cpu >= first && cpu <= last)
			online = true;
		if (*at != ',')
			break;
		at++;
	}
	return online;
}

int kernel_read_words(const uint64_t *addresses, uint32_t *words, size_t count)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_DW, BPF_REG_3, BPF_REG_1, 0),
		MOV_REG(BPF_REG_1, BPF_REG_10),
		ADD_IMM(BPF_REG_1, -8),
		MOV_IMM(BPF_REG_2, sizeof(*words)),
		CALL(BPF_FUNC_probe_read_kernel), /* zeroes what it cannot read */
		LOAD(BPF_W, BPF_REG_0, BPF_REG_10, -8),
		EXIT(),
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "hotprobe_read", "GPL", insns,
			       sizeof(insns) / sizeof(*insns), NULL);
	int err = fd < 0 ? -errno : 0;

	for (size_t i = 0; i < count && !err; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &addresses[i],
			    .ctx_size_in = sizeof(*addresses));

		err = bpf_prog_test_run_opts(fd, &opts) ? -errno : 0;
		words[i] = opts.retval;
	}
	if (fd >= 0)
		close(fd);
	return err;
}

/* The prefixes that BCC's Python knows, _syscall_prefixes. */
static const char *const syscall_prefixes[] = {
	"__x64_sys_",	"__x32_compat_sys_", "__ia32_compat_sys_", "__arm64_sys_",
	"__s390x_sys_", "__s390_sys_",	     "__riscv_sys_",	   "sys_",
};

const char *kernel_syscall_of(const char *name)
{
	for (size_t i = 0; i < sizeof(syscall_prefixes) / sizeof(*syscall_prefixes); i++) {
		size_t length = strlen(syscall_prefixes[i]);

		if (!strncmp(name, syscall_prefixes[i], length) && name[length])
			return name + length;
	}
	return NULL;
}

/* bpf(2) stands for all: kallsyms has it as "ffffffff812345 T __x64_sys_bpf". */
static const char *find_prefix(void)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	const char *found = NULL;
	char line[512];

	while (file && !found && fgets(line, sizeof(line), file)) {
		char *name = strrchr(line, ' ');

		if (!name)
			continue;
		name++;
		name[strcspn(name, "\t\n")] = '\0';
		for (size_t i = 0; i < sizeof(syscall_prefixes) / sizeof(*syscall_prefixes); i++) {
			size_t length = strlen(syscall_prefixes[i]);

			if (!strncmp(name, syscall_prefixes[i], length) &&
			    !strcmp(name + length, "bpf")) {
				found = syscall_prefixes[i];
				break;
			}
		}
	}
	if (file)
		fclose(file);
	return found ? found : arch_native.syscall_prefix;
}

int hotprobe_syscall_fnname(const char *syscall, char *buf, size_t size)
{
	int length = snprintf(buf, size, "%s%s", find_prefix(), syscall);

	return length < 0 || (size_t)length >= size ? -ENAMETOOLONG : length;
}
