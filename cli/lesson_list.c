/* SPDX-License-Identifier: Apache-2.0 */
/* The lessons in their order: what each is checked against, and what it asks for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lesson.h"
#include "report.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define NUMBER(name, member, hint)                                                                 \
	{                                                                                          \
		name, FIELD_NUMBER, offsetof(struct deed, member), hint                            \
	}
#define TEXT(name, member, hint)                                                                   \
	{                                                                                          \
		name, FIELD_TEXT, offsetof(struct deed, member), hint                              \
	}
#define EVENTS(deeds_, fields_, ...)                                                               \
	{                                                                                          \
		.deeds = deeds_, .fields = fields_, .field_count = COUNT(fields_), __VA_ARGS__     \
	}

#define READ_NAME                                                                                  \
	"is the name copied with bpf_probe_read_user_str(&event.name, sizeof(event.name), ...)?"
#define SET_PID "the process is the upper half of bpf_get_current_pid_tgid(): >> 32"

static void judge_hello(struct judge *judge)
{
	size_t count = judge->activity->count, hellos = 0;
	const struct seen *said = &judge->printk;

	for (size_t i = 0; i < said->count; i++)
		hellos += strcasestr(said->records[i].data, "hello") != NULL;
	if (!said->total)
		judge_missing(judge,
			      "there were %zu opens and nothing was said: is bpf_trace_printk() "
			      "called?",
			      count);
	else if (said->total != count)
		judge_missing(judge,
			      "there were %zu opens, and %llu messages: one for each is asked for",
			      count, (unsigned long long)said->total);
	else
		judge_ok(judge, "a message for each of the %zu opens", count);
	if (said->total && hellos == said->count)
		judge_ok(judge, "it says hello");
	else if (said->total)
		judge_missing(judge, "the message is \"%s\", without hello in it",
			      (const char *)said->records[0].data);
}

static void judge_named_opens(struct judge *judge)
{
	static const struct field fields[] = {
		NUMBER("pid", pid, SET_PID),
		TEXT("comm", comm,
		     "is bpf_get_current_comm(&event.comm, sizeof(event.comm)) called?"),
	};
	static const struct wanted wanted = EVENTS("opens", fields);

	judge_events(judge, &wanted);
}

static void judge_unlinks(struct judge *judge)
{
	static const struct field fields[] = {
		NUMBER("pid", pid, SET_PID),
		TEXT("name", text, READ_NAME " The call's second argument is the name"),
	};
	static const struct wanted wanted = EVENTS("removals (unlinkat)", fields);

	judge_events(judge, &wanted);
}

static void judge_filter(struct judge *judge)
{
	static const struct field fields[] = {
		TEXT("name", text, READ_NAME),
		NUMBER("flags", number, "flags are the third argument of openat"),
	};
	static const struct wanted wanted =
		EVENTS("opens for writing", fields, .shortage = "O_WRONLY and O_RDWR both write",
		       .surplus = "those for reading only are to be left out, whatever other flags "
				  "they have: look at flags & O_ACCMODE");

	judge_events(judge, &wanted);
}

static void judge_returns(struct judge *judge)
{
	static const struct field fields[] = {
		NUMBER("pid", pid, SET_PID),
		NUMBER("ret", result, "is ret set from PT_REGS_RC(ctx), in kretprobe__sys_openat?"),
	};
	static const struct wanted wanted = EVENTS("opens that returned", fields);

	judge_events(judge, &wanted);
}

static size_t by_pid(const struct judge *judge, struct count *counts)
{
	for (size_t i = 0; i < judge->activity->count; i++)
		counts[i] = (struct count){judge->activity->deeds[i].pid,
					   (uint64_t)judge->activity->deeds[i].number};
	return judge->activity->count;
}

static void judge_hash(struct judge *judge)
{
	struct count counts[DEEDS_MAX];

	judge_counts(judge, "counts", "processes", counts, by_pid(judge, counts),
		     "look the count up; if there is one add 1 to it, else put in a 1");
}

/* What an entry put into a hash its return has to delete. */
static void judge_emptied(struct judge *judge)
{
	bool any = false;

	for (size_t i = 0; i < hotprobe_table_count(judge->hp); i++) {
		const struct hotprobe_table *table = hotprobe_table_at(judge->hp, i);
		const char *name = hotprobe_table_name(table);
		int entries;

		if (strcmp(hotprobe_table_kind(table), "hash"))
			continue;
		entries = judge_entries(table);
		if (entries > 0)
			judge_missing(
				judge,
				"%s still holds %d of what the entries left there: the return "
				"has to delete what it has used, %s.delete(&id)",
				name, entries, name);
		any = any || !entries;
	}
	if (any && !judge->failed)
		judge_ok(judge, "no entry is left behind in the hash");
}

