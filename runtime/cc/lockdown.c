/* SPDX-License-Identifier: Apache-2.0 */
/* Takes from the process what a compiler does not need. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lockdown.h"

enum {
	NOBODY = 65534,
	LIMIT_CPU_SECONDS = 60,
	LIMIT_FILES = 256,
};

#define LIMIT_MEMORY (4ull << 30)
/* Of a file in memory, the image too: those do not count as the process's memory. */
#define LIMIT_FILE_SIZE (256ull << 20)
/* Expressions nest as deep as the stack is; the kernel leaves at least 128 MiB for it. */
#define LIMIT_STACK (112ull << 20)

static int limit(int resource, rlim_t value)
{
	struct rlimit rlimit;

	if (getrlimit(resource, &rlimit))
		return -errno;
	if (rlimit.rlim_max > value)
		rlimit.rlim_max = value;
	if (rlimit.rlim_cur > rlimit.rlim_max)
		rlimit.rlim_cur = rlimit.rlim_max;
	return setrlimit(resource, &rlimit) ? -errno : 0;
}

static void grow_stack(void)
{
	struct rlimit rlimit;

	if (getrlimit(RLIMIT_STACK, &rlimit) || rlimit.rlim_cur >= LIMIT_STACK)
		return;
	rlimit.rlim_cur = rlimit.rlim_max < LIMIT_STACK ? rlimit.rlim_max : LIMIT_STACK;
	setrlimit(RLIMIT_STACK, &rlimit);
}

static int set_limits(void)
{
	int err = limit(RLIMIT_CORE, 0);

	if (!err)
		err = limit(RLIMIT_CPU, LIMIT_CPU_SECONDS);
	if (!err)
		err = limit(RLIMIT_NOFILE, LIMIT_FILES);
	if (!err)
		err = limit(RLIMIT_FSIZE, LIMIT_FILE_SIZE);
	/* Sanitizers reserve terabytes of addresses. */
	if (!err && !SANITIZED)
		err = limit(RLIMIT_AS, LIMIT_MEMORY);
	return err;
}

/* The root of a container may lack the capability to be another user (EPERM), or have no other
   users (EINVAL): it stays who it is, and loses its capabilities. */
static int become_nobody(void)
{
	if (!setgroups(0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY) &&
	    !setresuid(NOBODY, NOBODY, NOBODY))
		return 0;
	return errno == EPERM || errno == EINVAL ? 0 : -errno;
}

static int drop_privileges(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};
	int err = geteuid() ? 0 : become_nobody();

	if (err)
		return err;
	/* Changing the user clears the capabilities, but not those of a caller who is no root. */
	return syscall(SYS_capset, &header, none) ? -errno : 0;
}

/* What reading headers, compiling and writing the image take. Others answer EPERM: no process or
   thread is started, no program, no socket. */
static const int allowed[] = {
	SCMP_SYS(brk),		 SCMP_SYS(clock_getres),
	SCMP_SYS(clock_gettime), SCMP_SYS(close),
	SCMP_SYS(dup),		 SCMP_SYS(dup2),
	SCMP_SYS(dup3),		 SCMP_SYS(exit),
	SCMP_SYS(exit_group),	 SCMP_SYS(fstat),
	SCMP_SYS(fstatfs),	 SCMP_SYS(ftruncate),
	SCMP_SYS(futex),	 SCMP_SYS(getcpu),
	SCMP_SYS(getdents64),	 SCMP_SYS(getegid),
	SCMP_SYS(geteuid),	 SCMP_SYS(getgid),
	SCMP_SYS(getpid),	 SCMP_SYS(getrandom),
	SCMP_SYS(getrlimit),	 SCMP_SYS(getrusage),
	SCMP_SYS(gettid),	 SCMP_SYS(gettimeofday),
	SCMP_SYS(getuid),	 SCMP_SYS(lseek),
	SCMP_SYS(madvise),	 SCMP_SYS(membarrier),
	SCMP_SYS(memfd_create),	 SCMP_SYS(mmap),
	SCMP_SYS(mprotect),	 SCMP_SYS(mremap),
	SCMP_SYS(munmap),	 SCMP_SYS(nanosleep),
	SCMP_SYS(newfstatat),	 SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),	 SCMP_SYS(read),
	SCMP_SYS(readlink),	 SCMP_SYS(readlinkat),
	SCMP_SYS(readv),	 SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigaction),	 SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),	 SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield),	 SCMP_SYS(seccomp),
	SCMP_SYS(sigaltstack),	 SCMP_SYS(statx),
	SCMP_SYS(sysinfo),	 SCMP_SYS(uname),
	SCMP_SYS(write),	 SCMP_SYS(writev),
};

/* Not those that have the kernel send signals (F_SETOWN, F_SETSIG), or that lock or lease files. */
static const int fcntl_commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL};

static int add_rules(scmp_filter_ctx filter)
{
	size_t i;
	int err;

	for (i = 0; i < sizeof(allowed) / sizeof(*allowed); i++) {
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
		/* -EDOM: a call that this machine does not have. */
		if (err && err != -EDOM)
			return err;
	}
	for (i = 0; i < sizeof(fcntl_commands) / sizeof(*fcntl_commands); i++) {
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
				       SCMP_A1_32(SCMP_CMP_EQ, (uint32_t)fcntl_commands[i], 0));
		if (err)
			return err;
	}
	/* Files are opened to be read. O_TRUNC goes with O_RDONLY, too. */
	err = seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
		SCMP_A2_32(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
	/* Its own limits: other processes of the user have theirs. */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
				       SCMP_A0_32(SCMP_CMP_EQ, 0, 0));
	/* isatty() */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				       SCMP_A1_32(SCMP_CMP_EQ, TCGETS, 0));
	/* abort() */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				       SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid(), 0));
	return err;
}

static int install(scmp_filter_ctx filter, int err)
{
	if (!filter)
		return -ENOMEM;
	/* That bit is set already, and the first filter lets no one ask for it again. */
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

static int filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	return install(filter, filter ? add_rules(filter) : 0);
}

int lockdown(void)
{
	int err;

	if (clearenv())
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	err = drop_privileges();
	/* Changing the user forgets this signal, so it comes after. */
	if (!err && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		err = -errno;
	if (!err)
		err = set_limits();
	grow_stack();
	if (!err && !SANITIZED)
		err = filter_calls();
	return err;
}

int lockdown_files(void)
{
	scmp_filter_ctx filter;

	if (SANITIZED)
		return 0;
	filter = seccomp_init(SCMP_ACT_ALLOW);
	return install(
		filter,
		filter ? seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 0) : 0);
}
