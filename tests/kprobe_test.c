/* SPDX-License-Identifier: Apache-2.0 */
/* kprobes and kretprobes: each call once, with all it was called with; where there can be none,
   why. Only the suite's own children are traced. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "seen.h"
#include "unlinks.h"

#ifdef __aarch64__
#define SYS "__arm64_sys_"
#define SYSCALL_ENTRY "el0t_64_sync_handler"
#define BREAKPOINT 0 /* the instruction pointer is on it, or behind its byte */
#else
#define SYS "__x64_sys_"
#define SYSCALL_ENTRY "do_syscall_64"
#define BREAKPOINT 1
#endif
#define PT_REGS "#include <uapi/linux/ptrace.h>\n"
#define FS "#include <linux/fs.h>\n"

static struct hotprobe *by_kprobe(void)
{
	return new_handle(&(struct hotprobe_opts){
		.confine = true, .backend = HOTPROBE_BACKEND_KPROBE, .perf_pages = 512});
}

static void copy_file_range_six(void *arg)
{
	int *count = arg;

	for (int i = 0; i < *count; i++)
		syscall(SYS_copy_file_range, 11L, 12L, 13L, 14L, 15L, 16L);
}

/* ---- Entry and return --------------------------------------------------------------------------
 */

static const char entry_and_return[] = FS PT_REGS EVENT
	"int kprobe__do_unlinkat(struct pt_regs *ctx, int dfd, struct filename *name)\n"
	"{\n"
	"	struct event e = {.n = {1, dfd}};\n"
	"	const char *path = NULL;\n"
	"	bpf_probe_read_kernel(&path, sizeof(path), &name->name);\n"
	"	bpf_probe_read_kernel_str(e.text, sizeof(e.text), path);\n"
	"	events.perf_submit(ctx, &e, sizeof(e));\n"
	"	return 0;\n"
	"}\n"
	"int kretprobe__do_unlinkat(struct pt_regs *ctx)\n"
	"{\n"
	"	struct event e = {.n = {2, (int)PT_REGS_RC(ctx)}};\n"
	"	events.perf_submit(ctx, &e, sizeof(e));\n"
	"	return 0;\n"
	"}\n";

START_TEST(entry_and_return_are_seen_once_a_call)
{
	struct unlinks *unlinks;
	struct seen *seen;
	struct hotprobe *hp;
	struct peer traced, other;

	NEED(no_kprobes());
	seen = new_seen();
	hp = by_kprobe();
	unlinks = new_unlinks(NULL, 100, 50);
	prepare(hp, entry_and_return, seen);
	traced = trace_peer(hp, unlink_files, unlinks);
	other = peer_start(unlink_files, unlinks);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 2);
	peer_work(&traced);
	peer_work(&other);
	consume_all(hp);
	ck_assert_uint_eq(seen->count, 300);
	for (int i = 0; i < 150; i++) {
		const struct event *in = &seen->event[2 * i], *out = in + 1;

		ck_assert_int_eq(in->n[0], 1);
		ck_assert_int_eq(in->n[1], AT_FDCWD);
		ck_assert_int_eq(strncmp(in->text, unlinks->path, sizeof(in->text) - 1), 0);
		ck_assert_int_eq(out->n[0], 2);
		ck_assert_int_eq(out->n[1], i < 100 ? 0 : -ENOENT);
	}
	hotprobe_detach(hp);
	peer_work(&traced);
	ck_assert_int_eq(consume_all(hp), 0);
	peer_end(&traced);
	peer_end(&other);
	hotprobe_free(hp);
	free_unlinks(unlinks);
	free(seen);
}
END_TEST

/* ---- Many inside at once -----------------------------------------------------------------------
 */

enum {
	FEW = 8,   /* threads, of which the kernel holds the returns all... */
	MANY = 40, /* ... and not: by default it can hold 10, or two for each CPU */
	STACK = 1 << 16,
};

