/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libhotprobe: compile BPF C at run time, attach it by its function names, receive its events.
 *
 *     struct hotprobe *hp = hotprobe_new(NULL);
 *     if (hotprobe_open_file(hp, "opensnoop.c") || hotprobe_load(hp) ||
 *         hotprobe_on_event(hp, "open_events", handle_event, NULL, NULL) || hotprobe_attach(hp))
 *             errx(1, "%s", hotprobe_error(hp));
 *     while (hotprobe_poll(hp, -1) >= 0)
 *             ;
 *     hotprobe_free(hp);
 *
 * The source is BCC's dialect of C. It is compiled in a process of its own (hotprobe-cc), so the
 * calling process never maps LLVM; its directory, environment, signal handlers, children and
 * standard streams stay as they are. The library prints nothing and has no global state.
 *
 * Errors. A function that can fail returns a negative errno (or NULL) and leaves a message for
 * hotprobe_error(); what concerns the source is also in the list of diagnostics. These codes
 * mean the same everywhere:
 *     -EINVAL      the program or an argument is wrong
 *     -ENOENT      no table, function, probe or file of that name
 *     -EPERM       the caller lacks a privilege, or the kernel is locked down
 *     -EOPNOTSUPP  this kernel or machine cannot do it; the message names what is missing
 *     -ENOMEM      out of memory
 *     -EBUSY       called in the wrong order (attach before load, open twice)
 *
 * Threads. Calls on different handles may run at the same time. Calls on one handle must not,
 * except hotprobe_stop(). Callbacks run inside hotprobe_poll() and hotprobe_consume(), in the
 * thread that called them.
 *
 * Structures that the caller fills begin with their size: set sz to sizeof the structure and the
 * rest to zero; a field that is zero has its default. So programs built against an older header
 * keep working.
 */
#ifndef HOTPROBE_H
#define HOTPROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is declared here is all that the library shows. */
#pragma GCC visibility push(default)

#define HOTPROBE_VERSION_MAJOR 0
#define HOTPROBE_VERSION_MINOR 1
#define HOTPROBE_VERSION "0.1.0"

/* The version of the library that is linked, "0.1.0". */
const char *hotprobe_version(void);

/* ---- A handle ------------------------------------------------------------------------------ */

struct hotprobe;

enum hotprobe_severity {
	HOTPROBE_NOTE,
	HOTPROBE_WARNING,
	HOTPROBE_ERROR,
};

/* Gets what the library did and chose, one line without a newline at a time. */
typedef void (*hotprobe_log_fn)(void *ctx, enum hotprobe_severity severity, const char *line);

/*
 * How functions that BCC would attach as kprobes are attached. AUTO takes the cheapest way that the
 * kernel has and the function allows: FENTRY, else KPROBE, else TRACEPOINT; hotprobe_link_backend()
 * tells which it was, and the log why. Another value insists: what cannot be attached so is an
 * error that says why not.
 */
enum hotprobe_backend {
	HOTPROBE_BACKEND_AUTO,
	/* As BCC does: a kprobe or kretprobe for each function. */
	HOTPROBE_BACKEND_KPROBE,
	/* Syscalls only: each syscall's own tracepoints, syscalls:sys_enter_NAME and
	   sys_exit_NAME. */
	HOTPROBE_BACKEND_TRACEPOINT,
	/*
	 * A trampoline (fentry, fexit; Linux 5.5 on x86-64), for functions that use of their
	 * struct pt_regs no more than PT_REGS_PARM1 to 6 and PT_REGS_IP of an entry, PT_REGS_RC of
	 * a return, and pass ctx to nothing but perf_submit(), bpf_get_func_ip() and, for stacks of
	 * user space, get_stackid(). The kernel's function must be in BTF, its arguments of one
	 * register each; not a pattern, not an offset, not one that never returns.
	 *
	 * What they see is the same as with a kprobe, except: no return is missed, however many
	 * tasks are inside, but for calls that are inside while anyone attaches another trampoline
	 * to the function or detaches one: their returns are lost, uncounted; a function that is
	 * called from inside another program or helper is seen, where kprobes on a CPU shut each
	 * other out; the upper half of an argument of 4 or fewer bytes is 0, whatever the caller
	 * left there.
	 *
	 * AUTO takes trampolines from Linux 6.12 on: Debian's 6.1 was seen to lock up when several
	 * processes attached and detached some at the same time.
	 */
	HOTPROBE_BACKEND_FENTRY,
};

/* Gets the kernel's verifier's log of one program, many lines. The texts are valid during the call.
 */
typedef void (*hotprobe_verifier_log_fn)(void *ctx, const char *program, const char *log);

