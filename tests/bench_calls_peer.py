#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The peer of bench_calls: attaches functions of a BPF C program as BCC does.

    bench_calls_peer.py PROGRAM.c

Reads commands, a line each, and answers with a number, how many probes are attached, and the
nanoseconds (CLOCK_MONOTONIC) that it took:
    kprobe SYSCALL FUNCTION       entry of the kernel's function for that syscall
    kretprobe SYSCALL FUNCTION    its return
    pattern REGEX FUNCTION        entries of all functions that match
    detach                        all of them
"""
import sys
import time
from bcc import BPF

b = BPF(text=open(sys.argv[1]).read())
# The function with a convention's name is attached already, by that name.
for name in list(b.kprobe_fds):
    b.detach_kprobe_event(name)
for function in (b"on_entry", b"on_return", b"syscall__getpgid"):
    b.load_func(function, BPF.KPROBE)
print("ready", flush=True)
for line in sys.stdin:
    words = line.encode().split()
    start = time.monotonic_ns()
    if words[0] == b"kprobe":
        b.attach_kprobe(event=b.get_syscall_fnname(words[1]), fn_name=words[2])
    elif words[0] == b"kretprobe":
        b.attach_kretprobe(event=b.get_syscall_fnname(words[1]), fn_name=words[2])
    elif words[0] == b"pattern":
        b.attach_kprobe(event_re=words[1], fn_name=words[2])
    elif words[0] == b"detach":
        for name in list(b.kprobe_fds):
            b.detach_kprobe_event(name)
    took = time.monotonic_ns() - start
    print(sum(len(fds) for fds in b.kprobe_fds.values()), took, flush=True)