static const char reads[] = "BPF_ARRAY(count, u64, 4);\n"
			    "BPF_HASH(entered, u32, u64);\n"
			    "int kprobe__eventfd_read(struct pt_regs *ctx)\n"
			    "{\n"
			    "	u32 tid = bpf_get_current_pid_tgid();\n"
			    "	count.atomic_increment(0);\n"
			    "	entered.increment(tid);\n"
			    "	return 0;\n"
			    "}\n"
			    "int kretprobe__eventfd_read(struct pt_regs *ctx)\n"
			    "{\n"
			    "	u32 tid = bpf_get_current_pid_tgid();\n"
			    "	count.atomic_increment(1);\n"
			    "	count.atomic_increment(2, PT_REGS_RC(ctx));\n"
			    "	if (entered.lookup(&tid))\n"
			    "		count.atomic_increment(3);\n"
			    "	return 0;\n"
			    "}\n";

static void *read_event(void *fd)
{
	uint64_t value;

	return read(*(int *)fd, &value, sizeof(value)) == sizeof(value) ? NULL : fd;
}

/* First its threads go in, the second time they are let out. */
static void threads_read(void *arg)
{
	static pthread_t threads[MANY];
	static int fd = -1;
	int count = *(int *)arg;
	uint64_t value = (uint64_t)count;
	bool first = fd < 0;
	pthread_attr_t attr;

	if (first) {
		fd = eventfd(0, EFD_SEMAPHORE);
		pthread_attr_init(&attr);
		pthread_attr_setstacksize(&attr, STACK);
	} else if (write(fd, &value, sizeof(value)) != sizeof(value)) {
		_exit(1);
	}
	for (int i = 0; i < count; i++)
		if (first ? pthread_create(&threads[i], &attr, read_event, &fd)
			  : pthread_join(threads[i], NULL))
			_exit(1);
}

static uint64_t counted(struct hotprobe *hp, int index)
{
	uint64_t value = 0;

	ck_hp(hp, hotprobe_table_lookup(hotprobe_find_table(hp, "count"), &index, &value));
	return value;
}

/* Has threads go into the function together, and out of it. */
static struct hotprobe *trace_threads(int threads)
{
	struct hotprobe *hp = by_kprobe();
	struct peer peer;

	open_text(hp, reads);
	load_program(hp);
	peer = trace_peer(hp, threads_read, &threads);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 2);
	peer_work(&peer);
	while (counted(hp, 0) < (uint64_t)threads)
		usleep(10000);
	ck_assert_uint_eq(counted(hp, 1), 0);
	peer_work(&peer);
	peer_end(&peer);
	return hp;
}

START_TEST(returns_are_seen_of_all_threads_that_are_inside)
{
	struct hotprobe *hp;

	NEED(no_kprobes());
	hp = trace_threads(FEW);
	ck_assert_uint_eq(counted(hp, 0), FEW);
	ck_assert_uint_eq(counted(hp, 1), FEW);
	ck_assert_uint_eq(counted(hp, 2), FEW * sizeof(uint64_t));
	ck_assert_uint_eq(counted(hp, 3), FEW);
	hotprobe_free(hp);
}
END_TEST

/* What the kernel cannot keep, it counts, since Linux 6.7. */
START_TEST(returns_that_were_missed_are_counted)
{
	struct hotprobe *hp;
	uint64_t missed[2] = {0};
	bool is_counted = true;

	NEED(no_kprobes());
	hp = trace_threads(MANY);
	for (size_t i = 0; i < 2; i++)
		is_counted =
			!hotprobe_link_missed(hotprobe_link_at(hp, i), &missed[i]) && is_counted;
	ck_assert_uint_eq(counted(hp, 0), MANY);
	ck_assert_uint_ge(counted(hp, 1), 10);
	ck_assert_uint_lt(counted(hp, 1), MANY);
	if (is_counted)
		ck_assert_uint_eq(counted(hp, 1) + missed[0] + missed[1], MANY);
	hotprobe_free(hp);
	if (!is_counted)
		SKIP("this kernel does not tell what was missed (Linux 6.7)");
}
END_TEST