struct hotprobe_opts {
	size_t sz;
	/* Flags for the compiler: -DNAME, -DNAME=VALUE, -UNAME, -IDIR, -include FILE, -WX.
	   Terminated by NULL. Copied. */
	const char *const *cflags;
	/* A directory of real kernel headers (or a build tree) to compile against. By default
	   the headers are cut from the kernel's BTF. */
	const char *kernel_headers;
	/* To compile for another kernel than the running one: its types (a BTF file or a vmlinux),
	   and its release, as uname -r has it there. By default the release is looked for at the
	   end of btf_path ("/boot/vmlinux-6.1.0-9-amd64"). The types tell its architecture, x86-64
	   or arm64, too; what is compiled for another than this machine's can only be saved. Types
	   of modules are looked for beside a file that is called vmlinux, as in a copy of that
	   kernel's /sys/kernel/btf. */
	const char *btf_path;
	const char *kernel_release;
	/* A directory as that kernel's tracefs, for the formats of its tracepoints:
	   events/CATEGORY/EVENT/format. By default the running kernel's are taken. */
	const char *tracefs;
	/* The compiler process; default: hotprobe-cc where the library was installed to, or, for
	   a program that is run from a build directory, beside the program itself. */
	const char *compiler;
	/* How long a compile may take, milliseconds; default 30000. */
	unsigned compile_timeout_ms;
	/* Trace only the processes given to hotprobe_trace_pid() or hotprobe_command_start() and
	   their descendants. Filtered in the kernel, in front of every program. */
	bool confine;
	enum hotprobe_backend backend;
	/* Pages of event buffer for each CPU and BPF_PERF_OUTPUT, a power of two; default 64. */
	unsigned perf_pages;
	/* Compiled programs are kept in a directory of the user's own, by default
	   /var/cache/hotprobe for root, else hotprobe in XDG_CACHE_HOME or ~/.cache. no_cache:
	   don't read or write it. cache_max: bytes it may take, default 256 MiB; the least recently
	   used go first. */
	bool no_cache;
	/* Use perf buffers for BPF_PERF_OUTPUT also where a ring buffer could serve: by default
	   it does if the kernel has one (Linux 5.8), unless the table is used for what only perf
	   buffers can do: packet data (perf_submit_skb), records of computed size. */
	bool perf_buffer;
	const char *cache_dir;
	uint64_t cache_max;
	hotprobe_log_fn log;
	void *log_ctx;
	/* Leave bpf_trace_printk() as the kernel has it: its messages go to the machine's
	   trace_pipe, among those of others, and not to hotprobe_on_printk(). */
	bool trace_pipe;
	/* The programs can be replaced by those of another handle while they are attached: see
	   hotprobe_inherit(). It costs a jump each time one runs (some nanoseconds). */
	bool replaceable;
	/* If set, every error message is written here too, cut to errbuf_size bytes with its
	   NUL. It has to stay valid as long as the handle. */
	char *errbuf;
	size_t errbuf_size;
	/* If set, gets the whole of what the verifier says about each program that is loaded: of
	   one that is accepted, all paths with what is known of the registers on them; of one that
	   is refused, the path to what is wrong. It is of use to those who know instructions: for
	   all others there are the diagnostics. Loading takes longer. */
	hotprobe_verifier_log_fn verifier_log;
	void *verifier_log_ctx;
	/*
	 * The source or image is someone else's, who is not to get the caller's rights by it. Then
	 *   - a file, and what it includes, is read only if it lies in the file's own directory
	 *     tree, wherever symbolic links and ".." lead; a text of hotprobe_open_string(), and
	 *     standard input, include nothing. Of cflags only -D, -U and -W... are taken;
	 *   - it can observe but not change: its functions are attached to system calls, kernel
	 *     functions and their returns, tracepoints, performance events and iterators, and by
	 *     the caller (hotprobe_attach_) also to functions and probes of programs; helpers
	 *     that write to other memory than its tables, send signals or change packets or
	 *     return values are refused;
	 *   - it has no pinned and no extern tables.
	 * What is refused is -EACCES with a diagnostic; an #include that is not followed has a
	 * warning. What it shows may still be anything that the kernel and all processes hold, and
	 * it may slow the machine down: use confine.
	 */
	bool untrusted;
};

/* opts may be NULL. Returns NULL and sets errno to ENOMEM, or to EINVAL if an option is bad. */
struct hotprobe *hotprobe_new(const struct hotprobe_opts *opts);

/* Detaches everything, unloads and frees all. hp may be NULL. A command that was started but
   not released is killed. Types, values, programs, tables, links, diagnostics of the handle
   end with it. */
void hotprobe_free(struct hotprobe *hp);

/* The message of the last call on hp that failed; "" if none has. Never NULL. Valid until the
   next call on hp. */
const char *hotprobe_error(const struct hotprobe *hp);

struct hotprobe_diagnostic {
	enum hotprobe_severity severity;
	const char *file;	 /* as it was given, "" if it concerns no place in the source */
	unsigned line;		 /* from 1; 0 if it concerns no line */
	unsigned column;	 /* from 1, in bytes; 0 if it concerns no column */
	const char *text;	 /* without newline */
	const char *hint;	 /* what to do, one line, "" if there is nothing to say */
	const char *source_line; /* that line of the source, without newline; "" if unknown */
};

/* What compiler, verifier and attaching had to say, in the order they said it; warnings are
   there after a success too. Notes tell more about the error or warning before them, at another
   place: where a value came from that the verifier refuses. Valid until hotprobe_free(). */
size_t hotprobe_diagnostic_count(const struct hotprobe *hp);
const struct hotprobe_diagnostic *hotprobe_diagnostic_at(const struct hotprobe *hp, size_t index);

/* ---- From source to the kernel -------------------------------------------------------------- */

/*
 * Compiles. Needs no privilege. A first line that begins with #! is skipped. Files that the
 * source includes with "" are looked for beside it, then in the -I directories; every other
 * header is a kernel header and comes from BTF.
 *
 * hotprobe_open_file() takes "-" as standard input. hotprobe_open_string() compiles size bytes
 * of text; name is what messages call it, and a directory in it is where "" includes are looked
 * for.
 *
 * Returns 0; -EINVAL if the source has errors (see the diagnostics); -ETIMEDOUT if the compiler
 * took too long; -ECHILD if it crashed or was killed; -EOPNOTSUPP if the kernel has no BTF or no
 * compiler is installed; an errno of reading the file.
 */
int hotprobe_open_file(struct hotprobe *hp, const char *path);
int hotprobe_open_string(struct hotprobe *hp, const char *name, const char *text, size_t size);

/* The files that were read for it: the main one under the name it was given, then those of the
   user's that it includes. Also after a failure to compile; none if an image was opened. */
size_t hotprobe_source_count(const struct hotprobe *hp);
const char *hotprobe_source_at(const struct hotprobe *hp, size_t index);

/*
 * Writes what hotprobe_open_ compiled to a file, an image, with what hotprobe_attach_ was told
 * since. hotprobe_open_file() takes an image in place of a source: then no compiler is needed, not
 * even installed. On the kernel it was compiled for no BTF is read either. On another one the image
 * is compared with that kernel's BTF: it opens if all that the program uses of the kernel (members
 * and their places, types that are copied, enumerators, arguments of traced functions, fields of
 * tracepoints, CONFIG_ symbols, versions) is as it was; otherwise it is -EINVAL, with a diagnostic
 * for each difference. Returns 0; -EINVAL if the headers compiled with are of another kernel than
 * the BTF; or the errno of writing. A file that was there is replaced only by a whole one.
 */
int hotprobe_save(struct hotprobe *hp, const char *path);

/*
 * Makes the tables and takes every program through the verifier; attaches nothing. Needs
 * CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN. Returns 0; -EACCES or -EINVAL if the verifier
 * refuses a program (the diagnostics have its line); -EPERM.
 */
int hotprobe_load(struct hotprobe *hp);