static void judge_join(struct judge *judge)
{
	static const struct field fields[] = {
		TEXT("name", text, READ_NAME " Its address has to come from the hash"),
		NUMBER("ret", result, "is ret set from PT_REGS_RC(ctx)?"),
	};
	static const struct wanted wanted = EVENTS("opens", fields);

	judge_events(judge, &wanted);
	judge_emptied(judge);
}

static void judge_latency(struct judge *judge)
{
	static const struct field fields[] = {
		NUMBER("pid", pid, SET_PID),
		{"delta_ns", FIELD_BETWEEN, 0,
		 "it is bpf_ktime_get_ns() at the return, less that at the entry, in nanoseconds"},
	};
	static const struct wanted wanted = EVENTS("sleeps", fields);

	judge_events(judge, &wanted);
	judge_emptied(judge);
}

static void judge_forks(struct judge *judge)
{
	static const struct field fields[] = {
		NUMBER("parent", pid, "the tracepoint has it as args->parent_pid"),
		NUMBER("child", number, "the tracepoint has it as args->child_pid"),
	};
	static const struct wanted wanted = EVENTS("forks", fields);

	judge_events(judge, &wanted);
}

/* Slots as bpf_log2l() makes them. */
static void judge_histogram(struct judge *judge)
{
	const struct activity *activity = judge->activity;
	struct count slots[64];
	size_t count = 0;

	for (size_t i = 0; i < activity->count; i++) {
		int64_t slot = 64 - __builtin_clzll((uint64_t)activity->deeds[i].number);
		size_t at = 0;

		while (at < count && slots[at].key != slot)
			at++;
		if (at == count)
			slots[count++] = (struct count){.key = slot};
		slots[at].count++;
	}
	judge_counts(judge, "sizes", "powers of two", slots, count,
		     "the slot of a size is bpf_log2l(count), and each write is counted once");
}

static void judge_getenv(struct judge *judge)
{
	static const struct field fields[] = {
		NUMBER("pid", pid, SET_PID),
		TEXT("name", text, READ_NAME " Its address is PT_REGS_PARM1(ctx)"),
	};
	static const struct wanted wanted = EVENTS("calls of getenv", fields);

	judge_events(judge, &wanted);
}

static void judge_ip(struct judge *judge)
{
	const struct activity *activity = judge->activity;
	struct count counts[DEEDS_MAX];

	for (size_t i = 0; i < activity->count; i++)
		counts[i] = (struct count){(int64_t)activity->deeds[i].ip,
					   (uint64_t)activity->deeds[i].number};
	judge_counts(
		judge, "calls", "functions (getenv, setenv, unsetenv)", counts, activity->count,
		"each of the three needs its own HOTPROBE line, and the key is PT_REGS_IP(ctx)");
}

/* ---- Stacks --------------------------------------------------------------------------------- */

struct stacks {
	const struct hotprobe_table *traces, *counts;
	const struct activity *activity;
	const struct deed *path; /* whose calls are added up */
	uint64_t sum;
	size_t entries;
};

/* A stack's number, alone or as the first member of a struct. */
static int64_t stack_id(const struct hotprobe_value *key)
{
	struct hotprobe_value member;

	return hotprobe_member(key, 0, &member) ? value_number(key) : value_number(&member);
}

static bool add_stack(void *ctx, const void *key, const void *value)
{
	struct stacks *stacks = ctx;
	const struct hotprobe_type *key_type = hotprobe_table_key_type(stacks->counts);
	const struct hotprobe_type *type = hotprobe_table_value_type(stacks->counts);
	struct hotprobe_value id, number;
	uint64_t addresses[127];
	int depth;

	stacks->entries++;
	if (!key_type || !type || hotprobe_read(key_type, key, hotprobe_type_size(key_type), &id) ||
	    hotprobe_read(type, value, hotprobe_type_size(type), &number))
		return false;
	depth = hotprobe_stack(stacks->traces, stack_id(&id), addresses, COUNT(addresses));
	for (int i = 0; i < depth && i < (int)COUNT(addresses); i++) {
		if (addresses[i] == stacks->path->ip) {
			stacks->sum += (uint64_t)value_number(&number);
			break;
		}
	}
	return false;
}

