/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as what they stand for. Which conversion a member gets is told by its name and type, or
 * by the user (--format); --raw leaves all numbers as they are. CONVERSIONS_HELP lists them.
 */
#ifndef HOTPROBE_CLI_CONVERT_H
#define HOTPROBE_CLI_CONVERT_H

#include "hotprobe.h"
#include "text.h"

/* clang-format off */
#define CONVERSIONS_HELP \
	"Conversions, and the members that have them by themselves (with --raw none has; --json and\n" \
	"--csv never convert):\n" \
	"  errno      -2 as ENOENT: ret, retval, err, error, NAME_ret, NAME_err...\n" \
	"  ns us ms   a duration, 1234567 as 1.23ms: NAME_ns, NAME_us, NAME_ms; delta, latency,\n" \
	"             duration, elapsed in nanoseconds\n" \
	"  time       nanoseconds of bpf_ktime_get_ns() as a time of day: ts, time, timestamp, start\n" \
	"             of 8 bytes, and these with _ns\n" \
	"  ip         an IPv4 or IPv6 address in network order, of 4 or 16 bytes: addr, saddr, daddr,\n" \
	"             laddr, raddr, ip, NAME_addr, NAME_ip, with 4, 6, _v4 or _v6 at the end or not.\n" \
	"             Of 16 bytes the first 4 count where the member family or af is AF_INET. ipv4\n" \
	"             and ipv6 insist on one\n" \
	"  port       an integer in network order: those of type __be16, __be32, __be64\n" \
	"  family     2 as AF_INET: family, af\n" \
	"  sym        the function at an address: ip, func, fn, function, caller, NAME_ip, NAME_func\n" \
	"             of 8 bytes; addr and NAME_addr if it is the kernel's. User space is that of the\n" \
	"             member pid or tgid, else of the traced command\n" \
	"  stack      the functions of a stack id, as f;g;main: with --format alone, elsewhere they are\n" \
	"             lines of their own: NAMEs with stack in them, and stkid\n" \
	"  hex        0x2a: flags, NAME_flags\n" \
	"  syscall    a number as the system call: syscall\n" \
	"  signal     a number as the signal: signal, sig\n" \
	"  raw        the number\n"
/* clang-format on */

enum conversion {
	CONVERT_NONE,
	CONVERT_HEX,
	CONVERT_ERRNO,
	CONVERT_NS, /* durations */
	CONVERT_US,
	CONVERT_MS,
	CONVERT_TIME,
	CONVERT_IP,
	CONVERT_IPV4,
	CONVERT_IPV6,
	CONVERT_BIG_ENDIAN,
	CONVERT_FAMILY,
	CONVERT_KERNEL_SYMBOL,
	CONVERT_SYMBOL, /* of the kernel or of a process */
	CONVERT_STACK,
	CONVERT_SYSCALL,
	CONVERT_SIGNAL,
	CONVERSIONS,
};

/* What a conversion may ask for besides the value. */
struct converter {
	struct hotprobe *hp;		    /* for symbols; may be NULL */
	const struct hotprobe_value *whole; /* the event, key or value whose pid and family count;
					       may be NULL */
	int decimals; /* of fractions, durations and times; less than 0: as many as suit it */
};

/* What a value's name and type ask for. */
enum conversion conversion_for(const struct hotprobe_value *value);
/* By its name in --format, CONVERSIONS if there is none. */
enum conversion conversion_named(const char *name, size_t length);
/* The names, from 0 until NULL. */
const char *conversion_name(size_t index);

/* True if it makes names, which are to the left where numbers are to the right. */
bool convert_makes_text(enum conversion conversion);
/* True for values that have decimals. */
bool convert_has_decimals(enum conversion conversion, const struct hotprobe_value *value);

/* Appends the value, on one line and safe for a terminal. A value that the conversion does not fit
   is shown as it is. */
void convert(struct text *text, const struct converter *with, enum conversion conversion,
	     const struct hotprobe_value *value);
/* Appends a time of day, with so many decimals of its second (6, if less than 0). */
void convert_clock(struct text *text, int64_t seconds, unsigned nanoseconds, int decimals);

#endif
