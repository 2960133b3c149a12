/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command prints: escapes, columns, JSON, and what becomes of errors of standard output.
 * The types come from the compiler, as in use; nothing is loaded, so no privilege is needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../cli/output.h"
#include "../cli/text.h"
#include "hotprobe.h"
#include "support.h"

static const char source[] =
	"#include <uapi/linux/ptrace.h>\n"
	"struct peer_t { u16 port; char name[8]; };\n"
	"enum state_t { STATE_NEW, STATE_BUSY = 7 };\n"
	"struct all_t {\n"
	"	u32 pid;\n"
	"	s64 delta;\n"
	"	u64 big;\n"
	"	unsigned __int128 wide;\n"
	"	bool ok;\n"
	"	char letter;\n"
	"	float single;\n"
	"	double twice;\n"
	"	enum state_t state;\n"
	"	void *where;\n"
	"	char comm[16];\n"
	"	u32 list[3];\n"
	"	struct peer_t peer;\n"
	"	struct peer_t peers[2];\n"
	"	union { u32 address; u8 bytes[4]; };\n"
	"	u32 low : 3;\n"
	"	int high : 5;\n"
	"	char lines[2][4];\n"
	"};\n"
	"struct open_t { u32 pid; char comm[16]; char fname[255]; int ret; };\n"
	"BPF_PERF_OUTPUT(all);\n"
	"BPF_PERF_OUTPUT(opens);\n"
	"BPF_PERF_OUTPUT(numbers);\n"
	"int kprobe__f(struct pt_regs *ctx)\n"
	"{\n"
	"	struct all_t a = {};\n"
	"	all.perf_submit(ctx, &a, sizeof(a));\n"
	"	return 0;\n"
	"}\n"
	"int kprobe__g(struct pt_regs *ctx)\n"
	"{\n"
	"	struct open_t o = {};\n"
	"	u64 n = 0;\n"
	"	opens.perf_submit(ctx, &o, sizeof(o));\n"
	"	numbers.perf_submit(ctx, &n, sizeof(n));\n"
	"	return 0;\n"
	"}\n";

/* The same, as C lays it out here. */
struct host {
	uint16_t port;
	char name[8];
};

struct all {
	uint32_t pid;
	int64_t delta;
	uint64_t big;
	unsigned __int128 wide;
	bool ok;
	char letter;
	float single;
	double twice;
	int state;
	void *where;
	char comm[16];
	uint32_t list[3];
	struct host peer;
	struct host peers[2];
	union {
		uint32_t address;
		uint8_t bytes[4];
	};
	uint32_t low : 3;
	int high : 5;
	char lines[2][4];
};

struct open_event {
	uint32_t pid;
	char comm[16];
	char fname[255];
	int ret;
};

static struct hotprobe *hp;
static struct output out;

static void begin_at(const struct output_format *format, int fd)
{
	hp = new_handle(NULL);
	open_text(hp, source);
	output_open(&out, format, fd);
	out.raw = true; /* conversions have tests of their own */
}

static struct output_table *begin(const struct output_format *format, const char *name)
{
	begin_at(format, -1);
	return output_add_table(&out, name, hotprobe_event_type(hp, name));
}

static void end(void)
{
	output_close(&out);
	hotprobe_free(hp);
}

/* What was printed so far and not asked for yet. */
static const char *printed(void)
{
	static char text[16384];

	ck_assert_int_eq(out.error, 0);
	ck_assert_uint_lt(out.buffer.length, sizeof(text));
	if (out.buffer.length)
		memcpy(text, out.buffer.data, out.buffer.length);
	text[out.buffer.length] = '\0';
	text_clear(&out.buffer);
	return text;
}

static struct all sample(void)
{
	struct all all;

	/* As from a program that did not clear its padding. */
	memset(&all, 0xa5, sizeof(all));
	all.pid = 42;
	all.delta = -7;
	all.big = UINT64_MAX;
	all.wide = (unsigned __int128)1 << 100;
	all.ok = true;
	all.letter = 'x';
	all.single = 0.1f;
	all.twice = 2.5;
	all.state = 7;
	all.where = (void *)0xffff888102345678;
	strcpy(all.comm, "cat");
	memcpy(all.list, (uint32_t[]){1, 2, 3}, sizeof(all.list));
	all.peer = (struct host){80, "web"};
	all.peers[0] = (struct host){1, "a\"b"};
	all.peers[1] = (struct host){2, "12345678"};
	all.address = 0x0100007f;
	all.low = 5;
	all.high = -3;
	memcpy(all.lines, "one\0four", 8);
	return all;
}

