/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events on their way from programs to callbacks: whole, in the loop of whoever wants them, and
 * counted where they are lost. Each test runs over a ring buffer and over perf buffers.
 */
#include "support.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "every_kind.h"

#define PT_REGS "#include <uapi/linux/ptrace.h>\n"

/* Submits the argument of each getpgid(). */
static const char numbers_program[] =
	PT_REGS "BPF_PERF_OUTPUT(numbers);\n"
		"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
		"{\n"
		"	u32 number = pid;\n"
		"	numbers.perf_submit(ctx, &number, sizeof(number));\n"
		"	return 0;\n"
		"}\n";

static struct hotprobe *load_text(const char *text, bool perf_buffer, unsigned pages)
{
	struct hotprobe_opts opts = {
		.confine = true, .perf_buffer = perf_buffer, .perf_pages = pages};
	struct hotprobe *hp = new_handle(&opts);

	open_text(hp, text);
	load_program(hp);
	return hp;
}

/* Calls of getpgid(0), getpgid(1)... */
static void call(void *count)
{
	for (long i = 0; i < *(const long *)count; i++)
		syscall(SYS_getpgid, i);
}

static struct peer start_calls(struct hotprobe *hp, long *count)
{
	struct peer peer = peer_start(call, count);

	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	return peer;
}

/* What callbacks count. */
struct tally {
	size_t count;
	uint64_t lost, sum;
	size_t size;
	int cpu;
};

static void count_event(void *ctx, int cpu, const void *data, size_t size)
{
	struct tally *t = ctx;
	uint32_t number;

	memcpy(&number, data, sizeof(number));
	t->count++;
	t->sum += number;
	t->size = size;
	t->cpu = cpu;
}

static void count_lost(void *ctx, int cpu, uint64_t lost)
{
	struct tally *t = ctx;

	(void)cpu;
	t->lost += lost;
}

static void consume_all(struct hotprobe *hp)
{
	while (ck_hp(hp, hotprobe_consume(hp)))
		;
}

static void see_every_kind(void *type, int cpu, const void *data, size_t size)
{
	ck_assert_int_ge(cpu, 0);
	ck_assert_uint_eq(size, sizeof(struct every_t));
	check_every_kind(type, data, size);
}

