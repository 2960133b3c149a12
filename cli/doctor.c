/* SPDX-License-Identifier: Apache-2.0 */
/* hotprobe doctor: makes all checks and prints what they found. */
#include "doctor.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "doctor_privileges.h"
#include "doctor_try.h"
#include "options.h"
#include "report.h"

static size_t count_checks(void)
{
	size_t count = 0;

	while (doctor_checks[count].key)
		count++;
	return count;
}

static void make_checks(struct doctor *doctor, struct finding *findings)
{
	libbpf_set_print(NULL);
	doctor->capabilities = capabilities_read();
	if (doctor->capabilities & CAPABILITY(CAP_SYS_ADMIN))
		doctor->capabilities |= TRACING_CAPABILITIES;
	trial_learn_tgid(doctor);
	for (size_t i = 0; doctor_checks[i].key; i++)
		doctor_checks[i].run(doctor, &findings[i]);
	hotprobe_free(doctor->hp);
	btf__free(doctor->btf);
	if (doctor->tracefs_fd >= 0)
		close(doctor->tracefs_fd);
}

static bool is_whole(const struct finding *findings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (findings[i].means.failed || findings[i].value.failed ||
		    findings[i].remedy.failed)
			return false;
	return true;
}

static int print(const struct doctor_results *results, size_t count, bool json)
{
	struct output out;
	int err;

	output_open(&out, NULL, STDOUT_FILENO);
	if (json)
		doctor_print_json(&out, results);
	else
		doctor_print_text(&out, results);
	err = out.buffer.failed || !is_whole(results->findings, count) ? -ENOMEM
								       : output_flush(&out);
	output_close(&out);
	if (err)
		return output_failed(err);
	return results->doctor->works ? EXIT_DONE : EXIT_SYSTEM;
}

static int run(bool json, bool verbose)
{
	size_t count = count_checks();
	struct finding *findings = calloc(count, sizeof(*findings));
	struct doctor doctor = {.btf_error = -ENOENT, .tracefs_fd = -ENOENT};
	struct doctor_results results = {
		.doctor = &doctor,
		.findings = findings,
		.verbose = verbose,
	};
	int status;

	if (!findings)
		return output_failed(-ENOMEM);
	make_checks(&doctor, findings);
	status = print(&results, count, json);
	for (size_t i = 0; i < count; i++)
		finding_free(&findings[i]);
	free(findings);
	return status;
}

enum { DOCTOR_JSON = OPTION_LONG };

static int doctor_main(const struct command *command, int argc, char **argv)
{
	static const struct option names[] = {
		{"json", no_argument, NULL, DOCTOR_JSON},
		{"verbose", no_argument, NULL, 'v'},
		OPTION_NAMES,
		{0},
	};
	struct options options = options_begin(command, argc, argv, OPTION_LETTERS "v", names);
	bool json = false, verbose = false;
	int option;

	while ((option = options_next(&options)) != OPTION_END) {
		if (option == DOCTOR_JSON)
			json = true;
		else if (option == 'v')
			verbose = true;
		else if (option == OPTION_OPERAND)
			return usage_error(command, "it takes no argument: '%s'", options.value);
		else
			return options.status;
	}
	if (!options_without_command(&options))
		return options.status;
	return run(json, verbose);
}

/* clang-format off */
static const char doctor_help[] =
	"Usage: hotprobe doctor [--json] [-v]\n"
	"\n"
	"Tells what hotprobe can do on this machine, what not, what that means, and the command or\n"
	"setting that mends it. It finds out by trying: small programs are loaded and attached,\n"
	"run only by its own doing, and are gone when it ends. It needs no privilege, and then\n"
	"says which is missing. Each line begins with\n"
	"  ok       it works\n"
	"  limited  it works, but not all of it\n"
	"  missing  it does not work, or may not be tried\n"
	"\n"
	"Options:\n"
	"      --json                print one JSON document\n"
	"  -v, --verbose             say what was tried, and how the system answered\n"
	"  -h, --help                print this\n"
	"\n"
	"The JSON document is an object:\n"
	"  hotprobe                  its version\n"
	"  kernel, machine           release and processor of the kernel\n"
	"  works                     true if the event of a traced system call came\n"
	"  checks                    an object with a member for each check\n"
	"\n"
	"A check is an object:\n"
	"  group                     as in the list below\n"
	"  state                     \"ok\", \"limited\" or \"missing\"\n"
	"  value, means, remedy      what was found, what that means, what mends it: text or null\n"
	"  tried                     an array of objects: what, and error, the name of an errno or\n"
	"                            null\n"
	"\n"
	"The checks are:\n"
	"  Privileges                user, cap_bpf, cap_perfmon, cap_sys_admin, cap_net_admin,\n"
	"                            cap_net_raw, cap_sys_resource, cap_sys_ptrace, cap_syslog,\n"
	"                            unprivileged_bpf, perf_event_paranoid, kernel_symbols,\n"
	"                            lockdown, memlock, open_files, pid_namespace,\n"
	"                            user_namespace, container\n"
	"  Kernel                    kernel, proc, sys, btf, module_btf, config, jit,\n"
	"                            jit_hardening, tracefs, debugfs, bpffs, headers\n"
	"  Functions of the kernel   kprobe, kretprobe, kprobe_multi, fentry, fexit, fmod_ret, lsm\n"
	"  Events of the kernel      tracepoint, syscall_tracepoint, raw_tracepoint, tp_btf,\n"
	"                            perf_software, perf_hardware, perf_tracepoint\n"
	"  Functions of programs     uprobe, uretprobe, usdt\n"
	"  From programs to hotprobe  ring_buffer, perf_buffer, iterator\n"
	"  Network                   xdp, tc, socket_filter, cgroup\n"
	"  hotprobe                  versions, compiler, compile, cache, guest, syscall_backend,\n"
	"                            function_backend, trace\n"
	"\n"
	"Exit status:\n"
	"  0      hotprobe can do its work: a program was compiled, loaded, attached to a system\n"
	"         call of a child of doctor's own, and its event came\n"
	"  2      the command line is wrong\n"
	"  3      it cannot, or the output could not be written\n";
/* clang-format on */

const struct command command_doctor = {
	.name = "doctor",
	.summary = "tell what this machine can do, and what mends what it can't",
	.help = doctor_help,
	.main = doctor_main,
};
