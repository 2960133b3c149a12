#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the running kernel has, as a tar archive on standard output (kernel.py reads it):
#   release, kallsyms, config, pmus
#   functions      those of kallsyms, without those that are gone since the kernel has started
#   traceable      those of them that ftrace has; nothing if it does not tell
#   blacklist      those that take no kprobe
#   tracepoints    CATEGORY:EVENT lines
#   btf/           types of the kernel and its modules
#   events/        formats of tracepoints, as tracefs has them: only with --formats, since it takes
#                  half a minute
#
#   facts.sh [--formats] [MODULE...]    loads the modules first, those that there are
set -u
formats=
if [ "${1-}" = --formats ]; then
	formats=1
	shift
fi
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
for module; do
	modprobe "$module" 2>/dev/null || :
done
release=$(uname -r)
echo "$release" >"$T/release"
cat /proc/kallsyms >"$T/kallsyms"
sed -n '/ __init_begin$/,/ __init_end$/d; s/^[0-9a-f]* [tTwW] \([^\t]*\).*/\1/p' "$T/kallsyms" >"$T/functions"
{ zcat /proc/config.gz || cat "/boot/config-$release"; } >"$T/config" 2>/dev/null
cat /sys/kernel/debug/kprobes/blacklist >"$T/blacklist" 2>/dev/null
sed 's/[ \t].*//' /sys/kernel/tracing/available_filter_functions >"$T/traceable" 2>/dev/null
ls /sys/bus/event_source/devices >"$T/pmus"
cp -r /sys/kernel/btf "$T/btf"
ln -s ../config "$T/btf/config-$release"
cd /sys/kernel/tracing || exit 1
for event in events/*/*/; do
	event=${event#events/}
	event=${event%/}
	echo "${event%/*}:${event#*/}"
done >"$T/tracepoints"
[ ! "$formats" ] || cp --parents events/*/*/format "$T"
chmod -R a+rX "$T"
tar -C "$T" -cf - .
