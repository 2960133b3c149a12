#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The peer with BCC: bcc_host.py count|table|json SIZE PID... (host.h)

Runs event.c as BCC's Python programs do, and counts the events or prints them to standard error.
"""
import json
import os
import select
import sys
import time
from bcc import BPF

PAGES = 64
HERE = os.path.dirname(os.path.abspath(__file__))


class Host:
    def __init__(self, mode, size, pids):
        self.count_of_events = self.count_of_lost = 0
        self.out = os.fdopen(os.dup(2), "w", buffering=1 << 16)
        traced = "||".join("(id)==%d" % pid for pid in pids or [0])
        self.bpf = BPF(src_file=os.path.join(HERE, "event.c").encode(), cflags=[
            "-DSIZE=%d" % size, "-DTRACED(id)=%s" % traced, "-I" + HERE])
        self.events = self.bpf["events"]
        self.events.open_perf_buffer(getattr(self, mode), page_cnt=PAGES, lost_cb=self.lost)

    def lost(self, count):
        self.count_of_lost += count

    def count(self, _cpu, _data, _size):
        self.count_of_events += 1

    def table(self, _cpu, data, _size):
        self.count_of_events += 1
        e = self.events.event(data)
        self.out.write("%10d %7d %7d %10d %10d %7d %7d %s\n" % (
            e.time, e.pid, e.tid, e.flags, e.inode, e.uid, e.ret, e.comm.decode()))

    def json(self, cpu, data, _size):
        self.count_of_events += 1
        e = self.events.event(data)
        self.out.write(json.dumps({"event": "events", "cpu": cpu, "data": {
            "time": e.time, "pid": e.pid, "tid": e.tid, "flags": e.flags, "inode": e.inode,
            "uid": e.uid, "ret": e.ret, "comm": e.comm.decode()}}) + "\n")

    def run(self):
        print("ready %d" % time.monotonic_ns(), flush=True)
        while not select.select([0], [], [], 0)[0]:
            self.bpf.perf_buffer_poll(timeout=20)
            self.out.flush()
        self.bpf.detach_tracepoint("syscalls:sys_enter_getppid")
        self.bpf.perf_buffer_poll(timeout=0)
        self.out.flush()
        print("events %d lost %d" % (self.count_of_events, self.count_of_lost), flush=True)


if __name__ == "__main__":
    Host(sys.argv[1], int(sys.argv[2]), [int(pid) for pid in sys.argv[3:]]).run()
