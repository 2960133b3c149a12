/* SPDX-License-Identifier: Apache-2.0 */
#include "untrusted.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provider.h"
#include "target.h"

/* ---- Files ------------------------------------------------------------------------------------
 */

static bool names_no_file(const char *flag)
{
	if (!strncmp(flag, "-D", 2) || !strncmp(flag, "-U", 2))
		return flag[2];
	/* -Wp,... are flags of other tools. */
	return !strncmp(flag, "-W", 2) && !strchr(flag, ',');
}

int untrusted_check_flags(struct hotprobe *hp)
{
	for (size_t i = 0; hp->opts.untrusted && i < hp->cflags.count; i++)
		if (!names_no_file(hp->cflags.at[i]))
			return fail(hp, -EINVAL,
				    "the source is untrusted: of flags it gets -DNAME, -UNAME and "
				    "-WWARNING, not %s",
				    hp->cflags.at[i]);
	return 0;
}

int untrusted_tell_refusals(struct hotprobe *hp)
{
	const struct source *source = &hp->source;
	char text[512];

	for (size_t i = 0; i < source->refusals.count; i++) {
		const struct source_refusal *r = &source->refusals.at[i];

		snprintf(text, sizeof(text), "the source is untrusted: %s is not read: %s", r->name,
			 r->err != -EXDEV      ? strerror(-r->err)
			 : source->root_fd < 0 ? "a source that is no file includes none"
					       : "it is outside the source's directory");
		if (add_diagnostic(hp, HOTPROBE_WARNING, source->files.at[r->file].path, r->line, 0,
				   text, ""))
			return fail(hp, -ENOMEM, "out of memory");
	}
	return 0;
}

/* ---- Helpers -----------------------------------------------------------------------------------
 */

/* Those that read, count, write to the program's own tables, stack and events, and no more. */
static const uint16_t observing[] = {
	BPF_FUNC_map_lookup_elem,
	BPF_FUNC_map_update_elem,
	BPF_FUNC_map_delete_elem,
	BPF_FUNC_probe_read,
	BPF_FUNC_ktime_get_ns,
	BPF_FUNC_trace_printk,
	BPF_FUNC_get_prandom_u32,
	BPF_FUNC_get_smp_processor_id,
	BPF_FUNC_tail_call,
	BPF_FUNC_get_current_pid_tgid,
	BPF_FUNC_get_current_uid_gid,
	BPF_FUNC_get_current_comm,
	BPF_FUNC_perf_event_read,
	BPF_FUNC_perf_event_output,
	BPF_FUNC_get_stackid,
	BPF_FUNC_get_current_task,
	BPF_FUNC_current_task_under_cgroup,
	BPF_FUNC_get_numa_node_id,
	BPF_FUNC_probe_read_str,
	BPF_FUNC_perf_event_read_value,
	BPF_FUNC_perf_prog_read_value,
	BPF_FUNC_get_stack,
	BPF_FUNC_get_current_cgroup_id,
	BPF_FUNC_map_push_elem,
	BPF_FUNC_map_pop_elem,
	BPF_FUNC_map_peek_elem,
	BPF_FUNC_spin_lock,
	BPF_FUNC_spin_unlock,
	BPF_FUNC_strtol,
	BPF_FUNC_strtoul,
	BPF_FUNC_sk_storage_get,
	BPF_FUNC_sk_storage_delete,
	BPF_FUNC_probe_read_user,
	BPF_FUNC_probe_read_kernel,
	BPF_FUNC_probe_read_user_str,
	BPF_FUNC_probe_read_kernel_str,
	BPF_FUNC_jiffies64,
	BPF_FUNC_read_branch_records,
	BPF_FUNC_get_ns_current_pid_tgid,
	BPF_FUNC_get_current_ancestor_cgroup_id,
	BPF_FUNC_ktime_get_boot_ns,
	BPF_FUNC_seq_printf,
	BPF_FUNC_seq_write,
	BPF_FUNC_ringbuf_output,
	BPF_FUNC_ringbuf_reserve,
	BPF_FUNC_ringbuf_submit,
	BPF_FUNC_ringbuf_discard,
	BPF_FUNC_ringbuf_query,
	BPF_FUNC_skc_to_tcp6_sock,
	BPF_FUNC_skc_to_tcp_sock,
	BPF_FUNC_skc_to_tcp_timewait_sock,
	BPF_FUNC_skc_to_tcp_request_sock,
	BPF_FUNC_skc_to_udp6_sock,
	BPF_FUNC_get_task_stack,
	BPF_FUNC_inode_storage_get,
	BPF_FUNC_inode_storage_delete,
	BPF_FUNC_d_path,
	BPF_FUNC_copy_from_user,
	BPF_FUNC_snprintf_btf,
	BPF_FUNC_seq_printf_btf,
	BPF_FUNC_per_cpu_ptr,
	BPF_FUNC_this_cpu_ptr,
	BPF_FUNC_task_storage_get,
	BPF_FUNC_task_storage_delete,
	BPF_FUNC_get_current_task_btf,
	BPF_FUNC_ktime_get_coarse_ns,
	BPF_FUNC_sock_from_file,
	BPF_FUNC_for_each_map_elem,
	BPF_FUNC_snprintf,
	BPF_FUNC_get_func_ip,
	BPF_FUNC_get_attach_cookie,
	BPF_FUNC_task_pt_regs,
	BPF_FUNC_get_branch_snapshot,
	BPF_FUNC_trace_vprintk,
	BPF_FUNC_skc_to_unix_sock,
	BPF_FUNC_find_vma,
	BPF_FUNC_loop,
	BPF_FUNC_strncmp,
	BPF_FUNC_get_func_arg,
	BPF_FUNC_get_func_ret,
	BPF_FUNC_get_func_arg_cnt,
	BPF_FUNC_copy_from_user_task,
	BPF_FUNC_map_lookup_percpu_elem,
	BPF_FUNC_ktime_get_tai_ns,
};