/*
 * Attaches every function whose name follows a convention:
 *     syscall__NAME               entry of a syscall
 *     syscall_ret__NAME           its return (hotprobe's own: BCC has no name for it)
 *                                 A NAME that is no syscall counts only for a function that is
 *                                 attached to nothing else.
 *     kprobe__FUNC, kretprobe__FUNC   a kernel function; sys_NAME stands for what this kernel
 *                                 calls the syscall, as in BCC
 *     tracepoint__CATEGORY__EVENT, TRACEPOINT_PROBE(CATEGORY, EVENT)
 *     raw_tracepoint__EVENT, RAW_TRACEPOINT_PROBE(EVENT)
 *     KFUNC_PROBE(FUNC, ...), KRETFUNC_PROBE(FUNC, ...), KMOD_RET(FUNC, ...), or kfunc__FUNC,
 *     kretfunc__FUNC, kmod_ret__FUNC   a kernel function, by a trampoline: its entry, its
 *                                 return, its return with another value
 *     LSM_PROBE(HOOK, ...), lsm__HOOK      a security hook, which the function may deny
 *     BPF_ITER(KIND), bpf_iter__KIND       kernel objects: see hotprobe_open_iter()
 * or which HOTPROBE("KIND:TARGET") stands in front of, once or several times, for targets that no
 * name can hold:
 *     HOTPROBE("uprobe:/bin/bash:readline")
 *     int on_readline(struct pt_regs *ctx) ...
 * KIND:TARGET is as for hotprobe_attach_spec(). Other compilers of BCC's dialect need
 *     #ifndef HOTPROBE
 *     #define HOTPROBE(target)
 *     #endif
 * in the source, and are told the target by their own program.
 *
 * All or nothing: on failure what this call attached is detached again and each function that
 * could not be attached has a diagnostic. Returns the number of probes attached by this call (0
 * if all were already), or a negative errno: that of the first that failed.
 */
int hotprobe_attach(struct hotprobe *hp);

/*
 * Makes hp, which is open and not loaded yet, the successor of a handle that is loaded and attached;
 * both with opts.replaceable, and confined alike. hp is then loaded, given its callbacks and
 * attached like any other, and with hotprobe_attach() everything passes over at one moment:
 *
 *     new = hotprobe_new(&opts);
 *     if (!hotprobe_open_file(new, path) && !hotprobe_inherit(new, old) && !hotprobe_load(new) &&
 *         !hotprobe_on_event(new, ...) && hotprobe_attach(new) >= 0)
 *             hotprobe_free(old), old = new;
 *     else
 *             hotprobe_free(new);
 *
 * Tables that both declare alike (kind, key and value type and size, entries, flags) are one, with
 * all they hold; hotprobe_table_anew() tells of the others. Tables of events, of programs and of
 * performance counters are always hp's own: what was put into the latter is to be put there again.
 * Who is traced is the same, with descendants born before.
 *
 * hotprobe_attach(hp) puts hp's programs beside the old ones, makes it their turn by one write in
 * the kernel, takes the old ones away, has the old handle's callbacks called with all its events,
 * and moves the command, if there is one, and what is known of processes for symbols to hp. The old
 * handle is then of use no more but for hotprobe_lost() and reading its tables. Where both are
 * attached to the same target in the same way, each hit of it is seen by one of them and never by
 * none or both. (With targets of several places that do not have one program, USDT probes and some
 * patterns, and with sockmap:, a hit may slip by, or be seen by both, at that very moment.) If it
 * fails, or any call before, nothing has changed for the old handle.
 *
 * hp may be opened and loaded in another thread while the old handle is at work: hotprobe_inherit()
 * may run at the same time as calls on that one that take events or deal with tables, but no others.
 * hotprobe_attach(hp) may not. If the old handle is freed before it, hp only keeps the tables and
 * the traced processes. Returns 0; -EBUSY if either is not as said above, or the old one has a
 * successor already; -EINVAL if their options differ; or the errno of taking over a table.
 */
int hotprobe_inherit(struct hotprobe *hp, struct hotprobe *old);

/* Detaches every probe. Programs and tables stay loaded, and events already sent can still be
   consumed. */
void hotprobe_detach(struct hotprobe *hp);

/* ---- Programs and where they are attached --------------------------------------------------- */

struct hotprobe_program;

size_t hotprobe_program_count(const struct hotprobe *hp);
struct hotprobe_program *hotprobe_program_at(const struct hotprobe *hp, size_t index);
/* NULL if there is none of that name. */
struct hotprobe_program *hotprobe_find_program(const struct hotprobe *hp, const char *name);
const char *hotprobe_program_name(const struct hotprobe_program *program);
/* The kernel's name of its type, "kprobe", "tracepoint", "raw_tracepoint"... */
const char *hotprobe_program_type(const struct hotprobe_program *program);
/* Descriptor of the loaded program, -1 before hotprobe_load(). Stays the library's. */
int hotprobe_program_fd(const struct hotprobe_program *program);
/* Where it is defined. */
const char *hotprobe_program_file(const struct hotprobe_program *program);
unsigned hotprobe_program_line(const struct hotprobe_program *program);
/* True if a convention name or an explicit attachment places it somewhere. */
bool hotprobe_program_placed(const struct hotprobe_program *program);
/* True if the confinement cannot hold for it, because it does not run in a task's context. */
bool hotprobe_program_unconfined(const struct hotprobe_program *program);

struct hotprobe_link;

/*
 * Attaches one function explicitly and returns 0, with the link in *link if link is not NULL.
 * If that function is already attached to that target (by its name, or by an earlier call), the
 * existing link is returned: it is never attached twice.
 *
 * After hotprobe_load() they attach at once. Before it they only note the target: *link is NULL,
 * and hotprobe_attach() attaches it with the others. Returns -ENOENT if there is no such function
 * or target, -EOPNOTSUPP if this kernel cannot attach that kind.
 */
int hotprobe_attach_kprobe(struct hotprobe *hp, const char *function, const char *kernel_function,
			   uint64_t offset, struct hotprobe_link **link);
int hotprobe_attach_kretprobe(struct hotprobe *hp, const char *function,
			      const char *kernel_function, struct hotprobe_link **link);
/* syscall: its name without prefix, "openat". */
int hotprobe_attach_syscall(struct hotprobe *hp, const char *function, const char *syscall,
			    struct hotprobe_link **link);
int hotprobe_attach_syscall_ret(struct hotprobe *hp, const char *function, const char *syscall,
				struct hotprobe_link **link);
int hotprobe_attach_tracepoint(struct hotprobe *hp, const char *function, const char *category,
			       const char *event, struct hotprobe_link **link);
int hotprobe_attach_raw_tracepoint(struct hotprobe *hp, const char *function, const char *event,
				   struct hotprobe_link **link);
/*
 * A function of a program or library. file is a path, or a name: that of a library as the dynamic
 * loader finds it ("libc.so.6", or "c" as with BCC), or of a program in PATH; or "@PID" for a
 * process: the first of its program and libraries that has the symbol, and only in that process.
 * symbol may be an offset in the file, "0x1234".
 *
 * Breakpoints are in the file, so every process that maps it runs into them. With opts.confine the
 * function runs for the traced processes only; others pay for the breakpoint, about a microsecond
 * each time. With "@PID" they don't.
 */