START_TEST(the_command_warns_of_missed_returns)
{
	static const char text[] =
		"int kretprobe__eventfd_read(struct pt_regs *ctx) { return 0; }\n";
	struct result r;

	NEED(no_kprobes());
	r = run((const char *[]){build_path("hotprobe"), "run", "-", "--no-cache", "--backend",
				 "kprobe", "--", build_path("tests/child"), "inside", "40", NULL},
		text, strlen(text));
	ck_assert_msg(!r.status, "%d: %s", r.status, r.err);
	if (!strstr(r.err, "calls were missed")) {
		result_free(&r);
		SKIP("this kernel does not tell what was missed (Linux 6.7)");
	}
	ck_assert_msg(strstr(r.err, "kretprobe__eventfd_read: 30 calls were missed of "
				    "kretprobe:eventfd_read"),
		      "%s", r.err);
	result_free(&r);
}
END_TEST

/* ---- Places ------------------------------------------------------------------------------------
 */

/* Of /proc/kallsyms; 0 if there is none. */
static uint64_t address_of(const char *function)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long long address, found = 0;
	char line[512], name[256];

	ck_assert_ptr_nonnull(file);
	while (!found && fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx %*c %255s", &address, name) == 2 && !strcmp(name, function))
			found = address;
	fclose(file);
	return found;
}

enum { ENDBR = 4 };

/* The instruction pointer in a probe there, whose first byte the processor has read. Where a
   function begins with endbr64, a probe on its name is behind that. */
static bool is_probe_at(uint64_t ip, uint64_t address)
{
	return ip == address + BREAKPOINT || ip == address + ENDBR + BREAKPOINT;
}

static const char places[] = PT_REGS EVENT "int here(struct pt_regs *ctx)\n"
					   "{\n"
					   "	struct event e = {.n = {PT_REGS_IP(ctx)}};\n"
					   "	events.perf_submit(ctx, &e, sizeof(e));\n"
					   "	return 0;\n"
					   "}\n";

/* Attaches "here" to spec; the peer's work has to come by count times. */
static void check_place(const char *spec, struct unlinks *unlinks, uint64_t address, size_t count)
{
	struct seen *seen = new_seen();
	struct hotprobe *hp = by_kprobe();
	struct peer peer;

	prepare(hp, places, seen);
	peer = trace_peer(hp, unlink_files, unlinks);
	ck_hp(hp, hotprobe_attach_spec(hp, "here", spec, NULL));
	peer_work(&peer);
	consume_all(hp);
	ck_assert_msg(seen->count == count, "%s: %zu events, not %zu", spec, seen->count, count);
	for (size_t i = 0; i < count; i++)
		ck_assert(is_probe_at((uint64_t)seen->event[i].n[0], address));
	peer_end(&peer);
	hotprobe_free(hp);
	free(seen);
}

/* Of the function's second instruction: behind endbr64, where the kernel has it, else behind the
   call of ftrace; arm64 may have that in the second place, and then it is the third. */
static int second_instruction(const char *function)
{
	static const int offsets[] = {4, 5, 8};
	struct hotprobe *hp = by_kprobe();
	int found = -1;

	open_text(hp, "int here(struct pt_regs *ctx) { return 0; }\n");
	load_program(hp);
	for (size_t i = 0; i < COUNT(offsets) && found < 0; i++) {
		char *spec = format("kprobe:%s+%d", function, offsets[i]);

		if (!hotprobe_attach_spec(hp, "here", spec, NULL))
			found = offsets[i];
		free(spec);
	}
	hotprobe_free(hp);
	return found;
}

START_TEST(a_probe_is_where_it_was_asked_for)
{
	struct unlinks *unlinks;
	uint64_t address;
	char *spec;
	int offset;

	NEED(no_kprobes());
	unlinks = new_unlinks(NULL, 100, 0);
	address = address_of("do_unlinkat");
	check_place("kprobe:do_unlinkat", unlinks, address, 100);
	offset = second_instruction("do_unlinkat");
	ck_assert_int_gt(offset, 0);
	spec = format("kprobe:do_unlinkat+0x%x", (unsigned)offset);
	check_place(spec, unlinks, address + (uint64_t)offset, 100);
	free(spec);
	free_unlinks(unlinks);
}
END_TEST