/* ---- Text ------------------------------------------------------------------------------- */

static void check_escaped(const char *bytes, size_t size, const char *expected)
{
	struct text text = {0};

	text_escaped(&text, bytes, size, 0);
	ck_assert_str_eq(text_cstr(&text), expected);
	text_free(&text);
}

#define check_escape(literal, expected) check_escaped(literal, sizeof(literal) - 1, expected)

START_TEST(escapes_what_a_terminal_would_act_on)
{
	check_escape("plain text", "plain text");
	check_escape("a\nb\tc\rd", "a\\nb\\tc\\rd");
	check_escape("\033[2J", "\\x1b[2J");
	check_escape("\0\a\177", "\\x00\\x07\\x7f");
	check_escape("C:\\n", "C:\\\\n");
	/* C1 controls in UTF-8: U+009B is another CSI. */
	check_escape("\xc2\x9b"
		     "2J",
		     "\\xc2\\x9b2J");
	/* Right-to-left override, zero width space, line separator. */
	check_escape("\xe2\x80\xae"
		     "gpj.exe",
		     "\\xe2\\x80\\xaegpj.exe");
	check_escape("a\xe2\x80\x8b", "a\\xe2\\x80\\x8b");
	check_escape("\xe2\x80\xa8", "\\xe2\\x80\\xa8");
}
END_TEST

START_TEST(keeps_valid_utf8_and_escapes_the_rest)
{
	check_escape("\xc3\xa9t\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x90\x9d",
		     "\xc3\xa9t\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x90\x9d");
	check_escape("caf\xe9", "caf\\xe9");
	check_escape("\xc3", "\\xc3");
	check_escape("\xe2\x82", "\\xe2\\x82");
}
END_TEST

/* The expected lengths are those of the Unicode standard's table of maximal subparts. */
START_TEST(finds_the_extent_of_ill_formed_utf8)
{
	static const struct {
		const char *bytes;
		int length;
	} cases[] = {
		{"\x41", 1},
		{"\xc2\x80", 2},
		{"\xe0\xa0\x80", 3},
		{"\xf4\x8f\xbf\xbf", 4},
		{"\x80", -1},
		{"\xc0\x80", -1},	  /* overlong */
		{"\xe0\x80\x80", -1},	  /* overlong */
		{"\xed\xa0\x80", -1},	  /* surrogate */
		{"\xf4\x90\x80\x80", -1}, /* beyond U+10FFFF */
		{"\xf5\x80\x80\x80", -1},
		{"\xe1\x80", -2},
		{"\xf1\x80\x80", -3},
		{"\xf1\x80\x41", -2},
	};
	uint32_t code;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ck_assert_int_eq(utf8_next(cases[i].bytes, strlen(cases[i].bytes), &code),
				 cases[i].length);
	ck_assert_int_eq(utf8_next("\xf0\x9f\x90\x9d", 4, &code), 4);
	ck_assert_uint_eq(code, 0x1f41d);
}
END_TEST

START_TEST(counts_columns_not_bytes)
{
	ck_assert_uint_eq(text_columns("caf\xc3\xa9", 5), 4);
	ck_assert_uint_eq(text_columns("\xe6\x97\xa5", 3), 2);
	ck_assert_uint_eq(text_columns("e\xcc\x81", 3), 1);
	ck_assert_uint_eq(text_prefix("\xe6\x97\xa5\xe6\x97\xa5", 6, 3), 3);
	ck_assert_uint_eq(text_prefix("abc", 3, 2), 2);
}
END_TEST

START_TEST(writes_numbers_of_all_widths)
{
	struct text text = {0};

	text_signed(&text, INT64_MIN);
	text_char(&text, ' ');
	text_unsigned(&text, UINT64_MAX);
	text_char(&text, ' ');
	text_u128(&text, UINT64_MAX, UINT64_MAX);
	ck_assert_str_eq(text_cstr(&text), "-9223372036854775808 18446744073709551615 "
					   "340282366920938463463374607431768211455");
	text_free(&text);
}
END_TEST