static void judge_path(struct judge *judge, struct stacks *stacks, const char *way, bool first)
{
	const struct activity *activity = judge->activity;
	uint64_t times = 0;

	stacks->path = &activity->deeds[first ? 0 : activity->count - 1];
	for (size_t i = 0; i < activity->count; i++)
		times += activity->deeds[i].ip == stacks->path->ip;
	stacks->sum = 0;
	stacks->entries = 0;
	hotprobe_table_each(stacks->counts, add_stack, stacks);
	if (stacks->sum == times)
		judge_ok(judge, "the %llu calls by the %s way have a stack",
			 (unsigned long long)times, way);
	else
		judge_missing(
			judge,
			"%llu calls came by the %s way; the stacks in counts tell of %llu: is "
			"key.user_stack set from stacks.get_stackid(ctx, BPF_F_USER_STACK)?",
			(unsigned long long)times, way, (unsigned long long)stacks->sum);
}

static void judge_stacks(struct judge *judge)
{
	struct stacks stacks = {
		.traces = judge_table(judge, "stacks"),
		.counts = judge_table(judge, "counts"),
	};
	int entries = stacks.counts ? judge_entries(stacks.counts) : 0;

	if (!stacks.traces || !stacks.counts)
		return;
	if (entries <= 0) {
		judge_missing(judge, "counts is empty: is counts.increment(key) called?");
		return;
	}
	judge_path(judge, &stacks, "first", true);
	judge_path(judge, &stacks, "second", false);
}

/* ---- And so on ------------------------------------------------------------------------------ */

static void judge_imports(struct judge *judge)
{
	static const struct field fields[] = {
		TEXT("name", text,
		     "the first argument is the address of the name: "
		     "bpf_usdt_readarg(1, ctx, &address), then "
		     "bpf_probe_read_user_str()"),
	};
	static const struct wanted wanted =
		EVENTS("imports (besides Python's own)", fields, .others = true);

	judge_events(judge, &wanted);
}

static void judge_verifier(struct judge *judge)
{
	static const struct field fields[] = {
		NUMBER("size", number, "size is what the program asked to write, before any limit"),
		TEXT("text", text, "at most sizeof(event.text) - 1 bytes, so that a NUL is left"),
	};
	static const struct wanted wanted = EVENTS("writes", fields);
	struct count sum = {judge->activity->deeds[0].pid, 0};

	for (size_t i = 0; i < judge->activity->count; i++)
		sum.count += (uint64_t)judge->activity->deeds[i].number;
	judge_events(judge, &wanted);
	judge_counts(judge, "total", "processes", &sum, 1, "each write adds all of its bytes");
}

/* Are the sizes those of the deeds, one after the other? */
static bool in_order(const struct judge *judge, const struct seen *seen)
{
	for (size_t i = 0; i < judge->activity->count; i++)
		if (hotprobe_field_int(seen->type, seen->records[i].data, seen->records[i].size,
				       "size") != judge->activity->deeds[i].number)
			return false;
	return true;
}

static void judge_ring(struct judge *judge)
{
	static const struct field fields[] = {
		NUMBER("pid", pid, SET_PID),
		NUMBER("size", number, "size is count, the third argument of write"),
	};
	static const struct wanted wanted = EVENTS("writes", fields);
	struct hotprobe_table *table = judge_table(judge, "events");

	if (!table)
		return;
	if (strcmp(hotprobe_table_kind(table), "ringbuf"))
		judge_missing(judge, "events is a '%s': it is to be a BPF_RINGBUF_OUTPUT",
			      hotprobe_table_kind(table));
	else
		judge_ok(judge, "events is a ring buffer");
	if (!judge_events(judge, &wanted))
		return;
	if (in_order(judge, judge_seen(judge, "events")))
		judge_ok(judge, "they came in the order of the writes");
	else
		judge_missing(judge, "the events are not in the order of the writes");
}

static void judge_cpu(struct judge *judge, const struct hotprobe_table *table, const char *value,
		      int cpu)
{
	const struct activity *activity = judge->activity;
	const struct hotprobe_type *type = hotprobe_table_value_type(table);
	const void *at = hotprobe_table_cpu_value(table, value, (size_t)cpu);
	struct hotprobe_value number;
	int64_t calls = 0;

	for (size_t i = 0; i < activity->count; i++)
		calls += activity->deeds[i].cpu == cpu ? activity->deeds[i].number : 0;
	if (!calls)
		return;
	if (type && at && !hotprobe_read(type, at, hotprobe_type_size(type), &number) &&
	    value_number(&number) == calls)
		judge_ok(judge, "the %lld calls on CPU %d are counted there", (long long)calls,
			 cpu);
	else
		judge_missing(judge,
			      "%lld calls were made on CPU %d, your count of it is %lld: look up "
			      "entry 0 and add 1 to it at each call",
			      (long long)calls, cpu,
			      type && at ? (long long)value_number(&number) : 0);
}