START_TEST(functions_of_modules_are_traced)
{
	struct unlinks *unlinks;
	struct statfs fs;

	NEED(no_kprobes());
	if (statfs("/root", &fs) || fs.f_type != OVERLAYFS_SUPER_MAGIC)
		SKIP("the root directory is no overlay");
	unlinks = new_unlinks("/root", 100, 0);
	check_place("kprobe:ovl_unlink", unlinks, address_of("ovl_unlink"), 100);
	free_unlinks(unlinks);
}
END_TEST

/* ---- Registers ---------------------------------------------------------------------------------
 */

enum { HINT = 0x10000000, LENGTH = 3 << 12, PAGE = 5 };

static void map_memory(void *unused)
{
	(void)unused;
	syscall(SYS_mmap, (long)HINT, (long)LENGTH, (long)(PROT_READ | PROT_WRITE),
		(long)(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE), -1L, (long)PAGE << 12);
}

static const char six_arguments[] = PT_REGS EVENT
	"int kprobe__ksys_mmap_pgoff(struct pt_regs *ctx, unsigned long addr, unsigned long len,\n"
	"			    unsigned long prot, unsigned long flags, unsigned long fd,\n"
	"			    unsigned long page)\n"
	"{\n"
	"	struct event e = {.n = {1, addr, len, prot, flags, fd, page}};\n"
	"	events.perf_submit(ctx, &e, sizeof(e));\n"
	"	return 0;\n"
	"}\n"
	"int registers(struct pt_regs *ctx)\n"
	"{\n"
	"	struct event e = {.n = {2, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), "
	"PT_REGS_PARM3(ctx),\n"
	"			       PT_REGS_PARM4(ctx), PT_REGS_PARM5(ctx), "
	"PT_REGS_PARM6(ctx),\n"
	"			       PT_REGS_IP(ctx), PT_REGS_SP(ctx)}};\n"
	"#ifdef __aarch64__\n"
	"	e.n[9] = PT_REGS_RET(ctx);\n"
	"#else\n"
	"	bpf_probe_read_kernel(&e.n[9], sizeof(e.n[9]), (void *)PT_REGS_SP(ctx));\n"
	"#endif\n"
	"	events.perf_submit(ctx, &e, sizeof(e));\n"
	"	return 0;\n"
	"}\n";

START_TEST(every_argument_and_register_is_the_callers)
{
	const int64_t expected[] = {
		HINT, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		-1,   PAGE};
	bool seen_kind[3] = {false};
	struct hotprobe_symbol symbol;
	struct seen *seen;
	struct hotprobe *hp;
	struct peer peer;

	NEED(no_kprobes());
	seen = new_seen();
	hp = by_kprobe();
	prepare(hp, six_arguments, seen);
	peer = trace_peer(hp, map_memory, NULL);
	ck_hp(hp, hotprobe_attach_spec(hp, "registers", "kprobe:ksys_mmap_pgoff", NULL));
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 1);
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_eq(seen->count, 2);
	for (int i = 0; i < 2; i++) {
		const int64_t *n = seen->event[i].n;

		seen_kind[n[0]] = true;
		for (size_t j = 0; j < COUNT(expected); j++)
			ck_assert_msg(n[j + 1] == expected[j], "argument %zu of %lld is %llx",
				      j + 1, (long long)n[0], (unsigned long long)n[j + 1]);
		if (n[0] != 2)
			continue;
		ck_assert(is_probe_at((uint64_t)n[7], address_of("ksys_mmap_pgoff")));
		/* Where it returns to is on top of the stack, or in a register. */
		ck_hp(hp, hotprobe_symbol_kernel(hp, (uint64_t)n[9], &symbol));
		ck_assert_msg(strstr(symbol.name, "mmap") || strstr(symbol.name, "syscall"), "%s",
			      symbol.name);
	}
	ck_assert(seen_kind[1] && seen_kind[2]);
	peer_end(&peer);
	hotprobe_free(hp);
	free(seen);
}
END_TEST

