# SPDX-License-Identifier: Apache-2.0
"""Runs one of BCC's tools as far as it goes without libbcc, and writes down what it asked for.

usage: tool.py OUTPUT.json KERNEL-DIRECTORY SCRIPT [ARGUMENT...]

The tool gets the bcc package that is installed, but the shared library behind it is replaced by
an object that answers every call, so nothing is compiled, loaded or attached. The BPF C that the
tool hands over, the compiler flags and the attach calls are kept. The tool ends where it would
begin to wait for events.

What a tool asks of its kernel is answered for the one that KERNEL-DIRECTORY describes (kernel.py).
A tool that attaches to a function that this kernel lacks gets BCC's exception: it may try another
one."""

import builtins
import ctypes
import importlib.abc
import importlib.machinery
import inspect
import io
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
import types

from kernel import Kernel

SECONDS = 10
# Questions about a binary; libbcc answers them from files.
READ_ONLY = {"bcc_resolve_symname", "bcc_symcache_new", "bcc_symcache_resolve_name", "bcc_free_symcache",
             "bcc_procutils_which_so", "bcc_procutils_free", "bcc_foreach_function_symbol",
             "bcc_buildsymcache_new"}
# Python packages that some tools import and only use once they run.
OPTIONAL = ("pyroute2", "dnslib", "netaddr", "netifaces", "kafka", "cachetools")
# Data symbols of kernels that have the subsystem; the tools only look whether they exist.
SYMBOLS = b"""ffffffff82a00000 d ext4_file_operations
ffffffff82a00100 d btrfs_file_operations
ffffffff82a00200 d f2fs_file_operations
ffffffff82b00000 B vm_zone_stat
"""
# Paths whose existence a tool asks for before it makes its program.
EXISTING = ("/events/preemptirq/", "/dev/kvm")

real_open, real_exists, real_access = builtins.open, os.path.exists, os.access
record = {"programs": [], "usdt": [], "ended": None}
kernel = None


def finish(how):
    record["ended"] = record["ended"] or how
    with real_open(sys.argv_output, "w") as file:
        json.dump(record, file, indent=1)
    sys.stdout.flush()
    os._exit(0)


