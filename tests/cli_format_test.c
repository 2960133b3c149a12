/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions of numbers, --format and --csv. */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../cli/convert.h"
#include "../cli/line_format.h"
#include "../cli/output.h"

static const char source[] =
	"#include <uapi/linux/ptrace.h>\n"
	"struct in_t { u16 port; u32 addr; };\n"
	"struct event_t {\n"
	"	int ret; s64 long_ret; u64 delta_ns; s64 delta; u64 wait_us; u32 age_ms;\n"
	"	u64 ts; u32 daddr; u8 v6_addr[16]; u64 ip; void *fn; u32 flags; u32 count;\n"
	"	char comm[16]; struct in_t peer; u32 bits : 3; u32 args[2];\n"
	"};\n"
	"struct other_t { u32 pid; };\n"
	"BPF_PERF_OUTPUT(events);\n"
	"BPF_PERF_OUTPUT(others);\n"
	"int kprobe__f(struct pt_regs *ctx)\n"
	"{\n"
	"	struct event_t e = {};\n"
	"	struct other_t o = {};\n"
	"	events.perf_submit(ctx, &e, sizeof(e));\n"
	"	others.perf_submit(ctx, &o, sizeof(o));\n"
	"	return 0;\n"
	"}\n";

/* The same, as C lays it out here. */
struct event {
	int ret;
	int64_t long_ret;
	uint64_t delta_ns;
	int64_t delta;
	uint64_t wait_us;
	uint32_t age_ms;
	uint64_t ts;
	uint8_t daddr[4];
	uint8_t v6_addr[16];
	uint64_t ip;
	uint64_t fn;
	uint32_t flags, count;
	char comm[16];
	struct {
		uint16_t port, padding;
		uint8_t addr[4];
	} peer;
	uint32_t bits : 3;
	uint32_t args[2];
};

static struct hotprobe *hp;
static struct event event;

static void begin(void)
{
	hp = new_handle(NULL);
	open_text(hp, source);
	memset(&event, 0, sizeof(event));
	ck_assert_uint_eq(hotprobe_type_size(hotprobe_event_type(hp, "events")), sizeof(event));
}

/* ---- Conversions -------------------------------------------------------------------------------
 */

static const char *shown_as(const char *path, int conversion)
{
	static char shown[256];
	struct hotprobe_value value;
	struct text text = {0};

	ck_assert_int_eq(hotprobe_field(hotprobe_event_type(hp, "events"), &event, sizeof(event),
					path, &value),
			 0);
	convert(&text, hp, conversion < 0 ? conversion_for(&value) : (enum conversion)conversion,
		&value);
	snprintf(shown, sizeof(shown), "%s", text_cstr(&text));
	text_free(&text);
	return shown;
}

static const char *shown(const char *path)
{
	return shown_as(path, -1);
}

START_TEST(errors_have_names)
{
	begin();
	event.ret = -2;
	ck_assert_str_eq(shown("ret"), "ENOENT");
	event.long_ret = -110;
	ck_assert_str_eq(shown("long_ret"), "ETIMEDOUT");
	event.ret = 3;
	ck_assert_str_eq(shown("ret"), "3");
	/* -4096 is an address' end, and -4000 no error that has a name. */
	event.ret = -4096;
	ck_assert_str_eq(shown("ret"), "-4096");
	event.ret = -4000;
	ck_assert_str_eq(shown("ret"), "-4000");
	hotprobe_free(hp);
}
END_TEST

START_TEST(durations_have_units)
{
	static const struct {
		uint64_t ns;
		const char *shown;
	} cases[] = {
		{0, "0ns"},
		{999, "999ns"},
		{1000, "1.00us"},
		{12345, "12.3us"},
		{999999, "1000us"},
		{1234567, "1.23ms"},
		{1500000000, "1.50s"},
		{86400000000000, "86400s"},
	};

	begin();
	for (size_t i = 0; i < COUNT(cases); i++) {
		event.delta_ns = cases[i].ns;
		ck_assert_str_eq(shown("delta_ns"), cases[i].shown);
	}
	event.delta = -2500;
	ck_assert_str_eq(shown("delta"), "-2.50us");
	event.wait_us = 1500;
	ck_assert_str_eq(shown("wait_us"), "1.50ms");
	event.age_ms = 250;
	ck_assert_str_eq(shown("age_ms"), "250ms");
	/* No duration is so long: the number itself says more. */
	event.delta_ns = UINT64_MAX;
	ck_assert_str_eq(shown("delta_ns"), "18446744073709551615");
	hotprobe_free(hp);
}
END_TEST

