/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions of numbers, --format and --csv. */
#include "support.h"

#include <arpa/inet.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../cli/convert.h"
#include "../cli/line_format.h"
#include "../cli/output.h"

static const char source[] =
	"#include <uapi/linux/ptrace.h>\n"
	"#include <linux/in6.h>\n"
	"struct in_t { u16 port; u32 addr; };\n"
	"struct event_t {\n"
	"	int ret; s64 long_ret; u64 delta_ns; s64 delta; u64 wait_us; u32 age_ms;\n"
	"	u64 ts; u32 daddr; u8 v6_addr[16]; u64 ip; void *fn; u32 flags; u32 count;\n"
	"	char comm[16]; struct in_t peer; u32 bits : 3; u32 args[2];\n"
	"};\n"
	"struct net_t {\n"
	"	double load; __be16 dport; u16 family; struct in6_addr in6; struct in_addr in;\n"
	"	u32 saddr_v4; u8 daddr[16], saddr6[16]; u32 tgid; u64 ip, addr;\n"
	"};\n"
	"struct other_t { u32 pid; };\n"
	"BPF_PERF_OUTPUT(events);\n"
	"BPF_PERF_OUTPUT(nets);\n"
	"BPF_PERF_OUTPUT(others);\n"
	"int kprobe__f(struct pt_regs *ctx)\n"
	"{\n"
	"	struct event_t e = {};\n"
	"	struct net_t n = {};\n"
	"	struct other_t o = {};\n"
	"	events.perf_submit(ctx, &e, sizeof(e));\n"
	"	nets.perf_submit(ctx, &n, sizeof(n));\n"
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

struct net {
	double load;
	uint16_t dport, family;
	uint8_t in6[16], in[4], saddr_v4[4], daddr[16], saddr6[16];
	uint32_t tgid;
	uint64_t ip, addr;
};

static struct hotprobe *hp;
static struct event event;
static struct net net;

static void begin(void)
{
	hp = new_handle(NULL);
	open_text(hp, source);
	memset(&event, 0, sizeof(event));
	memset(&net, 0, sizeof(net));
	ck_assert_uint_eq(hotprobe_type_size(hotprobe_event_type(hp, "events")), sizeof(event));
	ck_assert_uint_eq(hotprobe_type_size(hotprobe_event_type(hp, "nets")), sizeof(net));
}

/* ---- Conversions -------------------------------------------------------------------------------
 */

static const char *show(const char *table, const void *data, size_t size, const char *path,
			int conversion)
{
	const struct hotprobe_type *type = hotprobe_event_type(hp, table);
	struct converter with = {.hp = hp, .decimals = -1};
	struct hotprobe_value value, whole;
	static char shown[256];
	struct text text = {0};

	ck_assert_int_eq(hotprobe_read(type, data, size, &whole), 0);
	ck_assert_int_eq(hotprobe_field(type, data, size, path, &value), 0);
	with.whole = &whole;
	convert(&text, &with, conversion < 0 ? conversion_for(&value) : (enum conversion)conversion,
		&value);
	snprintf(shown, sizeof(shown), "%s", text_cstr(&text));
	text_free(&text);
	return shown;
}

static const char *shown_as(const char *path, int conversion)
{
	return show("events", &event, sizeof(event), path, conversion);
}