def plain(value):
    """A value as JSON can hold it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else repr(value)


class Anything:
    """Stands for whatever a tool expects: it can be called, indexed, compared, counted with."""

    value = fd = 0

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __call__(self, *args, **kwargs):
        return Anything()

    def __getitem__(self, key):
        return Anything()

    def __setitem__(self, key, value):
        pass

    def __delitem__(self, key):
        pass

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0

    def __bool__(self):
        return True

    def __index__(self):
        return 0

    def __float__(self):
        return 0.0

    def __hash__(self):
        return id(self)

    def __lt__(self, other):
        return False

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return False

    def __format__(self, spec):
        return format(0, spec)

    __int__ = __index__
    __gt__ = __le__ = __ge__ = __lt__
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __truediv__ = lambda self, other: 0
    __floordiv__ = __mod__ = __and__ = __or__ = __rshift__ = __lshift__ = __add__


# ---- libbcc -----------------------------------------------------------------------------------

class Function:
    """One function of the library. ctypes callers set restype and argtypes on it."""

    restype = ctypes.c_int
    argtypes = None

    def __init__(self, name, library):
        self.name, self.library = name, library

    def __call__(self, *args):
        handler = getattr(self.library, "on_" + self.name, None)
        if handler:
            return handler(*args)
        if self.name in READ_ONLY:
            function = getattr(self.library.real(), self.name)
            function.restype, function.argtypes = self.restype, self.argtypes
            return function(*args)
        if self.restype is ctypes.c_char_p:
            return b""
        return 1 if self.restype in (ctypes.c_void_p, None) else 0


class Library:
    def __init__(self, cdll):
        self.cdll, self.loaded = cdll, None

    def real(self):
        self.loaded = self.loaded or self.cdll("libbcc.so.0", use_errno=True)
        return self.loaded

    def __getattr__(self, name):
        if name.startswith(("__", "on_")):
            raise AttributeError(name)
        self.__dict__[name] = Function(name, self)
        return self.__dict__[name]

    def on_bpf_module_create_c_from_string(self, text, debug, cflags, count, *rest):
        record["programs"].append({"text": plain(text), "attach": [],
                                   "cflags": [plain(cflags[i]) for i in range(count)]})
        return 1

    def on_bpf_has_kernel_btf(self):
        return 1

    def on_kernel_struct_has_field(self, struct, field):
        return int(kernel.has_field(plain(struct), plain(field)))

    # Enabled before the program is made: it is compiled with the code that reads the arguments.
    def on_bcc_usdt_enable_probe(self, context, probe, function):
        record["usdt"].append({"probe": plain(probe), "fn_name": plain(function)})
        return 0

    def on_bcc_usdt_enable_fully_specified_probe(self, context, provider, probe, function):
        record["usdt"].append({"provider": plain(provider), "probe": plain(probe),
                               "fn_name": plain(function)})
        return 0

    def on_bcc_usdt_get_probe_argctype(self, *args):
        return b"unsigned long long"

    on_bcc_usdt_get_fully_specified_probe_argctype = on_bcc_usdt_get_probe_argctype


def replace_libbcc():
    real_cdll = ctypes.CDLL

    def cdll(name, *args, **kwargs):
        if name and "libbcc" in str(name):
            return Library(real_cdll)
        return real_cdll(name, *args, **kwargs)

    ctypes.CDLL = cdll


# ---- The class BPF ----------------------------------------------------------------------------

def armed():
    return any(program["text"].strip() for program in record["programs"])


def waits(name):
    def wait(*args, **kwargs):
        if armed():
            finish(name)
    return wait


def check_target(call, check_path_symbol):
    """Raises BCC's exception if there is no such function."""
    if "event_re" in call:
        call["events"] = plain(kernel_functions(call["event_re"]))
    elif "event" in call and not kernel.has_function(call["event"]):
        raise Exception("Failed to attach BPF program %s to kprobe %s"
                        % (call["fn_name"], call["event"]))
    elif "name" in call and not call.get("addr"):
        check_path_symbol(call["name"].encode(), call["sym"].encode(), 0, call.get("pid", -1))


def attaches(name, method, check_path_symbol):
    signature = inspect.signature(method)

    def attach(*args, **kwargs):
        arguments = signature.bind(*args, **kwargs).arguments
        call = {key: plain(value) for key, value in arguments.items() if key != "self"}
        try:
            check_target(call, check_path_symbol)
            call["ok"] = True
        finally:
            record["programs"][-1]["attach"].append(dict(call, call=name))
    return attach


def kernel_functions(expression):
    if isinstance(expression, bytes):
        expression = expression.decode()
    names = [name for name in kernel.functions if re.match(expression, name)]
    return [name.encode() for name in sorted(set(names) - kernel.blacklist)][:40]


def replace_methods(bpf):
    check_path_symbol = bpf._check_path_symbol
    for name in dir(bpf):
        if name.startswith("attach_"):
            setattr(bpf, name, attaches(name, getattr(bpf, name), check_path_symbol))
        elif name.endswith(("_poll", "_consume")) or name in ("trace_print", "trace_fields",
                                                              "trace_readline"):
            setattr(bpf, name, waits(name))
    function = types.SimpleNamespace
    bpf.load_func = lambda self, name, *args, **kwargs: function(name=name, fd=1, bpf=self)
    bpf.load_funcs = lambda self, *args: []
    bpf.get_table = bpf.__getitem__ = lambda self, *args, **kwargs: Anything()
    bpf._trace_autoload = bpf.cleanup = lambda self: None
    bpf.num_open_kprobes = bpf.num_open_uprobes = bpf.num_open_tracepoints = lambda self: 1
    bpf.get_kprobe_functions = staticmethod(kernel_functions)
    bpf.tracepoint_exists = staticmethod(
        lambda category, event: kernel.has_tracepoint(plain(category), plain(event)))
    bpf.get_user_functions_and_addresses = staticmethod(lambda *args: [(b"f", 4096)])
    bpf._check_path_symbol = classmethod(lambda cls, module, *args: (module, 4096))
    # kprobes are what the text is made for, unless told otherwise.
    bpf.support_kfunc = staticmethod(lambda: os.environ.get("CONFORMANCE_KFUNC") == "1")