/* Every spelling has a number, which its events begin with. */
#define SIX(number, function)                                                                      \
	"int " function "(struct pt_regs *ctx, int in, void *in_at, int out, void *out_at,\n"      \
	"	size_t size, unsigned flags)\n"                                                          \
	"{\n"                                                                                      \
	"	struct event e = {.n = {" #number                                                  \
	", in, (u64)in_at, out, (u64)out_at, size, flags}};\n"                                     \
	"	events.perf_submit(ctx, &e, sizeof(e));\n"                                               \
	"	return 0;\n"                                                                             \
	"}\n"

#define RETURN(number, function)                                                                   \
	"int " function "(struct pt_regs *ctx)\n"                                                  \
	"{\n"                                                                                      \
	"	struct event e = {.n = {" #number ", PT_REGS_RC(ctx)}};\n"                         \
	"	events.perf_submit(ctx, &e, sizeof(e));\n"                                               \
	"	return 0;\n"                                                                             \
	"}\n"

static const char spellings[] =
	PT_REGS EVENT SIX(0, "syscall__copy_file_range") SIX(1, "kprobe____x64_sys_copy_file_range")
		SIX(2, "kprobe__sys_copy_file_range") RETURN(3, "syscall_ret__copy_file_range")
			RETURN(4, "kretprobe__sys_copy_file_range")
				RETURN(5, "kretprobe____x64_sys_copy_file_range")
					RETURN(6, "return_by_sys");

static const struct {
	const char *function, *spec;
} explicit_spellings[] = {
	{"return_by_sys", "kretprobe:sys_copy_file_range"},
};

enum { SPELLINGS = 7, FIRST_RETURN = 3, CALLS = 20 };

START_TEST(system_calls_have_six_arguments_by_every_spelling)
{
	static const enum hotprobe_backend backends[] = {
		HOTPROBE_BACKEND_KPROBE, HOTPROBE_BACKEND_TRACEPOINT, HOTPROBE_BACKEND_AUTO};
	int calls = CALLS, counts[SPELLINGS] = {0};
	struct seen *seen;
	struct hotprobe *hp;
	struct peer peer;

	NEED(no_kprobes());
	seen = new_seen();
	hp = new_handle(&(struct hotprobe_opts){.confine = true, .backend = backends[_i]});
	prepare(hp, spellings, seen);
	peer = trace_peer(hp, copy_file_range_six, &calls);
	for (size_t i = 0; i < COUNT(explicit_spellings); i++)
		ck_hp(hp, hotprobe_attach_spec(hp, explicit_spellings[i].function,
					       explicit_spellings[i].spec, NULL));
	ck_hp(hp, hotprobe_attach(hp));
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_eq(seen->count, SPELLINGS * CALLS);
	for (size_t i = 0; i < seen->count; i++) {
		const int64_t *n = seen->event[i].n;

		counts[n[0]]++;
		if (n[0] >= FIRST_RETURN)
			ck_assert_int_lt(n[1], 0);
		for (int j = 1; n[0] < FIRST_RETURN && j <= 6; j++)
			ck_assert_msg(n[j] == 10 + j, "spelling %lld, argument %d: %lld",
				      (long long)n[0], j, (long long)n[j]);
	}
	for (int i = 0; i < SPELLINGS; i++)
		ck_assert_msg(counts[i] == CALLS, "spelling %d: %d calls", i, counts[i]);
	peer_end(&peer);
	hotprobe_free(hp);
	free(seen);
}
END_TEST

/* ---- Patterns ----------------------------------------------------------------------------------
 */

/* Different numbers of three system calls. */
static void call_three(void *unused)
{
	(void)unused;
	for (int i = 0; i < 100; i++) {
		syscall(SYS_getpgid, 0);
		if (i < 50)
			syscall(SYS_getsid, 0);
		if (i < 25)
			syscall(SYS_umask, 022);
	}
}

