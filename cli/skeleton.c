/* SPDX-License-Identifier: Apache-2.0 */
/* Programs to begin with. */
#include "skeleton.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	REGISTERS = 6, /* that hold arguments, as far as libbcc knows them */
};

/* ---- Parts ------------------------------------------------------------------------------------
 */

/* For a comment, whose end a path may hold. */
static void put_words(struct text *text, const char *words)
{
	const char *end;

	for (; (end = strstr(words, "*/")); words = end + 1) {
		text_escaped(text, words, (size_t)(end + 1 - words), 0);
		text_char(text, ' ');
	}
	text_escaped(text, words, strlen(words), 0);
}

void put_comment(struct skeleton *s, const char *what, const char *how)
{
	struct text *text = &s->text;

	text_string(text, "/*\n * ");
	put_words(text, s->info->target);
	text_format(text, "\n *\n * %s\n *\n *     # hotprobe run ", what);
	put_words(text, s->file);
	text_format(text, "%s\n", how);
	if (s->members.cut_at != SIZE_MAX)
		text_string(
			text,
			" *\n * The arguments from the first on that is not in a register of its "
			"own are left out.\n");
	if (s->members.left_out)
		text_format(
			text,
			" *\n * %zu more would not fit on a program's stack, or into a number.\n",
			s->members.left_out);
	text_string(text, " */\n#include <uapi/linux/ptrace.h>\n#include <linux/sched.h>\n\n");
}

void put_event_struct(struct skeleton *s, const char *more)
{
	struct text *text = &s->text;

	text_string(text, "struct event_t {\n\tu32 pid;\n\tchar comm[TASK_COMM_LEN];\n");
	for (size_t i = 0; i < s->members.count; i++)
		put_member(text, &s->members.at[i]);
	text_format(text, "%s};\n\nBPF_PERF_OUTPUT(events);\n\n", more);
}

void put_event_start(struct text *text)
{
	text_string(text, "{\n"
			  "\tstruct event_t event = {};\n"
			  "\n"
			  "\tevent.pid = bpf_get_current_pid_tgid() >> 32;\n"
			  "\tbpf_get_current_comm(&event.comm, sizeof(event.comm));\n");
}

void put_submit(struct text *text, const char *ctx)
{
	text_format(text,
		    "\tevents.perf_submit(%s, &event, sizeof(event));\n"
		    "\treturn 0;\n"
		    "}\n",
		    ctx);
}

static size_t put_identifier(struct text *text, const char *name)
{
	for (const char *at = name; *at; at++)
		text_char(text, isalnum((unsigned char)*at) ? *at : '_');
	return strlen(name);
}

size_t put_annotated(struct skeleton *s, const char *name)
{
	struct text *text = &s->text;
	size_t length = strlen(s->info->context) + 20;

	text_string(text, "HOTPROBE(\"");
	text_escaped(text, s->info->target, strlen(s->info->target), '"');
	text_string(text, "\")\nint on_");
	length += put_identifier(text, name);
	text_format(text, "(%s *ctx", s->info->context);
	return length;
}

bool is_holdable(const char *name)
{
	for (const char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '_')
			return false;
	return *name;
}

/* Assignments first: the lengths of buffers are among them. What is read is called prefix and the
   member's name, or that of the argument, which it may not have. */
static void put_reads(struct skeleton *s, const char *into, const char *prefix, bool by_argument)
{
	for (int plain = 1; plain >= 0; plain--)
		for (size_t i = 0; i < s->members.count; i++) {
			const struct member *m = &s->members.at[i];
			char from[256];

			if (member_is_plain(m) != plain)
				continue;
			snprintf(from, sizeof(from), "%s%s", prefix,
				 by_argument ? m->arg->name : m->name);
			put_read(&s->text, m, into, from);
		}
}

static const char confined[] = " -- COMMAND";

/* ---- Functions of the kernel ------------------------------------------------------------------
 */

static void choose_arguments(struct skeleton *s, size_t max)
{
	const struct hotprobe_target_info *info = s->info;
	size_t usable = parameters_usable(info->arguments, info->argument_count, max);

	members_choose(&s->members, info->arguments, usable, READ_ANY_TEXT, false);
	if (usable < info->argument_count)
		s->members.cut_at = usable;
}

