/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hotprobe doctor: what it says is what the library meets, whatever is taken away from it, and it
 * leaves nothing behind. Each test runs in a process of its own, which may give away what it needs.
 */
#include "net.h"
#include "support.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKS = 0, USAGE = 2, DOES_NOT_WORK = 3 };

static const char *hotprobe(void)
{
	return build_path("hotprobe");
}

/* ---- What it says -----------------------------------------------------------------------------
 */

static json_t *parse(const struct result *r)
{
	json_error_t error;
	json_t *document = json_loadb(r->out, r->out_size, 0, &error);

	ck_assert_msg(document != NULL, "line %d: %s in:\n%s", error.line, error.text, r->out);
	return document;
}

/* Runs a doctor that is at that path; its status has to be what its document says. */
static json_t *ask(const char *path)
{
	struct result r = RUN(path, "doctor", "--json");
	json_t *document = parse(&r);
	bool works = json_is_true(json_object_get(document, "works"));

	ck_assert_str_eq(r.err, "");
	ck_assert_int_eq(r.status, works ? WORKS : DOES_NOT_WORK);
	result_free(&r);
	return document;
}

static json_t *check_of(json_t *document, const char *key)
{
	json_t *check = json_object_get(json_object_get(document, "checks"), key);

	ck_assert_msg(check != NULL, "there is no %s", key);
	return check;
}

static const char *text_of(json_t *document, const char *key, const char *member)
{
	const char *text = json_string_value(json_object_get(check_of(document, key), member));

	return text ? text : "";
}

static const char *state_of(json_t *document, const char *key)
{
	return text_of(document, key, "state");
}

static bool is_ok(json_t *document, const char *key)
{
	return !strcmp(state_of(document, key), "ok");
}

static void check_state(json_t *document, const char *key, const char *wanted)
{
	ck_assert_msg(!strcmp(state_of(document, key), wanted), "%s is %s, not %s: %s", key,
		      state_of(document, key), wanted, text_of(document, key, "means"));
}

static void check_says(json_t *document, const char *key, const char *member, const char *wanted)
{
	ck_assert_msg(strstr(text_of(document, key, member), wanted), "%s of %s has no \"%s\": %s",
		      member, key, wanted, text_of(document, key, member));
}

/* ---- Its form ---------------------------------------------------------------------------------
 */

/* Calls fn for each key that the help lists: "  GROUP  key, key," and lines that go on. */
static size_t each_documented_key(void (*fn)(json_t *checks, const char *group, const char *key),
				  json_t *checks)
{
	struct result help = RUN(hotprobe(), "help", "doctor");
	char *begin = strstr(help.out, "The checks are:\n"), *end, *save, *inner;
	char group[64] = "";
	size_t count = 0;

	ck_assert_ptr_nonnull(begin);
	begin = strchr(begin, '\n') + 1;
	end = strstr(begin, "\n\n");
	ck_assert_ptr_nonnull(end);
	*end = '\0';
	for (char *line = strtok_r(begin, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *names = line;

		if (line[2] != ' ') {
			names = strstr(line + 2, "  ");
			ck_assert_msg(names != NULL, "%s", line);
			snprintf(group, sizeof(group), "%.*s", (int)(names - line - 2), line + 2);
		}
		for (char *key = strtok_r(names, ", ", &inner); key;
		     key = strtok_r(NULL, ", ", &inner)) {
			fn(checks, group, key);
			count++;
		}
	}
	result_free(&help);
	return count;
}

static void check_form(json_t *checks, const char *group, const char *key)
{
	static const char *const texts[] = {"value", "means", "remedy"};
	json_t *check = json_object_get(checks, key), *tried = json_object_get(check, "tried");
	const char *state = json_string_value(json_object_get(check, "state"));
	json_t *attempt;
	size_t i;

	ck_assert_msg(check != NULL, "%s is in the help and not in the document", key);
	ck_assert_str_eq(json_string_value(json_object_get(check, "group")), group);
	ck_assert_msg(!strcmp(state, "ok") || !strcmp(state, "limited") ||
			      !strcmp(state, "missing"),
		      "%s: %s", key, state);
	for (i = 0; i < COUNT(texts); i++) {
		json_t *text = json_object_get(check, texts[i]);

		ck_assert_msg(json_is_string(text) || json_is_null(text), "%s: %s", key, texts[i]);
	}
	ck_assert_uint_eq(json_object_size(check), 6);
	ck_assert(json_is_array(tried));
	json_array_foreach (tried, i, attempt) {
		json_t *error = json_object_get(attempt, "error");

		ck_assert(json_is_string(json_object_get(attempt, "what")));
		ck_assert(json_is_null(error) || json_string_length(error) > 1);
	}
}

START_TEST(the_document_has_what_the_help_lists_and_nothing_else)
{
	json_t *document = ask(hotprobe()), *checks = json_object_get(document, "checks");
	size_t count = each_documented_key(check_form, checks);

	ck_assert_uint_ge(count, 60);
	ck_assert_uint_eq(json_object_size(checks), count);
	ck_assert_uint_eq(json_object_size(document), 5);
	ck_assert_str_eq(json_string_value(json_object_get(document, "hotprobe")),
			 hotprobe_version());
	ck_assert(json_is_string(json_object_get(document, "kernel")));
	ck_assert(json_is_string(json_object_get(document, "machine")));
	json_decref(document);
}
END_TEST

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t length = strcspn(text, "\n");

		longest = length > longest ? length : longest;
	}
	return longest;
}

