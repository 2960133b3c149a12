/* SPDX-License-Identifier: Apache-2.0 */
/* Probes on functions of programs: of one in hotprobe itself, and only in this process. */
#include <bpf/bpf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "doctor.h"
#include "doctor_privileges.h"
#include "doctor_try.h"

static volatile int calls;
/* In the file, where the kernel looks for it: memory that begins as zeroes is in none. */
static volatile unsigned short semaphore __attribute__((section(".data"))) = 0;
static unsigned short semaphore_seen;

static __attribute__((noinline)) void probed(const struct trial *trial)
{
	(void)trial;
	calls++;
	semaphore_seen = semaphore;
}

/* ---- Where in the file --------------------------------------------------------------------
 */

struct place {
	uintptr_t address;
	uint64_t offset; /* in the file that has it in memory, 0 if it is not found */
};

/* The program itself comes first. */
static int find_place(struct dl_phdr_info *object, size_t size, void *arg)
{
	struct place *place = arg;

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t begin = object->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_LOAD && place->address >= begin &&
		    place->address < begin + part->p_filesz)
			place->offset = place->address - begin + part->p_offset;
	}
	return 1;
}

static uint64_t file_offset(const volatile void *address)
{
	struct place place = {.address = (uintptr_t)address};

	dl_iterate_phdr(find_place, &place);
	return place.offset;
}

static const char *own_file(void)
{
	const char *given = (const char *)getauxval(AT_EXECFN);

	return access("/proc/self/exe", F_OK) && given ? given : "/proc/self/exe";
}

/* ---- Attaching ----------------------------------------------------------------------------
 */

enum what { ENTRY, RETURN, USDT };

static int attach(struct trial *trial, struct perf_event_attr *attr, enum what what)
{
	static const char *const names[] = {
		[ENTRY] = "attach a uprobe to hotprobe itself",
		[RETURN] = "attach a uretprobe to hotprobe itself",
		[USDT] = "attach a uprobe with a semaphore to hotprobe itself",
	};
	int bit = what == RETURN ? find_config_bit("uprobe", "retprobe")
		  : what == USDT ? find_config_bit("uprobe", "ref_ctr_offset")
				 : 0;

	if (bit < 0)
		return finding_tried(trial->finding, -ENODEV, "find how it is asked for");
	if (what == RETURN)
		attr->config = 1ULL << bit;
	if (what == USDT)
		attr->config = file_offset(&semaphore) << bit;
	return trial_perf_event(trial, attr, names[what]);
}

static void try_uprobe(const struct doctor *doctor, struct finding *finding, enum what what,
		       const struct trial_words *words)
{
	const struct trial_kind kind = {.type = BPF_PROG_TYPE_KPROBE};
	struct perf_event_attr attr = {
		.uprobe_path = (uintptr_t)own_file(),
		.probe_offset = file_offset((void *)(uintptr_t)probed),
	};
	struct trial trial = TRIAL(doctor, finding);
	int err = find_probe_type(finding, "uprobe", &attr.type);

	if (!err)
		err = trial_load(&trial, &kind);
	if (!err)
		err = attach(&trial, &attr, what);
	trial_conclude(&trial, err, TRACING_CAPABILITIES, probed, words);
	trial_free(&trial);
}

#define UPROBE_REMEDY "use a kernel with CONFIG_UPROBE_EVENTS"

void check_uprobe(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_words words = {
		.works = "uprobe:FILE:SYMBOL",
		.fails = "no uprobe:FILE:SYMBOL",
		.remedy = UPROBE_REMEDY,
	};

	try_uprobe(doctor, finding, ENTRY, &words);
}

void check_uretprobe(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_words words = {
		.works = "uretprobe:FILE:SYMBOL",
		.fails = "no uretprobe:FILE:SYMBOL",
		.remedy = UPROBE_REMEDY,
	};

	try_uprobe(doctor, finding, RETURN, &words);
}

void check_usdt(struct doctor *doctor, struct finding *finding)
{
	static const struct trial_words words = {
		.works = "usdt:FILE:PROVIDER:PROBE, with semaphores",
		.fails = "no USDT probes that have a semaphore, as most of Python's and Ruby's do",
		.remedy = UPROBE_REMEDY " (Linux 4.20)",
	};

	try_uprobe(doctor, finding, USDT, &words);
	if (finding->mark != MARK_OK)
		return;
	if (!finding_tried(finding, semaphore_seen ? 0 : -ENODATA, "see the semaphore raised"))
		return;
	finding_is(finding, MARK_LIMITED, "%s", words.fails);
}