/* ---- Columns ---------------------------------------------------------------------------- */

/* The words of a line, to look at its content without its alignment. */
static void check_words(const char *line, const char *const words[])
{
	static char copy[16384];
	char *rest, *word;
	size_t i = 0;

	strcpy(copy, line);
	for (word = strtok_r(copy, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest), i++) {
		ck_assert_ptr_nonnull(words[i]);
		ck_assert_str_eq(word, words[i]);
	}
	ck_assert_ptr_null(words[i]);
}

START_TEST(prints_every_kind_of_value)
{
	struct output_table *table = begin(&output_columns, "all");
	struct all all = sample();

	output_start(&out);
	check_words(printed(),
		    (const char *const[]){
			    "pid",   "delta",	"big",	 "wide", "ok",	 "letter",    "single",
			    "twice", "state",	"where", "comm", "list", "peer.port", "peer.name",
			    "peers", "address", "bytes", "low",	 "high", "lines",     NULL});
	output_event(table, 0, &all, sizeof(all));
	check_words(printed(), (const char *const[]){"42",
						     "-7",
						     "18446744073709551615",
						     "1267650600228229401496703205376",
						     "true",
						     "x",
						     "0.1",
						     "2.5",
						     "STATE_BUSY",
						     "0xffff888102345678",
						     "cat",
						     "[1,2,3]",
						     "80",
						     "web",
						     "[{port=1,name=\"a\\\"b\"},{port=2,name="
						     "\"12345678\"}]",
						     "16777343",
						     "[127,0,0,1]",
						     "5",
						     "-3",
						     "[\"one\",\"four\"]",
						     NULL});
	all.state = 3;
	output_event(table, 0, &all, sizeof(all));
	ck_assert_ptr_nonnull(strstr(printed(), " 3 "));
	end();
}
END_TEST

static struct open_event open_of(uint32_t pid, const char *comm, const char *fname, int ret)
{
	struct open_event event = {.pid = pid, .ret = ret};

	strncpy(event.comm, comm, sizeof(event.comm) - 1);
	strncpy(event.fname, fname, sizeof(event.fname) - 1);
	return event;
}

static void print_open(struct output_table *table, uint32_t pid, const char *comm,
		       const char *fname, int ret)
{
	struct open_event event = open_of(pid, comm, fname, ret);

	output_event(table, 0, &event, sizeof(event));
}

START_TEST(aligns_text_left_and_numbers_right)
{
	struct output_table *table = begin(&output_columns, "opens");

	output_start(&out);
	print_open(table, 1, "cat", "/etc/passwd", 3);
	print_open(table, 4194304, "a b", "caf\xc3\xa9", -2);
	ck_assert_str_eq(
		printed(),
		"    pid comm            fname                                        ret\n"
		"      1 cat             /etc/passwd                                    3\n"
		"4194304 a b             caf\xc3\xa9                                          "
		"-2\n");
	end();
}
END_TEST

START_TEST(recovers_alignment_after_a_long_cell)
{
	struct output_table *table = begin(&output_columns, "opens");

	output_start(&out);
	printed();
	/* A number that is too long takes room from the padding behind it. */
	print_open(table, 4294967295, "cat", "/etc/passwd", 3);
	ck_assert_str_eq(
		printed(),
		"4294967295 cat          /etc/passwd                                    3\n");
	/* Not a terminal: nothing is cut. */
	print_open(table, 1, "cat", "/0123456789/0123456789/0123456789/0123456789", 3);
	ck_assert_str_eq(
		printed(),
		"      1 cat             /0123456789/0123456789/0123456789/0123456789   3\n");
	end();
}
END_TEST

/* As if standard output were a terminal of that width. */
static void pretend_terminal(unsigned width)
{
	out.terminal = true;
	out.width = width;
}