START_TEST(times_are_of_the_day)
{
	struct timespec monotonic, real;
	char wanted[16];
	struct tm local;

	begin();
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_REALTIME, &real);
	event.ts = (uint64_t)monotonic.tv_sec * 1000000000 + (uint64_t)monotonic.tv_nsec;
	strftime(wanted, sizeof(wanted), "%H:%M:", localtime_r(&real.tv_sec, &local));
	ck_assert_msg(strstr(shown("ts"), wanted) == shown("ts") || local.tm_sec == 59 ||
			      local.tm_sec == 0,
		      "%s is not %s", shown("ts"), wanted);
	ck_assert_uint_eq(strlen(shown("ts")), strlen("01:02:03.456789"));
	/* Not of this clock. */
	event.ts = 0;
	ck_assert_str_eq(shown("ts"), "0");
	event.ts = 1764000000000000000;
	ck_assert_str_eq(shown("ts"), "1764000000000000000");
	hotprobe_free(hp);
}
END_TEST

START_TEST(addresses_have_dots)
{
	begin();
	memcpy(event.daddr, "\x7f\0\0\1", 4);
	ck_assert_str_eq(shown("daddr"), "127.0.0.1");
	memcpy(event.peer.addr, "\xc0\xa8\x01\xff", 4);
	ck_assert_str_eq(shown("peer.addr"), "192.168.1.255");
	event.v6_addr[0] = 0xfe;
	event.v6_addr[1] = 0x80;
	event.v6_addr[15] = 1;
	ck_assert_str_eq(shown("v6_addr"), "fe80::1");
	hotprobe_free(hp);
}
END_TEST

static uint64_t address_of(const char *function)
{
	char line[512], name[256];
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long long address = 0, found = 0;
	char type;

	while (file && !found && fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx %c %255s", &address, &type, name) == 3 &&
		    !strcmp(name, function))
			found = address;
	if (file)
		fclose(file);
	return found;
}

START_TEST(kernel_addresses_have_names)
{
	begin();
	event.ip = address_of("vfs_read");
	if (event.ip) {
		ck_assert_str_eq(shown("ip"), "vfs_read");
		event.ip += 4;
		event.fn = event.ip;
		ck_assert_str_eq(shown("ip"), "vfs_read+0x4");
		ck_assert_str_eq(shown("fn"), "vfs_read+0x4");
	}
	event.ip = 0x401000;
	ck_assert_str_eq(shown("ip"), "0x401000");
	hotprobe_free(hp);
}
END_TEST

START_TEST(others_stay_as_they_are)
{
	begin();
	event.count = 4000000000;
	event.flags = 0x80241;
	event.bits = 5;
	strcpy(event.comm, "a\nb");
	ck_assert_str_eq(shown("count"), "4000000000");
	ck_assert_str_eq(shown("flags"), "0x80241");
	ck_assert_str_eq(shown("bits"), "5");
	ck_assert_str_eq(shown("comm"), "a\\nb");
	/* A conversion that does not fit. */
	ck_assert_str_eq(shown_as("comm", CONVERT_ERRNO), "a\\nb");
	ck_assert_str_eq(shown_as("count", CONVERT_NONE), "4000000000");
	event.ret = -1;
	ck_assert_str_eq(shown_as("ret", CONVERT_HEX), "0xffffffff");
	hotprobe_free(hp);
}
END_TEST

/* ---- --format ----------------------------------------------------------------------------------
 */

/* The event as a line of that format. */
static void check_line(const char *format, const char *wanted)
{
	struct line_format lines;
	struct output out;
	struct output_table *table;
	size_t at;

	ck_assert_ptr_null(line_format_parse(&lines, format, &at));
	ck_assert_ptr_null(line_format_unknown(&lines, hp));
	output_open(&out, &output_lines, -1);
	out.hp = hp;
	out.line_format = &lines;
	table = output_add_table(&out, "events", hotprobe_event_type(hp, "events"));
	output_event(table, 1, &event, sizeof(event));
	ck_assert_int_eq(out.error, 0);
	text_cstr(&out.buffer);
	ck_assert_str_eq(out.buffer.data, wanted);
	output_close(&out);
	line_format_free(&lines);
}

START_TEST(lines_are_made_of_fields)
{
	begin();
	event.ret = -2;
	event.count = 17;
	event.bits = 3;
	event.args[1] = 9;
	event.peer.port = 80;
	strcpy(event.comm, "caf\xc3\xa9");
	check_line("{comm}", "caf\xc3\xa9\n");
	check_line("{comm:6}|{count:5}|{count:<5}|{comm:>6}|{count:^6}|",
		   "caf\xc3\xa9  |   17|17   |  caf\xc3\xa9|  17  |\n");
	check_line("{comm:5.2}|{comm:.0}", "ca   |caf\xc3\xa9\n");
	check_line("{ret} {ret!raw} {ret!hex} {count!hex}", "ENOENT -2 0xfffffffe 0x11\n");
	check_line("{peer.port} {args[1]} {bits} {cpu} {event}", "80 9 3 1 events\n");
	check_line("{{{count}}}\\t\\\\ \\n.", "{17}\t\\ \n.\n");
	check_line("", "\n");
	hotprobe_free(hp);
}
END_TEST