/* Where nothing tells what they are. */
static void put_registers(struct skeleton *s, const char *what)
{
	struct text *text = &s->text;

	put_comment(s, what, confined);
	put_event_struct(s, "\tu64 arg1;\n\tu64 arg2;\n\tu64 arg3;\n");
	put_annotated(s, s->rest);
	text_string(text, ")\n");
	put_event_start(text);
	text_string(text, "\tevent.arg1 = PT_REGS_PARM1(ctx);\n"
			  "\tevent.arg2 = PT_REGS_PARM2(ctx);\n"
			  "\tevent.arg3 = PT_REGS_PARM3(ctx);\n");
	put_submit(text, "ctx");
}

static void write_kprobe(struct skeleton *s)
{
	const struct hotprobe_target_info *info = s->info;
	size_t column;

	if (!info->has_arguments) {
		put_registers(s, "Each call, with what is in the first registers.");
		return;
	}
	choose_arguments(s, REGISTERS);
	put_comment(s, "Each call, with its arguments.", confined);
	put_event_struct(s, "");
	if (is_holdable(s->rest)) {
		text_format(&s->text, "int kprobe__%s(struct pt_regs *ctx", s->rest);
		column = strlen(s->rest) + 34;
	} else {
		column = put_annotated(s, s->rest);
	}
	put_parameters(&s->text, &s->members, info->arguments,
		       parameters_usable(info->arguments, info->argument_count, REGISTERS), column);
	text_string(&s->text, ")\n");
	put_event_start(&s->text);
	put_reads(s, "event.", "", false);
	put_submit(&s->text, "ctx");
}

/* The type of a result, as a member of the event and as a parameter of that size. */
static const char *result_type(const struct hotprobe_target_info *info)
{
	const struct hotprobe_arg *result = info->result;

	if (!result || !result->size || result->size > 8)
		return "u64";
	if (result->kind == HOTPROBE_BOOL)
		return "bool";
	return integer_type(result->size, result->is_signed);
}

static void write_kretprobe(struct skeleton *s)
{
	struct text *text = &s->text;
	char member[64];

	snprintf(member, sizeof(member), "\t%s ret;\n", result_type(s->info));
	put_comment(s, "Each return, with its result.", confined);
	put_event_struct(s, member);
	if (is_holdable(s->rest))
		text_format(text, "int kretprobe__%s(struct pt_regs *ctx", s->rest);
	else
		put_annotated(s, s->rest);
	text_string(text, ")\n");
	put_event_start(text);
	text_string(text, "\tevent.ret = PT_REGS_RC(ctx);\n");
	put_submit(text, "ctx");
}

/* Trampolines and security hooks: macro is that of the convention. */
static void write_traced(struct skeleton *s, const char *macro, const char *what, bool has_result)
{
	const struct hotprobe_target_info *info = s->info;
	struct text *text = &s->text;
	char member[64] = "";
	size_t max = has_result ? 11 : 12, usable;

	choose_arguments(s, max);
	usable = parameters_usable(info->arguments, info->argument_count, max);
	/* The result stands behind all arguments. */
	has_result = has_result && info->result && usable == info->argument_count;
	if (has_result)
		snprintf(member, sizeof(member), "\t%s ret;\n", result_type(info));
	put_comment(s, what, confined);
	put_event_struct(s, member);
	text_format(text, "%s(%s", macro, s->rest);
	put_parameters(text, &s->members, info->arguments, usable, strlen(s->rest) + 16);
	if (has_result)
		text_format(text, ", %s ret", result_type(info));
	text_string(text, ")\n");
	put_event_start(text);
	put_reads(s, "event.", "", false);
	if (has_result)
		text_string(text, "\tevent.ret = ret;\n");
	put_submit(text, "ctx");
}

static void write_kfunc(struct skeleton *s)
{
	write_traced(s, "KFUNC_PROBE", "Each call, with its arguments.", false);
}

static void write_kretfunc(struct skeleton *s)
{
	write_traced(s, "KRETFUNC_PROBE", "Each return, with the arguments and the result.", true);
}