START_TEST(fits_a_terminal)
{
	struct output_table *table = begin(&output_columns, "opens");

	pretend_terminal(50);
	output_start(&out);
	print_open(table, 1, "cat", "/0123456789/0123456789/0123456789/0123456789", 3);
	print_open(table, 4294967295, "0123456789abcde", "/x", -2);
	ck_assert_str_eq(printed(),
			 "    pid comm            fname                  ret\n"
			 "      1 cat             /0123456789/01234\xe2\x80\xa6       3\n"
			 "4294967295 0123456789a\xe2\x80\xa6 /x                      -2\n");
	end();
}
END_TEST

START_TEST(uses_what_a_wide_terminal_has_to_spare)
{
	struct output_table *table = begin(&output_columns, "opens");

	pretend_terminal(80);
	output_start(&out);
	printed();
	print_open(table, 1, "cat", "/0123456789/0123456789/0123456789/0123456789", 3);
	ck_assert_str_eq(
		printed(),
		"      1 cat             /0123456789/0123456789/0123456789/0123456789   3\n");
	end();
}
END_TEST

START_TEST(stays_readable_on_twenty_columns)
{
	struct output_table *table = begin(&output_columns, "opens");

	pretend_terminal(20);
	output_start(&out);
	print_open(table, 1234567, "0123456789abcde", "/etc/passwd", -2147483647);
	ck_assert_str_eq(printed(),
			 "    pid comm     fname        ret\n"
			 "1234567 0123456\xe2\x80\xa6 /etc/pa\xe2\x80\xa6 -2147483647\n");
	end();
}
END_TEST

START_TEST(follows_the_terminals_width)
{
	struct output_table *table = begin(&output_columns, "opens");

	pretend_terminal(50);
	output_start(&out);
	print_open(table, 1, "cat", "/x", 3);
	out.width = 60;
	print_open(table, 1, "cat", "/x", 3);
	ck_assert_str_eq(printed(),
			 "    pid comm            fname                  ret\n"
			 "      1 cat             /x                       3\n"
			 "    pid comm            fname                            ret\n"
			 "      1 cat             /x                                 3\n");
	end();
}
END_TEST

START_TEST(names_the_table_where_there_are_several)
{
	struct output_table *opens = begin(&output_columns, "opens");
	struct output_table *numbers =
		output_add_table(&out, "numbers", hotprobe_event_type(hp, "numbers"));

	output_start(&out);
	ck_assert_str_eq(printed(), "");
	print_open(opens, 1, "cat", "/x", 3);
	print_open(opens, 2, "cat", "/x", 3);
	output_event(numbers, 0, &(uint64_t){17}, sizeof(uint64_t));
	print_open(opens, 3, "cat", "/x", 3);
	ck_assert_str_eq(
		printed(),
		"opens:\n"
		"    pid comm            fname                                        ret\n"
		"      1 cat             /x                                             3\n"
		"      2 cat             /x                                             3\n"
		"numbers:\n"
		"     value\n"
		"        17\n"
		"opens:\n"
		"    pid comm            fname                                        ret\n"
		"      3 cat             /x                                             3\n");
	end();
}
END_TEST

START_TEST(never_lets_an_escape_through)
{
	struct output_table *table = begin(&output_columns, "opens");
	const char *text;

	print_open(table, 1, "\033]0;x\a", "/tmp/\033[31m\n\xff", 3);
	text = printed();
	ck_assert_ptr_null(strchr(text, '\033'));
	ck_assert_ptr_null(strchr(text, '\a'));
	ck_assert_ptr_nonnull(strstr(text, "\\x1b]0;x\\x07"));
	ck_assert_ptr_nonnull(strstr(text, "/tmp/\\x1b[31m\\n\\xff"));
	end();
}
END_TEST

START_TEST(shows_what_a_short_record_has)
{
	struct output_table *table = begin(&output_columns, "opens");
	struct open_event event = open_of(1, "cat", "/etc/passwd", 3);

	output_start(&out);
	printed();
	output_event(table, 0, &event, offsetof(struct open_event, fname) + 4);
	check_words(printed(), (const char *const[]){"1", "cat", "/etc", "-", NULL});
	output_event(table, 0, &event, offsetof(struct open_event, fname));
	check_words(printed(), (const char *const[]){"1", "cat", "-", "-", NULL});
	output_event(table, 0, &event, 0);
	check_words(printed(), (const char *const[]){"-", "-", "-", "-", NULL});
	end();
}
END_TEST