static void judge_percpu(struct judge *judge)
{
	struct hotprobe_table *table = judge_table(judge, "calls");
	uint64_t key = 0;
	char *value;

	if (!table)
		return;
	if (!strstr(hotprobe_table_kind(table), "percpu")) {
		judge_missing(judge, "calls is an '%s': it is to be a BPF_PERCPU_ARRAY",
			      hotprobe_table_kind(table));
		return;
	}
	value = calloc(1, hotprobe_table_value_size(table) + 1);
	if (!value || hotprobe_table_key_size(table) > sizeof(key) ||
	    hotprobe_table_lookup(table, &key, value))
		judge_missing(judge, "calls has no entry 0");
	else
		for (size_t cpu = 0; cpu < hotprobe_table_cpu_count(table); cpu++)
			judge_cpu(judge, table, value, (int)cpu);
	free(value);
}

/* ---- A tool of one's own -------------------------------------------------------------------- */

/* The first comment of a file. */
static bool has_comment(const char *path)
{
	char start[2000], *comment, *end;
	FILE *file = fopen(path, "re");
	size_t size = file ? fread(start, 1, sizeof(start) - 1, file) : 0;

	if (file)
		fclose(file);
	start[size] = '\0';
	comment = strstr(start, "/*");
	end = comment ? strstr(comment, "*/") : NULL;
	if (!end)
		return false;
	*end = '\0';
	return end - comment > 20 && !strstr(comment, "TODO");
}

static void judge_own(struct judge *judge)
{
	uint64_t said = judge->printk.total;
	int entries = 0;

	for (size_t i = 0; i < judge->table_count; i++)
		said += judge->tables[i].total;
	for (size_t i = 0; i < hotprobe_table_count(judge->hp); i++) {
		const struct hotprobe_table *table = hotprobe_table_at(judge->hp, i);

		/* Entries of arrays are there from the start. */
		if (strstr(hotprobe_table_kind(table), "hash"))
			entries += judge_entries(table) > 0 ? judge_entries(table) : 0;
	}
	if (has_comment(judge->file))
		judge_ok(judge, "its comment says what it shows");
	else
		judge_missing(judge, "the comment on top still has to say what it shows");
	if (said || entries)
		judge_ok(judge,
			 "it tells of what the activity did: %llu events, %d entries of tables",
			 (unsigned long long)said, entries);
	else
		judge_missing(judge,
			      "it tells nothing, although files were opened, written and removed, "
			      "processes were made, one slept: no event, no entry of a hash or "
			      "histogram");
}

const struct lesson lessons[] = {
	{"hello", "Say hello", activity_opens, judge_hello, NULL},
	{"events", "Send what you see", activity_named_opens, judge_named_opens, NULL},
	{"names", "A name says where to look", activity_unlinks, judge_unlinks, NULL},
	{"filter", "Leave out what does not matter", activity_opens, judge_filter, NULL},
	{"returns", "What a call returned", activity_failing_opens, judge_returns, NULL},
	{"hash", "Count in a hash", activity_getppid, judge_hash, NULL},
	{"join", "From the entry to the return", activity_failing_opens, judge_join, NULL},
	{"latency", "How long it takes", activity_sleeps, judge_latency, NULL},
	{"tracepoint", "Tracepoints", activity_forks, judge_forks, NULL},
	{"histogram", "Bars instead of lines", activity_writes, judge_histogram, NULL},
	{"uprobe", "Functions of programs", activity_getenv, judge_getenv, NULL},
	{"ip", "Which function was it?", activity_environment, judge_ip, NULL},
	{"stacks", "How did it get there?", activity_paths, judge_stacks, NULL},
	{"usdt", "Probes that a program brings along", activity_imports, judge_imports,
	 "/usr/bin/python3"},
	{"verifier", "When the verifier refuses", activity_texts, judge_verifier, NULL},
	{"ring", "A ring for all CPUs", activity_writes, judge_ring, NULL},
	{"percpu", "A count for each CPU", activity_cpus, judge_percpu, NULL},
	{"own", "A tool of your own", activity_everything, judge_own, NULL},
};
const size_t lesson_count = COUNT(lessons);
_Static_assert(COUNT(lessons) <= LESSONS_MAX, "more lessons than there may be");

size_t lesson_find(const char *word)
{
	char *end;
	unsigned long number = strtoul(word, &end, 10);

	if (*word >= '0' && *word <= '9' && !*end)
		return number >= 1 && number <= lesson_count ? number - 1 : lesson_count;
	for (size_t i = 0; i < lesson_count; i++)
		if (!strcmp(lessons[i].name, word))
			return i;
	return lesson_count;
}
