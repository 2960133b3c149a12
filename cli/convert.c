/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as what they stand for. */
#include "convert.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include "value.h"

#define MAX_ERRNO 4095

/* ---- Which conversion ------------------------------------------------------------------------ */

static bool is_one_of(const char *name, size_t length, const char *const *words)
{
	for (; *words; words++)
		if (strlen(*words) == length && !strncmp(name, *words, length))
			return true;
	return false;
}

/* "saddr" in "ipv4_saddr", and a name that is one of the words itself. */
static bool ends_in(const char *name, const char *const *words)
{
	const char *last = strrchr(name, '_');

	return is_one_of(name, strlen(name), words) ||
	       (last && is_one_of(last + 1, strlen(last + 1), words));
}

static const char *const errnos[] = {"ret", "retval", "err", "error", "errno", NULL};
static const char *const addresses[] = {"addr", "saddr", "daddr", "ip", "laddr", "raddr", NULL};
static const char *const symbols[] = {"ip", "addr", "func", "function", "fn", "caller", NULL};
static const char *const durations[] = {"delta", "latency", "duration", "elapsed", "ns", NULL};
static const char *const flags[] = {"flags", NULL};
static const char *const signals[] = {"signal", "sig", NULL};
static const char *const micros[] = {"us", NULL}, *const millis[] = {"ms", NULL};
static const char *const times[] = {"ts",      "time",	       "timestamp", "start", "ts_ns",
				    "time_ns", "timestamp_ns", "start_ns",  NULL};

static enum conversion for_integer(const struct hotprobe_value *value)
{
	const char *name = value->name;

	if (value->size == 8 && is_one_of(name, strlen(name), times))
		return CONVERT_TIME;
	if (ends_in(name, durations))
		return CONVERT_NS;
	if (ends_in(name, micros))
		return CONVERT_US;
	if (ends_in(name, millis))
		return CONVERT_MS;
	if (value->size >= 4 && ends_in(name, errnos))
		return CONVERT_ERRNO;
	if (value->size == 4 && ends_in(name, addresses))
		return CONVERT_ADDRESS;
	if (value->size == 8 && ends_in(name, symbols))
		return CONVERT_SYMBOL;
	if (ends_in(name, flags))
		return CONVERT_HEX;
	if (!strcmp(name, "syscall"))
		return CONVERT_SYSCALL;
	if (is_one_of(name, strlen(name), signals))
		return CONVERT_SIGNAL;
	return CONVERT_NONE;
}

enum conversion conversion_for(const struct hotprobe_value *value)
{
	if (value->kind == HOTPROBE_INT && !value->bit_size)
		return for_integer(value);
	if (value->kind == HOTPROBE_POINTER && ends_in(value->name, symbols))
		return CONVERT_SYMBOL;
	if (value->size == 16 && ends_in(value->name, addresses) &&
	    (value->kind == HOTPROBE_INT128 || value->kind == HOTPROBE_ARRAY))
		return CONVERT_ADDRESS;
	return CONVERT_NONE;
}

static const struct {
	const char *name;
	enum conversion conversion;
} names[] = {
	{"raw", CONVERT_NONE},	      {"hex", CONVERT_HEX},	  {"errno", CONVERT_ERRNO},
	{"ns", CONVERT_NS},	      {"us", CONVERT_US},	  {"ms", CONVERT_MS},
	{"time", CONVERT_TIME},	      {"addr", CONVERT_ADDRESS},  {"sym", CONVERT_SYMBOL},
	{"syscall", CONVERT_SYSCALL}, {"signal", CONVERT_SIGNAL},
};
const char conversion_names[] = "raw, hex, errno, ns, us, ms, time, addr, sym, syscall, signal";

enum conversion conversion_named(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i].name) == length && !strncmp(names[i].name, name, length))
			return names[i].conversion;
	return CONVERSIONS;
}

bool convert_makes_text(enum conversion conversion)
{
	return conversion == CONVERT_ADDRESS || conversion == CONVERT_SYMBOL ||
	       conversion == CONVERT_SYSCALL || conversion == CONVERT_SIGNAL;
}

/* ---- Conversions ----------------------------------------------------------------------------- */

static bool hex(struct text *text, const struct hotprobe_value *value)
{
	if (value->kind != HOTPROBE_INT && value->kind != HOTPROBE_ENUM &&
	    value->kind != HOTPROBE_CHAR && value->kind != HOTPROBE_BOOL)
		return false;
	/* A negative number of 4 bytes has 8 digits, not 16. */
	text_format(text, "0x%llx",
		    (unsigned long long)(value->size < 8 ? value->u & ~(~0ull << value->size * 8)
							 : value->u));
	return true;
}

