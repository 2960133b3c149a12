#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Collects the BPF C of BCC's own tools (Debian's bpfcc-tools).

usage: capture.py KERNEL-DIRECTORY DIRECTORY [TOOL...]

Writes DIRECTORY/TOOL.c, and DIRECTORY/TOOL.json with the compiler flags and the attach calls, as
they are on the kernel that KERNEL-DIRECTORY describes (kernel.py); and TOOL.kfunc.c where the tool
has another program for kernels with trampolines, and this one has them. Nothing is compiled, loaded or attached (see tool.py), and the tools run without the capabilities
that would allow it. Prints the tools that made no program."""

import json
import os
import re
import subprocess
import sys

from kernel import Kernel

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = "/usr/sbin"
DROPPED = ",".join("-" + name for name in (
    "sys_admin", "bpf", "perfmon", "net_admin", "net_raw", "sys_module", "sys_ptrace",
    "sys_rawio", "sys_resource", "mknod"))
PYTHON_TOOLS = ("ucalls", "uflow", "ugc", "uobjnew", "ustat", "uthreads")
WITHOUT_PROGRAM = ("bpflist", "tplist", "reset-trace")
# What a tool needs on its command line to get as far as its program. PID is a sleeping process.
ARGUMENTS = {
    "argdist": "-C p::do_sys_openat2():int", "biolatpcts": "vda", "dbslower": "mysql -p PID",
    "dbstat": "mysql -p PID", "deadlock": "PID --binary /lib/x86_64-linux-gnu/libc.so.6",
    "dirtop": "-d /tmp", "funccount": "vfs_*", "funcinterval": "do_sys_openat2",
    "funclatency": "do_sys_openat2", "funcslower": "-a 2 do_sys_openat2",
    "inject": "kmalloc ((true))=>do_sys_openat2()", "mysqld_qslower": "PID",
    "netqtop": "-n lo", "stackcount": "do_sys_openat2", "trace": "do_sys_openat2",
    "ttysnoop": "/dev/null", "ucalls": "-l java PID", "uflow": "-l java PID",
    "ugc": "-l java PID", "uobjnew": "-l java PID", "ustat": "-C", "uthreads": "-l java PID"}


def tools():
    for file in sorted(os.listdir(TOOLS)):
        if file.endswith("-bpfcc") and file[:-6] not in WITHOUT_PROGRAM:
            yield file[:-6], os.path.join(TOOLS, file)
    for name in PYTHON_TOOLS:
        yield name, os.path.join(TOOLS, name)


def command(name, path, pid):
    """The script and its arguments. Some tools are shell scripts around another one."""
    with open(path, errors="replace") as file:
        text = file.read()
    wrapped = re.search(r'^\$lib/(\w+) (.*?) *"\$@"', text, re.M)
    if wrapped:
        script = os.path.join(TOOLS, wrapped.group(1))
        arguments = wrapped.group(2) + ("" if wrapped.group(1) == "ustat" else " PID")
    else:
        script, arguments = path, ARGUMENTS.get(name, "")
    return [script] + arguments.replace("PID", str(pid)).split()


def capture(kernel, directory, name, path, pid, kfunc):
    output = os.path.join(directory, name + ".json")
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TERM": "dumb",
                   "HOME": directory, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
                   "CONFORMANCE_KFUNC": str(int(kfunc))}
    subprocess.run(["timeout", "-k", "2", "20", "setpriv", "--bounding-set", DROPPED,
                    "/usr/bin/python3", "-W", "ignore", os.path.join(HERE, "tool.py"), output, kernel]
                   + command(name, path, pid), env=environment, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    with open(output) as file:
        record = json.load(file)
    programs = [p for p in record["programs"] if p["text"].strip()]
    if not programs:
        os.unlink(output)
        return record["ended"]
    with open(os.path.join(directory, name + ".c"), "w") as file:
        file.write(programs[-1]["text"])
    with open(output, "w") as file:
        json.dump(dict(programs[-1], usdt=record["usdt"], ended=record["ended"]), file, indent=1)
    return None


def text(directory, name):
    with open(os.path.join(directory, name + ".c")) as file:
        return file.read()


def capture_kfunc(kernel, directory, name, path, pid):
    """The program with trampolines, if there is one."""
    other = name + ".kfunc"
    if capture(kernel, directory, other, path, pid, True):
        return False
    if text(directory, other) != text(directory, name):
        return True
    os.unlink(os.path.join(directory, other + ".c"))
    os.unlink(os.path.join(directory, other + ".json"))
    return False


def main():
    kernel, directory = map(os.path.abspath, sys.argv[1:3])
    os.makedirs(directory, exist_ok=True)
    # As BCC's support_kfunc().
    has_kfunc = Kernel(kernel).has_function("bpf_trampoline_link_prog") and "kprobe" in \
        Kernel(kernel).pmus
    sleeper = subprocess.Popen(["sleep", "600"])
    count = 0
    try:
        for name, path in tools():
            if sys.argv[3:] and name not in sys.argv[3:]:
                continue
            error = capture(kernel, directory, name, path, sleeper.pid, False)
            if error:
                print("%s: %s" % (name, error))
            elif has_kfunc:
                count += capture_kfunc(kernel, directory, name, path, sleeper.pid)
            count += not error
    finally:
        sleeper.kill()
        sleeper.wait()
    print("%d programs" % count)


main()