START_TEST(short_records_have_gaps)
{
	struct line_format lines;
	struct output out;
	size_t at;

	begin();
	event.ret = 5;
	ck_assert_ptr_null(line_format_parse(&lines, "{ret} {count} {comm}", &at));
	output_open(&out, &output_lines, -1);
	out.line_format = &lines;
	output_event(output_add_table(&out, "events", hotprobe_event_type(hp, "events")), 0, &event,
		     offsetof(struct event, count));
	/* A table whose events have other fields. */
	output_event(output_add_table(&out, "others", hotprobe_event_type(hp, "others")), 0, &event,
		     4);
	text_cstr(&out.buffer);
	ck_assert_str_eq(out.buffer.data, "5 - -\n- - -\n");
	output_close(&out);
	line_format_free(&lines);
	hotprobe_free(hp);
}
END_TEST

START_TEST(bad_formats_are_refused)
{
	static const struct {
		const char *format;
		size_t at;
	} bad[] = {
		{"{", 1},	  {"{}", 1},	      {"a{b", 3},
		{"}", 0},	  {"{a!}", 3},	      {"{a!what}", 3},
		{"{a:x}", 3},	  {"{a:<}x}", 6},     {"{a:5.}", 5},
		{"{a:99999}", 3}, {"\\x", 0},	      {"x\\", 1},
		{"{a:5", 4},	  {"{a!hex:5:5}", 8}, {"{a:99999999999999999999}", 3},
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct line_format lines;
		size_t at = 999;
		const char *wrong = line_format_parse(&lines, bad[i].format, &at);

		ck_assert_msg(wrong != NULL, "%s is accepted", bad[i].format);
		ck_assert_msg(at <= strlen(bad[i].format), "%s: at %zu", bad[i].format, at);
		ck_assert_msg(at == bad[i].at, "%s: at %zu, not %zu: %s", bad[i].format, at,
			      bad[i].at, wrong);
		line_format_free(&lines);
	}
}
END_TEST

START_TEST(unknown_fields_are_named)
{
	struct line_format lines;
	struct text fields = {0};
	size_t at;

	begin();
	ck_assert_ptr_null(line_format_parse(&lines, "{ret} {pid} {cpu} {nosuch} {other}", &at));
	ck_assert_str_eq(line_format_unknown(&lines, hp), "nosuch");
	line_format_free(&lines);
	line_format_fields(&fields, hp);
	ck_assert_ptr_nonnull(strstr(text_cstr(&fields), "peer.port, "));
	ck_assert_ptr_nonnull(strstr(text_cstr(&fields), ", pid, cpu, event, time"));
	text_free(&fields);
	hotprobe_free(hp);
}
END_TEST

/* ---- --csv -------------------------------------------------------------------------------------
 */

START_TEST(csv_quotes_what_it_must)
{
	struct output_table *events, *others;
	struct output out;

	begin();
	event.ret = -2;
	strcpy(event.comm, "a,\"b\" c\n");
	output_open(&out, &output_csv, -1);
	events = output_add_table(&out, "events", hotprobe_event_type(hp, "events"));
	others = output_add_table(&out, "others", hotprobe_event_type(hp, "others"));
	output_event(others, 0, &(uint32_t){42}, 4);
	output_event(others, 0, &(uint32_t){43}, 4);
	output_event(events, 0, &event, offsetof(struct event, peer));
	text_cstr(&out.buffer);
	ck_assert_str_eq(out.buffer.data,
			 "pid\n42\n43\n\n"
			 "ret,long_ret,delta_ns,delta,wait_us,age_ms,ts,daddr,v6_addr,ip,fn,flags,"
			 "count,comm,peer.port,peer.addr,bits,args\n"
			 "-2,0,0,0,0,0,0,0,\"[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]\",0,0x0,0,0,"
			 "\"a,\"\"b\"\" c\\n\",,,,\n");
	output_close(&out);
	hotprobe_free(hp);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_format");

	add_test(suite, errors_have_names, 20);
	add_test(suite, durations_have_units, 20);
	add_test(suite, times_are_of_the_day, 20);
	add_test(suite, addresses_have_dots, 20);
	add_test(suite, kernel_addresses_have_names, 20);
	add_test(suite, others_stay_as_they_are, 20);
	add_test(suite, lines_are_made_of_fields, 20);
	add_test(suite, short_records_have_gaps, 20);
	add_test(suite, bad_formats_are_refused, 20);
	add_test(suite, unknown_fields_are_named, 20);
	add_test(suite, csv_quotes_what_it_must, 20);
	return run_suite(suite);
}