/* The lines that begin with that mark. */
static size_t count_marks(const char *text, const char *mark)
{
	size_t count = 0, length = strlen(mark);

	for (const char *line = text; line;
	     line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		count += !strncmp(line, "  ", 2) && !strncmp(line + 2, mark, length) &&
			 line[2 + length] == ' ';
	return count;
}

START_TEST(people_get_a_line_for_each_check_of_80_columns)
{
	static const char *const marks[] = {"ok", "limited", "missing"};
	json_t *document = ask(hotprobe()), *checks = json_object_get(document, "checks"), *check;
	struct result r = RUN(hotprobe(), "doctor"), verbose = RUN(hotprobe(), "doctor", "-v");
	size_t in_document;
	const char *key;

	for (size_t i = 0; i < COUNT(marks); i++) {
		in_document = 0;
		json_object_foreach (checks, key, check)
			in_document += !strcmp(state_of(document, key), marks[i]);
		ck_assert_uint_eq(count_marks(r.out, marks[i]), in_document);
	}
	/* A path, that of the build directory, may be longer than a line. */
	ck_assert_uint_le(longest_line(r.out),
			  32 + strlen(hotprobe()) > 80 ? 32 + strlen(hotprobe()) + 8 : 80);
	ck_assert(strchr(r.out, '\033') == NULL);
	ck_assert(strstr(r.out, "  tried: ") == NULL);
	ck_assert(strstr(verbose.out, "  tried: ") != NULL);
	result_free(&verbose);
	result_free(&r);
	json_decref(document);
}
END_TEST

/* What it prints on a terminal of so many columns; malloc'ed. */
static char *on_terminal(unsigned short columns, const char *no_color)
{
	struct winsize size = {.ws_row = 24, .ws_col = columns};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	size_t used = 0, capacity = 1 << 20;
	char *text = malloc(capacity);
	ssize_t n;
	pid_t pid;

	ck_assert(master >= 0 && !grantpt(master) && !unlockpt(master) && text);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &size), 0);
	pid = fork();
	if (!pid) {
		setenv("TERM", "xterm", 1);
		unsetenv("NO_COLOR");
		if (no_color)
			setenv("NO_COLOR", no_color, 1);
		dup2(slave, STDOUT_FILENO);
		execl(hotprobe(), "hotprobe", "doctor", NULL);
		_exit(125);
	}
	close(slave);
	while (used < capacity - 1 && (n = read(master, text + used, capacity - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	close(master);
	waitpid(pid, NULL, 0);
	return text;
}

/* Takes out what sets colours, and the carriage returns of the terminal. */
static void make_plain(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\033')
			text += strcspn(text, "m");
		else if (*text != '\r')
			*to++ = *text;
	}
	*to = '\0';
}

START_TEST(a_terminal_gets_colours_unless_no_color_is_set_and_lines_that_fit)
{
	char *coloured = on_terminal(80, NULL), *plain = on_terminal(80, "1"),
	     *narrow = on_terminal(40, NULL);

	ck_assert_msg(strstr(coloured, "\033[1;32mok\033[0m"), "%s", coloured);
	ck_assert(strchr(plain, '\033') == NULL);
	ck_assert_uint_gt(strlen(plain), 1000);
	make_plain(narrow);
	/* Words that are longer stay whole. */
	for (char *line = strtok(narrow, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_msg(strlen(line) <= 40 || !strchr(line + strspn(line, " "), ' '), "%s",
			      line);
	free(coloured);
	free(plain);
	free(narrow);
}
END_TEST

START_TEST(a_wrong_command_line_ends_with_2)
{
	struct result word = RUN(hotprobe(), "doctor", "all"),
		      option = RUN(hotprobe(), "doctor", "--all"),
		      command = RUN(hotprobe(), "doctor", "--", "true");

	ck_assert_int_eq(word.status, USAGE);
	ck_assert_int_eq(option.status, USAGE);
	ck_assert_int_eq(command.status, USAGE);
	ck_assert_str_eq(word.out, "");
	result_free(&word);
	result_free(&option);
	result_free(&command);
}
END_TEST

START_TEST(output_that_cannot_be_written_ends_with_3)
{
	struct result closed = RUN("sh", "-c", "exec \"$0\" doctor >&-", hotprobe()),
		      full = RUN("sh", "-c", "exec \"$0\" doctor --json >/dev/full", hotprobe()),
		      pipe = RUN("bash", "-c", "\"$0\" doctor -v | true; exit \"${PIPESTATUS[0]}\"",
				 hotprobe());

	ck_assert_int_eq(closed.status, 3);
	ck_assert(strstr(closed.err, "cannot write the output") != NULL);
	ck_assert_int_eq(full.status, 3);
	ck_assert(strstr(full.err, "No space left on device") != NULL);
	/* As of any other whose reader has gone. */
	ck_assert_int_eq(pipe.status, 128 + SIGPIPE);
	result_free(&closed);
	result_free(&full);
	result_free(&pipe);
}
END_TEST

/* ---- It agrees with the library ---------------------------------------------------------------
 */

/* A kind of probe as doctor calls it, and as the library is told to attach it: to what nobody but
   the test comes to. CHILD is the path of user_child. */
static const struct kind {
	const char *key, *target, *context, *result;
	enum hotprobe_backend backend;
	const char *attached_to; /* what has to be in that text, NULL: anything */
} kinds[] = {
	{"kprobe", "kprobe:unshare_nsproxy_namespaces", "struct pt_regs", "0",
	 HOTPROBE_BACKEND_KPROBE, NULL},
	{"kretprobe", "kretprobe:unshare_nsproxy_namespaces", "struct pt_regs", "0",
	 HOTPROBE_BACKEND_KPROBE, NULL},
	{"kprobe_multi", "kprobe:unshare_nsproxy_namespace?", "struct pt_regs", "0",
	 HOTPROBE_BACKEND_AUTO, "multi-kprobe"},
	{"fentry", "kfunc:unshare_nsproxy_namespaces", "unsigned long long", "0",
	 HOTPROBE_BACKEND_AUTO, NULL},
	{"fexit", "kretfunc:unshare_nsproxy_namespaces", "unsigned long long", "0",
	 HOTPROBE_BACKEND_AUTO, NULL},
	{"fmod_ret", "fmod_ret:security_task_getscheduler", "unsigned long long", "0",
	 HOTPROBE_BACKEND_AUTO, NULL},
	{"lsm", "lsm:task_getscheduler", "unsigned long long", "0", HOTPROBE_BACKEND_AUTO, NULL},
	{"tracepoint", "tracepoint:task:task_rename", "struct tracepoint__task__task_rename", "0",
	 HOTPROBE_BACKEND_AUTO, NULL},
	{"syscall_tracepoint", "syscall:sched_rr_get_interval", "struct pt_regs", "0",
	 HOTPROBE_BACKEND_TRACEPOINT, NULL},
	{"raw_tracepoint", "raw_tracepoint:task_rename", "struct bpf_raw_tracepoint_args", "0",
	 HOTPROBE_BACKEND_AUTO, NULL},
	{"perf_software", "perf_event:page-faults:period=1,pid=SELF", "struct bpf_perf_event_data",
	 "0", HOTPROBE_BACKEND_AUTO, NULL},
	{"perf_hardware", "perf_event:cycles:period=1000000,pid=SELF", "struct bpf_perf_event_data",
	 "0", HOTPROBE_BACKEND_AUTO, NULL},
	{"uprobe", "uprobe:CHILD:inner", "struct pt_regs", "0", HOTPROBE_BACKEND_AUTO, NULL},
	{"uretprobe", "uretprobe:CHILD:inner", "struct pt_regs", "0", HOTPROBE_BACKEND_AUTO, NULL},
	{"usdt", "usdt:CHILD:user:values", "struct pt_regs", "0", HOTPROBE_BACKEND_AUTO, NULL},
	{"iterator", "iter:bpf_map", "struct bpf_iter__bpf_map", "0", HOTPROBE_BACKEND_AUTO, NULL},
	{"xdp", "xdp:lo", "struct xdp_md", "XDP_PASS", HOTPROBE_BACKEND_AUTO, NULL},
	{"tc", "tc:lo:ingress", "struct __sk_buff", "-1", HOTPROBE_BACKEND_AUTO, NULL},
	{"socket_filter", "socket:lo", "struct __sk_buff", "0", HOTPROBE_BACKEND_AUTO, NULL},
};

static char *replace(const char *text, const char *word, const char *by)
{
	const char *at = strstr(text, word);

	return at ? format("%.*s%s%s", (int)(at - text), text, by, at + strlen(word))
		  : format("%s", text);
}

static bool works_as_told(struct hotprobe *hp, const struct kind *kind, const char *target)
{
	struct hotprobe_link *link = NULL;
	bool works;
	int err;

	err = hotprobe_attach_spec(hp, "probe", target, NULL);
	if (!err)
		err = hotprobe_load(hp);
	if (!err)
		err = hotprobe_attach(hp);
	link = err > 0 ? hotprobe_link_at(hp, 0) : NULL;
	works = link &&
		(!kind->attached_to || strstr(hotprobe_link_attached_to(link), kind->attached_to));
	return works;
}

/* Tries it by the library, confined to this process. Programs are compiled once and come out of the
   cache from then on. */
static bool try_kind(const struct kind *kind, const char *cache)
{
	const struct hotprobe_opts opts = {
		.confine = true, .backend = kind->backend, .cache_dir = cache};
	char self[16], *with_pid, *target, *text;
	struct hotprobe *hp = new_handle(&opts);
	bool works;
	int err;

	snprintf(self, sizeof(self), "%d", (int)getpid());
	with_pid = replace(kind->target, "SELF", self);
	target = replace(with_pid, "CHILD", build_path("tests/user_child"));
	text = format("int probe(%s *ctx)\n{\n	return %s;\n}\n", kind->context, kind->result);
	err = hotprobe_open_string(hp, "kind.c", text, strlen(text));
	works = !err && works_as_told(hp, kind, target);
	hotprobe_free(hp);
	free(with_pid);
	free(target);
	free(text);
	return works;
}

/* By the modules that a kind takes and that are not loaded, doctor loads none. */
static bool was_attached(json_t *document, const char *key)
{
	return !strstr(text_of(document, key, "means"), "not attached here");
}

static void compare(json_t *document, const char *cache)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const char *key = kinds[i].key;

		if (was_attached(document, key) &&
		    try_kind(&kinds[i], cache) != is_ok(document, key))
			ck_abort_msg("%s: doctor says %s: %s, but the library %s", key,
				     state_of(document, key), text_of(document, key, "means"),
				     is_ok(document, key) ? "cannot" : "can");
	}
}

static const char buffers[] =
	"BPF_PERF_OUTPUT(events);\n"
	"int syscall__sched_rr_get_interval(struct pt_regs *ctx)\n{\n"
	"	u64 one = 1;\n	events.perf_submit(ctx, &one, sizeof(one));\n	return 0;\n}\n";

/* Whether events come over a ring buffer, and what syscall__ functions get. */
static void compare_buffers(json_t *document)
{
	const struct hotprobe_opts opts = {.confine = true};
	struct hotprobe *hp = new_handle(&opts);
	const char *attached_to;

	ck_hp(hp, hotprobe_open_string(hp, "buffers.c", buffers, strlen(buffers)));
	load_program(hp);
	ck_hp(hp, hotprobe_attach(hp));
	ck_assert_int_eq(hotprobe_table_uses_ring(hotprobe_find_table(hp, "events")),
			 is_ok(document, "ring_buffer"));
	attached_to = hotprobe_link_attached_to(hotprobe_link_at(hp, 0));
	check_says(document, "syscall_backend", "means", attached_to);
	hotprobe_free(hp);
}

START_TEST(what_it_says_is_what_the_library_meets)
{
	char *cache = make_dir();
	json_t *document;

	NEED(enter_net());
	document = ask(hotprobe());
	check_state(document, "compiler", "ok");
	check_state(document, "compile", "ok");
	check_state(document, "syscall_backend", "ok");
	check_state(document, "trace", "ok");
	compare(document, cache);
	compare_buffers(document);
	json_decref(document);
	remove_dir(cache);
}
END_TEST

/* ---- With less privilege ----------------------------------------------------------------------
 */

static const struct {
	int number;
	const char *key, *name;
} capabilities[] = {
	{CAP_BPF, "cap_bpf", "CAP_BPF"},
	{CAP_PERFMON, "cap_perfmon", "CAP_PERFMON"},
	{CAP_SYS_ADMIN, "cap_sys_admin", "CAP_SYS_ADMIN"},
	{CAP_NET_ADMIN, "cap_net_admin", "CAP_NET_ADMIN"},
	{CAP_NET_RAW, "cap_net_raw", "CAP_NET_RAW"},
	{CAP_SYS_RESOURCE, "cap_sys_resource", "CAP_SYS_RESOURCE"},
	{CAP_SYS_PTRACE, "cap_sys_ptrace", "CAP_SYS_PTRACE"},
	{CAP_SYSLOG, "cap_syslog", "CAP_SYSLOG"},
};

/* From this process and all that it starts. */
static void drop(int number)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t keep = ~CAP_TO_MASK(number);

	ck_assert_int_eq(prctl(PR_CAPBSET_DROP, number, 0, 0, 0), 0);
	ck_assert_int_eq(syscall(SYS_capget, &header, data), 0);
	data[CAP_TO_INDEX(number)].effective &= keep;
	data[CAP_TO_INDEX(number)].permitted &= keep;
	data[CAP_TO_INDEX(number)].inheritable &= keep;
	ck_assert_int_eq(syscall(SYS_capset, &header, data), 0);
}

