#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the table of an architecture's user-space API constants: every macro with a value that the
# headers of linux-libc-dev define, as a sorted table in C, uapi_ARCH. Without a directory it is
# empty.
#
# usage: uapi.sh ARCH 'CC FLAG...' INCLUDE_DIR... > uapi_ARCH.inc
#
# The macros come out of the compiler's preprocessor, so that what depends on the machine is
# decided as on the machine. An entry is one string: the name, the header's number, the
# definition (a function-like macro's parameters first), each ending with a NUL.
set -eu
export LC_ALL=C

arch=$1 cc=$2
shift 2
if [ $# = 0 ]; then
	echo "static const struct uapi_table uapi_$arch;"
	exit
fi
for dir; do
	cc="$cc -isystem $dir"
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# 32-bit system call numbers would clash with the native ones, and so would the other byte order.
for dir; do
	(cd "$dir" && for part in linux asm asm-generic; do
		[ ! -d $part ] || find $part -name '*.h'
	done)
done | grep -v -e 'asm/unistd_\(32\|x32\)\.h' -e byteorder/big_endian\.h | sort -u > "$work/list"

# The C library's headers have none of these constants, and are there for this machine at most:
# empty files stand for them.
for dir; do
	(cd "$dir" && xargs -r grep -hs '^[ \t]*#[ \t]*include[ \t]*<' < "$work/list" || :)
done | sed 's/.*<\(.*\)>.*/\1/' | sort -u |
	grep -v '^\(linux\|asm\|asm-generic\|drm\|misc\|mtd\|rdma\|scsi\|sound\|video\|xen\)/' |
	while read -r header; do
		mkdir -p "$work/empty/$(dirname "$header")"
		: > "$work/empty/$header"
	done
cc="$cc -I$work/empty"

# A header that needs another package ends the preprocessor: leave it out and start again.
while :; do
	sed 's/.*/#include <&>/' "$work/list" > "$work/all.c"
	$cc -E -dD -ffreestanding -D__KERNEL__ "$work/all.c" > "$work/all.i" 2> "$work/errors" && break
	bad=$(sed -n 's,.*/\(\(linux\|asm\|asm-generic\)/[^:]*\):[0-9:]* \(fatal \)*error:.*,\1,p' \
		"$work/errors" | head -n 1)
	if [ -z "$bad" ] || ! grep -qxF "$bad" "$work/list"; then
		cat "$work/errors" >&2
		exit 1
	fi
	grep -vxF "$bad" "$work/list" > "$work/rest"
	mv "$work/rest" "$work/list"
done

# NAME, rank of the header, header, definition. Where headers disagree, what everyone includes
# comes before a driver's.
awk -F '\t' '
	/^# [0-9]+ "/ {
		split($0, part, "\"")
		header = ""
		if (match(part[2], "/(linux|asm|asm-generic)/")) {
			header = substr(part[2], RSTART + 1)
			depth = gsub("/", "/", header)
			rank = depth > 1 ? 3 : header ~ /^asm\// ? 0 : header ~ /^asm-generic/ ? 1 : 2
		}
		next
	}
	header != "" && /^#define / {
		name = $0
		sub(/^#define /, "", name)
		match(name, /^[A-Za-z0-9_]+/)
		definition = substr(name, RLENGTH + 1)
		name = substr(name, 1, RLENGTH)
		if (definition ~ /^[ \t]*$/ || definition == " " name)
			next
		gsub(/\\/, "&&", definition)
		gsub(/"/, "\\\"", definition)
		print name "\t" rank "\t" header "\t" definition
	}' "$work/all.i" | sort -t "$(printf '\t')" -k1,1 -k2,2n -k3,3 -u > "$work/macros"

awk -F '\t' -v arch="$arch" '
	{
		if (!($3 in number)) {
			number[$3] = headers + 0
			order[headers++] = $3
		}
		plain = $4
		gsub(/\\\\|\\"/, "x", plain)
		entry[NR] = $1 "\\0\"\"" number[$3] "\\0\"\"" $4
		at[NR] = size + 0
		size += length($1) + 1 + length(number[$3] "") + 1 + length(plain) + 1
	}
	END {
		print "static const char uapi_" arch "_text[] ="
		for (i = 1; i <= NR; i++)
			print "\"" entry[i] "\\0\""
		print ";"
		print "static const uint32_t uapi_" arch "_entries[] = {"
		for (i = 1; i <= NR; i++)
			print at[i] ","
		print "};"
		print "static const char *const uapi_" arch "_headers[] = {"
		for (i = 0; i < headers; i++)
			print "\"" order[i] "\","
		print "};"
		print "static const struct uapi_table uapi_" arch " = {"
		print ".arch = &arch_" arch ", .text = uapi_" arch "_text,"
		print ".entries = uapi_" arch "_entries, .count = " NR ", .headers = uapi_" arch "_headers};"
	}' "$work/macros"
