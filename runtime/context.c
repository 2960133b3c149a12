/* SPDX-License-Identifier: Apache-2.0 */
#include "context.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "flow.h"
#include "provider.h"

#define CONTEXT_TRACEPOINT "struct tracepoint__"
#define PT_REGS "struct pt_regs"
#define PERF_EVENT_DATA "struct bpf_perf_event_data"

/* The first line of each context is what a function that takes it is guessed to be. */
static const struct context {
	const char *name;
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
} contexts[] = {
	{PT_REGS, BPF_PROG_TYPE_KPROBE, 0},
	{PERF_EVENT_DATA, BPF_PROG_TYPE_PERF_EVENT, 0},
	{"struct __sk_buff", BPF_PROG_TYPE_SCHED_CLS, 0},
	{"struct __sk_buff", BPF_PROG_TYPE_SOCKET_FILTER, 0},
	{"struct __sk_buff", BPF_PROG_TYPE_CGROUP_SKB, 0},
	{"struct __sk_buff", BPF_PROG_TYPE_SK_SKB, 0},
	{"struct xdp_md", BPF_PROG_TYPE_XDP, 0},
	{"struct bpf_raw_tracepoint_args", BPF_PROG_TYPE_RAW_TRACEPOINT, 0},
	{"struct bpf_sock_ops", BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS},
	{"struct sk_msg_md", BPF_PROG_TYPE_SK_MSG, BPF_SK_MSG_VERDICT},
	{"struct sk_reuseport_md", BPF_PROG_TYPE_SK_REUSEPORT, BPF_SK_REUSEPORT_SELECT},
	{"struct bpf_sk_lookup", BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP},
	{"struct bpf_sock", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE},
	{"struct bpf_sock_addr", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT},
	{"struct bpf_cgroup_dev_ctx", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE},
	{"struct bpf_sysctl", BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL},
	{"struct bpf_sockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT},
};

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static const struct context *find_context(const char *name)
{
	for (size_t i = 0; i < sizeof(contexts) / sizeof(*contexts); i++)
		if (!strcmp(name, contexts[i].name))
			return &contexts[i];
	return NULL;
}

struct plan context_guess_plan(const char *context)
{
	const struct context *known = find_context(context);

	if (known)
		return (struct plan){.type = known->type,
				     .expected_attach_type = known->attach_type};
	if (has_prefix(context, CONTEXT_ITER))
		return (struct plan){.type = BPF_PROG_TYPE_TRACING,
				     .expected_attach_type = BPF_TRACE_ITER};
	if (has_prefix(context, CONTEXT_TRACEPOINT))
		return (struct plan){.type = BPF_PROG_TYPE_TRACEPOINT};
	if (!strcmp(context, "unsigned long long")) /* BPF_PROG() */
		return (struct plan){.type = BPF_PROG_TYPE_RAW_TRACEPOINT};
	return (struct plan){.type = BPF_PROG_TYPE_KPROBE};
}

/* ---- Does it fit? ------------------------------------------------------------------------------
 */

/* Anything else may be a struct of the user's own that describes the right bytes. */
static bool is_of_a_kind(const char *context)
{
	return find_context(context) || has_prefix(context, CONTEXT_ITER) ||
	       has_prefix(context, CONTEXT_TRACEPOINT);
}

const char *context_of_type(enum bpf_prog_type type)
{
	for (size_t i = 0; i < sizeof(contexts) / sizeof(*contexts); i++)
		if (contexts[i].type == type)
			return contexts[i].name;
	return NULL;
}

const char *context_of_target(const struct target *t, const struct plan *plan, char *buf,
			      size_t size)
{
	if (t->provider->context)
		return t->provider->context;
	if (plan->expected_attach_type == BPF_TRACE_ITER && plan->type == BPF_PROG_TYPE_TRACING) {
		snprintf(buf, size, CONTEXT_ITER "%.*s", (int)strcspn(t->name, ":"), t->name);
		return buf;
	}
	if (plan->type == BPF_PROG_TYPE_TRACEPOINT) {
		snprintf(buf, size, CONTEXT_TRACEPOINT "%s__%s", t->group, t->name);
		return buf;
	}
	return context_of_type(plan->type);
}

static bool fits(const char *taken, const char *given)
{
	if (!strcmp(taken, given) || !is_of_a_kind(taken))
		return true;
	/* Registers come first in a sample. */
	if (!strcmp(taken, PT_REGS) || !strcmp(taken, PERF_EVENT_DATA))
		return !strcmp(given, PT_REGS) || !strcmp(given, PERF_EVENT_DATA);
	/* Records of tracepoints have fields in common. */
	return has_prefix(taken, CONTEXT_TRACEPOINT) && has_prefix(given, CONTEXT_TRACEPOINT);
}

static bool touches_context(const struct bpf_insn *insn, const struct flow_state *state)
{
	uint8_t class = BPF_CLASS(insn->code);
	int reg = class == BPF_LDX ? insn->src_reg : insn->dst_reg;

	if (!state || (class != BPF_LDX && class != BPF_ST && class != BPF_STX))
		return false;
	return state->value[reg].kind == FLOW_CONTEXT || state->value[reg].kind == FLOW_MIXED;
}

/* 1 or 0, or -ENOMEM. A function that only hands its context on may take it as what it likes. */
static int reads_context(const struct hotprobe_program *program)
{
	const struct image_program *p = program->image;
	const struct bpf_insn *insns = program->hp->image.insns + p->first_insn;
	struct bytecode code = {0};
	struct flow flow;
	int reads = 0;

	if (bytecode_copy(&code, insns, p->insn_count, NULL, 0, NULL, 0))
		return -ENOMEM;
	if (flow_analyse(&flow, &code)) {
		bytecode_free(&code);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < code.count && !reads; i++)
		reads = touches_context(&code.insns[i], flow_at(&flow, i));
	flow_free(&flow);
	bytecode_free(&code);
	return reads;
}

int context_check(struct hotprobe_link *link)
{
	const struct hotprobe_program *program = link->program;
	const char *taken = image_str(&program->hp->image, program->image->context);
	char buf[512], hint[600] = "";
	const char *given = context_of_target(&link->target, &link->plan, buf, sizeof(buf));
	int reads;

	if (!given)
		given = "the traced function's arguments";
	if (fits(taken, given))
		return 0;
	reads = reads_context(program);
	if (reads < 0)
		return fail(program->hp, reads, "out of memory");
	if (!reads)
		return 0;
	if (has_prefix(given, "struct "))
		snprintf(hint, sizeof(hint), "declare it as int %s(%s *ctx)", program->name, given);
	else
		snprintf(hint, sizeof(hint),
			 "declare it with KFUNC_PROBE, KRETFUNC_PROBE, KMOD_RET or LSM_PROBE");
	return link_fail(link, -EINVAL, hint, "cannot attach %s to %s: it takes %s, and gets %s",
			 program->name, link->target_text, taken, given);
}
