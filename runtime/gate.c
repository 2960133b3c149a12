/* SPDX-License-Identifier: Apache-2.0 */
#include "gate.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "insns.h"
#include "load.h"

enum { PLACES = 2 };

struct turn {
	atomic_int references;
	int fd; /* array of one u64: the place whose turn it is */
};

int turn_new(struct hotprobe *hp, struct turn **turn)
{
	struct turn *t = malloc(sizeof(*t));

	if (!t)
		return fail(hp, -ENOMEM, "out of memory");
	t->references = 1;
	t->fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hotprobe_turn", 4, 8, 1, NULL);
	if (t->fd < 0) {
		int err = -errno;

		free(t);
		return fail(hp, err, "cannot make what programs are replaced by: %s",
			    strerror(-err));
	}
	*turn = t;
	return 0;
}

struct turn *turn_share(struct turn *turn)
{
	turn->references++;
	return turn;
}

void turn_free(struct turn *turn)
{
	if (!turn || --turn->references)
		return;
	close(turn->fd);
	free(turn);
}

int turn_set(const struct turn *turn, unsigned place)
{
	uint64_t number = place;
	uint32_t index = 0;

	return bpf_map_update_elem(turn->fd, &index, &number, BPF_ANY) ? -errno : 0;
}

/* What a program says that leaves everything as it would be without it. */
static int neutral_result(const struct plan *plan)
{
	switch (plan->type) {
	case BPF_PROG_TYPE_XDP:
		return XDP_PASS;
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
		return -1; /* TC_ACT_UNSPEC */
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_CGROUP_SOCK:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
	case BPF_PROG_TYPE_CGROUP_SYSCTL:
	case BPF_PROG_TYPE_CGROUP_DEVICE:
	case BPF_PROG_TYPE_SOCK_OPS:
	case BPF_PROG_TYPE_SK_MSG:
	case BPF_PROG_TYPE_SK_SKB:
		return 1;
	default:
		return 0;
	}
}

/* An iterator runs only when it is read: there is nothing to take its place for. */
static bool needs_gate(const struct hotprobe *hp, const struct plan *plan)
{
	return hp->turn && plan->expected_attach_type != BPF_TRACE_ITER;
}

static int load_gate(const struct hotprobe_link *link, const struct plan *plan, struct gate *gate)
{
	const struct hotprobe *hp = link->program->hp;
	const struct bpf_insn insns[] = {
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_3, BPF_PSEUDO_MAP_VALUE, 0, hp->turn->fd),
		INSN(0, 0, 0, 0, 0),
		LOAD(BPF_DW, BPF_REG_3, BPF_REG_3, 0),
		LOAD_MAP(BPF_REG_2, gate->array_fd),
		CALL(BPF_FUNC_tail_call),
		MOV_IMM(BPF_REG_0, neutral_result(plan)),
		EXIT(),
	};
	const struct bytecode code = {
		.insns = (struct bpf_insn *)insns,
		.count = sizeof(insns) / sizeof(*insns),
	};

	return load_code(link->program, plan, &code);
}

static int not_gated(const struct hotprobe_link *link, int err)
{
	const struct hotprobe_program *program = link->program;
	const struct image *img = &program->hp->image;

	return fail_at(program->hp, err, image_str(img, program->image->file), program->image->line,
		       program->image->column,
		       "run it without the possibility (hotprobe run in place of hotprobe watch)",
		       "%s, as it is attached to %s, cannot be replaced while it runs: %s",
		       program->name, link->target_text, strerror(-err));
}

static void close_gate(const struct gate *gate)
{
	if (gate->prog_fd >= 0)
		close(gate->prog_fd);
	if (gate->array_fd >= 0)
		close(gate->array_fd);
}

static int put(const struct gate *gate, uint32_t place, int prog_fd)
{
	return bpf_map_update_elem(gate->array_fd, &place, &prog_fd, BPF_ANY) ? -errno : 0;
}

int gate_for(struct hotprobe_link *link, const struct plan *plan, int prog_fd)
{
	struct hotprobe *hp = link->program->hp;
	struct gate gate = {.prog_fd = -1};
	int err = 0;

	if (!needs_gate(hp, plan))
		return prog_fd;
	gate.array_fd =
		bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "hotprobe_gate", 4, 4, PLACES, NULL);
	if (gate.array_fd < 0)
		return not_gated(link, -errno);
	gate.prog_fd = load_gate(link, plan, &gate);
	err = gate.prog_fd < 0 ? gate.prog_fd : put(&gate, hp->place, prog_fd);
	if (err) {
		close_gate(&gate);
		return not_gated(link, err);
	}
	if (!array_push(&link->gates, gate))
		return gate.prog_fd;
	close_gate(&gate);
	return fail(hp, -ENOMEM, "out of memory");
}

int gate_enter(const struct hotprobe_link *link, unsigned place, int prog_fd)
{
	return put(&link->gates.at[0], place, prog_fd);
}

void gate_leave(const struct hotprobe_link *link, unsigned place)
{
	bpf_map_delete_elem(link->gates.at[0].array_fd, &place);
}

void gates_free(struct hotprobe_link *link)
{
	for (size_t i = 0; i < link->gates.count; i++)
		close_gate(&link->gates.at[i]);
	array_free(&link->gates);
}
