/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as what they stand for. */
#include "convert.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "stacks.h"
#include "value.h"

#define MAX_ERRNO 4095

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
static bool duration(struct text *text, const struct hotprobe_value *value, double unit_ns,
		     int decimals)
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
	if (decimals < 0)
		decimals = i == 3 || size >= 100 ? 0 : size >= 10 ? 1 : 2;
	text_format(text, "%.*f%s", decimals, ns / units[i].ns, units[i].name);
	return true;
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void convert_clock(struct text *text, int64_t seconds, unsigned nanoseconds, int decimals)
{
	char clock[32], fraction[16];
	time_t time = (time_t)seconds;
	struct tm local;

	if (decimals < 0 || decimals > 9)
		decimals = decimals < 0 ? 6 : 9;
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&time, &local));
	snprintf(fraction, sizeof(fraction), ".%09u", nanoseconds);
	text_string(text, clock);
	text_bytes(text, fraction, decimals ? 1 + (size_t)decimals : 0);
}

/* A time that lies far from now is none of that clock. */
static bool time_of_day(struct text *text, const struct hotprobe_value *value, int decimals)
{
	int64_t ns = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC) + (int64_t)value->u;

	if (!value->u || (int64_t)value->u > now_ns(CLOCK_MONOTONIC) + 1000000000)
		return false;
	convert_clock(text, ns / 1000000000, (unsigned)(ns % 1000000000), decimals);
	return true;
}

/* ---- Addresses ------------------------------------------------------------------------------- */

/* Of 16 bytes, which have room for both, the family of the event tells what they hold. */
static bool is_ipv4(const struct hotprobe_value *whole)
{
	struct hotprobe_value member;

	for (size_t i = 0;
	     whole && value_is_aggregate(whole) && !hotprobe_member(whole, i, &member); i++)
		if (conversion_for(&member) == CONVERT_FAMILY)
			return member.u == AF_INET;
	return false;
}

static bool address(struct text *text, const struct converter *with, enum conversion conversion,
		    const struct hotprobe_value *value)
{
	char buffer[INET6_ADDRSTRLEN];
	bool short_one = conversion == CONVERT_IPV4 || value->size == 4 ||
			 (conversion == CONVERT_IP && is_ipv4(with->whole));

	if (value->size != 16 && (value->size != 4 || conversion == CONVERT_IPV6))
		return false;
	if (!inet_ntop(short_one ? AF_INET : AF_INET6, value->data, buffer, sizeof(buffer)))
		return false;
	text_string(text, buffer);
	return true;
}

static bool big_endian(struct text *text, const struct hotprobe_value *value)
{
	if (value->kind != HOTPROBE_INT || value->bit_size)
		return false;
	switch (value->size) {
	case 2:
		text_unsigned(text, be16toh((uint16_t)value->u));
		return true;
	case 4:
		text_unsigned(text, be32toh((uint32_t)value->u));
		return true;
	case 8:
		text_unsigned(text, be64toh(value->u));
		return true;
	default:
		return false;
	}
}

static bool family_name(struct text *text, const struct hotprobe_value *value)
{
	static const struct {
		unsigned number;
		const char *name;
	} known[] = {
		{AF_UNSPEC, "AF_UNSPEC"},   {AF_UNIX, "AF_UNIX"},
		{AF_INET, "AF_INET"},	    {AF_INET6, "AF_INET6"},
		{AF_NETLINK, "AF_NETLINK"}, {AF_PACKET, "AF_PACKET"},
		{AF_ALG, "AF_ALG"},	    {AF_VSOCK, "AF_VSOCK"},
		{AF_XDP, "AF_XDP"},	    {AF_BLUETOOTH, "AF_BLUETOOTH"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].number == value->u) {
			text_string(text, known[i].name);
			return true;
		}
	return false;
}

/* ---- Symbols --------------------------------------------------------------------------------- */

static void put_symbol(struct text *text, const struct hotprobe_symbol *symbol)
{
	text_escaped(text, symbol->name, strlen(symbol->name), 0);
	if (symbol->offset)
		text_format(text, "+0x%llx", (unsigned long long)symbol->offset);
}

static bool user_symbol(struct text *text, const struct converter *with,
			const struct hotprobe_value *value)
{
	pid_t pid = stack_process(with->hp, with->whole);
	struct hotprobe_symbol symbol;

	if (!value->u || !pid || hotprobe_symbol_user(with->hp, pid, value->u, &symbol) ||
	    !*symbol.name)
		return false;
	put_symbol(text, &symbol);
	return true;
}

static bool symbol_name(struct text *text, const struct converter *with, enum conversion conversion,
			const struct hotprobe_value *value)
{
	bool kernel = value->u >> 63;
	struct hotprobe_symbol symbol;

	if (value->kind != HOTPROBE_INT && value->kind != HOTPROBE_POINTER)
		return false;
	if (kernel && with->hp && !hotprobe_symbol_kernel(with->hp, value->u, &symbol))
		put_symbol(text, &symbol);
	else if (kernel || !with->hp || conversion != CONVERT_SYMBOL ||
		 !user_symbol(text, with, value))
		text_format(text, "0x%llx", (unsigned long long)value->u);
	return true;
}

/* An id without a stack stays a number: the errno of get_stackid(). */
static bool stack_of(struct text *text, const struct converter *with,
		     const struct hotprobe_value *value)
{
	size_t length = text->length;

	if (!with->hp || !stack_is_id(with->hp, value))
		return false;
	stack_text(text, with->hp, value, stack_process(with->hp, with->whole));
	return text->length > length;
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

static bool convert_number(struct text *text, const struct converter *with,
			   enum conversion conversion, const struct hotprobe_value *value)
{
	bool integer = value->kind == HOTPROBE_INT;

	switch (conversion) {
	case CONVERT_HEX:
		return hex(text, value);
	case CONVERT_ERRNO:
		return integer && errno_name(text, value);
	case CONVERT_NS:
		return integer && duration(text, value, 1, with->decimals);
	case CONVERT_US:
		return integer && duration(text, value, 1e3, with->decimals);
	case CONVERT_MS:
		return integer && duration(text, value, 1e6, with->decimals);
	case CONVERT_TIME:
		return integer && time_of_day(text, value, with->decimals);
	case CONVERT_IP:
	case CONVERT_IPV4:
	case CONVERT_IPV6:
		return address(text, with, conversion, value);
	case CONVERT_BIG_ENDIAN:
		return big_endian(text, value);
	case CONVERT_FAMILY:
		return integer && family_name(text, value);
	case CONVERT_KERNEL_SYMBOL:
	case CONVERT_SYMBOL:
		return symbol_name(text, with, conversion, value);
	case CONVERT_STACK:
		return integer && stack_of(text, with, value);
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

void convert(struct text *text, const struct converter *with, enum conversion conversion,
	     const struct hotprobe_value *value)
{
	if (value->data && convert_number(text, with, conversion, value))
		return;
	if (value->data && value->kind == HOTPROBE_FLOAT && with->decimals >= 0)
		text_format(text, "%.*f", with->decimals, value->f);
	else
		value_text(text, value);
}