START_TEST(shows_bytes_of_unknown_type_in_hex)
{
	struct output_table *table;

	begin_at(&output_columns, -1);
	table = output_add_table(&out, "raw", NULL);
	output_event(table, 0, "\x01\xff\x20", 3);
	ck_assert_str_eq(printed(), "data\n01ff20\n");
	end();
}
END_TEST

/* ---- JSON ------------------------------------------------------------------------------- */

START_TEST(json_has_one_typed_object_a_line)
{
	struct output_table *table = begin(&output_json, "all");
	struct all all = sample();

	output_event(table, 1, &all, sizeof(all));
	ck_assert_str_eq(
		printed(),
		"{\"event\":\"all\",\"cpu\":1,\"data\":{\"pid\":42,\"delta\":-7,"
		"\"big\":18446744073709551615,\"wide\":\"1267650600228229401496703205376\","
		"\"ok\":true,\"letter\":\"x\",\"single\":0.1,\"twice\":2.5,"
		"\"state\":\"STATE_BUSY\",\"where\":\"0xffff888102345678\",\"comm\":\"cat\","
		"\"list\":[1,2,3],\"peer\":{\"port\":80,\"name\":\"web\"},"
		"\"peers\":[{\"port\":1,\"name\":\"a\\\"b\"},{\"port\":2,\"name\":\"12345678\"}],"
		"\"address\":16777343,\"bytes\":[127,0,0,1],\"low\":5,\"high\":-3,"
		"\"lines\":[\"one\",\"four\"]}}\n");
	end();
}
END_TEST

START_TEST(json_has_no_number_for_what_is_none)
{
	struct output_table *table = begin(&output_json, "all");
	struct all all = sample();
	const char *text;

	all.single = NAN;
	all.twice = -INFINITY;
	all.state = 3;
	output_event(table, 0, &all, sizeof(all));
	text = printed();
	ck_assert_ptr_nonnull(strstr(text, "\"single\":null,\"twice\":null,\"state\":3,"));
	end();
}
END_TEST

/* The string that a reader gets for a file name of those bytes. */
static void check_json_name(const char *bytes, const char *expected)
{
	struct output_table *table = out.table_count ? out.tables[0] : begin(&output_json, "opens");
	json_error_t error;
	json_t *line;

	print_open(table, 1, "cat", bytes, 3);
	line = json_loads(printed(), 0, &error);
	if (!line)
		ck_abort_msg("%s", error.text);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(line, "data"), "fname")),
			 expected);
	json_decref(line);
}

START_TEST(json_is_valid_for_any_bytes)
{
	char bytes[2] = "", expected[2] = "";

	check_json_name("\"\\\b\f\n\r\t\033\177", "\"\\\b\f\n\r\t\033\177");
	check_json_name("\xc3\xa9 \xf0\x9f\x90\x9d", "\xc3\xa9 \xf0\x9f\x90\x9d");
	check_json_name("caf\xe9!", "caf\xef\xbf\xbd!");
	check_json_name("\xf1\x80\x80\x41", "\xef\xbf\xbd\x41");
	check_json_name("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	for (int byte = 1; byte < 256; byte++) {
		bytes[0] = (char)byte;
		expected[0] = (char)byte;
		check_json_name(bytes, byte < 0x80 ? expected : "\xef\xbf\xbd");
	}
	end();
}
END_TEST

START_TEST(json_on_a_terminal_is_ascii)
{
	struct output_table *table = begin(&output_json, "opens");
	const char *text;

	pretend_terminal(80);
	print_open(table, 1, "cat", "\xc2\x9b", 3);
	text = printed();
	for (const char *c = text; *c; c++)
		ck_assert_int_gt(*c, 0);
	ck_assert_ptr_nonnull(strstr(text, "\\u009B"));
	end();
}
END_TEST

START_TEST(json_has_null_for_what_a_short_record_lacks)
{
	struct output_table *table = begin(&output_json, "opens");
	struct open_event event = open_of(1, "cat", "/etc/passwd", 3);

	output_event(table, 0, &event, offsetof(struct open_event, fname));
	ck_assert_str_eq(printed(), "{\"event\":\"opens\",\"cpu\":0,\"data\":{\"pid\":1,"
				    "\"comm\":\"cat\",\"fname\":null,\"ret\":null}}\n");
	end();
}
END_TEST