#define NAME(function) [BPF_FUNC_##function] = #function
/* Of the others those that tracing programs can call, for the message. */
static const char *const acting[] = {
	NAME(probe_write_user),	  NAME(override_return), NAME(send_signal),
	NAME(send_signal_thread), NAME(setsockopt),
};
#undef NAME

static bool observes(const struct bpf_insn *insn)
{
	if (insn->src_reg == BPF_PSEUDO_CALL)
		return true; /* a function of the program's own */
	for (size_t i = 0; !insn->src_reg && i < sizeof(observing) / sizeof(*observing); i++)
		if (insn->imm == observing[i])
			return true;
	return false;
}

static int no_such_call(struct hotprobe_program *program, uint32_t at, const struct bpf_insn *insn)
{
	const struct image_program *image = program->image;
	const struct image *img = &program->hp->image;
	struct bytecode code = {
		.line_info = (struct bpf_line_info *)img->line_info + image->first_line_info,
		.line_info_count = image->line_info_count,
	};
	const struct bpf_line_info *info = bytecode_line(&code, at);
	bool known = !insn->src_reg && insn->imm >= 0 &&
		     (size_t)insn->imm < sizeof(acting) / sizeof(*acting) && acting[insn->imm];
	char what[64];

	if (known)
		snprintf(what, sizeof(what), "bpf_%s()", acting[insn->imm]);
	else
		snprintf(what, sizeof(what), "%s %d of the kernel's",
			 insn->src_reg ? "function" : "helper", insn->imm);
	return fail_at(program->hp, -EACCES, image_str(img, image->file),
		       info ? BPF_LINE_INFO_LINE_NUM(info->line_col) : image->line,
		       info ? BPF_LINE_INFO_LINE_COL(info->line_col) : 0,
		       "leave the option out for a source that you trust",
		       "the source is untrusted: %s may not call %s, which does more than observe",
		       program->name, what);
}

static int check_calls(struct hotprobe_program *program)
{
	const struct image_program *image = program->image;
	const struct bpf_insn *insns = program->hp->image.insns + image->first_insn;

	for (uint32_t i = 0; i < image->insn_count; i++) {
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++;
		else if (insns[i].code == (BPF_JMP | BPF_CALL) && !observes(&insns[i]))
			return no_such_call(program, i, &insns[i]);
	}
	return 0;
}

/* ---- Tables ------------------------------------------------------------------------------------
 */

static int check_table(const struct hotprobe_table *table)
{
	struct hotprobe *hp = table->hp;
	const char *pin = image_str(&hp->image, table->image->pin);
	bool is_extern = !strcmp(hotprobe_table_kind(table), "extern");

	if (!*pin && !is_extern)
		return 0;
	return fail_at(hp, -EACCES, image_str(&hp->image, table->image->file), table->image->line,
		       0, "leave the option out for a source that you trust",
		       "the source is untrusted: table %s may not be %s", table->name,
		       is_extern ? "another program's" : "pinned");
}

int untrusted_check(struct hotprobe *hp)
{
	int err = 0;

	if (!hp->opts.untrusted)
		return 0;
	for (size_t i = 0; !err && i < hp->table_count; i++)
		err = check_table(&hp->tables[i]);
	for (size_t i = 0; !err && i < hp->program_count; i++)
		err = check_calls(&hp->programs[i]);
	return err;
}

/* ---- Targets -----------------------------------------------------------------------------------
 */

static bool is_among(const struct provider *provider, const struct provider *const *some)
{
	for (; *some; some++)
		if (*some == provider)
			return true;
	return false;
}

int untrusted_check_target(struct hotprobe_program *program, const struct target *target,
			   bool by_source)
{
	static const struct provider *const of_kernel[] = {
		&provider_kprobe,
		&provider_kretprobe,
		&provider_syscall,
		&provider_syscall_ret,
		&provider_tracepoint,
		&provider_raw_tracepoint,
		&provider_kfunc,
		&provider_kretfunc,
		&provider_iter,
		&provider_perf_event,
		NULL,
	};
	/* They change the code of programs, at a place that one has to be right about, and it takes
	   the reading of any file to find it. */
	static const struct provider *const of_files[] = {
		&provider_uprobe,
		&provider_uretprobe,
		&provider_usdt,
		NULL,
	};
	struct hotprobe *hp = program->hp;
	bool of_file = is_among(target->provider, of_files);
	char *text;
	int err;

	if (!hp->opts.untrusted || is_among(target->provider, of_kernel) || (of_file && !by_source))
		return 0;
	text = target_text(target);
	err = fail_at(hp, -EACCES, image_str(&hp->image, program->image->file),
		      program->image->line, program->image->column,
		      of_file ? "attach it yourself: --attach KIND:TARGET=FUNCTION, "
				"hotprobe_attach_spec()"
			      : "leave the option out for a source that you trust",
		      "the source is untrusted: %s may not be attached to %s", program->name,
		      text ? text : target->provider->word);
	free(text);
	return err;
}
