/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as what they stand for. Which conversion a member gets is told by its name and type, or
 * by the user (--format); --raw leaves all numbers as they are.
 *
 *     errno      ret, retval, err, error, or a name that ends so: -2 is ENOENT
 *     duration   NAME_ns, NAME_us, NAME_ms, and delta, latency, duration, elapsed in nanoseconds:
 *                1234567 is 1.235ms
 *     time       8 bytes called ts, time, timestamp, start or one of these with _ns: nanoseconds of
 *                the monotonic clock (bpf_ktime_get_ns()) as a time of day
 *     address    4 bytes (or 16) called addr, saddr, daddr, ip or NAME_addr, NAME_ip: an IPv4
 *                (or IPv6) address in network order
 *     symbol     8 bytes or a pointer called ip, addr, func, function, fn, caller, or NAME_ip,
 *                NAME_addr, NAME_func: the kernel function there, else hexadecimal
 *     hex        flags, or NAME_flags
 *     syscall    syscall: the name of the system call with that number on this machine
 *     signal     signal or sig: the name of the signal with that number
 */
#ifndef HOTPROBE_CLI_CONVERT_H
#define HOTPROBE_CLI_CONVERT_H

#include "hotprobe.h"
#include "text.h"

enum conversion {
	CONVERT_NONE,
	CONVERT_HEX,
	CONVERT_ERRNO,
	CONVERT_NS, /* durations */
	CONVERT_US,
	CONVERT_MS,
	CONVERT_TIME,
	CONVERT_ADDRESS,
	CONVERT_SYMBOL,
	CONVERT_SYSCALL,
	CONVERT_SIGNAL,
	CONVERSIONS,
};

/* What a value's name and type ask for. */
enum conversion conversion_for(const struct hotprobe_value *value);
/* By its name in --format, CONVERSIONS if there is none. */
enum conversion conversion_named(const char *name, size_t length);
/* All names, for messages. */
extern const char conversion_names[];

/* True if it makes names, which are to the left where numbers are to the right. */
bool convert_makes_text(enum conversion conversion);

/* Appends the value, on one line and safe for a terminal. A value that the conversion does not fit
   is shown as it is. */
void convert(struct text *text, struct hotprobe *hp, enum conversion conversion,
	     const struct hotprobe_value *value);

#endif
