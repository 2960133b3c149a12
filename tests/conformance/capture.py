#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Collects the BPF C of BCC's own tools (Debian's bpfcc-tools).

usage: capture.py DIRECTORY [TOOL...]

Writes DIRECTORY/TOOL.c, and DIRECTORY/TOOL.json with the compiler flags and the attach calls.
Nothing is compiled, loaded or attached (see tool.py), and the tools run without the capabilities
that would allow it. Prints the tools that made no program."""

import json
import os
import re
import subprocess
import sys

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


def capture(directory, name, path, pid):
    output = os.path.join(directory, name + ".json")
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "TERM": "dumb",
                   "HOME": directory, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
                   "CONFORMANCE_KFUNC": os.environ.get("CONFORMANCE_KFUNC", "0")}
    subprocess.run(["timeout", "-k", "2", "20", "setpriv", "--bounding-set", DROPPED,
                    "/usr/bin/python3", "-W", "ignore", os.path.join(HERE, "tool.py"), output]
                   + command(name, path, pid), env=environment, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    with open(output) as file:
        record = json.load(file)
    programs = [p for p in record["programs"] if p["text"].strip()]
    if not programs:
        return record["ended"]
    with open(os.path.join(directory, name + ".c"), "w") as file:
        file.write(programs[-1]["text"])
    return None


def main():
    directory = os.path.abspath(sys.argv[1])
    os.makedirs(directory, exist_ok=True)
    if not os.path.isdir("/sys/kernel/tracing/events") and "CONFORMANCE_UNSHARED" not in os.environ:
        # Tools ask tracefs which tracepoints there are: mounted for this process only.
        os.environ["CONFORMANCE_UNSHARED"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "sh", "-c",
                              'mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"', "sh",
                              sys.executable] + sys.argv)
    sleeper = subprocess.Popen(["sleep", "600"])
    count = 0
    try:
        for name, path in tools():
            if sys.argv[2:] and name not in sys.argv[2:]:
                continue
            error = capture(directory, name, path, sleeper.pid)
            count += not error
            if error:
                print("%s: %s" % (name, error))
    finally:
        sleeper.kill()
        sleeper.wait()
    print("%d programs" % count)


main()