# ---- The world around -------------------------------------------------------------------------

class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Makes up the optional packages. Comes last, so one that is installed is used."""

    class Module(types.ModuleType):
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return type(name, (Anything,), {})

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in OPTIONAL:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = self.Module(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module):
        pass


class Process:
    """A child process that is not started."""

    answers = {"grep -w debugfs": "/sys/kernel/debug\n", "vendor_id": "vendor_id: GenuineIntel\n",
               "pidof": "%d\n" % os.getpid(), "pgrep": "%d\n" % os.getpid()}
    returncode = 0

    def __init__(self, args, *rest, **kwargs):
        command = args if isinstance(args, str) else " ".join(map(str, args))
        text = "".join(out for key, out in self.answers.items() if key in command)
        is_text = kwargs.get("universal_newlines") or kwargs.get("text") or kwargs.get("encoding")
        self.output = text if is_text else text.encode()
        self.stdout = io.StringIO(text) if is_text else io.BytesIO(text.encode())
        self.stderr = self.stdin = Anything()
        self.pid = os.getpid()

    def communicate(self, *args, **kwargs):
        return self.output, None

    def wait(self, *args, **kwargs):
        return 0

    def send_signal(self, *args):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return False

    poll = wait
    kill = terminate = send_signal


def open_read_only(path, mode="r", *args, **kwargs):
    if path == "/proc/kallsyms":
        with real_open(kernel.kallsyms, "rb") as file:
            data = file.read() + SYMBOLS
        return io.BytesIO(data) if "b" in mode else io.StringIO(data.decode())
    if set(mode) & set("wax+") and isinstance(path, (str, bytes)):
        raise PermissionError(13, "not while its program is captured", path)
    return real_open(path, mode, *args, **kwargs)


def replace_world():
    sys.meta_path.append(Finder())
    builtins.open = open_read_only
    builtins.input = waits("input")
    os.path.exists = lambda p: any(part in str(p) for part in EXISTING) or real_exists(p)
    os.access = lambda p, *args, **kwargs: (str(p) in EXISTING or
                                            real_access(p, *args, **kwargs))
    os.system = os.kill = lambda *args: 0
    subprocess.Popen = Process
    subprocess.run = Process
    subprocess.call = subprocess.check_call = lambda *args, **kwargs: 0
    subprocess.check_output = lambda *args, **kwargs: Process(*args, **kwargs).output
    time.sleep = waits("time.sleep")
    signal.pause = waits("signal.pause")
    try:
        import curses
        curses.wrapper = lambda function, *args: function(Anything(), *args)
        for name in ("curs_set", "use_default_colors", "cbreak", "noecho", "endwin"):
            setattr(curses, name, lambda *args: None)
    except ImportError:
        pass


def main():
    global kernel
    sys.argv_output = sys.argv[1]
    kernel = Kernel(sys.argv[2])
    script = sys.argv[3]
    sys.argv = sys.argv[3:]
    signal.signal(signal.SIGALRM, lambda *args: finish("timeout"))
    signal.alarm(SECONDS)
    replace_libbcc()
    import bcc
    replace_methods(bcc.BPF)
    replace_world()
    sys.path.insert(0, os.path.dirname(script))
    os.chdir(os.path.dirname(script))
    try:
        runpy.run_path(script, run_name="__main__")
        finish("it ended")
    except SystemExit as end:
        finish("exit(%r)" % (end.code,))
    except BaseException as error:  # the tool's own, whatever it is
        finish("%s: %s" % (type(error).__name__, error))


main()
