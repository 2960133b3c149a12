/* SPDX-License-Identifier: Apache-2.0 */
/* Each of programs/: it runs, and tells of known activity what is true of it. */
#include "support.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- What a run printed ------------------------------------------------------------------------
 */

struct printed {
	struct result result;
	json_t *lines; /* what of it is JSON */
};

/* Runs programs/NAME.c --json against a command; words ends with NULL and begins with options for
   hotprobe, if there are any, and "--". */
static struct printed run_program(const char *name, const char *const *words)
{
	char *path = format("programs/%s.c", name);
	const char *argv[64] = {build_path("hotprobe"), "run", "--json", source_path(path)};
	struct printed printed = {.lines = json_array()};
	size_t count = 4;
	char *rest;

	while (*words)
		argv[count++] = *words++;
	printed.result = run(argv, NULL, 0);
	rest = printed.result.out;
	for (char *line; (line = strsep(&rest, "\n"));) {
		json_t *object = json_loads(line, 0, NULL);

		if (object)
			json_array_append_new(printed.lines, object);
	}
	free(path);
	return printed;
}

#define RUN_PROGRAM(name, ...) run_program(name, (const char *const[]){__VA_ARGS__, NULL})

static void free_printed(struct printed *printed)
{
	json_decref(printed->lines);
	result_free(&printed->result);
}

/* What each event holds. */
static json_t *data_of(const json_t *line)
{
	return json_object_get(line, "data");
}