static const char by_address[] = PT_REGS "BPF_HASH(calls, u64, u64);\n"
					 "BPF_HASH(returns, s64, u64);\n"
					 "int on_match(struct pt_regs *ctx)\n"
					 "{\n"
					 "	u64 address = PT_REGS_IP(ctx);\n"
					 "	calls.increment(address);\n"
					 "	return 0;\n"
					 "}\n"
					 "int on_return(struct pt_regs *ctx)\n"
					 "{\n"
					 "	s64 value = PT_REGS_RC(ctx);\n"
					 "	returns.increment(value);\n"
					 "	return 0;\n"
					 "}\n";

static uint64_t calls_of(struct hotprobe *hp, const char *function)
{
	const struct hotprobe_table *table = hotprobe_find_table(hp, "calls");
	uint64_t address = address_of(function), count = 0;
	uint64_t ip[] = {address + BREAKPOINT, address + ENDBR + BREAKPOINT};

	if (hotprobe_table_lookup(table, &ip[0], &count))
		hotprobe_table_lookup(table, &ip[1], &count);
	return count;
}

START_TEST(a_pattern_traces_hundreds_of_functions)
{
	struct hotprobe_link *link;
	struct hotprobe *hp;
	unsigned functions = 0;
	struct peer peer;

	NEED(no_kprobes());
	hp = by_kprobe();
	open_text(hp, by_address);
	load_program(hp);
	peer = trace_peer(hp, call_three, NULL);
	ck_hp(hp, hotprobe_attach_spec(hp, "on_match", "kprobe:" SYS "*", &link));
	ck_assert_int_eq(sscanf(hotprobe_link_attached_to(link), "kprobe%*[^0-9]%u", &functions),
			 1);
	ck_assert_uint_gt(functions, 300);
	peer_work(&peer);
	ck_assert_uint_eq(calls_of(hp, SYS "getpgid"), 100);
	ck_assert_uint_eq(calls_of(hp, SYS "getsid"), 50);
	ck_assert_uint_eq(calls_of(hp, SYS "umask"), 25);
	ck_assert_uint_eq(calls_of(hp, SYS "getpriority"), 0);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_pattern_traces_returns)
{
	struct unlinks *unlinks;
	int64_t value = 0;
	uint64_t count = 0;
	struct hotprobe *hp;
	struct peer peer;

	NEED(no_kprobes());
	unlinks = new_unlinks(NULL, 40, 0);
	hp = by_kprobe();
	open_text(hp, by_address);
	load_program(hp);
	peer = trace_peer(hp, unlink_files, unlinks);
	ck_hp(hp, hotprobe_attach_spec(hp, "on_match", "kprobe:vfs_unlin?", NULL));
	ck_hp(hp, hotprobe_attach_spec(hp, "on_return", "kretprobe:vfs_[u]nlink", NULL));
	peer_work(&peer);
	ck_assert_uint_eq(calls_of(hp, "vfs_unlink"), 40);
	ck_hp(hp, hotprobe_table_lookup(hotprobe_find_table(hp, "returns"), &value, &count));
	ck_assert_uint_eq(count, 40);
	peer_end(&peer);
	hotprobe_free(hp);
	free_unlinks(unlinks);
}
END_TEST

/* ---- Stacks ------------------------------------------------------------------------------------
 */

static const char stacks[] =
	FS PT_REGS EVENT "BPF_STACK_TRACE(traces, 64);\n"
			 "int kprobe__vfs_unlink(struct pt_regs *ctx)\n"
			 "{\n"
			 "	struct event e = {.n = {traces.get_stackid(ctx, 0)}};\n"
			 "	events.perf_submit(ctx, &e, sizeof(e));\n"
			 "	return 0;\n"
			 "}\n";