static bool errno_name(struct text *text, const struct hotprobe_value *value)
{
	int64_t number = value->size == 4 ? (int32_t)value->u : (int64_t)value->u;
	const char *name;

	if (number >= 0 || number < -MAX_ERRNO)
		return false;
	name = strerrorname_np((int)-number);
	if (!name)
		return false;
	text_string(text, name);
	return true;
}

/* Three digits or more, in the largest unit that leaves one before the point. */
static bool duration(struct text *text, const struct hotprobe_value *value, double unit_ns)
{
	static const struct {
		double ns;
		const char *name;
	} units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
	double ns = (value->is_signed ? (double)value->i : (double)value->u) * unit_ns;
	double size = ns < 0 ? -ns : ns;
	size_t i = 0;

	if (size > 1e15) /* eleven days */
		return false;
	while (i < 3 && size < units[i].ns)
		i++;
	size /= units[i].ns;
	text_format(text, "%.*f%s",
		    i == 3 || size >= 100 ? 0
		    : size >= 10	  ? 1
					  : 2,
		    ns / units[i].ns, units[i].name);
	return true;
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A time that lies far from now is none of that clock. */
static bool time_of_day(struct text *text, const struct hotprobe_value *value)
{
	int64_t ns = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC) + (int64_t)value->u;
	time_t seconds = (time_t)(ns / 1000000000);
	char clock[32];
	struct tm local;

	if (!value->u || (int64_t)value->u > now_ns(CLOCK_MONOTONIC) + 1000000000)
		return false;
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&seconds, &local));
	text_format(text, "%s.%06u", clock, (unsigned)(ns % 1000000000 / 1000));
	return true;
}

static bool address(struct text *text, const struct hotprobe_value *value)
{
	char buffer[INET6_ADDRSTRLEN];

	if (value->size != 4 && value->size != 16)
		return false;
	if (!inet_ntop(value->size == 4 ? AF_INET : AF_INET6, value->data, buffer, sizeof(buffer)))
		return false;
	text_string(text, buffer);
	return true;
}

static bool kernel_symbol(struct text *text, struct hotprobe *hp,
			  const struct hotprobe_value *value)
{
	struct hotprobe_symbol symbol;

	if (value->kind != HOTPROBE_INT && value->kind != HOTPROBE_POINTER)
		return false;
	if (value->u >> 63 && hp && !hotprobe_symbol_kernel(hp, value->u, &symbol)) {
		text_escaped(text, symbol.name, strlen(symbol.name), 0);
		if (symbol.offset)
			text_format(text, "+0x%llx", (unsigned long long)symbol.offset);
		return true;
	}
	text_format(text, "0x%llx", (unsigned long long)value->u);
	return true;
}

static const char *const syscall_names[] = {
#include "syscalls.inc"
};

static bool syscall_name(struct text *text, const struct hotprobe_value *value)
{
	if (value->u >= sizeof(syscall_names) / sizeof(*syscall_names) || !syscall_names[value->u])
		return false;
	text_string(text, syscall_names[value->u]);
	return true;
}

static bool signal_name(struct text *text, const struct hotprobe_value *value)
{
	const char *name = value->u && value->u < 65 ? sigabbrev_np((int)value->u) : NULL;

	if (name)
		text_format(text, "SIG%s", name);
	return name != NULL;
}

static bool convert_number(struct text *text, struct hotprobe *hp, enum conversion conversion,
			   const struct hotprobe_value *value)
{
	bool integer = value->kind == HOTPROBE_INT;

	switch (conversion) {
	case CONVERT_HEX:
		return hex(text, value);
	case CONVERT_ERRNO:
		return integer && errno_name(text, value);
	case CONVERT_NS:
		return integer && duration(text, value, 1);
	case CONVERT_US:
		return integer && duration(text, value, 1e3);
	case CONVERT_MS:
		return integer && duration(text, value, 1e6);
	case CONVERT_TIME:
		return integer && time_of_day(text, value);
	case CONVERT_ADDRESS:
		return address(text, value);
	case CONVERT_SYMBOL:
		return kernel_symbol(text, hp, value);
	case CONVERT_SYSCALL:
		return integer && syscall_name(text, value);
	case CONVERT_SIGNAL:
		return integer && signal_name(text, value);
	case CONVERT_NONE:
	case CONVERSIONS:
		break;
	}
	return false;
}

void convert(struct text *text, struct hotprobe *hp, enum conversion conversion,
	     const struct hotprobe_value *value)
{
	if (!value->data || !convert_number(text, hp, conversion, value))
		value_text(text, value);
}
