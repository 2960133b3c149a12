#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The peer with BCC for compiling alone: bcc_compile.py FILE [FLAG...]

Loads and attaches nothing: what BCC would attach by name is left alone."""
import sys
from bcc import BPF

BPF._trace_autoload = lambda self: None
BPF(src_file=sys.argv[1].encode(), cflags=sys.argv[2:])