START_TEST(kernel_stacks_name_the_callers)
{
	static const char *const callers[] = {
		"vfs_unlink",
#ifndef __aarch64__
		"do_unlinkat", /* there, the caller is in a register still, and no frame has it */
#endif
		SYS "unlinkat",
		SYSCALL_ENTRY,
	};
	struct unlinks *unlinks;
	uint64_t addresses[64];
	size_t found = 0;
	struct hotprobe_symbol symbol;
	struct seen *seen;
	struct hotprobe *hp;
	struct peer peer;
	int count;

	NEED(no_kprobes());
	unlinks = new_unlinks(NULL, 1, 0);
	seen = new_seen();
	hp = by_kprobe();
	prepare(hp, stacks, seen);
	peer = trace_peer(hp, unlink_files, unlinks);
	ck_assert_int_eq(ck_hp(hp, hotprobe_attach(hp)), 1);
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_eq(seen->count, 1);
	count = ck_hp(hp, hotprobe_stack(hotprobe_find_table(hp, "traces"), seen->event[0].n[0],
					 addresses, COUNT(addresses)));
	for (int i = 0; i < count && found < COUNT(callers); i++) {
		ck_hp(hp, hotprobe_symbol_kernel(hp, addresses[i] - (i > 0), &symbol));
		ck_assert_str_eq(symbol.module, "kernel");
		/* Between them may be others, of the entry. */
		found += !strcmp(symbol.name, callers[found]);
	}
	ck_assert_msg(found == COUNT(callers), "there is no %s", callers[found]);
	peer_end(&peer);
	hotprobe_free(hp);
	free_unlinks(unlinks);
	free(seen);
}
END_TEST

/* ---- What cannot be ----------------------------------------------------------------------------
 */

START_TEST(what_cannot_be_probed_is_refused_with_the_reason)
{
	static const struct {
		const char *spec;
		int err;
		const char *says, *or_says;
	} cases[] = {
		{"kprobe:no_such_function", -ENOENT, "has no function no_such_function", NULL},
		{"kretprobe:no_such_function", -ENOENT, "has no function no_such_function", NULL},
		{"kprobe:do_unlinkat+0x1", 0, "no instruction begins there",
		 "allows no probe there"},
		{"kprobe:do_unlinkat+0x100000", 0, "no instruction begins there",
		 "allows no probe there"},
		{"kprobe:int3_selftest_ip", 0, "allows no probe there", "has no function"},
		{"kprobe:no_such_*", -ENOENT, "no kernel function matches", NULL},
		{"kprobe:*", -E2BIG, "1000 are the most", NULL},
	};
	struct hotprobe *hp;
	size_t fds;

	NEED(no_kprobes());
	hp = by_kprobe();
	open_text(hp, "int here(struct pt_regs *ctx) { return 0; }\n");
	load_program(hp);
	fds = count_fds();
	for (size_t i = 0; i < COUNT(cases); i++) {
		int err = hotprobe_attach_spec(hp, "here", cases[i].spec, NULL);
		const char *says = hotprobe_error(hp);

		ck_assert_msg(cases[i].err ? err == cases[i].err : err < 0, "%s: %d", cases[i].spec,
			      err);
		ck_assert_msg(strstr(says, cases[i].says) ||
				      (cases[i].or_says && strstr(says, cases[i].or_says)),
			      "%s: %s", cases[i].spec, says);
		ck_assert_uint_eq(count_fds(), fds);
	}
	hotprobe_free(hp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kprobe");

	add_test(suite, entry_and_return_are_seen_once_a_call, 30);
	add_test(suite, returns_are_seen_of_all_threads_that_are_inside, 30);
	add_test(suite, returns_that_were_missed_are_counted, 30);
	add_test(suite, the_command_warns_of_missed_returns, 30);
	add_test(suite, a_probe_is_where_it_was_asked_for, 30);
	add_test(suite, functions_of_modules_are_traced, 30);
	add_test(suite, every_argument_and_register_is_the_callers, 30);
	add_loop_test(suite, system_calls_have_six_arguments_by_every_spelling, 30, 3);
	add_test(suite, a_pattern_traces_hundreds_of_functions, 120);
	add_test(suite, a_pattern_traces_returns, 30);
	add_test(suite, kernel_stacks_name_the_callers, 30);
	add_test(suite, what_cannot_be_probed_is_refused_with_the_reason, 30);
	return run_suite(suite);
}