static bool has(int number)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	ck_assert_int_eq(syscall(SYS_capget, &header, data), 0);
	return data[CAP_TO_INDEX(number)].effective & CAP_TO_MASK(number);
}

START_TEST(a_capability_that_is_missing_is_named_and_its_cost_is_what_it_costs)
{
	int number = capabilities[_i].number;
	char *cache = make_dir();
	json_t *document;

	NEED(enter_net());
	drop(number);
	document = ask(hotprobe());
	for (size_t i = 0; i < COUNT(capabilities); i++) {
		bool stands_for = number != CAP_SYS_ADMIN && capabilities[i].number == number &&
				  (number == CAP_BPF || number == CAP_PERFMON);

		if (stands_for)
			check_says(document, capabilities[i].key, "means",
				   "CAP_SYS_ADMIN stands for it");
		else
			ck_assert_msg(is_ok(document, capabilities[i].key) ==
					      has(capabilities[i].number),
				      "%s is %s", capabilities[i].key,
				      state_of(document, capabilities[i].key));
	}
	compare(document, cache);
	json_decref(document);
	remove_dir(cache);
}
END_TEST

/* Where another user may run them. */
static char *copy_of_hotprobe(bool with_compiler)
{
	char *dir = make_dir();
	struct result copied =
		RUN("cp", hotprobe(), with_compiler ? build_path("hotprobe-cc") : "/bin/true", dir);

	ck_assert_int_eq(copied.status, 0);
	result_free(&copied);
	ck_assert_int_eq(chmod(dir, 0755), 0);
	return dir;
}