static const char *net_shown(const char *path, int conversion)
{
	return show("nets", &net, sizeof(net), path, conversion);
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

/* Of 16 bytes the family tells what they are, unless their type does. */
START_TEST(addresses_are_of_a_family)
{
	begin();
	memcpy(net.saddr_v4, "\x0a\0\0\x07", 4);
	memcpy(net.in, "\xc0\0\x02\x01", 4);
	memcpy(net.daddr, "\xc0\0\x02\x02", 4);
	memcpy(net.in6, "\x20\x01\x0d\xb8", 4);
	net.saddr6[15] = net.in6[15] = 1;
	net.family = 10;
	ck_assert_str_eq(net_shown("family", -1), "AF_INET6");
	ck_assert_str_eq(net_shown("saddr_v4", -1), "10.0.0.7");
	ck_assert_str_eq(net_shown("daddr", -1), "c000:202::");
	ck_assert_str_eq(net_shown("saddr6", -1), "::1");
	ck_assert_str_eq(net_shown("in", -1), "192.0.2.1");
	ck_assert_str_eq(net_shown("in6", -1), "2001:db8::1");
	net.family = 2;
	ck_assert_str_eq(net_shown("family", -1), "AF_INET");
	ck_assert_str_eq(net_shown("daddr", -1), "192.0.2.2");
	ck_assert_str_eq(net_shown("daddr", CONVERT_IPV6), "c000:202::");
	ck_assert_str_eq(net_shown("in6", -1), "2001:db8::1");
	/* Whatever their member is called, and with --raw too. */
	ck_assert_str_eq(net_shown("in", CONVERT_NONE), "192.0.2.1");
	ck_assert_str_eq(net_shown("in6", CONVERT_NONE), "2001:db8::1");
	ck_assert_str_eq(net_shown("saddr_v4", CONVERT_IPV6), "117440522");
	net.family = 250;
	ck_assert_str_eq(net_shown("family", -1), "250");
	hotprobe_free(hp);
}
END_TEST

START_TEST(network_order_is_told_by_the_type)
{
	begin();
	net.dport = htons(443);
	net.family = htons(80);
	ck_assert_str_eq(net_shown("dport", -1), "443");
	ck_assert_str_eq(net_shown("dport", CONVERT_NONE), "47873");
	ck_assert_str_eq(net_shown("family", CONVERT_BIG_ENDIAN), "80");
	hotprobe_free(hp);
}
END_TEST

__attribute__((noinline)) void a_function_of_this_test(void);
void a_function_of_this_test(void)
{
	__asm__ volatile("nop\n\tnop");
}

/* In the process that the event names. */
START_TEST(user_addresses_have_names)
{
	begin();
	net.tgid = (uint32_t)getpid();
	net.ip = net.addr = (uint64_t)(uintptr_t)a_function_of_this_test;
	ck_assert_str_eq(net_shown("ip", -1), "a_function_of_this_test");
	net.ip++;
	ck_assert_str_eq(net_shown("ip", -1), "a_function_of_this_test+0x1");
	/* Most of these are no functions. */
	ck_assert_ptr_nonnull(strstr(net_shown("addr", -1), "0x"));
	ck_assert_str_eq(net_shown("addr", CONVERT_SYMBOL), "a_function_of_this_test");
	net.ip = 16;
	ck_assert_str_eq(net_shown("ip", -1), "0x10");
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
	check_line("{comm:5.2}|{comm:.3}|{comm:.0}|", "ca   |caf||\n");
	check_line("{ret} {ret!raw} {ret!hex} {count!hex}", "ENOENT -2 0xfffffffe 0x11\n");
	check_line("{peer.port} {args[1]} {bits} {cpu} {event}", "80 9 3 1 events\n");
	check_line("{{{count}}}\\t\\\\ \\n.", "{17}\t\\ \n.\n");
	hotprobe_free(hp);
}
END_TEST

/* What follows the point is a number of decimals where there are some. */
START_TEST(decimals_can_be_chosen)
{
	begin();
	event.delta_ns = 1234567;
	event.wait_us = 1500000;
	strcpy(event.comm, "\xe6\xbc\xa2\xe5\xad\x97 x");
	check_line("{delta_ns:.0}|{delta_ns:8.1}|{wait_us:.3}|{delta_ns!raw:.2}",
		   "1ms|   1.2ms|1.500s|12\n");
	/* Each of these characters takes two columns. */
	check_line("{comm:6}|{comm:>8}|{comm:.3}|{comm:4.2}|",
		   "\xe6\xbc\xa2\xe5\xad\x97 x|  \xe6\xbc\xa2\xe5\xad\x97 x|\xe6\xbc\xa2|"
		   "\xe6\xbc\xa2  |\n");
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
		{"", 0},
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

static void add_name(void *ctx, const char *name)
{
	text_format(ctx, "%s ", name);
}

START_TEST(unknown_fields_are_named)
{
	struct line_format lines;
	struct text fields = {0};
	size_t at;

	begin();
	ck_assert_ptr_null(line_format_parse(&lines, "{ret} {pid} {cpu} {nosuch} {other}", &at));
	ck_assert_str_eq(line_format_unknown(&lines, hp), "nosuch");
	line_format_free(&lines);
	line_format_each_name(hp, add_name, &fields);
	ck_assert_ptr_nonnull(strstr(text_cstr(&fields), " peer.port "));
	ck_assert_ptr_nonnull(strstr(text_cstr(&fields), " pid cpu event time "));
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

	setlocale(LC_CTYPE, "C.UTF-8"); /* as the command does */
	add_test(suite, errors_have_names, 20);
	add_test(suite, durations_have_units, 20);
	add_test(suite, times_are_of_the_day, 20);
	add_test(suite, addresses_have_dots, 20);
	add_test(suite, addresses_are_of_a_family, 20);
	add_test(suite, network_order_is_told_by_the_type, 20);
	add_test(suite, kernel_addresses_have_names, 20);
	add_test(suite, user_addresses_have_names, 20);
	add_test(suite, others_stay_as_they_are, 20);
	add_test(suite, lines_are_made_of_fields, 20);
	add_test(suite, decimals_can_be_chosen, 20);
	add_test(suite, short_records_have_gaps, 20);
	add_test(suite, bad_formats_are_refused, 20);
	add_test(suite, unknown_fields_are_named, 20);
	add_test(suite, csv_quotes_what_it_must, 20);
	return run_suite(suite);
}
