/* SPDX-License-Identifier: Apache-2.0 */
#include "kprobe_multi.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "arch.h"
#include "kernel.h"
#include "load.h"
#include "provider.h"
#include "usdt.h"

/* ---- The program -------------------------------------------------------------------------------
 */

static int decline(struct hotprobe_link *link, const char *why)
{
	note(link->program->hp, HOTPROBE_NOTE, "%s: no multi-kprobe for %s: %s",
	     link->program->name, link->target_text, why);
	return 0;
}

static int try_view(const struct hotprobe_program *program, struct view_problem *problem)
{
	const struct image_program *p = program->image;
	struct bytecode code;
	int err = bytecode_copy(&code, program->hp->image.insns + p->first_insn, p->insn_count,
				NULL, 0, NULL, 0);

	if (!err)
		err = bytecode_set_view(&code, VIEW_KPROBE_MULTI, NULL, problem);
	bytecode_free(&code);
	return err;
}

int kprobe_multi_plan(struct hotprobe_link *link)
{
	struct hotprobe_program *program = link->program;
	const struct plan plan = {
		.type = BPF_PROG_TYPE_KPROBE,
		.expected_attach_type = BPF_TRACE_KPROBE_MULTI,
		/* At a return the instruction pointer is the caller's, by any way. */
		.view = link->target.provider == &provider_kretprobe ? VIEW_NATIVE
								     : VIEW_KPROBE_MULTI,
	};
	struct view_problem problem = {0};
	int err = usdt_is_read(program) ? -EOPNOTSUPP : try_view(program, &problem);

	if (err == -ENOMEM)
		return fail(program->hp, err, "out of memory");
	if (err)
		return decline(link, problem.what ? problem.what : "its code cannot be fitted");
	err = load_try_variant(program, &plan);
	if (err == -ENOMEM)
		return err;
	if (err < 0)
		return decline(link, strerror(-err));
	link->plan = program->plan = plan;
	return 0;
}

/* ---- Attaching ---------------------------------------------------------------------------------
 */

/* By their addresses, or where the kernel hides these, by their names. */
static int make_link(int prog_fd, bool is_return, const struct names *functions,
		     const struct function_index *index)
{
	size_t count = functions->list.count;
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .kprobe_multi.flags = is_return ? BPF_F_KPROBE_MULTI_RETURN : 0,
		    .kprobe_multi.cnt = (uint32_t)count);
	unsigned long *addresses = calloc(count, sizeof(*addresses));
	bool known = true;
	int fd;

	if (!addresses)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		uint64_t address;

		function_index_find(index, functions->list.at[i], &address);
		addresses[i] = address;
		known &= address != 0;
	}
	if (known)
		opts.kprobe_multi.addrs = addresses;
	else
		opts.kprobe_multi.syms = (const char **)functions->list.at;
	fd = bpf_link_create(prog_fd, 0, BPF_TRACE_KPROBE_MULTI, &opts);
	if (fd < 0)
		fd = -errno;
	free(addresses);
	return fd;
}

typedef bool (*keep_fn)(const void *arg, const char *name);

static bool has_one_address(const void *arg, const char *name)
{
	uint64_t address;

	return function_index_find(arg, name, &address) == 1;
}

static bool is_traceable(const void *arg, const char *name)
{
	return names_have(arg, name);
}

/* Moves what keep() does not want from one list, which stays sorted, to the other. Returns how
   many, or -ENOMEM. */
static int sift(struct names *from, struct names *to, keep_fn keep, const void *arg)
{
	size_t kept = 0, moved = 0;
	int err = 0;

	for (size_t i = 0; i < from->list.count; i++) {
		char *name = from->list.at[i];

		if (err || keep(arg, name))
			from->list.at[kept++] = name;
		else if ((err = names_add(to, name)) == 0)
			moved++;
	}
	from->list.count = kept;
	return err ? err : (int)moved;
}

/* Adds those of functions, in their order, whose code begins with a place for ftrace's call, as far
   as that can be known: it takes less than the list of all such functions. Returns 0 or a negative
   errno. */
static int find_by_code(const struct names *functions, const struct function_index *index,
			struct names *found)
{
	size_t count = functions->list.count;
	uint64_t *addresses = calloc(count, sizeof(*addresses));
	uint32_t *words = calloc(count, sizeof(*words));
	int err = addresses && words ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !err; i++)
		function_index_find(index, functions->list.at[i], &addresses[i]);
	if (!err)
		err = kernel_read_words(addresses, words, count);
	for (size_t i = 0; i < count && !err; i++)
		addresses[i] += (uint64_t)arch_bytes_before_call(&arch_native, words[i]);
	if (!err)
		err = kernel_read_words(addresses, words, count);
	for (size_t i = 0; i < count && !err; i++)
		if (arch_is_call_place(&arch_native, words[i]))
			err = names_add(found, strdup(functions->list.at[i]));
	free(addresses);
	free(words);
	return err;
}

/* After a refusal: without those that ftrace has no place for. Returns a descriptor; -EINVAL if
   traceable has them all; another negative errno. */
static int retry(int prog_fd, bool is_return, const struct function_index *index,
		 const struct names *traceable, struct names *chosen, struct names *others)
{
	int moved = sift(chosen, others, is_traceable, traceable);

	if (moved < 0)
		return moved;
	if (!moved || !chosen->list.count)
		return -EINVAL;
	return make_link(prog_fd, is_return, chosen, index);
}

static bool is_about_a_function(int err)
{
	return err == -EINVAL || err == -ENOENT || err == -ESRCH;
}

static int choose(struct hotprobe_link *link, int prog_fd, bool is_return,
		  const struct function_index *index, struct names *chosen, struct names *others)
{
	struct names by_code = {0}, by_list = {0};
	/* Of several functions of a name one would be taken in silence. */
	int fd = sift(chosen, others, has_one_address, index);

	if (fd < 0 || !chosen->list.count)
		return fd < 0 ? fd : -ENOENT;
	fd = make_link(prog_fd, is_return, chosen, index);
	if (is_about_a_function(fd) && !find_by_code(chosen, index, &by_code))
		fd = retry(prog_fd, is_return, index, &by_code, chosen, others);
	if (is_about_a_function(fd) && !kernel_traceable_functions(link->program->hp, &by_list))
		fd = retry(prog_fd, is_return, index, &by_list, chosen, others);
	names_free(&by_code);
	names_free(&by_list);
	return fd;
}

int kprobe_multi_attach(struct hotprobe_link *link, int prog_fd, bool is_return,
			const struct function_index *index, struct names *functions,
			struct names *attached)
{
	struct hotprobe *hp = link->program->hp;
	struct names others = {0}, chosen = *functions;
	int fd;

	*functions = (struct names){0};
	fd = choose(link, prog_fd, is_return, index, &chosen, &others);
	if (fd >= 0) {
		*attached = chosen;
		*functions = others;
		return link_hold(link, fd);
	}
	decline(link, strerror(-fd));
	*functions = others;
	for (size_t i = 0; i < chosen.list.count; i++) {
		if (names_add(functions, chosen.list.at[i]))
			fd = -ENOMEM;
	}
	array_free(&chosen.list);
	names_sort(functions);
	return fd == -ENOMEM ? fail(hp, fd, "out of memory") : 0;
}