enum { NOBODY = 65534 };

static void become_nobody(void)
{
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
}

START_TEST(nobody_is_told_what_is_missing)
{
	NEED(no_bpf());

	static const char *const keys[] = {
		"tracepoint", "raw_tracepoint", "perf_software", "ring_buffer", "xdp", "lockdown"};
	char *dir = copy_of_hotprobe(true), *path = format("%s/hotprobe", dir);
	json_t *document;

	ck_assert_int_eq(chown(dir, NOBODY, NOBODY), 0);
	become_nobody();
	document = ask(path);
	check_state(document, "user", "limited");
	check_says(document, "user", "remedy", "sudo");
	check_state(document, "cap_bpf", "missing");
	check_state(document, "compile", "ok");
	check_state(document, "trace", "missing");
	for (size_t i = 0; i < COUNT(keys); i++) {
		check_state(document, keys[i], "missing");
		check_says(document, keys[i], "means", "it takes CAP_BPF");
	}
	json_decref(document);
	free(path);
	remove_dir(dir);
}
END_TEST

/* ---- With parts hidden ------------------------------------------------------------------------
 */

static const char *own_mounts(void)
{
	const char *missing = no_bpf();

	if (missing)
		return missing;
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return "no mount namespace can be made here";
	return NULL;
}

