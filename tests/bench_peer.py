#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The peer of bench_start: a BPF C program the way BCC's Python runs it.

    bench_peer.py PROGRAM.c

Prints the time (CLOCK_MONOTONIC, nanoseconds) when the program is in the kernel, then waits.
Where the kernel has kprobes it is attached, to this process alone; where it has none, BCC can
only load it, and what attaching takes is left out, in its favour.
"""
import os
import re
import sys
import time
from bcc import BPF

text = open(sys.argv[1]).read()
# BCC does not filter by itself: everything is put behind a check of the process id.
check = "\tif (bpf_get_current_pid_tgid() >> 32 != %d)\n\t\treturn 0;\n" % os.getpid()
text = re.sub(r"(?m)^(static int \w+\([^)]*\)\n\{\n(?:\t[^\n]*;\n)+)", r"\1" + check, text)
attach = os.path.exists("/sys/bus/event_source/devices/kprobe")
if not attach:
    BPF._trace_autoload = lambda self: None
b = BPF(text=text)
for name in re.findall(r"(?m)^int (\w+)\(struct pt_regs", text):
    if attach and name.startswith("syscall__"):
        b.attach_kprobe(event=b.get_syscall_fnname(name[9:]), fn_name=name)
    else:
        b.load_func(name, BPF.KPROBE)
b["open_events"].open_perf_buffer(lambda cpu, data, size: None)
print(time.monotonic_ns(), flush=True)
sys.stdin.read()
