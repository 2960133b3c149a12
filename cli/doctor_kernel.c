/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel as it is: its types, configuration, compiler of programs. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_privileges.h"
#include "doctor_try.h"

void check_kernel(struct doctor *doctor, struct finding *finding)
{
	struct utsname name;

	(void)doctor;
	uname(&name);
	finding_value(finding, "%s %s", name.release, name.machine);
#if defined(__x86_64__) || defined(__aarch64__)
	finding_is(finding, MARK_OK, "hotprobe knows this processor");
#else
	finding_is(finding, MARK_MISSING, "hotprobe knows x86-64 and arm64 only");
#endif
}

static void check_directory(struct finding *finding, const char *file, const char *means,
			    const char *cost, const char *remedy)
{
	bool is_there = !access(file, R_OK);

	finding_tried(finding, is_there ? 0 : -errno, "find %s", file);
	finding_is(finding, is_there ? MARK_OK : MARK_MISSING, "%s", is_there ? means : cost);
	if (!is_there)
		finding_remedy(finding, "%s", remedy);
}

void check_proc(struct doctor *doctor, struct finding *finding)
{
	(void)doctor;
	check_directory(finding, "/proc/self/maps",
			"symbols, uprobes and settings can be looked up",
			"no symbols, no uprobe:@PID, and settings cannot be seen",
			"mount -t proc proc /proc");
}

void check_sys(struct doctor *doctor, struct finding *finding)
{
	(void)doctor;
	check_directory(finding, "/sys/bus/event_source/devices",
			"BTF and the kinds of probes can be looked up",
			"no BTF, and so no program compiles; no kprobes and uprobes",
			"mount -t sysfs sysfs /sys");
}

/* ---- BTF ----------------------------------------------------------------------------------
 */

#define BTF_DIR "/sys/kernel/btf"

void check_btf(struct doctor *doctor, struct finding *finding)
{
	int err;

	doctor->btf = btf__parse(BTF_DIR "/vmlinux", NULL);
	err = doctor->btf ? 0 : -errno;
	doctor->btf_error = err;
	finding_tried(finding, err, "read " BTF_DIR "/vmlinux");
	if (!err) {
		finding_value(finding, "%u types", btf__type_cnt(doctor->btf));
		finding_is(finding, MARK_OK,
			   "programs compile without kernel headers; fentry, iterators, fields of "
			   "kernel structs by name");
		return;
	}
	finding_refused(doctor, finding, err, 0,
			"programs compile only with --kernel-headers DIR or on images made "
			"elsewhere; no fentry, LSM and iterators",
			access("/sys/kernel", F_OK)
				? "mount -t sysfs sysfs /sys"
				: "use a kernel with CONFIG_DEBUG_INFO_BTF=y, such as Debian's");
}

static unsigned count_modules(void)
{
	DIR *dir = opendir(BTF_DIR);
	struct dirent *entry;
	unsigned count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.' && strcmp(entry->d_name, "vmlinux");
	if (dir)
		closedir(dir);
	return count;
}

void check_module_btf(struct doctor *doctor, struct finding *finding)
{
	unsigned count = count_modules();
	__u32 id = 0;
	int err = bpf_btf_get_next_id(0, &id);

	finding_tried(finding, err, "look for the BTF of modules by its number");
	finding_value(finding, count == 1 ? "%u module" : "%u modules", count);
	if (!count && doctor->btf)
		finding_is(finding, MARK_OK, "no module is loaded that has types");
	else if (!count)
		finding_is(finding, MARK_MISSING, "no types of modules");
	else if (err == -EPERM)
		finding_refused(doctor, finding, err, CAPABILITY(CAP_SYS_ADMIN), "", NULL);
	else
		finding_is(finding, MARK_OK,
			   "their types and functions can be used as the kernel's");
	if (count && err == -EPERM)
		finding->mark = MARK_LIMITED;
}

/* ---- JIT ----------------------------------------------------------------------------------
 */

/* Returns 1 if the kernel compiles a program, 0 if it interprets it, or a negative errno. */
static int try_jit(void)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct bpf_prog_info info = {0};
	__u32 size = sizeof(info);
	int fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "hotprobe_jit", "GPL", insns, 2, NULL);
	int err;

	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &size);
	close(fd);
	return err ? err : info.jited_prog_len > 0;
}

void check_jit(struct doctor *doctor, struct finding *finding)
{
	int jit = try_jit();
	long setting;

	finding_tried(finding, jit < 0 ? jit : 0, "load a program and look at its code");
	if (read_number("/proc/sys/net/core/bpf_jit_enable", &setting))
		finding_value(finding, "bpf_jit_enable %ld", setting);
	if (jit < 0) {
		finding_refused(doctor, finding, jit, CAPABILITY(CAP_BPF),
				"this kernel loads no program", NULL);
	} else if (jit) {
		finding_is(finding, MARK_OK, "programs run as machine code");
	} else {
		finding_is(finding, MARK_LIMITED,
			   "programs are interpreted: several times slower, and none can be "
			   "attached by fentry");
		finding_remedy(finding, "sysctl net.core.bpf_jit_enable=1");
	}
}

void check_jit_hardening(struct doctor *doctor, struct finding *finding)
{
	long setting;

	(void)doctor;
	if (!read_number("/proc/sys/net/core/bpf_jit_harden", &setting)) {
		finding_is(finding, MARK_OK, "not set, as far as can be read");
		return;
	}
	finding_value(finding, "bpf_jit_harden %ld", setting);
	if (setting < 2) {
		finding_is(finding, MARK_OK, "none for programs of privileged users");
		return;
	}
	finding_is(finding, MARK_LIMITED,
		   "constants of all programs are blinded, which makes them slower");
	finding_remedy(finding, "sysctl net.core.bpf_jit_harden=1");
}

/* ---- Headers ------------------------------------------------------------------------------
 */

void check_headers(struct doctor *doctor, struct finding *finding)
{
	char path[sizeof("/lib/modules//build") + sizeof(((struct utsname *)0)->release)];
	struct utsname name;
	bool installed;

	uname(&name);
	snprintf(path, sizeof(path), "/lib/modules/%s/build", name.release);
	installed = !access(path, F_OK);
	finding_tried(finding, installed ? 0 : -errno, "find %s", path);
	finding_value(finding, installed ? "installed" : "not installed");
	if (doctor->btf || installed)
		finding_is(finding, MARK_OK, "%s",
			   doctor->btf ? "not needed: types come from BTF"
				       : "name them with --kernel-headers, as there is no BTF");
	else {
		finding_is(finding, MARK_MISSING, "needed, as there is no BTF");
		finding_remedy(finding, "apt-get install linux-headers-%s", name.release);
	}
}