static void hide(const char *dir)
{
	ck_assert_msg(!mount("none", dir, "tmpfs", 0, NULL), "%s: %s", dir, strerror(errno));
}

START_TEST(without_btf_it_says_so_and_what_that_costs)
{
	json_t *document;

	NEED(own_mounts());
	hide("/sys/kernel/btf");
	document = ask(hotprobe());
	check_state(document, "btf", "missing");
	check_says(document, "btf", "remedy", "CONFIG_DEBUG_INFO_BTF");
	check_state(document, "fentry", "missing");
	check_state(document, "iterator", "missing");
	/* In guests the compiler is outside, and has its own copy. */
	if (shared_machine()) {
		check_state(document, "compile", "missing");
		check_state(document, "trace", "missing");
	}
	/* What needs none still works. */
	check_state(document, "raw_tracepoint", "ok");
	check_state(document, "tracepoint", "ok");
	json_decref(document);
}
END_TEST

START_TEST(tracefs_is_found_where_it_is_mounted_and_missed_where_it_cannot_be)
{
	json_t *document;

	NEED(own_mounts());
	umount2("/sys/kernel/tracing", MNT_DETACH);
	umount2("/sys/kernel/debug", MNT_DETACH);
	document = ask(hotprobe());
	check_says(document, "tracefs", "value", "not mounted");
	check_state(document, "tracepoint", "ok");
	json_decref(document);

	ck_assert_int_eq(mount("none", "/sys/kernel/tracing", "tracefs", 0, NULL), 0);
	document = ask(hotprobe());
	check_says(document, "tracefs", "value", "/sys/kernel/tracing");
	json_decref(document);

	umount2("/sys/kernel/tracing", MNT_DETACH);
	drop(CAP_SYS_ADMIN);
	document = ask(hotprobe());
	check_state(document, "tracefs", "missing");
	check_says(document, "tracefs", "remedy", "mount -t tracefs tracefs /sys/kernel/tracing");
	check_state(document, "tracepoint", "missing");
	check_state(document, "raw_tracepoint", "ok");
	json_decref(document);
}
END_TEST

