# SPDX-License-Identifier: Apache-2.0
"""What a kernel has, out of a directory that facts.sh filled."""

import ctypes
import ctypes.util
import os
import re

BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_TYPEDEF = 4, 5, 8


class BtfType(ctypes.Structure):
    _fields_ = [("name", ctypes.c_uint32), ("info", ctypes.c_uint32), ("size", ctypes.c_uint32)]


class BtfMember(ctypes.Structure):
    _fields_ = [("name", ctypes.c_uint32), ("type", ctypes.c_uint32), ("offset", ctypes.c_uint32)]


class Btf:
    """By libbpf, so that the compiler's own reader is not its own judge."""

    def __init__(self, path):
        self.libbpf = ctypes.CDLL("libbpf.so.1", use_errno=True)
        for name, result in (("btf__parse", ctypes.c_void_p),
                             ("btf__find_by_name_kind", ctypes.c_int32),
                             ("btf__type_by_id", ctypes.POINTER(BtfType)),
                             ("btf__name_by_offset", ctypes.c_char_p)):
            getattr(self.libbpf, name).restype = result
        self.btf = ctypes.c_void_p(self.libbpf.btf__parse(path.encode(), None))

    def find(self, name, kind):
        return self.libbpf.btf__find_by_name_kind(self.btf, name.encode(), kind)

    def at(self, identity):
        return self.libbpf.btf__type_by_id(self.btf, ctypes.c_uint32(identity)).contents

    def members(self, identity):
        found = self.at(identity)
        if found.info >> 24 & 31 not in (BTF_KIND_STRUCT, BTF_KIND_UNION):
            return []
        first = ctypes.addressof(found) + ctypes.sizeof(BtfType)
        return (BtfMember * (found.info & 0xffff)).from_address(first)

    def has_member(self, identity, field):
        for member in self.members(identity):
            name = self.libbpf.btf__name_by_offset(self.btf, ctypes.c_uint32(member.name))
            if name == field or (not name and self.has_member(member.type, field)):
                return True
        return False

    def has_field(self, struct, field):
        identity = self.find(struct, BTF_KIND_STRUCT)
        return identity > 0 and self.has_member(identity, field.encode())

    def tracepoint_arguments(self, event):
        """typedef void (*btf_trace_EVENT)(void *, ...)"""
        identity = self.find("btf_trace_" + event, BTF_KIND_TYPEDEF)
        if identity <= 0:
            return 0
        prototype = self.at(self.at(self.at(identity).size).size)
        return (prototype.info & 0xffff) - 1


class Kernel:
    def __init__(self, directory):
        self.directory = directory
        self.kallsyms = os.path.join(directory, "kallsyms")
        self.release = self.lines("release")[0]
        self.tracepoints = set(self.lines("tracepoints"))
        self.pmus = set(self.lines("pmus"))
        self.traceable = set(self.lines("traceable"))
        self.blacklist = {line.split()[1] for line in self.lines("blacklist")}
        self.config = {line.split("=")[0] for line in self.lines("config") if "=" in line}
        self.functions = set(self.lines("functions"))

    def lines(self, name):
        with open(os.path.join(self.directory, name)) as file:
            return file.read().splitlines()

    def has_function(self, name):
        return name in self.functions

    def has_field(self, struct, field):
        return self.btf().has_field(struct, field)

    def btf(self):
        return Btf(os.path.join(self.directory, "btf/vmlinux"))

    def has_tracepoint(self, category, event):
        return "%s:%s" % (category, event) in self.tracepoints

    # ---- What a probe needs and the kernel lacks, in words ----

    def lacks_kprobe(self, target):
        name = target.split("+")[0]
        lacks = []
        if "kprobe" not in self.pmus:
            lacks.append("kprobes (CONFIG_KPROBES)")
        if not re.search(r"[*?\[]", name):
            plain = name if self.has_function(name) else "__x64_" + name
            if not self.has_function(plain):
                lacks.append("function " + name)
            elif name in self.blacklist:
                lacks.append("kprobes on %s (kprobes/blacklist)" % name)
            elif self.traceable and plain not in self.traceable:
                lacks.append("kprobes on %s (it is notrace)" % name)
        return lacks

    def lacks_tracepoint(self, target):
        return [] if self.has_tracepoint(*target.split(":")) else ["tracepoint " + target]

    def lacks_raw_tracepoint(self, target):
        return [] if self.has_function("__traceiter_" + target) else ["tracepoint " + target]

    def lacks_kfunc(self, target):
        return [] if self.has_function(target) else ["function " + target]

    def lacks_uprobe(self, target):
        library = target.split(":")[0]
        if "/" in library or library.startswith("@") or ctypes.util.find_library(library):
            return []
        return ["library " + library]

    def lacks_perf_event(self, target):
        hardware = target.split(":")[0] in ("cache-misses", "cache-references")
        return ["hardware counters"] if hardware and "cpu" not in self.pmus else []

    def lacks_config(self, symbol):
        return [] if "CONFIG_" + symbol in self.config else ["CONFIG_" + symbol]

    def lacks_arguments(self, target):
        event, number = target.split("/")
        if self.btf().tracepoint_arguments(event) >= int(number):
            return []
        return ["%s arguments of tracepoint %s" % (number, event)]

    lacks_kretprobe = lacks_kprobe
    lacks_kretfunc = lacks_kfunc
    lacks_uretprobe = lacks_uprobe

    def lacks(self, spec):
        kind, target = spec.split(":", 1)
        find = getattr(self, "lacks_" + kind, None)
        return find(target) if find else []