START_TEST(json_of_scalars_lost_records_and_unknown_types)
{
	struct output_table *numbers = begin(&output_json, "numbers"), *raw;

	raw = output_add_table(&out, "raw", NULL);
	output_event(numbers, 3, &(uint64_t){17}, sizeof(uint64_t));
	output_lost(numbers, 5);
	output_event(raw, 0, "\x01\xff", 2);
	ck_assert_str_eq(printed(), "{\"event\":\"numbers\",\"cpu\":3,\"data\":17}\n"
				    "{\"lost\":5,\"event\":\"numbers\"}\n"
				    "{\"event\":\"raw\",\"cpu\":0,\"data\":\"01ff\"}\n");
	end();
}
END_TEST

/* ---- Errors of standard output
 * ------------------------------------------------------------------- */

START_TEST(a_full_disk_is_an_error_that_stays)
{
	struct output_table *table;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	begin_at(&output_json, fd);
	table = output_add_table(&out, "numbers", hotprobe_event_type(hp, "numbers"));
	output_event(table, 0, &(uint64_t){17}, sizeof(uint64_t));
	ck_assert_int_eq(output_flush(&out), -ENOSPC);
	output_event(table, 0, &(uint64_t){17}, sizeof(uint64_t));
	ck_assert_int_eq(output_flush(&out), -ENOSPC);
	close(fd);
	end();
}
END_TEST

START_TEST(a_reader_that_went_is_an_error)
{
	struct output_table *table;
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(fds), 0);
	close(fds[0]);
	begin_at(&output_json, fds[1]);
	table = output_add_table(&out, "numbers", hotprobe_event_type(hp, "numbers"));
	output_event(table, 0, &(uint64_t){17}, sizeof(uint64_t));
	ck_assert_int_eq(output_flush(&out), -EPIPE);
	close(fds[1]);
	end();
}
END_TEST

START_TEST(a_slow_reader_gets_everything)
{
	struct output_table *table;
	size_t lines = 0;
	int fds[2], status;
	pid_t pid;
	char c;

	/* Non-blocking, as a descriptor can be that is shared with other processes. */
	ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	begin_at(&output_json, fds[1]);
	table = output_add_table(&out, "numbers", hotprobe_event_type(hp, "numbers"));
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		close(fds[0]);
		for (uint64_t i = 0; i < 10000; i++)
			output_event(table, 0, &i, sizeof(i));
		_exit(output_flush(&out) ? 1 : 0);
	}
	close(fds[1]);
	fcntl(fds[0], F_SETFL, 0);
	usleep(50000);
	while (read(fds[0], &c, 1) == 1)
		lines += c == '\n';
	ck_assert_uint_eq(lines, 10000);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(fds[0]);
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		escapes_what_a_terminal_would_act_on,
		keeps_valid_utf8_and_escapes_the_rest,
		finds_the_extent_of_ill_formed_utf8,
		counts_columns_not_bytes,
		writes_numbers_of_all_widths,
		prints_every_kind_of_value,
		aligns_text_left_and_numbers_right,
		recovers_alignment_after_a_long_cell,
		fits_a_terminal,
		uses_what_a_wide_terminal_has_to_spare,
		stays_readable_on_twenty_columns,
		follows_the_terminals_width,
		names_the_table_where_there_are_several,
		never_lets_an_escape_through,
		shows_what_a_short_record_has,
		shows_bytes_of_unknown_type_in_hex,
		json_has_one_typed_object_a_line,
		json_has_no_number_for_what_is_none,
		json_is_valid_for_any_bytes,
		json_on_a_terminal_is_ascii,
		json_has_null_for_what_a_short_record_lacks,
		json_of_scalars_lost_records_and_unknown_types,
		a_full_disk_is_an_error_that_stays,
		a_reader_that_went_is_an_error,
		a_slow_reader_gets_everything,
	};
	Suite *suite = suite_create("cli_output");

	setlocale(LC_CTYPE, "C.UTF-8");
	for (size_t i = 0; i < COUNT(tests); i++)
		add_test(suite, tests[i], 30);
	return run_suite(suite);
}