START_TEST(a_machine_without_proc_and_sys_is_survived)
{
	const char *path = hotprobe();
	json_t *document;

	NEED(own_mounts());
	hide("/sys");
	hide("/proc");
	document = ask(path);
	check_state(document, "proc", "missing");
	check_state(document, "sys", "missing");
	check_says(document, "kprobe", "remedy", "mount -t sysfs sysfs /sys");
	check_state(document, "raw_tracepoint", "ok");
	check_state(document, "ring_buffer", "ok");
	check_state(document, "perf_buffer", "ok");
	ck_assert(json_is_false(json_object_get(document, "works")));
	json_decref(document);
}
END_TEST

START_TEST(few_descriptors_are_no_wrong_findings)
{
	NEED(no_bpf());

	/* Enough for itself, and from there up to enough for all of it. */
	for (int files = 5; files <= 14; files++) {
		json_t *document;
		struct result r;
		char *command = format("ulimit -n %d; exec \"$0\" doctor --json", files);

		r = RUN("sh", "-c", command, hotprobe());
		document = parse(&r);
		for (size_t i = 0; i < COUNT(kinds); i++) {
			const char *means = text_of(document, kinds[i].key, "means");

			if (!strcmp(kinds[i].key, "raw_tracepoint") ||
			    !strcmp(kinds[i].key, "tracepoint"))
				ck_assert_msg(is_ok(document, kinds[i].key) ||
						      strstr(means, "not tried"),
					      "%d descriptors: %s: %s", files, kinds[i].key, means);
		}
		check_state(document, "open_files", "limited");
		result_free(&r);
		json_decref(document);
		free(command);
	}
}
END_TEST