int hotprobe_attach_uprobe(struct hotprobe *hp, const char *function, const char *file,
			   const char *symbol, uint64_t offset, struct hotprobe_link **link);
int hotprobe_attach_uretprobe(struct hotprobe *hp, const char *function, const char *file,
			      const char *symbol, struct hotprobe_link **link);
/*
 * A USDT probe (sys/sdt.h) of such a file, or of all files of a process, at every place that has
 * it; provider may be NULL if only one has a probe of that name. Its semaphore is raised as long as
 * it is attached. The function reads the arguments with bpf_usdt_readarg(N, ctx, &variable), N from
 * 1, and what they point to with bpf_usdt_readarg_p(N, ctx, buffer, size), N being a number as
 * such.
 */
int hotprobe_attach_usdt(struct hotprobe *hp, const char *function, const char *file,
			 const char *provider, const char *probe, struct hotprobe_link **link);
/*
 * The same from one string, "KIND:TARGET": kprobe:FUNC, kprobe:FUNC+0x10, kretprobe:FUNC,
 * syscall:NAME, syscall_ret:NAME, tracepoint:CATEGORY:EVENT, raw_tracepoint:EVENT. As with BCC's
 * attach_kprobe(event=get_syscall_fnname("open")), kprobe:sys_open and kretprobe:sys_open mean the
 * syscall by whatever name this kernel has for it.
 *
 * Patterns with *, ? and [] in kprobe:, kretprobe: and tracepoint: attach to all that match, 1000
 * at most; hotprobe_link_attached_to() says how many, the log which. The kernel refuses kprobes on
 * some of its functions: those are counted too, and only if all are refused it is a failure. Where
 * the kernel has multi-kprobes (Linux 5.18 with CONFIG_FPROBE) one takes all functions at once that
 * ftrace knows, the others get a kprobe each; HOTPROBE_BACKEND_KPROBE gives one to each. It makes
 * no difference to what the program sees, except that the innermost address of a kernel stack lies
 * some bytes further in the function.
 *
 * uprobe:FILE:SYMBOL, uprobe:FILE:SYMBOL+0x10, uprobe:FILE:0xOFFSET, uretprobe:FILE:SYMBOL,
 * usdt:FILE:PROVIDER:PROBE, usdt:FILE:PROBE; FILE as above. SYMBOL may be a pattern.
 *
 * Further kinds: kfunc:FUNC, kretfunc:FUNC, fmod_ret:FUNC, lsm:HOOK, iter:KIND, and
 *     perf_event:EVENT:KEY=VALUE,...    EVENT is called as in perf list (cpu-clock, page-faults,
 *         cycles, LLC-load-misses, r1a8 for a raw number), and freq=TIMES_A_SECOND or period=EVENTS
 *         says how often; pid=PID only in that process's threads, cpu=CPU only there
 *     iter:task:pid=PID, iter:task:tid=TID, iter:bpf_map_elem:map=TABLE, iter:cgroup:cgroup=DIR
 *
 * Of the network, where no filter by process is possible (see hotprobe_program_unconfined()):
 *     xdp:IFACE              packets as the driver has them; takes struct xdp_md
 *     tc:IFACE:ingress, tc:IFACE:egress    packets at traffic control; struct __sk_buff, and
 *                            TC_ACT_UNSPEC as the result lets others see the packet, too
 *     socket:IFACE           a packet socket with the program as its filter (struct __sk_buff;
 *                            the result is how many bytes of the packet the socket gets), see
 *                            hotprobe_link_fd(); without IFACE, the packets of all interfaces
 *     cgroup:PATH:HOOK       a cgroup of version 2; the hooks are those of bpftool-cgroup(8):
 *                            ingress, egress, sock_create, connect4, bind6, sock_ops...; the
 *                            result 1 allows, 0 refuses
 *     sockmap:TABLE:HOOK     what the sockets in a BPF_SOCKMAP or BPF_SOCKHASH of the source send
 *                            or receive; HOOK is msg_verdict (struct sk_msg_md), stream_parser,
 *                            stream_verdict or skb_verdict (struct __sk_buff)
 * An interface or cgroup that is removed takes its probes along; nothing else is touched.
 */
int hotprobe_attach_spec(struct hotprobe *hp, const char *function, const char *spec,
			 struct hotprobe_link **link);

/* Detaches one probe and forgets its placement; link is gone. */
void hotprobe_link_detach(struct hotprobe_link *link);

/* All probes that were placed, by name or explicitly, attached or not. */
size_t hotprobe_link_count(const struct hotprobe *hp);
struct hotprobe_link *hotprobe_link_at(const struct hotprobe *hp, size_t index);
struct hotprobe_program *hotprobe_link_program(const struct hotprobe_link *link);
/* What was asked for, "syscall:openat", and what was done about it, "tracepoint
   syscalls:sys_enter_openat"; "" while it is not attached. */
const char *hotprobe_link_target(const struct hotprobe_link *link);
const char *hotprobe_link_attached_to(const struct hotprobe_link *link);
/* How a kprobe, kretprobe, syscall or syscall_ret was attached; AUTO for other kinds, and while it
   is not attached. */
enum hotprobe_backend hotprobe_link_backend(const struct hotprobe_link *link);
/* A descriptor that holds it: the packet socket of socket:IFACE, to receive from; a BPF link or a
   perf event of other kinds. -1 while it is not attached, or if nothing of the process holds it.
   Stays the library's. */
int hotprobe_link_fd(const struct hotprobe_link *link);
/*
 * How many calls of a kprobe or kretprobe the kernel has left out so far, whoever made them,
 * because it was in a probe already, or because too many threads were inside the function at once:
 * it keeps returns for ten, or for two on each CPU if that is more. Returns 0; -EOPNOTSUPP for
 * other kinds, while it is not attached, or if this kernel does not count them (before Linux 6.7).
 */
int hotprobe_link_missed(const struct hotprobe_link *link, uint64_t *missed);

/*
 * Reads what an attached iterator (BPF_ITER, iter:KIND) writes: returns a descriptor that is the
 * caller's to read and close. Each one goes through all objects anew; the function runs during the
 * read(2), which gives 0 after the last. Returns -ENOENT if there is no such function, -EINVAL if
 * it is no iterator, -EBUSY if it is not attached.
 */
int hotprobe_open_iter(struct hotprobe *hp, const char *function);

/* Writes the name of the kernel function behind a syscall ("open" gives "__x64_sys_open") into
   buf. Returns its length, or -ENAMETOOLONG. */
int hotprobe_syscall_fnname(const char *syscall, char *buf, size_t size);

/* ---- Whom to trace (opts.confine) -------------------------------------------------------------
 */

/* Traces the running process pid, its threads and its descendants from now on. After
   hotprobe_load(). Returns 0; -ESRCH if there is none. */
