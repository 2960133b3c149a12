/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All checks. Some take up what an earlier one found: BTF, tracefs, the compiled program. Those of
 * the network come late: the process stays in the namespace that they make.
 */
#include "doctor.h"

#include <stddef.h>

#define PRIVILEGES "Privileges"
#define KERNEL "Kernel"
#define FUNCTIONS "Functions of the kernel"
#define EVENTS "Events of the kernel"
#define USER "Functions of programs"
#define TABLES "From programs to hotprobe"
#define NETWORK "Network"
#define HOTPROBE "hotprobe"

const struct check doctor_checks[] = {
	{PRIVILEGES, "user", "user", check_user},
	{PRIVILEGES, "cap_bpf", "CAP_BPF", check_cap_bpf},
	{PRIVILEGES, "cap_perfmon", "CAP_PERFMON", check_cap_perfmon},
	{PRIVILEGES, "cap_sys_admin", "CAP_SYS_ADMIN", check_cap_sys_admin},
	{PRIVILEGES, "cap_net_admin", "CAP_NET_ADMIN", check_cap_net_admin},
	{PRIVILEGES, "cap_net_raw", "CAP_NET_RAW", check_cap_net_raw},
	{PRIVILEGES, "cap_sys_resource", "CAP_SYS_RESOURCE", check_cap_sys_resource},
	{PRIVILEGES, "cap_sys_ptrace", "CAP_SYS_PTRACE", check_cap_sys_ptrace},
	{PRIVILEGES, "cap_syslog", "CAP_SYSLOG", check_cap_syslog},
	{PRIVILEGES, "unprivileged_bpf", "unprivileged bpf(2)", check_unprivileged_bpf},
	{PRIVILEGES, "perf_event_paranoid", "perf_event_paranoid", check_perf_paranoid},
	{PRIVILEGES, "kernel_symbols", "kernel symbols", check_kernel_symbols},
	{PRIVILEGES, "lockdown", "lockdown", check_lockdown},
	{PRIVILEGES, "memlock", "locked memory", check_memlock},
	{PRIVILEGES, "open_files", "open files", check_open_files},
	{PRIVILEGES, "pid_namespace", "PID namespace", check_pid_namespace},
	{PRIVILEGES, "user_namespace", "user namespace", check_user_namespace},
	{PRIVILEGES, "container", "container", check_container},

	{KERNEL, "kernel", "kernel", check_kernel},
	{KERNEL, "proc", "/proc", check_proc},
	{KERNEL, "sys", "/sys", check_sys},
	{KERNEL, "btf", "BTF", check_btf},
	{KERNEL, "module_btf", "BTF of modules", check_module_btf},
	{KERNEL, "config", "configuration", check_config},
	{KERNEL, "jit", "BPF JIT", check_jit},
	{KERNEL, "jit_hardening", "JIT hardening", check_jit_hardening},
	{KERNEL, "tracefs", "tracefs", check_tracefs},
	{KERNEL, "debugfs", "debugfs", check_debugfs},
	{KERNEL, "bpffs", "bpffs", check_bpffs},
	{KERNEL, "headers", "kernel headers", check_headers},

	{FUNCTIONS, "kprobe", "kprobe", check_kprobe},
	{FUNCTIONS, "kretprobe", "kretprobe", check_kretprobe},
	{FUNCTIONS, "kprobe_multi", "multi-kprobe", check_kprobe_multi},
	{FUNCTIONS, "fentry", "fentry", check_fentry},
	{FUNCTIONS, "fexit", "fexit", check_fexit},
	{FUNCTIONS, "fmod_ret", "fmod_ret", check_fmod_ret},
	{FUNCTIONS, "lsm", "LSM", check_lsm},

	{EVENTS, "tracepoint", "tracepoint", check_tracepoint},
	{EVENTS, "syscall_tracepoint", "syscall tracepoint", check_syscall_tracepoint},
	{EVENTS, "raw_tracepoint", "raw tracepoint", check_raw_tracepoint},
	{EVENTS, "tp_btf", "tp_btf", check_tp_btf},
	{EVENTS, "perf_software", "perf: software", check_perf_software},
	{EVENTS, "perf_hardware", "perf: hardware", check_perf_hardware},
	{EVENTS, "perf_tracepoint", "perf: tracepoint", check_perf_tracepoint},

	{USER, "uprobe", "uprobe", check_uprobe},
	{USER, "uretprobe", "uretprobe", check_uretprobe},
	{USER, "usdt", "USDT", check_usdt},

	{TABLES, "ring_buffer", "ring buffer", check_ring_buffer},
	{TABLES, "perf_buffer", "perf buffer", check_perf_buffer},
	{TABLES, "iterator", "iterator", check_iterator},

	{NETWORK, "xdp", "XDP", check_xdp},
	{NETWORK, "tc", "tc", check_tc},
	{NETWORK, "socket_filter", "socket filter", check_socket_filter},
	{NETWORK, "cgroup", "cgroup", check_cgroup},

	{HOTPROBE, "versions", "versions", check_versions},
	{HOTPROBE, "compiler", "compiler", check_compiler},
	{HOTPROBE, "compile", "compiling", check_compile},
	{HOTPROBE, "cache", "cache", check_cache},
	{HOTPROBE, "guest", "guest", check_guest},
	{HOTPROBE, "syscall_backend", "system calls", check_syscall_backend},
	{HOTPROBE, "function_backend", "kernel functions", check_function_backend},
	{HOTPROBE, "trace", "tracing", check_trace},
	{NULL, NULL, NULL, NULL},
};