START_TEST(fields_of_every_kind_arrive_as_the_program_wrote_them)
{
	NEED(no_bpf());

	struct hotprobe_opts opts = {.confine = true, .perf_buffer = _i};
	struct hotprobe *hp;
	struct peer peer;
	long calls = 3;

	hp = new_handle(&opts);
	open_program(hp, "tests/programs/every_kind.c");
	load_program(hp);
	ck_hp(hp, hotprobe_on_event(hp, "events", see_every_kind, NULL,
				    (void *)hotprobe_event_type(hp, "events")));
	peer = start_calls(hp, &calls);
	peer_work(&peer);
	ck_assert_int_eq(hotprobe_consume(hp), 3);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_record_has_the_size_that_was_submitted)
{
	NEED(no_bpf());

	struct tally tally = {0};
	struct hotprobe *hp;
	struct peer peer;
	long calls = 1;

	hp = load_text(numbers_program, _i, 0);
	ck_hp(hp, hotprobe_on_event(hp, "numbers", count_event, count_lost, &tally));
	peer = start_calls(hp, &calls);
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_eq(tally.count, 1);
	ck_assert_uint_eq(tally.size, 4);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

/* One page a CPU, and nobody reads while they come. */
START_TEST(what_is_lost_is_counted)
{
	NEED(no_bpf());

	struct tally tally = {0};
	struct hotprobe *hp;
	struct peer peer;
	long calls = 20000;

	hp = load_text(numbers_program, _i, 1);
	ck_hp(hp, hotprobe_on_event(hp, "numbers", count_event, count_lost, &tally));
	peer = start_calls(hp, &calls);
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_gt(tally.count, 0);
	ck_assert_uint_gt(tally.lost, 0);
	ck_assert_uint_eq(tally.count + tally.lost, (uint64_t)calls);
	ck_assert_uint_eq(hotprobe_lost(hp, "numbers"), tally.lost);
	ck_assert_uint_eq(hotprobe_lost(hp, NULL), tally.lost);
	ck_assert_uint_eq(hotprobe_lost(hp, "others"), 0);
	/* And it goes on. */
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_eq(tally.count + tally.lost, 2 * (uint64_t)calls);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

/* A struct whose size is odd, so that records wrap at every place of a small buffer. */
static const char patterns_program[] =
	PT_REGS "struct pattern_t { u32 number; u8 bytes[49]; } __attribute__((packed));\n"
		"BPF_PERF_OUTPUT(patterns);\n"
		"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
		"{\n"
		"	struct pattern_t p = {};\n"
		"	p.number = pid;\n"
		"	#pragma unroll\n"
		"	for (int i = 0; i < 49; i++)\n"
		"		p.bytes[i] = pid * 7 + i;\n"
		"	patterns.perf_submit(ctx, &p, sizeof(p));\n"
		"	return 0;\n"
		"}\n";

static void check_pattern(void *ctx, int cpu, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	struct tally *t = ctx;
	uint32_t number;

	(void)cpu;
	ck_assert_uint_ge(size, 53);
	memcpy(&number, data, sizeof(number));
	for (uint32_t i = 0; i < 49; i++)
		ck_assert_uint_eq(bytes[4 + i], (unsigned char)(number * 7 + i));
	t->count++;
}

START_TEST(records_that_wrap_around_the_buffer_are_whole)
{
	NEED(no_bpf());

	enum { ROUNDS = 500 };
	struct tally tally = {0};
	struct hotprobe *hp;
	struct peer peer;
	long calls = 40; /* what a page holds */

	hp = load_text(patterns_program, _i, 1);
	ck_hp(hp, hotprobe_on_event(hp, "patterns", check_pattern, count_lost, &tally));
	peer = start_calls(hp, &calls);
	for (int i = 0; i < ROUNDS; i++) {
		peer_work(&peer);
		consume_all(hp);
	}
	ck_assert_uint_eq(tally.lost, 0);
	ck_assert_uint_eq(tally.count, ROUNDS * (size_t)calls);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

static void call_on_each_cpu(void *number_of_cpus)
{
	cpu_set_t set;

	for (int cpu = 0; cpu < *(int *)number_of_cpus; cpu++) {
		CPU_ZERO(&set);
		CPU_SET((size_t)cpu, &set);
		if (!sched_setaffinity(0, sizeof(set), &set))
			syscall(SYS_getpgid, cpu);
	}
}

/* Its number is the CPU's. */
static void check_cpu(void *ctx, int cpu, const void *data, size_t size)
{
	uint32_t number;

	ck_assert_uint_ge(size, sizeof(number));
	memcpy(&number, data, sizeof(number));
	ck_assert_uint_eq(number, (uint32_t)cpu);
	++*(size_t *)ctx;
}

/* ---- The same records over both ---- */

/* Of odd sizes, of less than the type, of no type, with each byte told by the argument; bytes that
   come after one another in the kernel's padding; from the stack and from a table's value. */
static const char sizes_program[] = PT_REGS
	"struct whole_t { u64 number; u8 bytes[45]; };\n"
	"struct big_t { u8 bytes[4096]; };\n"
	"BPF_PERF_OUTPUT(wholes);\nBPF_PERF_OUTPUT(parts);\nBPF_PERF_OUTPUT(numbers);\n"
	"BPF_PERF_OUTPUT(odd);\nBPF_PERF_OUTPUT(bigs);\nBPF_PERCPU_ARRAY(room, struct big_t, 1);\n"
	"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
	"{\n"
	"	struct whole_t w = {.number = pid};\n"
	"	char odd_bytes[7] = {};\n"
	"	u32 number = pid;\n"
	"	int zero = 0;\n"
	"	struct big_t *big = room.lookup(&zero);\n"
	"	#pragma unroll\n"
	"	for (int i = 0; i < 45; i++)\n"
	"		w.bytes[i] = pid * 7 + i;\n"
	"	odd_bytes[6] = pid;\n"
	"	wholes.perf_submit(ctx, &w, sizeof(w));\n"
	"	parts.perf_submit(ctx, &w, 21);\n"
	"	numbers.perf_submit(ctx, &number, sizeof(number));\n"
	"	odd.perf_submit(ctx, odd_bytes, sizeof(odd_bytes));\n"
	"	odd.perf_submit(ctx, odd_bytes, 1);\n"
	"	if (!big)\n"
	"		return 0;\n"
	"	big->bytes[pid & 4095] = pid;\n"
	"	bigs.perf_submit(ctx, big, sizeof(*big));\n"
	"	return 0;\n"
	"}\n";

static const char *const sizes_tables[] = {"wholes", "parts", "numbers", "odd", "bigs"};

static void keep_record(void *stream, int cpu, const void *data, size_t size)
{
	fwrite(&cpu, sizeof(cpu), 1, stream);
	fwrite(&size, sizeof(size), 1, stream);
	fwrite(data, size, 1, stream);
}

static void call_on_one_cpu(void *count)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
	call(count);
}

/* All that came out of each table, as bytes. */
static void take_records(bool perf_buffer, char *bytes[], size_t sizes[])
{
	struct hotprobe *hp = load_text(sizes_program, perf_buffer, 0);
	FILE *streams[COUNT(sizes_tables)];
	struct peer peer;
	long calls = 30;

	for (size_t i = 0; i < COUNT(sizes_tables); i++) {
		streams[i] = open_memstream(&bytes[i], &sizes[i]);
		ck_hp(hp, hotprobe_on_event(hp, sizes_tables[i], keep_record, NULL, streams[i]));
	}
	peer = peer_start(call_on_one_cpu, &calls);
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	peer_work(&peer);
	consume_all(hp);
	peer_end(&peer);
	ck_assert_uint_eq(hotprobe_lost(hp, NULL), 0);
	for (size_t i = 0; i < COUNT(sizes_tables); i++)
		fclose(streams[i]);
	hotprobe_free(hp);
}

START_TEST(both_buffers_give_the_same_records_byte_for_byte)
{
	NEED(no_bpf());

	static const size_t submitted[] = {56, 21, 4, 7 + 1, 4096};
	size_t sizes[2][COUNT(sizes_tables)];
	char *bytes[2][COUNT(sizes_tables)];

	take_records(false, bytes[0], sizes[0]);
	take_records(true, bytes[1], sizes[1]);
	for (size_t i = 0; i < COUNT(sizes_tables); i++) {
		size_t heads = (i == 3 ? 2 : 1) * (sizeof(int) + sizeof(size_t));

		ck_assert_uint_eq(sizes[0][i], 30 * (heads + submitted[i]));
		ck_assert_uint_eq(sizes[1][i], sizes[0][i]);
		ck_assert_mem_eq(bytes[1][i], bytes[0][i], sizes[0][i]);
		free(bytes[0][i]);
		free(bytes[1][i]);
	}
}
END_TEST

/* One table that a ring buffer can serve, and two that need what only perf buffers have. */
START_TEST(each_table_gets_the_buffer_it_needs)
{
	NEED(no_bpf());

	struct hotprobe *hp = load_text(
		PT_REGS "BPF_PERF_OUTPUT(plain);\nBPF_PERF_OUTPUT(computed);\nBPF_HASH(h, u32);\n"
			"BPF_PERF_OUTPUT(packets);\n"
			"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
			"{\n"
			"	u64 n[4] = {pid};\n"
			"	plain.perf_submit(ctx, &n, sizeof(n));\n"
			"	computed.perf_submit(ctx, &n, (pid & 15) + 1);\n"
			"	return 0;\n"
			"}\n"
			"int filter(struct __sk_buff *skb)\n"
			"{\n"
			"	u64 n = 1;\n"
			"	packets.perf_submit_skb(skb, skb->len, &n, sizeof(n));\n"
			"	return 0;\n"
			"}\n",
		_i, 0);

	ck_assert_int_eq(hotprobe_table_uses_ring(hotprobe_find_table(hp, "plain")), !_i);
	ck_assert(!hotprobe_table_uses_ring(hotprobe_find_table(hp, "computed")));
	ck_assert(!hotprobe_table_uses_ring(hotprobe_find_table(hp, "packets")));
	ck_assert(!hotprobe_table_uses_ring(hotprobe_find_table(hp, "h")));
	hotprobe_free(hp);
}
END_TEST

/* The perf buffers of this process that woke somebody; that they tell once. */
static int count_readable_perf_buffers(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		char path[64], target[64] = "";

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, target, sizeof(target) - 1) > 0 &&
		    strstr(target, "[perf_event]") && poll(&ready, 1, 0) == 1)
			count += (ready.revents & POLLIN) != 0;
	}
	return count;
}