int hotprobe_trace_pid(struct hotprobe *hp, pid_t pid);

/*
 * Starts argv[0] (looked for in PATH) as a child of the caller that waits just short of its
 * execve, and puts it among the traced, so that its execve is the first thing seen of it. Call
 * it after hotprobe_load(); attach; then release it. envp may be NULL: the caller's environment.
 * At most one command a handle. Returns 0; -ENOENT or -EACCES if there is no such program.
 */
int hotprobe_command_start(struct hotprobe *hp, const char *const argv[], const char *const envp[]);
/* Lets it go. Returns 0, or the errno of an execve that failed. */
int hotprobe_command_release(struct hotprobe *hp);
/* Its process id, 0 if there is none; a pidfd that is readable once it has ended, -1 if none. */
pid_t hotprobe_command_pid(const struct hotprobe *hp);
int hotprobe_command_fd(const struct hotprobe *hp);
/* Without waiting: 1 and its status as of waitpid(2) in *status if it has ended, else 0. */
int hotprobe_command_status(struct hotprobe *hp, int *status);

/* ---- Events ------------------------------------------------------------------------------------
 */

/* data is valid during the callback, and aligned to 4 bytes only; size is what was submitted.
   (Out of perf buffers up to 7 bytes may be added where the program computes the size, or
   submits records of sizes so close that the kernel's padding makes them one, and the type does
   not tell either.) cpu is where it was submitted, -1 for a BPF_RINGBUF_OUTPUT, which does not
   tell. */
typedef void (*hotprobe_event_fn)(void *ctx, int cpu, const void *data, size_t size);
/* lost records could not be kept since the last call; cpu is -1 where they are counted together. */
typedef void (*hotprobe_lost_fn)(void *ctx, int cpu, uint64_t lost);

/* Sets the callbacks of a BPF_PERF_OUTPUT or BPF_RINGBUF_OUTPUT; lost may be NULL. Again replaces
   them. Call it after hotprobe_load() and before hotprobe_attach() to miss nothing. Returns 0,
   -ENOENT, -EINVAL if the table takes no events. */
int hotprobe_on_event(struct hotprobe *hp, const char *table, hotprobe_event_fn event,
		      hotprobe_lost_fn lost, void *ctx);

/* A message of bpf_trace_printk() in a program of this handle. */
struct hotprobe_printk {
	size_t sz;
	uint64_t time_ns; /* on CLOCK_MONOTONIC */
	int cpu;
	pid_t tid;	  /* of the task that ran there, 0 if the CPU was idle */
	const char *comm; /* its name */
	const char *text; /* without the newlines at its end */
	size_t length;
};
typedef void (*hotprobe_printk_fn)(void *ctx, const struct hotprobe_printk *message);

/* Sets the callback of messages; NULL: they are dropped. They come as events do, from
   hotprobe_poll() and hotprobe_consume(), and are valid during the callback. Where the kernel lacks
   what that takes (Linux 5.13), or for single calls that a warning tells, the messages go to
   trace_pipe as they do in BCC. */
void hotprobe_on_printk(struct hotprobe *hp, hotprobe_printk_fn fn, void *ctx);

/* Waits up to timeout_ms (-1: without end) for events and delivers what is there. Returns the
   number of records delivered, 0 after the timeout, -EINTR after a signal or hotprobe_stop(). */
int hotprobe_poll(struct hotprobe *hp, int timeout_ms);
/* Delivers what is there without waiting. Returns the number of records delivered. */
int hotprobe_consume(struct hotprobe *hp);
/*
 * Readable when hotprobe_consume() has something to deliver: for poll, epoll, libuv... Stays the
 * library's. -1 before hotprobe_load().
 *
 * So that not each event costs a wake-up, events that come fast (16,000 a second) gather for at
 * most half a millisecond before it is; hotprobe_poll() waits in the same way, but never ends for
 * its timeout while there is something to deliver. Now and then it is readable for nothing.
 */
int hotprobe_fd(const struct hotprobe *hp);
/* Makes a running or the next hotprobe_poll() return -EINTR. From any thread or signal handler. */
void hotprobe_stop(struct hotprobe *hp);
/* Records lost by that table so far; all of them, and messages of bpf_trace_printk(), if table is
   NULL. */
uint64_t hotprobe_lost(const struct hotprobe *hp, const char *table);

/* ---- Headers for others -------------------------------------------------------------------------
 */

/*
 * Writes a tree of kernel headers, made from BTF, below the directory dir, which is made if it is
 * not there; what it holds of the same names is replaced. With BCC_KERNEL_SOURCE=dir in its
 * environment, BCC itself compiles where no kernel headers are installed. Of hp's options, those
 * about the kernel count; hp needs no source. Returns the number of files or a negative errno.
 */
int hotprobe_write_headers(struct hotprobe *hp, const char *dir);

/* ---- The compiler
 * ------------------------------------------------------------------------------------- */

/* Writes the path of the compiler process that opts (NULL: the defaults) lead to into buf, whether
   there is one or not. Returns its length, -ENAMETOOLONG or -ENOMEM. */
int hotprobe_compiler_path(const struct hotprobe_opts *opts, char *buf, size_t size);

/* ---- The cache of compiled programs
 * ---------------------------------------------------------------- */

/* Writes the directory that opts (NULL: the defaults) lead to into buf. Returns its length,
   -ENAMETOOLONG, or -ENOENT if there is no home directory to keep one in. */
int hotprobe_cache_dir(const struct hotprobe_opts *opts, char *buf, size_t size);

struct hotprobe_cache_entry {
	const char *key;    /* 64 hexadecimal digits */
	const char *source; /* the source's name, as it was compiled */
	uint64_t size;	    /* bytes */
	int64_t used;	    /* when it was last used, seconds since 1970 */
};
typedef void (*hotprobe_cache_fn)(void *ctx, const struct hotprobe_cache_entry *entry);

/* Calls fn for each program in the cache, in no order. Returns their number or a negative errno;
   no cache is an empty one. */
int hotprobe_cache_each(const struct hotprobe_opts *opts, hotprobe_cache_fn fn, void *ctx);
/* Removes all of them. Returns their number or a negative errno. */
int hotprobe_cache_clear(const struct hotprobe_opts *opts);

/* ---- Types and values ---------------------------------------------------------------------------
 */

/* The C type of an event, a key or a value, as the source declared it. */
struct hotprobe_type;