START_TEST(inside_a_pid_namespace_its_programs_run_and_it_says_what_cannot_be)
{
	struct result r;
	json_t *document;

	NEED(no_bpf());
	r = RUN("unshare", "--pid", "--fork", "--mount-proc", hotprobe(), "doctor", "--json");
	document = parse(&r);
	check_state(document, "pid_namespace", "limited");
	check_state(document, "raw_tracepoint", "ok");
	check_state(document, "tracepoint", "ok");
	check_state(document, "trace", "missing");
	ck_assert_int_eq(r.status, DOES_NOT_WORK);
	result_free(&r);
	json_decref(document);
}
END_TEST

/* ---- Without the compiler ---------------------------------------------------------------------
 */

START_TEST(without_a_compiler_all_but_compiling_is_tried)
{
	NEED(no_bpf());
	if (!access("/usr/local/libexec/hotprobe/hotprobe-cc", F_OK))
		SKIP("hotprobe is installed on this machine");

	char *dir = copy_of_hotprobe(false), *path = format("%s/hotprobe", dir);
	json_t *document = ask(path);

	check_state(document, "compiler", "missing");
	check_says(document, "compiler", "means", "there is no compiler at");
	check_state(document, "compile", "missing");
	check_state(document, "trace", "missing");
	check_state(document, "raw_tracepoint", "ok");
	json_decref(document);
	free(path);
	remove_dir(dir);
}
END_TEST

/* That file in place of the compiler. */
static json_t *ask_with_compiler(const char *script)
{
	char *dir = copy_of_hotprobe(false), *path = format("%s/hotprobe", dir),
	     *compiler = format("%s/hotprobe-cc", dir);
	json_t *document;

	write_file(compiler, script, strlen(script));
	ck_assert_int_eq(chmod(compiler, 0755), 0);
	document = ask(path);
	free(compiler);
	free(path);
	remove_dir(dir);
	return document;
}

START_TEST(a_compiler_that_does_not_run_is_told_with_what_it_said)
{
	json_t *broken = ask_with_compiler("#!/bin/sh\necho cannot find libllvm >&2\nexit 127\n");
	json_t *garbage = ask_with_compiler("\177ELF and then nothing of the kind");
	json_t *liar = ask_with_compiler("#!/bin/sh\necho all is well\n");

	check_state(broken, "compiler", "missing");
	check_says(broken, "compiler", "means", "cannot find libllvm");
	check_state(broken, "compile", "missing");
	check_state(garbage, "compiler", "missing");
	/* It starts, but does not compile. */
	check_state(liar, "compile", "missing");
	check_state(liar, "trace", "missing");
	json_decref(broken);
	json_decref(garbage);
	json_decref(liar);
}
END_TEST

START_TEST(a_compiler_that_hangs_is_ended)
{
	json_t *document = ask_with_compiler("#!/bin/sh\nexec sleep 1000\n");

	check_state(document, "compiler", "missing");
	check_state(document, "compile", "missing");
	json_decref(document);
}
END_TEST

/* ---- It leaves nothing ------------------------------------------------------------------------
 */

/* Programs, maps and links that have its names are its own: nothing else is called so. */
static bool is_own(const char *name)
{
	return !strncmp(name, "hotprobe_doctor", 15) || !strncmp(name, "hotprobe_tgid", 13) ||
	       !strncmp(name, "hotprobe_sender", 15) || !strncmp(name, "hotprobe_reader", 15) ||
	       !strncmp(name, "hotprobe_jit", 12);
}

static const struct objects {
	int (*next)(__u32 id, __u32 *next_id);
	int (*open)(__u32 id);
	size_t name_at; /* in what the kernel tells of it */
} objects[] = {
	{bpf_prog_get_next_id, bpf_prog_get_fd_by_id, offsetof(struct bpf_prog_info, name)},
	{bpf_map_get_next_id, bpf_map_get_fd_by_id, offsetof(struct bpf_map_info, name)},
};

static size_t count_own(const struct objects *of)
{
	size_t count = 0;

	for (__u32 id = 0; !of->next(id, &id);) {
		char info[512] = "";
		__u32 size = sizeof(info);
		int fd = of->open(id);

		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, info, &size))
			count += is_own(info + of->name_at);
		close(fd);
	}
	return count;
}

