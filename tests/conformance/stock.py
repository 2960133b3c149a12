#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles BCC's own tools by BCC itself (Debian's libbpfcc), with the headers that `hotprobe
headers` makes of this kernel's BTF in place of a package of kernel headers.

Nothing is loaded or attached. Exit status 1 if a tool does not compile and `limits` does not show
what the kernel lacks for it."""

import argparse
import concurrent.futures
import ctypes
import os
import subprocess
import sys

from corpus import add_options, programs_of, read_limits
from machine import TRACEFS, Host, output_of


def compile_here(path, cflags):
    """In a process of its own: libbcc may end it."""
    create = ctypes.CDLL("libbcc.so.0").bpf_module_create_c_from_string
    create.restype = ctypes.c_void_p
    create.argtypes = [ctypes.c_char_p, ctypes.c_uint, ctypes.POINTER(ctypes.c_char_p),
                       ctypes.c_int, ctypes.c_bool, ctypes.c_char_p]
    with open(path, "rb") as file:
        text = file.read()
    flags = (ctypes.c_char_p * len(cflags))(*[flag.encode() for flag in cflags])
    return bool(create(text, 0, flags, len(cflags), True, None))


def compile_program(program, tree):
    environment = dict(os.environ, BCC_KERNEL_SOURCE=tree)
    # libbcc reads the formats of tracepoints where tracefs is mounted.
    return output_of(TRACEFS + [sys.executable, os.path.abspath(__file__), "--one", program.path]
                     + ["--flag=" + flag for flag in program.cflags], env=environment)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", metavar="PROGRAM", help=argparse.SUPPRESS)
    parser.add_argument("--flag", action="append", default=[], help=argparse.SUPPRESS)
    options = add_options(parser)
    if options.one:
        return 0 if compile_here(options.one, options.flag) else 1

    machine = Host(options)
    limits = read_limits(machine)
    tree = os.path.join(machine.directory, "headers")
    subprocess.run([options.hotprobe, "headers", tree], check=True, stdout=subprocess.DEVNULL)
    programs = [program for program in programs_of(machine, options.tools)
                if not program.name.startswith("programs/")]
    compiled = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda program: compile_program(program, tree), programs)
        for program, (status, lines) in zip(programs, results):
            lacks = limits.get(program.name)
            compiled += not status
            failed += bool(status and not lacks)
            errors = [line for line in lines if "error: " in line] or ["no message"]
            if status:
                print("%-24s %s" % (program.name, "the kernel has no " + ", ".join(lacks)
                                    if lacks else "FAILED " + errors[0]), flush=True)
    print("BCC itself with hotprobe's headers: %d programs: %d compile; %d failed that should not"
          % (len(programs), compiled, failed))
    return 1 if failed else 0


sys.exit(main())