enum hotprobe_kind {
	HOTPROBE_VOID,
	HOTPROBE_INT,	 /* signed or unsigned, 1 to 8 bytes, also bit-fields */
	HOTPROBE_INT128, /* 16 bytes */
	HOTPROBE_BOOL,
	HOTPROBE_CHAR,	/* char alone; an array of it is a HOTPROBE_STRING */
	HOTPROBE_FLOAT, /* float and double */
	HOTPROBE_ENUM,
	HOTPROBE_POINTER,
	HOTPROBE_STRING, /* array of char: ends at its first NUL, or at its size */
	HOTPROBE_ARRAY,
	HOTPROBE_STRUCT,
	HOTPROBE_UNION,
};

/* Typedefs are seen through: the kind, the size in bytes, the name as the source wrote it ("u32",
   "struct data_t" is "data_t"; "" if it has none). */
enum hotprobe_kind hotprobe_type_kind(const struct hotprobe_type *type);
size_t hotprobe_type_size(const struct hotprobe_type *type);
const char *hotprobe_type_name(const struct hotprobe_type *type);
/* Do both, also of different handles, lay out the same values in the same bytes, under the same
   names of members and enumerators? Names of types don't matter, nor what pointers point to. */
bool hotprobe_type_equal(const struct hotprobe_type *a, const struct hotprobe_type *b);
/* Members of a struct or union, elements of an array or string, else 0. */
size_t hotprobe_type_count(const struct hotprobe_type *type);

/* A value inside some bytes: where it is, what it is, and, for scalars, how much. */
struct hotprobe_value {
	const struct hotprobe_type *type;
	enum hotprobe_kind kind;
	const char *name;    /* of the member, "" for an element or the whole */
	const void *data;    /* its first byte, NULL if it lies beyond the bytes given */
	size_t size;	     /* bytes */
	unsigned bit_size;   /* of a bit-field, else 0 */
	unsigned bit_offset; /* of a bit-field, its lowest bit in *data: 0 to 7 */
	bool is_signed;
	union {
		int64_t i;  /* INT, ENUM, CHAR, BOOL where is_signed */
		uint64_t u; /* the same where not; POINTER */
		double f;   /* FLOAT */
		struct {
			uint64_t low, high;
		} u128; /* INT128 */
		struct {
			const char *text; /* not terminated */
			size_t length;
		} string;
	};
	const char *enumerator; /* ENUM: the name of this value, NULL if it has none */
};

/* What the source submits to that table (its event type) and the types of its keys and values.
   NULL if there is no such table, or the type is not known. */
const struct hotprobe_type *hotprobe_event_type(const struct hotprobe *hp, const char *table);

/* Reads size bytes at data as one value of that type. Returns 0, or -EINVAL if there are too few
   bytes. */
int hotprobe_read(const struct hotprobe_type *type, const void *data, size_t size,
		  struct hotprobe_value *value);
/* The member or element at index of a struct, union or array value. Returns 0; -ERANGE beyond
   the last; -EINVAL if value has no members. */
int hotprobe_member(const struct hotprobe_value *value, size_t index,
		    struct hotprobe_value *member);
/*
 * Finds a value by its path: "pid", "addr.saddr", "args[2]"; members of anonymous structs and
 * unions are found by their own name. Returns 0; -ENOENT if there is no such member; -ERANGE
 * beyond an array's end; -EINVAL for a malformed path or too few bytes.
 */
int hotprobe_field(const struct hotprobe_type *type, const void *data, size_t size,
		   const char *path, struct hotprobe_value *value);
/*
 * Reads the same value out of another record: value, as one of the three above left it, and where
 * it begins there. So a member is looked up once, and costs little in each event:
 *     offset = (const char *)value.data - (const char *)first_event;
 *     hotprobe_reread(&value, (const char *)event + offset);
 */
void hotprobe_reread(struct hotprobe_value *value, const void *data);
/* The same, converted; 0 and "" where there is no such field, or it is of another kind. The
   string is copied into buf, cut to size bytes with its NUL. */
int64_t hotprobe_field_int(const struct hotprobe_type *type, const void *data, size_t size,
			   const char *path);
const char *hotprobe_field_string(const struct hotprobe_type *type, const void *data, size_t size,
				  const char *path, char *buf, size_t buf_size);

/*
 * Values as text, one line, in the manner of C initialisers:
 *     integers, bool       42, -1, true (or 0x2a, 052, 'a' when read)
 *     char                 'a'
 *     enums                the enumerator, or a number
 *     pointers             0xffff88810234; 128-bit integers likewise in hex
 *     float, double        1.5
 *     char[]               "text\n", up to its first NUL
 *     arrays               [ 1, 2, 3 ]
 *     structs              { 1, "text", { 2 } }, one for each member
 *     unions               { 1 }, the largest member's
 * What hotprobe_format() writes, hotprobe_parse() reads back. There, what is left out at the end of
 * an array or struct is zero, and { .name = 1 } names a member, as in C; padding is zero.
 */

/* Writes a value into buf, cut to buf_size bytes with the NUL. Returns the length of all of it, as
   snprintf(3) does, -EINVAL if there are too few bytes, or -EOVERFLOW beyond INT_MAX. */
int hotprobe_format(const struct hotprobe_type *type, const void *data, size_t size, char *buf,
		    size_t buf_size);
/* Reads a value of that type into data. Returns 0; -EINVAL if text is no such value, or data too
   small; -ERANGE if a number or string does not fit. *at, if at is not NULL, is where in text. */
int hotprobe_parse(const struct hotprobe_type *type, const char *text, void *data, size_t size,
		   const char **at);

/* ---- Tables
 * --------------------------------------------------------------------------------------- */

struct hotprobe_table;

size_t hotprobe_table_count(const struct hotprobe *hp);
struct hotprobe_table *hotprobe_table_at(const struct hotprobe *hp, size_t index);
/* NULL if there is none of that name. */
struct hotprobe_table *hotprobe_find_table(const struct hotprobe *hp, const char *name);
const char *hotprobe_table_name(const struct hotprobe_table *table);
/* BCC's word for it: "hash", "array", "histogram", "perf_output"... */
const char *hotprobe_table_kind(const struct hotprobe_table *table);
/* True for a BPF_HISTOGRAM whose slots the source makes with bpf_log2() or bpf_log2l(): slot N
   counts the numbers from 2^(N-1) to 2^N - 1, slot 1 also 0. BCC's scripts say it by calling
   print_log2_hist() or print_linear_hist(). */
bool hotprobe_table_is_log2(const struct hotprobe_table *table);
const struct hotprobe_type *hotprobe_table_key_type(const struct hotprobe_table *table);
const struct hotprobe_type *hotprobe_table_value_type(const struct hotprobe_table *table);
size_t hotprobe_table_key_size(const struct hotprobe_table *table);
/* Bytes that a lookup writes and an update reads: the value's size; for a per-CPU table that,
   rounded up to 8, times the number of possible CPUs. */
