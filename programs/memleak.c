/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memleak: memory that was got from malloc(3), calloc(3) and realloc(3) and not given back, by the
 * stack that asked for it.
 *
 *     # hotprobe run memleak.c --tables unfreed --top 3 -- sort -o /dev/null /etc/passwd
 *     unfreed:
 *       pid bytes pieces
 *     11941  2864     11
 *         _nl_intern_locale_data+0x8b [libc.so.6]
 *     11941  2784     48
 *         _nl_make_l10nflist+0x273 [libc.so.6]
 *         0x2f656c61636f6c2f
 *     11941  2048      1
 *         read_alias_file+0x316 [libc.so.6]
 *         _nl_expand_alias+0x148 [libc.so.6]
 *         0x7f8b1c21fd40
 *     (32 more)
 *
 * What a program keeps until its end is no leak. Of one that runs for long, look at --interval 10
 * and see what grows.
 */
#include <uapi/linux/ptrace.h>
#include <linux/sched.h>

#ifndef HOTPROBE
#define HOTPROBE(target)
#endif

struct piece_t {
	u64 size;
	int stack;
};

struct address_t {
	u64 start;
	u32 pid;
};

struct key_t {
	u32 pid;
	int stack;
};

struct unfreed_t {
	u64 bytes;
	u64 pieces;
};

BPF_STACK_TRACE(stacks, 16384);
BPF_HASH(sizes, u64, u64); /* asked for, by thread */
BPF_HASH(pieces, struct address_t, struct piece_t, 1000000);
BPF_HASH(unfreed, struct key_t, struct unfreed_t);

static int ask(u64 size)
{
	u64 id = bpf_get_current_pid_tgid();

	sizes.update(&id, &size);
	return 0;
}

static int give_back(u64 start)
{
	struct address_t address = {};
	struct unfreed_t *sum;
	struct key_t key = {};
	struct piece_t *piece;

	address.start = start;
	address.pid = bpf_get_current_pid_tgid() >> 32;
	piece = pieces.lookup(&address);
	if (!piece)
		return 0;
	key.pid = address.pid;
	key.stack = piece->stack;
	sum = unfreed.lookup(&key);
	if (sum) {
		__sync_fetch_and_add(&sum->bytes, -piece->size);
		__sync_fetch_and_add(&sum->pieces, -1);
		if (!sum->pieces)
			unfreed.delete(&key);
	}
	pieces.delete(&address);
	return 0;
}

HOTPROBE("uprobe:libc.so.6:malloc")
int on_malloc(struct pt_regs *ctx)
{
	return ask(PT_REGS_PARM1(ctx));
}

HOTPROBE("uprobe:libc.so.6:calloc")
int on_calloc(struct pt_regs *ctx)
{
	return ask(PT_REGS_PARM1(ctx) * PT_REGS_PARM2(ctx));
}

HOTPROBE("uprobe:libc.so.6:realloc")
int on_realloc(struct pt_regs *ctx)
{
	give_back(PT_REGS_PARM1(ctx));
	return ask(PT_REGS_PARM2(ctx));
}

HOTPROBE("uprobe:libc.so.6:free")
int on_free(struct pt_regs *ctx)
{
	return give_back(PT_REGS_PARM1(ctx));
}

HOTPROBE("uretprobe:libc.so.6:malloc")
HOTPROBE("uretprobe:libc.so.6:calloc")
HOTPROBE("uretprobe:libc.so.6:realloc")
int on_return(struct pt_regs *ctx)
{
	u64 id = bpf_get_current_pid_tgid(), *size = sizes.lookup(&id);
	struct unfreed_t zero = {}, *sum;
	struct address_t address = {};
	struct piece_t piece = {};
	struct key_t key = {};

	if (!size)
		return 0;
	address.start = PT_REGS_RC(ctx);
	address.pid = id >> 32;
	piece.size = *size;
	piece.stack = stacks.get_stackid(ctx, BPF_F_USER_STACK);
	sizes.delete(&id);
	if (!address.start)
		return 0;
	key.pid = address.pid;
	key.stack = piece.stack;
	pieces.update(&address, &piece);
	sum = unfreed.lookup_or_try_init(&key, &zero);
	if (sum) {
		__sync_fetch_and_add(&sum->bytes, piece.size);
		__sync_fetch_and_add(&sum->pieces, 1);
	}
	return 0;
}