static void write_fmod_ret(struct skeleton *s)
{
	write_traced(s, "KMOD_RET",
		     "Each call; another result than 0 is returned in place of calling it.", true);
}

static void write_lsm(struct skeleton *s)
{
	write_traced(s, "LSM_PROBE", "Each time it is asked; a result below 0 denies.", false);
}

/* ---- Tracepoints ------------------------------------------------------------------------------
 */

/* The name's first "__" splits it. */
static bool is_splittable(const char *category, const char *event)
{
	size_t length = strlen(category);

	return is_holdable(category) && is_holdable(event) && !strstr(category, "__") && length &&
	       category[length - 1] != '_';
}

static void write_tracepoint(struct skeleton *s)
{
	const struct hotprobe_target_info *info = s->info;
	const char *event = strchr(s->rest, ':') + 1;
	struct text *text = &s->text;
	char category[256];

	snprintf(category, sizeof(category), "%.*s", (int)(event - 1 - s->rest), s->rest);
	members_choose(&s->members, info->fields, info->field_count, READ_KERNEL_TEXT, false);
	put_comment(s, "Each time it is reached, with its fields.", confined);
	put_event_struct(s, "");
	if (is_splittable(category, event)) {
		text_format(text, "TRACEPOINT_PROBE(%s, %s)\n", category, event);
	} else {
		put_annotated(s, event);
		/* As TRACEPOINT_PROBE() calls it. */
		text->length -= strlen("ctx");
		text_string(text, "args)\n");
	}
	put_event_start(text);
	put_reads(s, "event.", "args->", true);
	put_submit(text, "args");
}

static void write_raw_tracepoint(struct skeleton *s)
{
	const struct hotprobe_target_info *info = s->info;
	struct text *text = &s->text;

	members_choose(&s->members, info->arguments, info->argument_count, READ_KERNEL_TEXT, false);
	put_comment(s, "Each time it is reached, with its arguments.", confined);
	put_event_struct(s, "");
	if (is_holdable(s->rest)) {
		text_format(text, "RAW_TRACEPOINT_PROBE(%s)\n", s->rest);
	} else {
		put_annotated(s, s->rest);
		text_string(text, ")\n");
	}
	put_event_start(text);
	for (size_t i = 0; i < s->members.count; i++) {
		struct member *m = &s->members.at[i];
		char from[128];

		text_string(text, "\t/* ");
		put_words(text, m->arg->declaration);
		text_string(text, " */\n");
		snprintf(from, sizeof(from), "ctx->args[%zu]", (size_t)(m->arg - info->arguments));
		put_read(text, m, "event.", from);
	}
	put_submit(text, "ctx");
}

/* ---- User space -------------------------------------------------------------------------------
 */

static void write_uprobe(struct skeleton *s)
{
	s->rest = strrchr(s->rest, ':') + 1;
	put_registers(s, "Each call, with its first arguments, as far as they are numbers or "
			 "addresses.");
}

static void write_uretprobe(struct skeleton *s)
{
	struct text *text = &s->text;

	put_comment(s, "Each return, with its result.", confined);
	put_event_struct(s, "\ts64 ret;\n");
	put_annotated(s, strrchr(s->rest, ':') + 1);
	text_string(text, ")\n");
	put_event_start(text);
	text_string(text, "\tevent.ret = PT_REGS_RC(ctx);\n");
	put_submit(text, "ctx");
}

static void write_usdt(struct skeleton *s)
{
	struct text *text = &s->text;

	members_choose(&s->members, s->info->arguments, s->info->argument_count, READ_USER_TEXT,
		       false);
	put_comment(s,
		    "Each time it is reached, with its arguments. Of one that is the address of "
		    "text,\n * bpf_usdt_readarg_p(N, ctx, buffer, size) reads that.",
		    confined);
	put_event_struct(s, "");
	put_annotated(s, strrchr(s->rest, ':') + 1);
	text_string(text, ")\n");
	put_event_start(text);
	for (size_t i = 0; i < s->members.count; i++) {
		const struct member *m = &s->members.at[i];

		text_format(text, "\tbpf_usdt_readarg(%zu, ctx, &event.%s);\n",
			    (size_t)(m->arg - s->info->arguments) + 1, m->name);
	}
	put_submit(text, "ctx");
}