size_t hotprobe_table_value_size(const struct hotprobe_table *table);
/* Compares with the sizes of the caller's own types for a key and one value, since the calls below
   trust them: 0, or -EINVAL with a message if they differ. */
int hotprobe_table_fits(const struct hotprobe_table *table, size_t key_size, size_t value_size);
size_t hotprobe_table_max_entries(const struct hotprobe_table *table);
/* After hotprobe_load(), of a BPF_PERF_OUTPUT: do its events come over a ring buffer, where their
   order is that in which they were submitted on whatever CPU, or over a perf buffer for each CPU?
   True for a BPF_RINGBUF_OUTPUT, false for any other table. */
bool hotprobe_table_uses_ring(const struct hotprobe_table *table);
/* Descriptor of the map, -1 before hotprobe_load(). Stays the library's. */
int hotprobe_table_fd(const struct hotprobe_table *table);

/* After hotprobe_inherit(): NULL if the other handle has no such table, or this one's kind is never
   kept; "" if it is kept; else why it is not: "its value type changed". */
const char *hotprobe_table_anew(const struct hotprobe_table *table);

/* After hotprobe_load(). The bytes are those of hotprobe_table_key_size() and _value_size().
   flags are the kernel's BPF_ANY, BPF_NOEXIST, BPF_EXIST. They return 0 or the kernel's errno:
   -ENOENT no such key, -EEXIST, -E2BIG full. hotprobe_table_next() gives the key after key, the
   first for NULL, -ENOENT after the last; a key that was deleted meanwhile starts over. */
int hotprobe_table_lookup(const struct hotprobe_table *table, const void *key, void *value);
int hotprobe_table_update(const struct hotprobe_table *table, const void *key, const void *value,
			  uint64_t flags);
int hotprobe_table_delete(const struct hotprobe_table *table, const void *key);
int hotprobe_table_next(const struct hotprobe_table *table, const void *key, void *next);
/* Looks up and deletes at once where the kernel can (hashes from Linux 5.14), else one after the
   other. */
int hotprobe_table_take(const struct hotprobe_table *table, const void *key, void *value);

/* An entry; key is NULL for a queue or stack. The bytes are valid during the callback. It returns
   true to end the walk. It may change the table. */
typedef bool (*hotprobe_entry_fn)(void *ctx, const void *key, const void *value);

/* Calls fn for every entry, in no order, in batches where the kernel has them. What programs change
   meanwhile may be seen or missed, but no entry that stays. Returns the number of calls or a
   negative errno. */
int hotprobe_table_each(const struct hotprobe_table *table, hotprobe_entry_fn fn, void *ctx);
/* The same, and each entry is deleted as it is read, so that of those that programs count up none
   is lost or seen twice. fn may be NULL. -EINVAL for an array, whose entries always exist. */
int hotprobe_table_drain(const struct hotprobe_table *table, hotprobe_entry_fn fn, void *ctx);
/* Deletes every entry; sets those of an array to zero. */
int hotprobe_table_clear(const struct hotprobe_table *table);
/* Updates count entries: keys and values lie one after the other. */
int hotprobe_table_update_all(const struct hotprobe_table *table, const void *keys,
			      const void *values, size_t count, uint64_t flags);

/* In the value of a per-CPU table: how many values there are (those of possible CPUs; 1 for another
   table), and where that of one CPU is (NULL if there is no such CPU). */
size_t hotprobe_table_cpu_count(const struct hotprobe_table *table);
void *hotprobe_table_cpu_value(const struct hotprobe_table *table, const void *value, size_t cpu);

/* Of BPF_QUEUE and BPF_STACK. Return 0; -ENOENT if it is empty, -E2BIG if it is full (BPF_EXIST as
   flags drops the oldest). */
int hotprobe_table_push(const struct hotprobe_table *table, const void *value, uint64_t flags);
int hotprobe_table_pop(const struct hotprobe_table *table, void *value);
int hotprobe_table_peek(const struct hotprobe_table *table, void *value);

/* Makes table.call(ctx, index) of a BPF_PROG_ARRAY go to that function of the same source. */
int hotprobe_table_set_program(const struct hotprobe_table *table, uint32_t index,
			       const char *function);
/* Puts a table into a BPF_ARRAY_OF_MAPS or BPF_HASH_OF_MAPS, of the same or another handle. */
int hotprobe_table_set_table(const struct hotprobe_table *table, const void *key,
			     const struct hotprobe_table *inner);
/* Opens a counter for table.perf_read() of a BPF_PERF_ARRAY: type and config as of
   perf_event_open(2), one for each CPU, as the entry of that index. pid -1 counts whole CPUs, else
   one thread, and then perf_read() works in that thread only. */
int hotprobe_table_open_perf_event(struct hotprobe_table *table, uint32_t type, uint64_t config,
				   pid_t pid);
/* The same by the name that perf list gives: "cycles", "LLC-load-misses", "r1a8". */
int hotprobe_table_open_counter(struct hotprobe_table *table, const char *event, pid_t pid);

/*
 * After hotprobe_open_*() and before hotprobe_load(): the table is to be this map, which another
 * handle (hotprobe_table_fd()) or program has made. So BPF_TABLE_PUBLIC and BPF_TABLE_SHARED tables
 * of one source become the BPF_TABLE("extern", ...) of others, which cannot be loaded without; any
 * other table may be given one, too. Nothing is shared by its name alone. fd stays the caller's.
 * Returns -EINVAL if kind or sizes differ (an extern table takes any kind), or if it is a table of
 * events.
 *
 * BPF_TABLE_PINNED needs none of this: the map pinned at that path is opened if it is such a one,
 * else it is made and pinned, and stays there when the handle is freed.
 */
int hotprobe_table_reuse_fd(struct hotprobe_table *table, int fd);

/* ---- Stacks and symbols ------------------------------------------------------------------------
 */

/*
 * Reads the stack that get_stackid() of a BPF_STACK_TRACE returned as id: writes at most max return
 * addresses, the innermost first, and returns how many the stack has. -EINVAL if the table is of
 * another kind; -ENOENT if it has no such stack; id itself if that is negative: the errno that
 * get_stackid() returned.
 */
int hotprobe_stack(const struct hotprobe_table *table, int64_t id, uint64_t *addresses, size_t max);

/* One call in a stack of a BPF_STACK_TRACE_BUILDID: a place in a file, the same in every process
   that maps it and after their end. */
struct hotprobe_frame {
	char build_id[41]; /* of the file, in hexadecimal; "" if the kernel could not tell it */
	uint64_t offset;   /* of the instruction in the file, bytes; its address in the process if
			      there is no build id */
};