/* The library's clock, if a test sets one: how fast events come must not depend on the machine. */
static uint64_t fake_ns;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (!fake_ns)
		return (int)syscall(SYS_clock_gettime, clock, now);
	*now = (struct timespec){.tv_sec = (time_t)(fake_ns / 1000000000),
				 .tv_nsec = (long)(fake_ns % 1000000000)};
	return 0;
}

/* So many events within so many milliseconds. */
static void work(struct peer *peer, long *calls, long count, unsigned ms)
{
	*calls = count;
	peer_work(peer);
	fake_ns += ms * 1000000ULL;
}

/* While events come fast the reader is not woken for each, but gets all of them in time. */
START_TEST(fast_events_gather_and_none_is_kept_back)
{
	NEED(no_bpf());

	enum { MANY = 2000, FEW = 10 };
	struct tally tally = {0};
	struct hotprobe *hp = load_text(numbers_program, _i, 0);
	long *calls = mmap(NULL, sizeof(*calls), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	struct peer peer = peer_start(call_on_one_cpu, calls);

	ck_hp(hp, hotprobe_on_event(hp, "numbers", count_event, NULL, &tally));
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	fake_ns = 1000000000;
	/* Slow at first: each wakes. */
	work(&peer, calls, FEW, 10);
	ck_assert_int_eq(count_readable_perf_buffers(), _i);
	ck_assert_int_eq(hotprobe_poll(hp, 0), FEW);
	work(&peer, calls, MANY, 10);
	ck_assert_int_eq(hotprobe_poll(hp, -1), MANY);
	/* Fast now: nobody is woken, and yet a wait ends with them, of whatever length. */
	for (int timeout = -1; timeout < 3; timeout++) {
		work(&peer, calls, FEW, 1);
		ck_assert_int_eq(count_readable_perf_buffers(), 0);
		ck_assert_int_eq(hotprobe_poll(hp, timeout), FEW);
	}
	/* Slow again. */
	work(&peer, calls, 0, 1000);
	ck_assert_int_eq(hotprobe_poll(hp, 20), 0);
	work(&peer, calls, FEW, 10);
	ck_assert_int_eq(count_readable_perf_buffers(), _i);
	ck_assert_int_eq(hotprobe_poll(hp, -1), FEW);
	ck_assert_uint_eq(hotprobe_lost(hp, NULL), 0);
	fake_ns = 0;
	peer_end(&peer);
	hotprobe_free(hp);
	munmap(calls, sizeof(*calls));
}
END_TEST

START_TEST(an_event_comes_with_its_cpu)
{
	NEED(no_bpf());

	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = 0;
	struct hotprobe *hp;
	struct peer peer;

	hp = load_text(numbers_program, _i, 0);
	ck_hp(hp, hotprobe_on_event(hp, "numbers", check_cpu, NULL, &count));
	peer = peer_start(call_on_each_cpu, &cpus);
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_gt(count, 0);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

START_TEST(a_host_waits_in_an_epoll_of_its_own)
{
	NEED(no_bpf());

	struct epoll_event interest = {.events = EPOLLIN}, ready;
	struct tally tally = {0};
	struct hotprobe *hp;
	struct peer peer;
	long calls = 5;
	int epoll_fd;

	hp = load_text(numbers_program, _i, 0);
	ck_hp(hp, hotprobe_on_event(hp, "numbers", count_event, NULL, &tally));
	peer = start_calls(hp, &calls);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	ck_assert_int_eq(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, hotprobe_fd(hp), &interest), 0);
	ck_assert_int_eq(ck_hp(hp, hotprobe_consume(hp)), 0);
	for (size_t round = 1; round <= 3; round++) {
		peer_work(&peer);
		ck_assert_int_eq(epoll_wait(epoll_fd, &ready, 1, 5000), 1);
		do
			ck_hp(hp, hotprobe_consume(hp));
		while (epoll_wait(epoll_fd, &ready, 1, 0) == 1);
		ck_assert_uint_eq(tally.count, round * (size_t)calls);
	}
	close(epoll_fd);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

START_TEST(poll_returns_after_its_timeout_and_on_events)
{
	NEED(no_bpf());

	struct tally tally = {0};
	struct hotprobe *hp;
	struct peer peer;
	long calls = 2;

	hp = load_text(numbers_program, _i, 0);
	ck_hp(hp, hotprobe_on_event(hp, "numbers", count_event, NULL, &tally));
	peer = start_calls(hp, &calls);
	ck_assert_int_eq(hotprobe_poll(hp, 0), 0);
	ck_assert_int_eq(hotprobe_poll(hp, 10), 0);
	peer_work(&peer);
	while (tally.count < 2)
		ck_hp(hp, hotprobe_poll(hp, -1));
	ck_assert_int_eq(hotprobe_poll(hp, 0), 0);
	ck_assert_int_eq(hotprobe_consume(hp), 0);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

static void *stop_soon(void *hp)
{
	usleep(50000);
	hotprobe_stop(hp);
	return NULL;
}

START_TEST(another_thread_stops_a_poll)
{
	NEED(no_bpf());

	struct hotprobe *hp;
	pthread_t thread;

	hp = load_text(numbers_program, _i, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, stop_soon, hp), 0);
	ck_assert_int_eq(hotprobe_poll(hp, -1), -EINTR);
	pthread_join(thread, NULL);
	/* A stop ends one poll; one that came early, the next. */
	ck_assert_int_eq(hotprobe_poll(hp, 0), 0);
	hotprobe_stop(hp);
	hotprobe_stop(hp);
	ck_assert_int_eq(hotprobe_poll(hp, -1), -EINTR);
	ck_assert_int_eq(hotprobe_poll(hp, 0), 0);
	hotprobe_free(hp);
}
END_TEST

static void ignore_signal(int number)
{
	(void)number;
}

struct signaller {
	pthread_t to;
	atomic_bool done;
};

/* Again and again: the first may come before the poll. */
static void *send_signals(void *arg)
{
	struct signaller *signaller = arg;

	while (!signaller->done) {
		usleep(10000);
		pthread_kill(signaller->to, SIGUSR1);
	}
	return NULL;
}

START_TEST(a_signal_ends_a_poll)
{
	NEED(no_bpf());

	struct sigaction action = {.sa_handler = ignore_signal};
	struct signaller signaller = {.to = pthread_self()};
	struct hotprobe *hp;
	pthread_t thread;

	sigaction(SIGUSR1, &action, NULL);
	hp = load_text(numbers_program, _i, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, send_signals, &signaller), 0);
	ck_assert_int_eq(hotprobe_poll(hp, -1), -EINTR);
	signaller.done = true;
	pthread_join(thread, NULL);
	hotprobe_free(hp);
}
END_TEST

/* getpgid(n) to one table, getsid(n) to another. */
static const char two_tables_program[] = PT_REGS
	"BPF_PERF_OUTPUT(groups);\nBPF_PERF_OUTPUT(sessions);\nBPF_HASH(counts, u32, u32);\n"
	"int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
	"{\n	u32 n = pid;\n	groups.perf_submit(ctx, &n, sizeof(n));\n	return 0;\n}\n"
	"int syscall__getsid(struct pt_regs *ctx, int pid)\n"
	"{\n	u64 n = pid;\n	sessions.perf_submit(ctx, &n, sizeof(n));\n	return 0;\n}\n";

static void call_both(void *unused)
{
	(void)unused;
	for (int i = 0; i < 10; i++) {
		syscall(SYS_getpgid, 1);
		syscall(SYS_getsid, 1000);
		syscall(SYS_getsid, 1000);
	}
}

START_TEST(each_table_has_its_own_callback)
{
	NEED(no_bpf());

	struct tally groups = {0}, sessions = {0}, replaced = {0};
	struct hotprobe *hp;
	struct peer peer;

	hp = load_text(two_tables_program, _i, 0);
	ck_hp(hp, hotprobe_on_event(hp, "groups", count_event, NULL, &groups));
	ck_hp(hp, hotprobe_on_event(hp, "sessions", count_event, NULL, &sessions));
	peer = peer_start(call_both, NULL);
	ck_hp(hp, hotprobe_trace_pid(hp, peer.pid));
	ck_hp(hp, hotprobe_attach(hp));
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_eq(groups.count, 10);
	ck_assert_uint_eq(groups.sum, 10);
	ck_assert_uint_eq(sessions.count, 20);
	ck_assert_uint_eq(sessions.sum, 20000);
	ck_hp(hp, hotprobe_on_event(hp, "groups", count_event, NULL, &replaced));
	/* Without a callback events are taken and dropped. */
	ck_hp(hp, hotprobe_on_event(hp, "sessions", NULL, NULL, NULL));
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_eq(groups.count, 10);
	ck_assert_uint_eq(replaced.count, 10);
	ck_assert_uint_eq(sessions.count, 20);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

START_TEST(tables_that_send_nothing_take_no_callback)
{
	NEED(no_bpf());

	struct hotprobe *hp;

	hp = new_handle(NULL);
	open_text(hp, two_tables_program);
	ck_assert_int_eq(hotprobe_on_event(hp, "groups", count_event, NULL, NULL), -EBUSY);
	load_program(hp);
	ck_assert_int_eq(hotprobe_on_event(hp, "counts", count_event, NULL, NULL), -EINVAL);
	ck_assert_int_eq(hotprobe_on_event(hp, "nothing", count_event, NULL, NULL), -ENOENT);
	ck_assert_ptr_nonnull(strstr(hotprobe_error(hp), "nothing"));
	hotprobe_free(hp);
}
END_TEST

/* ---- The same through BPF_RINGBUF_OUTPUT -------------------------------------------------------
 */

static const char ringbuf_program[] = PT_REGS "struct number_t { u32 number; };\n"
					      "BPF_RINGBUF_OUTPUT(numbers, 8);\n"
					      "int syscall__getpgid(struct pt_regs *ctx, int pid)\n"
					      "{\n"
					      "	struct number_t n = {.number = pid};\n"
					      "	numbers.ringbuf_output(&n, sizeof(n), 0);\n"
					      "	return 0;\n"
					      "}\n";

START_TEST(a_ringbuf_output_delivers_too)
{
	NEED(no_bpf());

	struct tally tally = {0};
	struct hotprobe *hp;
	struct peer peer;
	long calls = 100;

	hp = load_text(ringbuf_program, false, 0);
	ck_assert_str_eq(hotprobe_type_name(hotprobe_event_type(hp, "numbers")), "number_t");
	ck_hp(hp, hotprobe_on_event(hp, "numbers", count_event, count_lost, &tally));
	peer = start_calls(hp, &calls);
	peer_work(&peer);
	consume_all(hp);
	ck_assert_uint_eq(tally.count, 100);
	ck_assert_uint_eq(tally.sum, 99 * 100 / 2);
	ck_assert_uint_eq(tally.size, 4);
	ck_assert_int_eq(tally.cpu, -1);
	peer_end(&peer);
	hotprobe_free(hp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("events");

	add_loop_test(suite, fields_of_every_kind_arrive_as_the_program_wrote_them, 30, 2);
	add_loop_test(suite, a_record_has_the_size_that_was_submitted, 30, 2);
	add_loop_test(suite, what_is_lost_is_counted, 30, 2);
	add_loop_test(suite, records_that_wrap_around_the_buffer_are_whole, 60, 2);
	add_test(suite, both_buffers_give_the_same_records_byte_for_byte, 30);
	add_loop_test(suite, each_table_gets_the_buffer_it_needs, 30, 2);
	add_loop_test(suite, fast_events_gather_and_none_is_kept_back, 30, 2);
	add_loop_test(suite, an_event_comes_with_its_cpu, 30, 2);
	add_loop_test(suite, a_host_waits_in_an_epoll_of_its_own, 30, 2);
	add_loop_test(suite, poll_returns_after_its_timeout_and_on_events, 30, 2);
	add_loop_test(suite, another_thread_stops_a_poll, 30, 2);
	add_loop_test(suite, a_signal_ends_a_poll, 30, 2);
	add_loop_test(suite, each_table_has_its_own_callback, 30, 2);
	add_test(suite, tables_that_send_nothing_take_no_callback, 30);
	add_test(suite, a_ringbuf_output_delivers_too, 30);
	return run_suite(suite);
}
