/* SPDX-License-Identifier: Apache-2.0 */
/* Which conversion a value gets, by its name and type or by the user's word. */
#include <string.h>

#include "convert.h"
#include "value.h"

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
static const char *const addresses[] = {"addr",	 "saddr", "daddr", "ip",
					"laddr", "raddr", "ipv",   NULL};
static const char *const code[] = {"ip", "func", "function", "fn", "caller", NULL};
static const char *const places[] = {"addr", NULL};
static const char *const durations[] = {"delta", "latency", "duration", "elapsed", "ns", NULL};
static const char *const flags[] = {"flags", NULL};
static const char *const signals[] = {"signal", "sig", NULL};
static const char *const families[] = {"family", "af", NULL};
static const char *const micros[] = {"us", NULL}, *const millis[] = {"ms", NULL};
static const char *const times[] = {"ts",      "time",	       "timestamp", "start", "ts_ns",
				    "time_ns", "timestamp_ns", "start_ns",  NULL};

/* "saddr6" and "saddr_v6" as "saddr". */
static bool is_address_name(const char *name)
{
	char base[64];
	size_t length = strlen(name);

	if (length >= sizeof(base))
		return false;
	if (length && (name[length - 1] == '4' || name[length - 1] == '6'))
		length--;
	if (length > 2 && !strncmp(name + length - 2, "_v", 2))
		length -= 2;
	memcpy(base, name, length);
	base[length] = '\0';
	return ends_in(base, addresses);
}

static bool is_big_endian(const struct hotprobe_value *value)
{
	const char *type = hotprobe_type_name(value->type);

	return !strcmp(type, "__be16") || !strcmp(type, "__be32") || !strcmp(type, "__be64");
}

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
	if (value->size == 4 && is_address_name(name))
		return CONVERT_IP;
	if (is_big_endian(value))
		return CONVERT_BIG_ENDIAN;
	if (value->size == 8 && ends_in(name, code))
		return CONVERT_SYMBOL;
	if (value->size == 8 && ends_in(name, places))
		return CONVERT_KERNEL_SYMBOL;
	if (ends_in(name, flags))
		return CONVERT_HEX;
	if (!strcmp(name, "syscall"))
		return CONVERT_SYSCALL;
	if (is_one_of(name, strlen(name), signals))
		return CONVERT_SIGNAL;
	if (value->size >= 2 && is_one_of(name, strlen(name), families))
		return CONVERT_FAMILY;
	return CONVERT_NONE;
}

enum conversion conversion_for(const struct hotprobe_value *value)
{
	if (value->kind == HOTPROBE_INT && !value->bit_size)
		return for_integer(value);
	if (value->kind == HOTPROBE_POINTER && ends_in(value->name, code))
		return CONVERT_SYMBOL;
	if (value->kind == HOTPROBE_POINTER && ends_in(value->name, places))
		return CONVERT_KERNEL_SYMBOL;
	if (value_is_address(value))
		return value->size == 4 ? CONVERT_IPV4 : CONVERT_IPV6;
	if (value->size == 16 && is_address_name(value->name) &&
	    (value->kind == HOTPROBE_INT128 || value->kind == HOTPROBE_ARRAY))
		return CONVERT_IP;
	return CONVERT_NONE;
}

static const struct {
	const char *name;
	enum conversion conversion;
} names[] = {
	{"raw", CONVERT_NONE},	    {"hex", CONVERT_HEX},	  {"errno", CONVERT_ERRNO},
	{"ns", CONVERT_NS},	    {"us", CONVERT_US},		  {"ms", CONVERT_MS},
	{"time", CONVERT_TIME},	    {"ip", CONVERT_IP},		  {"ipv4", CONVERT_IPV4},
	{"ipv6", CONVERT_IPV6},	    {"port", CONVERT_BIG_ENDIAN}, {"family", CONVERT_FAMILY},
	{"sym", CONVERT_SYMBOL},    {"stack", CONVERT_STACK},	  {"syscall", CONVERT_SYSCALL},
	{"signal", CONVERT_SIGNAL}, {"addr", CONVERT_IP}, /* the older name of ip */
};

enum conversion conversion_named(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i].name) == length && !strncmp(names[i].name, name, length))
			return names[i].conversion;
	return CONVERSIONS;
}

const char *conversion_name(size_t index)
{
	/* All but the last, which is there for those who know it. */
	return index + 1 < sizeof(names) / sizeof(*names) ? names[index].name : NULL;
}

bool convert_makes_text(enum conversion conversion)
{
	switch (conversion) {
	case CONVERT_IP:
	case CONVERT_IPV4:
	case CONVERT_IPV6:
	case CONVERT_FAMILY:
	case CONVERT_KERNEL_SYMBOL:
	case CONVERT_SYMBOL:
	case CONVERT_STACK:
	case CONVERT_SYSCALL:
	case CONVERT_SIGNAL:
		return true;
	default:
		return false;
	}
}

bool convert_has_decimals(enum conversion conversion, const struct hotprobe_value *value)
{
	return value->kind == HOTPROBE_FLOAT || conversion == CONVERT_NS ||
	       conversion == CONVERT_US || conversion == CONVERT_MS || conversion == CONVERT_TIME;
}