/* The same for a BPF_STACK_TRACE_BUILDID, with BPF_F_USER_STACK. See hotprobe_symbol_build_id(). */
int hotprobe_stack_frames(const struct hotprobe_table *table, int64_t id,
			  struct hotprobe_frame *frames, size_t max);

/* What is at an address. Strings are never NULL, "" if unknown, and valid until the next call that
   looks up a symbol on the same handle. */
struct hotprobe_symbol {
	const char *name;     /* of the function; C++ names as they are written */
	const char *module;   /* path of the program or library, as its process sees it; for the
				 kernel "kernel" or the module's name */
	const char *build_id; /* of that, in hexadecimal */
	uint64_t offset;      /* of the address from the function's first byte, if it has a name */
	uint64_t address;     /* as the module's file has it: for addr2line -e MODULE */
};

/*
 * The kernel function at an address: an element of a stack, or PT_REGS_IP in a kprobe. Addresses in
 * a stack are those that calls return to, maybe the first byte of the next function: look up one
 * less, except for the innermost. Returns 0; -ENOENT if there is no function; -EPERM if the kernel
 * hides its addresses from the caller. The first call reads the names of all kernel functions,
 * some megabytes.
 */
int hotprobe_symbol_kernel(struct hotprobe *hp, uint64_t address, struct hotprobe_symbol *symbol);

/*
 * The same for an address in a process: in its files, also those of another mount namespace and
 * with symbols split off (/usr/lib/debug), or in code it made at run time and wrote down in
 * /tmp/perf-PID.map. Returns 0, without a name if only the module is known; -ENOENT if the process
 * has no code there; -ESRCH if it has ended and was not seen; -EMFILE and its like if the file cannot
 * be opened for now.
 *
 * A process is seen when a symbol of it is looked up, with hotprobe_symbol_process(), when it is
 * given to hotprobe_trace_pid(), and, if the program has a BPF_STACK_TRACE, when it is a command's
 * (hotprobe_command_start()) or a descendant of it: then its symbols can be looked up after its
 * end. Others must be looked up while they run, best when their event comes.
 */
int hotprobe_symbol_user(struct hotprobe *hp, pid_t pid, uint64_t address,
			 struct hotprobe_symbol *symbol);
/* Takes note of where the process has its code by now. Returns 0, -ESRCH, -EACCES. */
int hotprobe_symbol_process(struct hotprobe *hp, pid_t pid);

/*
 * The same for a place in the file of that build id. It is looked for among the files that
 * processes have mapped which were seen (see above), and those that were named by
 * hotprobe_symbol_file(). Returns 0, without a name if the file has no function there; -ENOENT if
 * there is no such file.
 */
int hotprobe_symbol_build_id(struct hotprobe *hp, const char *build_id, uint64_t offset,
			     struct hotprobe_symbol *symbol);
/* Takes note of a program or library. Returns 0; an errno of opening it; -ENOEXEC if it is none. */
int hotprobe_symbol_file(struct hotprobe *hp, const char *path);

/* ---- What can be traced -------------------------------------------------------------------------
 */

/* An argument, a result or a field of what is traced. Strings are never NULL. */
struct hotprobe_arg {
	const char *name;	 /* "" if it is not known, or has none */
	const char *declaration; /* as C has it: "struct filename *name", "char comm[16]", "int" */
	enum hotprobe_kind kind; /* typedefs are seen through; a STRING is an array of char */
	/* What a POINTER points to, VOID if that is not known; what an ARRAY or STRING has. */
	enum hotprobe_kind of;
	const char *tag; /* of a struct, union or enum, or of such that is pointed to; else "" */
	size_t size;	 /* bytes; 0 if they vary, in a field whose record tells where it is */
	size_t offset;	 /* of a field, from the start of the record or struct; else 0 */
	bool is_signed;	 /* INT and ENUM, and the elements of an ARRAY */
	bool is_const;	 /* what a POINTER points to may not be written */
	bool is_user;	 /* a POINTER into the memory of the process, as far as is known */
	bool is_dynamic; /* a field of varying length: __data_loc in the record's format */
	size_t count;	 /* elements of an ARRAY or STRING */
};

struct hotprobe_target_info {
	const char *kind;   /* "kprobe" */
	const char *target; /* "kprobe:vfs_read", as hotprobe_attach_spec() takes it */
	/* What a function for it takes a pointer to, "struct pt_regs"; "" if it takes the
	   arguments themselves. */
	const char *context;
	/* The rest only with details. Arguments of the function, the system call, the raw
	   tracepoint, hook or probe, in their order; fields of a tracepoint's record or an
	   iterator's context. */
	bool has_arguments; /* they are known; there may be none */
	size_t argument_count, field_count;
	const struct hotprobe_arg *arguments, *fields;
	const struct hotprobe_arg *result; /* NULL if there is none, or it is not known */
};

/* The info is valid during the callback. It returns true to end the list. */
typedef bool (*hotprobe_target_fn)(void *ctx, const struct hotprobe_target_info *info);

/*
 * Lists what can be traced on this machine and matches pattern, kind by kind, sorted. pattern is
 *     KIND:TARGET     as for hotprobe_attach_spec(), with *, ? and [] for any part of it
 *     KIND            all of that kind
 *     TARGET          of all kinds; "*": everything
 * In tracepoint: the category may be left out (tracepoint:*switch*), or the event
 * (tracepoint:sched). uprobe:, uretprobe: and usdt: take FILE alone, too, as does cgroup: its PATH;
 * what is in files is listed only for a FILE.
 *
 * Kinds that this kernel cannot attach are listed only if the pattern names them, kinds that have
 * the targets of another (kretprobe, kretfunc, syscall_ret, uretprobe, fmod_ret) likewise. This and
 * what the caller's privileges keep from the list is told to opts.log, as warnings. A target that
 * stands for a placeholder of the user's has it in capitals: iter:bpf_map_elem:map=TABLE.
 *
 * with_details: arguments, fields and results, too, from BTF, tracefs, and notes of files. It needs
 * no privilege, except for tracefs where it is root's alone: without it there are neither
 * tracepoints nor, if the kernel has no BTF, arguments of system calls.
 *
 * Returns the number of targets; -EINVAL if there is no such kind, or the pattern is malformed;
 * -ENOENT if nothing matches; another negative errno if what it takes cannot be read.
 */
int hotprobe_list_targets(struct hotprobe *hp, const char *pattern, bool with_details,
			  hotprobe_target_fn fn, void *ctx);

/* The kinds of targets, "kprobe"...; NULL behind the last. */
const char *hotprobe_kind_name(size_t index);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