static size_t count_all_own(void)
{
	return count_own(&objects[0]) + count_own(&objects[1]);
}

/* The kernel frees what a process that ended had with some delay. */
static void check_no_own_objects(void)
{
	time_t end = time(NULL) + 20;

	while (count_all_own() && time(NULL) < end)
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	ck_assert_uint_eq(count_all_own(), 0);
}

/* All names in a directory, one after the other; malloc'ed. */
static char *names_in(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	char *names = format("%s", "");

	for (int i = 0; i < count; i++) {
		char *longer = format("%s%s\n", names, entries[i]->d_name);

		free(names);
		names = longer;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return names;
}

/* In a mount namespace of the test's own, which has the cgroups of this machine. */
static void check_no_cgroup(void)
{
	char *dir = make_dir(), *names;

	if (!mount("none", dir, "cgroup2", 0, NULL)) {
		names = names_in(dir);
		ck_assert_msg(!strstr(names, "hotprobe-doctor"), "%s", names);
		free(names);
		umount2(dir, MNT_DETACH);
	}
	remove_dir(dir);
}

START_TEST(nothing_is_left_when_it_ends)
{
	char *dir = make_dir(), *mounts, *modules, *mounts_after, *modules_after, *files;
	json_t *document;

	NEED(own_mounts());
	ck_assert_int_eq(chdir(dir), 0);
	setenv("TMPDIR", dir, 1);
	setenv("HOME", dir, 1);
	mounts = read_file("/proc/self/mountinfo", NULL);
	modules = names_in("/sys/module");
	document = ask(hotprobe());
	mounts_after = read_file("/proc/self/mountinfo", NULL);
	modules_after = names_in("/sys/module");
	files = names_in(dir);
	ck_assert_str_eq(mounts_after, mounts);
	ck_assert_str_eq(modules_after, modules);
	ck_assert_str_eq(files, ".\n..\n");
	check_no_own_objects();
	check_no_cgroup();
	json_decref(document);
	free(mounts);
	free(modules);
	free(mounts_after);
	free(modules_after);
	free(files);
	ck_assert_int_eq(chdir("/"), 0);
	remove_dir(dir);
}
END_TEST

START_TEST(nothing_is_left_when_it_is_killed)
{
	NEED(own_mounts());
	for (int i = 0; i < 12; i++) {
		const char *const argv[] = {hotprobe(), "doctor", NULL};
		struct process process = process_start(argv, "", 0);
		struct result r;

		nanosleep(&(struct timespec){.tv_nsec = i * 70000000L}, NULL);
		kill(process.pid, SIGKILL);
		r = process_wait(process);
		result_free(&r);
	}
	check_no_own_objects();
	check_no_cgroup();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_doctor");

	add_test(suite, the_document_has_what_the_help_lists_and_nothing_else, 60);
	add_test(suite, people_get_a_line_for_each_check_of_80_columns, 60);
	add_test(suite, a_terminal_gets_colours_unless_no_color_is_set_and_lines_that_fit, 60);
	add_test(suite, a_wrong_command_line_ends_with_2, 60);
	add_test(suite, output_that_cannot_be_written_ends_with_3, 60);
	add_test(suite, what_it_says_is_what_the_library_meets, 240);
	add_loop_test(suite, a_capability_that_is_missing_is_named_and_its_cost_is_what_it_costs,
		      240, COUNT(capabilities));
	add_test(suite, nobody_is_told_what_is_missing, 60);
	add_test(suite, without_btf_it_says_so_and_what_that_costs, 60);
	add_test(suite, tracefs_is_found_where_it_is_mounted_and_missed_where_it_cannot_be, 120);
	add_test(suite, a_machine_without_proc_and_sys_is_survived, 60);
	add_test(suite, few_descriptors_are_no_wrong_findings, 120);
	add_test(suite, inside_a_pid_namespace_its_programs_run_and_it_says_what_cannot_be, 60);
	add_test(suite, without_a_compiler_all_but_compiling_is_tried, 60);
	add_test(suite, a_compiler_that_does_not_run_is_told_with_what_it_said, 120);
	add_test(suite, a_compiler_that_hangs_is_ended, 60);
	add_test(suite, nothing_is_left_when_it_ends, 60);
	add_test(suite, nothing_is_left_when_it_is_killed, 120);
	return run_suite(suite);
}