/* ---- Others -----------------------------------------------------------------------------------
 */

static void write_perf_event(struct skeleton *s)
{
	struct text *text = &s->text;
	char name[256];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(s->rest, ":"), s->rest);
	put_comment(s, "A sample each time it is counted so often: who was it, and where.",
		    confined);
	put_event_struct(s, "\tu32 cpu;\n\tu64 ip;\n");
	put_annotated(s, name);
	text_string(text, ")\n");
	put_event_start(text);
	text_string(text, "\tevent.cpu = bpf_get_smp_processor_id();\n"
			  "\tevent.ip = PT_REGS_IP(&ctx->regs);\n");
	put_submit(text, "ctx");
}

/* Of a packet there is no process to speak of. */
static void put_packet(struct skeleton *s, const char *what, const char *length, const char *result)
{
	struct text *text = &s->text;

	put_comment(s, what, "");
	text_string(text, "struct event_t {\n\tu32 ifindex;\n\tu32 length;\n};\n\n"
			  "BPF_PERF_OUTPUT(events);\n\n");
	put_annotated(s, s->rest);
	text_format(text,
		    ")\n{\n"
		    "\tstruct event_t event = {};\n"
		    "\n"
		    "%s"
		    "\tevents.perf_submit(ctx, &event, sizeof(event));\n"
		    "\treturn %s;\n"
		    "}\n",
		    length, result);
}

static void write_xdp(struct skeleton *s)
{
	put_packet(s, "Each packet, as the driver receives it.",
		   "\tevent.ifindex = ctx->ingress_ifindex;\n"
		   "\tevent.length = ctx->data_end - ctx->data;\n",
		   "XDP_PASS");
}

static const char skb_length[] = "\tevent.ifindex = ctx->ifindex;\n"
				 "\tevent.length = ctx->len;\n";

static void write_tc(struct skeleton *s)
{
	put_packet(s, "Each packet; others see it, too.", skb_length, "TC_ACT_UNSPEC");
}

static void write_socket(struct skeleton *s)
{
	put_packet(s, "Each packet; the result is how many bytes of it the socket receives.",
		   skb_length, "0");
}

static void write_cgroup(struct skeleton *s)
{
	struct text *text = &s->text;

	put_comment(s, "How often it is asked; the result 1 allows, 0 refuses.", "");
	text_string(text, "BPF_ARRAY(times, u64, 1);\n\n");
	put_annotated(s, strrchr(s->rest, ':') + 1);
	text_string(text, ")\n{\n"
			  "\ttimes.atomic_increment(0);\n"
			  "\treturn 1;\n"
			  "}\n");
}

/* ---- The whole --------------------------------------------------------------------------------
 */

static const struct {
	const char *kind;
	void (*write)(struct skeleton *s);
} writers[] = {
	{"kprobe", write_kprobe},
	{"kretprobe", write_kretprobe},
	{"syscall", skeleton_syscall},
	{"syscall_ret", skeleton_syscall_ret},
	{"tracepoint", write_tracepoint},
	{"raw_tracepoint", write_raw_tracepoint},
	{"uprobe", write_uprobe},
	{"uretprobe", write_uretprobe},
	{"usdt", write_usdt},
	{"kfunc", write_kfunc},
	{"kretfunc", write_kretfunc},
	{"fmod_ret", write_fmod_ret},
	{"lsm", write_lsm},
	{"iter", skeleton_iterator},
	{"perf_event", write_perf_event},
	{"xdp", write_xdp},
	{"tc", write_tc},
	{"socket", write_socket},
	{"cgroup", write_cgroup},
};

bool skeleton_write(struct skeleton *s)
{
	s->rest = strchr(s->info->target, ':') + 1;
	s->members.cut_at = SIZE_MAX;
	for (size_t i = 0; i < sizeof(writers) / sizeof(*writers); i++)
		if (!strcmp(writers[i].kind, s->info->kind)) {
			writers[i].write(s);
			return true;
		}
	return false;
}