static const char *string_at(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static long long number_at(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* The events with that text as that member. */
static size_t count_events(const struct printed *printed, const char *name, const char *text,
			   json_t **last)
{
	size_t count = 0, i;
	json_t *line;

	json_array_foreach (printed->lines, i, line) {
		json_t *data = data_of(line);

		if (!data || strcmp(string_at(data, name), text))
			continue;
		if (last)
			*last = data;
		count++;
	}
	return count;
}

static json_t *entries_of(const struct printed *printed, const char *table)
{
	json_t *line;
	size_t i;

	json_array_foreach (printed->lines, i, line)
		if (!strcmp(string_at(line, "table"), table))
			return json_object_get(line, json_object_get(line, "histograms")
							     ? "histograms"
							     : "entries");
	return NULL;
}

/* The entry (or histogram) whose key has that text as that member. */
static json_t *find_entry(const struct printed *printed, const char *table, const char *name,
			  const char *text)
{
	json_t *entry;
	size_t i;

	json_array_foreach (entries_of(printed, table), i, entry)
		if (!strcmp(string_at(json_object_get(entry, "key"), name), text))
			return entry;
	return NULL;
}

/* All that a histogram counted from low to high. */
static long long count_rows(const json_t *histogram, long long low, long long high)
{
	long long count = 0;
	json_t *row;
	size_t i;

	json_array_foreach (json_object_get(histogram, "rows"), i, row)
		if (number_at(row, "low") >= low && number_at(row, "high") <= high)
			count += number_at(row, "count");
	return count;
}

#define ck_printed(condition)                                                                      \
	ck_assert_msg(condition, "not so: %s\n%.1000s%.3000s", #condition, printed.result.err,     \
		      json_dumps(printed.lines, JSON_INDENT(1)))

static const char *shell(void)
{
	return "/bin/sh";
}

/* ---- Processes ---------------------------------------------------------------------------------
 */

START_TEST(forksnoop)
{
	char *dir = make_dir();
	struct printed printed;

	NEED(no_bpf());
	printed = RUN_PROGRAM("forksnoop", "--", build_path("tests/child"), "forks", dir, "5");
	ck_printed(count_events(&printed, "comm", "child", NULL) == 5);
	ck_printed(!json_is_true(
		json_object_get(data_of(json_array_get(printed.lines, 0)), "thread")));
	free_printed(&printed);
	remove_dir(dir);
}
END_TEST

START_TEST(exitsnoop)
{
	struct printed printed;
	json_t *first, *second;

	NEED(no_bpf());
	printed = RUN_PROGRAM("exitsnoop", "--", shell(), "-c", "(exit 3); kill -9 $$");
	ck_printed(json_array_size(printed.lines) == 2);
	first = data_of(json_array_get(printed.lines, 0));
	second = data_of(json_array_get(printed.lines, 1));
	ck_printed(number_at(first, "code") == 3 && number_at(first, "signal") == 0);
	ck_printed(number_at(second, "signal") == 9);
	ck_printed(number_at(first, "ppid") == number_at(second, "pid"));
	ck_printed(number_at(second, "age_ns") > number_at(first, "age_ns"));
	free_printed(&printed);
}
END_TEST

START_TEST(sigsnoop)
{
	struct printed printed;
	json_t *signal = NULL;
	size_t found = 0, i;

	NEED(no_bpf());
	printed = RUN_PROGRAM("sigsnoop", "--", shell(), "-c", "sleep 9 & kill -15 $!; wait");
	json_array_foreach (printed.lines, i, signal)
		found += number_at(data_of(signal), "signal") == 15 &&
			 !strcmp(string_at(data_of(signal), "comm"), "sh");
	ck_printed(found == 1);
	free_printed(&printed);
}
END_TEST

/* Seven getpgid(2), which is 121 on x86-64 and 155 on arm64; three fail. */
START_TEST(syscount)
{
	struct printed printed;
	json_t *entry, *value;
	bool found = false;
	size_t i;

	NEED(no_bpf());
	printed = RUN_PROGRAM("syscount", "--", build_path("tests/child"), "numbers", "0", "0", "0",
			      "0", "7000001", "7000002", "7000003");
	json_array_foreach (entries_of(&printed, "syscalls"), i, entry) {
		value = json_object_get(entry, "value");
		found = found ||
			(number_at(value, "calls") == 7 && number_at(value, "errors") == 3);
	}
	ck_printed(found);
	ck_printed(!entries_of(&printed, "starts"));
	free_printed(&printed);
}
END_TEST

START_TEST(syslatency)
{
	struct printed printed;
	json_t *histogram;
	bool found = false;
	size_t i;

	NEED(no_bpf());
	printed = RUN_PROGRAM("syslatency", "--", build_path("tests/child"), "six", "123");
	json_array_foreach (entries_of(&printed, "nanoseconds"), i, histogram)
		found = found || count_rows(histogram, 0, INT64_MAX) == 123;
	ck_printed(found);
	free_printed(&printed);
}
END_TEST

START_TEST(errsnoop)
{
	struct printed printed;
	size_t i, found = 0;
	json_t *line;

	NEED(no_bpf());
	printed = RUN_PROGRAM("errsnoop", "--", build_path("tests/child"), "numbers", "0",
			      "7000001", "7000002");
	json_array_foreach (printed.lines, i, line)
		found += number_at(data_of(line), "ret") == -3; /* ESRCH */
	ck_printed(found == 2);
	free_printed(&printed);
}
END_TEST

/* ---- Files -------------------------------------------------------------------------------------
 */

START_TEST(statsnoop)
{
	struct printed printed;
	json_t *stat;

	NEED(no_bpf());
	printed = RUN_PROGRAM("statsnoop", "--", "stat", "/etc/hostname", "/nosuch.hotprobe");
	ck_printed(count_events(&printed, "file", "/etc/hostname", &stat) >= 1);
	ck_printed(number_at(stat, "ret") == 0);
	ck_printed(count_events(&printed, "file", "/nosuch.hotprobe", &stat) >= 1 ||
		   count_events(&printed, "file", "?", &stat) >= 1);
	ck_printed(number_at(stat, "ret") == -2);
	free_printed(&printed);
}
END_TEST

START_TEST(rmsnoop)
{
	char *dir = make_dir(), *script = format("cd %s; mkdir d; touch d/f; rm d/f; rmdir d", dir);
	struct printed printed;
	json_t *removal;

	NEED(no_bpf());
	printed = RUN_PROGRAM("rmsnoop", "--", shell(), "-c", script);
	ck_printed(json_array_size(printed.lines) == 2);
	ck_printed(count_events(&printed, "file", "d/f", &removal) == 1);
	ck_printed(!json_is_true(json_object_get(removal, "directory")));
	ck_printed(count_events(&printed, "file", "d", &removal) == 1);
	ck_printed(json_is_true(json_object_get(removal, "directory")));
	free_printed(&printed);
	free(script);
	remove_dir(dir);
}
END_TEST

START_TEST(filetop)
{
	char *dir = make_dir(), *to = format("of=%s/copied", dir);
	struct printed printed;
	json_t *value;

	NEED(no_bpf());
	printed = RUN_PROGRAM("filetop", "--", "dd", "if=/dev/zero", to, "bs=1000", "count=7",
			      "status=none");
	value = json_object_get(find_entry(&printed, "files", "file", "zero"), "value");
	ck_printed(number_at(value, "reads") == 7 && number_at(value, "read_bytes") == 7000);
	value = json_object_get(find_entry(&printed, "files", "file", "copied"), "value");
	ck_printed(number_at(value, "writes") == 7 && number_at(value, "written_bytes") == 7000);
	free_printed(&printed);
	free(to);
	remove_dir(dir);
}
END_TEST

START_TEST(iosize)
{
	struct printed printed;
	json_t *histogram;
	size_t i;
	long long reads = 0, writes = 0;

	NEED(no_bpf());
	printed = RUN_PROGRAM("iosize", "--", "dd", "if=/dev/zero", "of=/dev/null", "bs=100000",
			      "count=9", "status=none");
	json_array_foreach (entries_of(&printed, "bytes"), i, histogram) {
		const char *operation = string_at(json_object_get(histogram, "key"), "operation");
		long long *count = strcmp(operation, "READ") ? &writes : &reads;

		*count += count_rows(histogram, 65536, 131071);
	}
	ck_printed(reads == 9 && writes == 9);
	free_printed(&printed);
}
END_TEST

START_TEST(syncsnoop)
{
	char *dir = make_dir(), *to = format("of=%s/f", dir);
	struct printed printed;
	json_t *sync;

	NEED(no_bpf());
	printed = RUN_PROGRAM("syncsnoop", "--", "dd", "if=/dev/zero", to, "count=1", "conv=fsync",
			      "status=none");
	ck_printed(count_events(&printed, "call", "FSYNC", &sync) == 1);
	ck_printed(number_at(sync, "ret") == 0 && number_at(sync, "latency_ns") > 0);
	free_printed(&printed);
	free(to);
	remove_dir(dir);
}
END_TEST

START_TEST(mountsnoop)
{
	char *dir = make_dir();
	char *script = format("mount -t tmpfs none %s && umount %s && umount -i %s", dir, dir, dir);
	struct printed printed;
	size_t i, mounts = 0, unmounts = 0, failed = 0;
	json_t *line;

	NEED(no_bpf());
	printed = RUN_PROGRAM("mountsnoop", "--", "unshare", "-m", shell(), "-c", script);
	json_array_foreach (printed.lines, i, line) {
		json_t *data = data_of(line);

		if (strcmp(string_at(data, "target"), dir))
			continue;
		if (number_at(data, "ret"))
			failed++;
		else if (json_is_true(json_object_get(data, "unmount")))
			unmounts++;
		else
			mounts++;
	}
	ck_printed(mounts == 1 && unmounts == 1 && failed >= 1);
	free_printed(&printed);
	free(script);
	remove_dir(dir);
}
END_TEST

/* ---- Network -----------------------------------------------------------------------------------
 */

/* Talks to itself: 1000 bytes one way and 10 the other. */
#define TALK                                                                                       \
	"import socket\n"                                                                          \
	"s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(1)\n"                             \
	"c = socket.create_connection(s.getsockname()); a, _ = s.accept()\n"                       \
	"c.sendall(b'x' * 1000)\n"                                                                 \
	"n = 0\n"                                                                                  \
	"while n < 1000: n += len(a.recv(4096))\n"                                                 \
	"a.sendall(b'y' * 10); c.recv(100)\n"                                                      \
	"c.close(); a.close(); s.close()\n"
#define LOCALHOST 16777343 /* 127.0.0.1 in network order, as a number here */

START_TEST(tcpconnect)
{
	struct printed printed;
	json_t *data;

	NEED(no_bpf());
	printed = RUN_PROGRAM("tcpconnect", "--", "/usr/bin/python3", "-c", TALK);
	ck_printed(json_array_size(printed.lines) == 1);
	data = data_of(json_array_get(printed.lines, 0));
	ck_printed(number_at(data, "daddr") == LOCALHOST && number_at(data, "dport") > 0);
	free_printed(&printed);
}
END_TEST

START_TEST(tcpstates)
{
	struct printed printed;

	NEED(no_bpf());
	printed = RUN_PROGRAM("tcpstates", "--", "/usr/bin/python3", "-c", TALK);
	ck_printed(count_events(&printed, "to", "SYN_SENT", NULL) == 1);
	ck_printed(count_events(&printed, "to", "ESTABLISHED", NULL) == 2);
	ck_printed(count_events(&printed, "to", "LISTEN", NULL) == 1);
	free_printed(&printed);
}
END_TEST

START_TEST(connectlat)
{
	struct printed printed;
	json_t *data;

	NEED(no_bpf());
	/* Nobody listens at port 1. */
	printed = RUN_PROGRAM("connectlat", "--", "/usr/bin/python3", "-c",
			      "import socket\nsocket.socket().connect_ex(('127.0.0.1', 1))\n");
	ck_printed(json_array_size(printed.lines) == 1);
	data = data_of(json_array_get(printed.lines, 0));
	ck_printed(number_at(data, "ip") == LOCALHOST && number_at(data, "port") == 1);
	ck_printed(number_at(data, "ret") == -111); /* ECONNREFUSED */
	free_printed(&printed);
}
END_TEST

START_TEST(netbytes)
{
	struct printed printed;
	json_t *value;

	NEED(no_bpf());
	printed = RUN_PROGRAM("netbytes", "--", "/usr/bin/python3", "-c", TALK);
	if (strstr(printed.result.err, "sock_send_length"))
		SKIP("this kernel does not have sock:sock_send_length");
	value = json_object_get(find_entry(&printed, "sockets", "protocol", "TCP"), "value");
	ck_printed(number_at(value, "sent") == 1010 && number_at(value, "received") == 1010);
	free_printed(&printed);
}
END_TEST

/* ---- Scheduling and memory ---------------------------------------------------------------------
 */

START_TEST(ctxsw)
{
	struct printed printed;
	json_t *entry;
	long long sleeps = 0, ended = 0;
	size_t i;

	NEED(no_bpf());
	/* Long enough that none is over before it begins, on a loaded machine too. */
	printed = RUN_PROGRAM("ctxsw", "--", "/usr/bin/python3", "-c",
			      "import time\nfor i in range(25): time.sleep(0.04)\n");
	json_array_foreach (entries_of(&printed, "switches"), i, entry) {
		const char *reason = string_at(json_object_get(entry, "key"), "reason");

		sleeps += strcmp(reason, "SLEEPS") ? 0 : number_at(entry, "value");
		ended += strcmp(reason, "ENDED") ? 0 : number_at(entry, "value");
	}
	ck_printed(sleeps >= 25);
	ck_printed(ended == 1);
	free_printed(&printed);
}
END_TEST

START_TEST(futexwait)
{
	struct printed printed;

	NEED(no_bpf());
	/* A wait of 0.2 s for a lock that nobody opens. */
	printed = RUN_PROGRAM("futexwait", "--", "/usr/bin/python3", "-c",
			      "import threading\nl = threading.Lock()\nl.acquire()\n"
			      "l.acquire(timeout=0.2)\n");
	ck_printed(count_rows(find_entry(&printed, "microseconds", "comm", "python3"), 131072,
			      INT64_MAX) == 1);
	free_printed(&printed);
}
END_TEST

/* A second of CPU time gives about 99 samples; a loaded machine takes longer for it, not more. */
START_TEST(profile)
{
	struct printed printed;
	long long samples = 0;
	json_t *entry;
	size_t i;

	NEED(no_bpf());
	printed = RUN_PROGRAM("profile", "--", "/usr/bin/python3", "-c",
			      "import time\nwhile time.process_time() < 1: pass\n");
	json_array_foreach (entries_of(&printed, "samples"), i, entry)
		samples += number_at(entry, "value");
	ck_printed(samples > 60 && samples < 130);
	free_printed(&printed);
}
END_TEST

/* 8 MiB in pages of 4 KiB: 34 is MAP_PRIVATE and MAP_ANONYMOUS, 15 MADV_NOHUGEPAGE. With
   pauses: the kernel passes over samples that come too fast. */
START_TEST(faults)
{
	struct printed printed;
	long long total = 0;
	json_t *entry;
	size_t i;

	NEED(no_bpf());
	printed = RUN_PROGRAM(
		"faults", "--", "/usr/bin/python3", "-c",
		"import mmap, time\nm = mmap.mmap(-1, 1 << 23, flags=34)\nm.madvise(15)\n"
		"for i in range(0, 1 << 23, 4096):\n	m[i] = 1\n"
		"	if not i % 409600: time.sleep(0.02)\n");
	json_array_foreach (entries_of(&printed, "faults"), i, entry)
		total += number_at(entry, "value");
	ck_printed(total >= 2048);
	free_printed(&printed);
}
END_TEST

START_TEST(mmapsnoop)
{
	struct printed printed;
	size_t i, found = 0;
	json_t *line;

	NEED(no_bpf());
	printed = RUN_PROGRAM("mmapsnoop", "--", "/usr/bin/python3", "-c",
			      "import mmap\nmmap.mmap(-1, 1234 * 4096, prot=mmap.PROT_READ)\n");
	json_array_foreach (printed.lines, i, line) {
		json_t *data = data_of(line);

		found += number_at(data, "bytes") == 1234 * 4096 && number_at(data, "fd") == -1 &&
			 json_is_true(json_object_get(data, "read")) &&
			 !json_is_true(json_object_get(data, "write"));
	}
	ck_printed(found == 1);
	free_printed(&printed);
}
END_TEST

/* ---- User space --------------------------------------------------------------------------------
 */

#define LIBC "import ctypes\nc = ctypes.CDLL('libc.so.6')\nc.malloc.restype = ctypes.c_void_p\n"

START_TEST(mallocsize)
{
	struct printed printed;

	NEED(no_bpf());
	printed = RUN_PROGRAM("mallocsize", "--", "/usr/bin/python3", "-c",
			      LIBC "for i in range(17): c.malloc(50000000)\n");
	ck_printed(count_rows(find_entry(&printed, "bytes", "comm", "python3"), 33554432,
			      67108863) == 17);
	free_printed(&printed);
}
END_TEST

/* Of ten pieces three are given back. */
START_TEST(memleak)
{
	struct printed printed;
	bool found = false;
	json_t *entry;
	size_t i;

	NEED(no_bpf());
	printed = RUN_PROGRAM("memleak", "--tables", "unfreed", "--", "/usr/bin/python3", "-c",
			      LIBC "p = [c.malloc(3000000) for i in range(10)]\n"
				   "for a in p[:3]: c.free(ctypes.c_void_p(a))\n");
	json_array_foreach (entries_of(&printed, "unfreed"), i, entry) {
		json_t *value = json_object_get(entry, "value");

		found = found ||
			(number_at(value, "bytes") == 21000000 && number_at(value, "pieces") == 7);
	}
	ck_printed(found);
	free_printed(&printed);
}
END_TEST

START_TEST(threadsnoop)
{
	struct printed printed;

	NEED(no_bpf());
	printed = RUN_PROGRAM("threadsnoop", "--", "/usr/bin/python3", "-c",
			      "import threading\nfor i in range(4):\n"
			      "	t = threading.Thread(target=lambda: None)\n	t.start()\n"
			      "	t.join()\n");
	ck_printed(count_events(&printed, "comm", "python3", NULL) == 4);
	free_printed(&printed);
}
END_TEST

START_TEST(resolve)
{
	struct printed printed;
	json_t *lookup;

	NEED(no_bpf());
	printed = RUN_PROGRAM("resolve", "--", "/usr/bin/python3", "-c",
			      "import socket\nsocket.getaddrinfo('127.0.0.1', 80)\n");
	ck_printed(count_events(&printed, "name", "127.0.0.1", &lookup) == 1);
	ck_printed(number_at(lookup, "result") == 0);
	free_printed(&printed);
}
END_TEST

START_TEST(bashreadline)
{
	struct printed printed;

	NEED(no_bpf());
	printed = RUN_PROGRAM("bashreadline", "--", "/usr/bin/python3", "-c",
			      "import os, pty\npid, fd = pty.fork()\n"
			      "if not pid: os.execv('/bin/bash', ['bash', '--norc', '-i'])\n"
			      "os.write(fd, b'echo typed by hand\\nexit\\n')\n"
			      "try:\n"
			      "	while os.read(fd, 1024): pass\n"
			      "except OSError: pass\n"
			      "os.waitpid(pid, 0)\n");
	ck_printed(count_events(&printed, "line", "echo typed by hand", NULL) == 1);
	ck_printed(count_events(&printed, "line", "exit", NULL) == 1);
	free_printed(&printed);
}
END_TEST

START_TEST(funclatency)
{
	char *entry = format("uprobe:%s:outer=on_entry", build_path("tests/user_child"));
	char *leave = format("uretprobe:%s:outer=on_return", build_path("tests/user_child"));
	struct printed printed;

	NEED(no_bpf());
	printed = RUN_PROGRAM("funclatency", "--attach", entry, "--attach", leave, "--",
			      build_path("tests/user_child"), "stack", "40");
	ck_printed(count_rows(json_array_get(entries_of(&printed, "nanoseconds"), 0), 0,
			      INT64_MAX) == 40);
	free_printed(&printed);
	free(entry);
	free(leave);
}
END_TEST

START_TEST(pygc)
{
	struct printed printed;
	size_t i, found = 0;
	json_t *line;

	NEED(no_bpf());
	printed = RUN_PROGRAM("pygc", "--", "/usr/bin/python3", "-c",
			      "import gc\ngc.disable()\nfor i in range(5000):\n"
			      "	a = []\n	a.append(a)\ndel a\ngc.collect()\n");
	json_array_foreach (printed.lines, i, line)
		found += number_at(data_of(line), "generation") == 2 &&
			 number_at(data_of(line), "freed") >= 5000;
	ck_printed(found == 1);
	free_printed(&printed);
}
END_TEST

/* ---- Those that tell the truth for the whole system alone: they load ---------------------------
 */

START_TEST(the_others_load)
{
	static const char *const names[] = {"biosize", "biolatency", "runqlat"};

	NEED(no_bpf());
	for (size_t i = 0; i < COUNT(names); i++) {
		char *path = format("programs/%s.c", names[i]);
		struct result r = RUN(build_path("hotprobe"), "check", source_path(path));

		ck_assert_msg(!r.status, "%s: %s", path, r.err);
		result_free(&r);
		free(path);
	}
}
END_TEST

START_TEST(runqlat)
{
	struct printed printed;

	NEED(no_bpf());
	NEED(shared_machine());
	/* Each sleep is woken once, at least. */
	printed = RUN_PROGRAM("runqlat", "--all", "--", shell(), "-c",
			      "for i in 1 2 3 4 5; do sleep 0.01; done");
	ck_printed(count_rows(json_array_get(entries_of(&printed, "microseconds"), 0), 0,
			      INT64_MAX) >= 5);
	free_printed(&printed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("programs");
	const TTest *tests[] = {
		forksnoop,  exitsnoop,	  sigsnoop,    syscount,   syslatency,	    errsnoop,
		statsnoop,  rmsnoop,	  filetop,     iosize,	   syncsnoop,	    mountsnoop,
		tcpconnect, tcpstates,	  connectlat,  netbytes,   ctxsw,	    futexwait,
		profile,    faults,	  mmapsnoop,   mallocsize, memleak,	    threadsnoop,
		resolve,    bashreadline, funclatency, pygc,	   the_others_load, runqlat,
	};

	for (size_t i = 0; i < COUNT(tests); i++)
		add_test(suite, tests[i], 60);
	return run_suite(suite);
}
