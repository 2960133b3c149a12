/* SPDX-License-Identifier: Apache-2.0 */
/* Skeletons for system calls: the entry keeps the arguments, the return sends them with the result
   and how long it took. */
#include <stdio.h>
#include <string.h>

#include "skeleton.h"

/* There is no return to wait for. */
static bool never_returns(const char *name)
{
	return !strcmp(name, "exit") || !strcmp(name, "exit_group");
}

/* When it returns, the memory that its arguments point to is gone. */
static bool replaces_memory(const char *name)
{
	return !strcmp(name, "execve") || !strcmp(name, "execveat");
}

static bool is_text(const struct member *m)
{
	return m->read == READ_USER_TEXT;
}

static void put_entry(struct skeleton *s)
{
	const struct hotprobe_target_info *info = s->info;

	text_format(&s->text, "int syscall__%s(struct pt_regs *ctx", s->rest);
	put_parameters(&s->text, &s->members, info->arguments,
		       parameters_usable(info->arguments, info->argument_count, MEMBERS_MAX),
		       strlen(s->rest) + 35);
	text_string(&s->text, ")\n");
}

static void write_entry_only(struct skeleton *s)
{
	put_comment(s, "Each call, with its arguments; it does not return.", " -- COMMAND");
	put_event_struct(s, "");
	put_entry(s);
	put_event_start(&s->text);
	for (size_t i = 0; i < s->members.count; i++)
		put_read(&s->text, &s->members.at[i], "event.", s->members.at[i].name);
	put_submit(&s->text, "ctx");
}

/* What the entry keeps of an argument: the value itself, an address, or the text at it. */
static void put_kept(struct text *text, const struct member *m, bool at_entry)
{
	if (m->count && !(at_entry && is_text(m)))
		text_format(text, "\tu64 %s;\n", m->name);
	else
		put_member(text, m);
}

static void write_call_struct(struct skeleton *s, bool at_entry)
{
	struct text *text = &s->text;

	text_string(text, "/* What the entry of a call leaves for its return. */\n"
			  "struct call_t {\n\tu64 start_ns;\n");
	for (size_t i = 0; i < s->members.count; i++)
		put_kept(text, &s->members.at[i], at_entry);
	text_string(text, "};\n\n"
			  "/* By thread: one is in one call at a time. */\n"
			  "BPF_HASH(calls, u64, struct call_t);\n\n");
}

static void write_entry(struct skeleton *s, bool at_entry)
{
	struct text *text = &s->text;

	put_entry(s);
	text_string(text, "{\n"
			  "\tu64 id = bpf_get_current_pid_tgid();\n"
			  "\tstruct call_t call = {};\n"
			  "\n"
			  "\tcall.start_ns = bpf_ktime_get_ns();\n");
	for (size_t i = 0; i < s->members.count; i++) {
		const struct member *m = &s->members.at[i];

		if (at_entry && is_text(m))
			put_read(text, m, "call.", m->name);
		else
			text_format(text, "\tcall.%s = %s%s;\n", m->name,
				    m->read == READ_COPY ? "" : "(u64)", m->name);
	}
	text_string(text, "\tcalls.update(&id, &call);\n"
			  "\treturn 0;\n"
			  "}\n\n");
}

static void put_kept_read(struct text *text, const struct member *m, bool at_entry)
{
	char from[128];

	snprintf(from, sizeof(from), "call->%s", m->name);
	if (at_entry && is_text(m))
		text_format(text, "\t__builtin_memcpy(&event.%s, call->%s, sizeof(event.%s));\n",
			    m->name, m->name, m->name);
	else
		put_read(text, m, "event.", from);
}

static void write_return(struct skeleton *s, bool at_entry)
{
	struct text *text = &s->text;

	text_format(text,
		    "int syscall_ret__%s(struct pt_regs *ctx)\n"
		    "{\n"
		    "\tu64 id = bpf_get_current_pid_tgid();\n"
		    "\tstruct call_t *call = calls.lookup(&id);\n"
		    "\tstruct event_t event = {};\n"
		    "\n"
		    "\tif (!call)\n"
		    "\t\treturn 0; /* it was entered before this was attached */\n"
		    "\tevent.pid = id >> 32;\n"
		    "\tbpf_get_current_comm(&event.comm, sizeof(event.comm));\n"
		    "\tevent.ret = PT_REGS_RC(ctx);\n"
		    "\tevent.delta_ns = bpf_ktime_get_ns() - call->start_ns;\n",
		    s->rest);
	for (int plain = 1; plain >= 0; plain--)
		for (size_t i = 0; i < s->members.count; i++)
			if (member_is_plain(&s->members.at[i]) == plain)
				put_kept_read(text, &s->members.at[i], at_entry);
	text_string(text, "\tevents.perf_submit(ctx, &event, sizeof(event));\n"
			  "\tcalls.delete(&id);\n"
			  "\treturn 0;\n"
			  "}\n");
}

void skeleton_syscall(struct skeleton *s)
{
	const struct hotprobe_target_info *info = s->info;
	bool at_entry = replaces_memory(s->rest);

	members_choose(&s->members, info->arguments, info->argument_count, READ_USER_TEXT, true);
	if (never_returns(s->rest)) {
		write_entry_only(s);
		return;
	}
	put_comment(s, "Each call, with its arguments, its result and how long it took.",
		    " -- COMMAND");
	put_event_struct(s, "\ts64 ret;\n\tu64 delta_ns;\n");
	write_call_struct(s, at_entry);
	write_entry(s, at_entry);
	write_return(s, at_entry);
}

void skeleton_syscall_ret(struct skeleton *s)
{
	put_comment(s, "Each return, with its result.", " -- COMMAND");
	put_event_struct(s, "\ts64 ret;\n");
	text_format(&s->text, "int syscall_ret__%s(struct pt_regs *ctx)\n", s->rest);
	put_event_start(&s->text);
	text_string(&s->text, "\tevent.ret = PT_REGS_RC(ctx);\n");
	put_submit(&s->text, "ctx");
}
