#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares hotprobe with its peers and prints one table.

usage: bench.py BUILD RESULTS [quick]

BUILD is the build directory; RESULTS.json and RESULTS.csv are written. Everything that is traced is
a child of this program (caller.c), and all of them, hotprobe and peers, filter by its process id in
the kernel. Each round measures hotprobe and every peer in turn, so that what the machine does
meanwhile hits all of them; a ratio is made within a round, and the table has the median of the
rounds with the least and the largest. CPU is read from the kernel's clock of a process's own CPU
time, so that what others do to the machine counts for little.
"""
import csv
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from figures import FIGURES, NAMES, print_table

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"
SIZES = (16, 64, 256, 4096)
RATES = (25000, 50000, 100000, 200000, 400000, 800000, 0)
TOOLS = (("small", "vfscount"), ("middle", "filelife"), ("largest", "tcptracer"))
PATIENCE = 60  # seconds, for anything that should come soon


class Bench:
    def __init__(self, build, quick):
        self.build = os.path.abspath(build)
        self.quick = quick
        self.rounds = 2 if quick else 5
        self.seconds = 0.2 if quick else 0.4
        self.values = {}  # (figure, variant, who): a value for each round
        self.scratch = tempfile.mkdtemp(prefix="bench-", dir=os.path.join(self.build, "bench"))
        cpus = sorted(os.sched_getaffinity(0))
        self.caller_cpus, self.host_cpu = cpus[:2], cpus[-1]

    def program(self, name):
        return os.path.join(self.build, "tests", "bench", name)

    def note(self, figure, variant, who, value):
        self.values.setdefault((figure, variant, who), []).append(value)


# ---- Processes ------------------------------------------------------------------------------------


def cpu_ns(pid):
    """CPU time of a process so far: the clock that clock_getcpuclockid(3) gives for it."""
    return time.clock_gettime_ns((~pid << 3) | 2)


def status_kb(pid, name):
    with open("/proc/%d/status" % pid) as file:
        for line in file:
            if line.startswith(name):
                return int(line.split()[1])
    return 0


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("bench: waited in vain for %s" % what)
        time.sleep(0.002)


class Caller:
    """caller.c with its two pipes."""

    def __init__(self, bench, cpu, seconds, rate):
        self.dir = tempfile.mkdtemp(dir=bench.scratch)
        self.go, self.result = (os.path.join(self.dir, name) for name in ("go", "result"))
        os.mkfifo(self.go)
        os.mkfifo(self.result)
        self.argv = [bench.program("caller"), self.go, self.result, str(cpu), str(seconds),
                     str(rate)]
        self.result_fd = os.open(self.result, os.O_RDONLY | os.O_NONBLOCK)
        self.go_fd = -1
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.argv)
        self.wait_open()

    def wait_open(self):
        """Until it runs, and waits to be let go."""
        def opened():
            try:
                self.go_fd = os.open(self.go, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                return False
            return True
        wait_until(opened, " ".join(self.argv))

    def let_go(self):
        os.write(self.go_fd, b"g")

    def wait_result(self):
        text = b""

        def got_line():
            nonlocal text
            try:
                text += os.read(self.result_fd, 100)
            except BlockingIOError:
                pass
            return text.endswith(b"\n")
        wait_until(got_line, "a caller's result")
        return [int(word) for word in text.split()]

    def end(self):
        for fd in (self.go_fd, self.result_fd):
            if fd >= 0:
                os.close(fd)
        if self.process:
            self.process.wait()
        os.unlink(self.go)
        os.unlink(self.result)
        os.rmdir(self.dir)


class Host:
    """A host of host.h: takes process ids, says when it is ready, counts."""

    def __init__(self, argv, env=None):
        self.argv, self.env = argv, env
        self.process = None

    def start(self, pids, stderr, cpu=None):
        pin = (lambda: os.sched_setaffinity(0, [cpu])) if cpu is not None else None
        self.process = subprocess.Popen(self.argv + [str(pid) for pid in pids], env=self.env,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=stderr, text=True, preexec_fn=pin)
        return self.wait_line("ready")[1]

    def wait_line(self, first):
        for line in self.process.stdout:
            words = line.split()
            if words and words[0] == first:
                return [int(word) if word.isdigit() else word for word in words]
        raise SystemExit("bench: %s ended early" % " ".join(self.argv))

    def finish(self):
        """Events and lost events."""
        self.process.stdin.close()
        words = self.wait_line("events")
        self.process.stdout.read()
        self.process.wait()
        return words[1], words[3]


def settle(pid):
    """Until the process has nothing more to do; returns its CPU time then."""
    last, quiet = cpu_ns(pid), 0
    while quiet < 3:
        time.sleep(0.02)
        now = cpu_ns(pid)
        quiet = quiet + 1 if now - last < 400000 else 0
        last = now
    return last


# ---- Events: CPU of host and caller, loss ---------------------------------------------------------


def run_host(bench, host, callers_count=1, rate=0, seconds=None):
    """Traces callers with a host. Returns a dictionary of what came out."""
    callers = [Caller(bench, cpu, seconds or bench.seconds, rate)
               for cpu in bench.caller_cpus[:callers_count]]
    for caller in callers:
        caller.start()
    with tempfile.TemporaryFile(dir=bench.scratch) as out:
        host.start([caller.process.pid for caller in callers], out,
                   bench.host_cpu if callers_count == 1 else None)
        before = cpu_ns(host.process.pid)
        for caller in callers:
            caller.let_go()
        results = [caller.wait_result() for caller in callers]
        used = settle(host.process.pid) - before
        events, lost = host.finish()
    for caller in callers:
        caller.end()
    calls, wall, cpu = (sum(column) for column in zip(*results))
    return {"per_event": used / max(events, 1), "per_call": cpu / calls,
            "rate": calls / (wall / len(callers)) * 1e9, "lost": max(lost, calls - events) / calls}


def run_command(bench, argv, count_lines):
    """The same for a command that starts the caller by itself, as argv's end, and prints lines."""
    caller = Caller(bench, bench.caller_cpus[0], bench.seconds, 0)
    with tempfile.TemporaryFile(dir="/dev/shm") as out:
        process = subprocess.Popen(argv(caller.argv), stdout=out, stderr=subprocess.DEVNULL)
        caller.wait_open()
        os.sched_setaffinity(process.pid, [bench.host_cpu])
        before = cpu_ns(process.pid)
        caller.let_go()
        calls, _, cpu = caller.wait_result()
        used = settle(process.pid) - before
        caller.end()
        process.wait()
        out.seek(0)
        events = sum(count_lines(line) for line in out)
    return {"per_event": used / max(events, 1), "per_call": cpu / calls,
            "lost": (calls - events) / calls}


def hotprobe_host(bench, size, *flags):
    return Host([bench.program("hotprobe_host"), *flags, "-DSIZE=%d" % size,
                 os.path.join(bench.build, "hotprobe-cc"), os.path.join(HERE, "event.c")])


def hosts(bench, size):
    libbpf = [bench.program("libbpf_host")]
    return {
        "hotprobe": hotprobe_host(bench, size),
        "hotprobe-perf": hotprobe_host(bench, size, "-p"),
        "libbpf-ring": Host(libbpf + [bench.program("ring%d.o" % size)]),
        "libbpf-perf": Host(libbpf + [bench.program("perf%d.o" % size)]),
        "bcc": bcc_host("count", size),
    }


def bcc_host(mode, size):
    return Host([PYTHON, os.path.join(HERE, "bcc_host.py"), mode, str(size)])


def measure_untraced(bench):
    caller = Caller(bench, bench.caller_cpus[0], bench.seconds, 0)
    caller.start()
    caller.let_go()
    calls, _, cpu = caller.wait_result()
    caller.end()
    return cpu / calls


def measure_callbacks(bench):
    for _ in range(bench.rounds):
        bare = measure_untraced(bench)
        for size in SIZES:
            for who, host in hosts(bench, size).items():
                result = run_host(bench, host)
                bench.note("event", size, who, result["per_event"])
                bench.note("call", size, who, max(result["per_call"] - bare, 0.1))
        for who, host in hosts(bench, 64).items():
            bench.note("event2", 64, who, run_host(bench, host, 2)["per_event"])


def measure_output(bench):
    bpftrace = ('tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { printf("%d %d %d %d %d %d '
                '%d %s\\n", nsecs, pid, tid, 32768, 123456789, uid, -2, comm) }')
    commands = {
        "hotprobe": lambda json: lambda command: (
            [os.path.join(bench.build, "hotprobe"), "run"] + (["--json"] if json else []) +
            ["-DSIZE=64", os.path.join(HERE, "event.c"), "--"] + command),
        "bpftrace": lambda json: lambda command: (
            ["bpftrace", "-B", "full"] + (["-f", "json"] if json else []) +
            ["-e", bpftrace, "-c", " ".join(command)]),
    }
    for _ in range(bench.rounds):
        for figure in ("table", "json"):
            for who, argv in commands.items():
                result = run_command(bench, argv(figure == "json"), lambda line: b"caller" in line)
                bench.note(figure, 64, who, result["per_event"])
            bench.note(figure, 64, "bcc", run_host(bench, bcc_host(figure, 64))["per_event"])


def measure_rates(bench):
    """The highest rate of a ladder at which nothing is lost, and what is lost without a limit."""
    sizes = (64,) if bench.quick else SIZES
    for _ in range(1 if bench.quick else 3):
        for size in sizes:
            for who, host in hosts(bench, size).items():
                best = 0
                for rate in RATES:
                    result = run_host(bench, host, rate=rate, seconds=0.2)
                    if result["lost"] > 0:
                        break
                    best = result["rate"]
                bench.note("rate", size, who, best)
                bench.note("lost", size, who, run_host(bench, host)["lost"] * 100)


# ---- Start, memory, compiling ---------------------------------------------------------------------


def start_host(bench, host):
    """From exec until attached, in ms, and memory then."""
    begin = time.monotonic_ns()
    ready = host.start([os.getpid()], subprocess.DEVNULL)
    pid = host.process.pid
    memory = status_kb(pid, "VmRSS:"), status_kb(pid, "VmHWM:")
    host.finish()
    return (ready - begin) / 1e6, memory


def start_command(argv):
    """The same for a command, until what it starts runs."""
    begin = time.monotonic_ns()
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    ready = next(int(line.split()[1]) for line in process.stdout if line.startswith("ready "))
    memory = status_kb(process.pid, "VmRSS:"), status_kb(process.pid, "VmHWM:")
    process.stdin.close()
    process.stdout.read()
    process.wait()
    return (ready - begin) / 1e6, memory


def measure_start(bench):
    event, hotprobe = os.path.join(HERE, "event.c"), os.path.join(bench.build, "hotprobe")
    image, stamp = os.path.join(bench.scratch, "event.hpo"), [bench.program("caller"), "stamp"]
    subprocess.run([hotprobe, "build", "-DSIZE=64", "-o", image, event], check=True)
    worker = os.path.join(bench.build, "hotprobe-cc")
    mine = {
        "cold": lambda: start_host(bench, hotprobe_host(bench, 64, "-n")),
        "warm": lambda: start_host(bench, hotprobe_host(bench, 64)),
        "image": lambda: start_host(bench, Host([bench.program("hotprobe_host"), worker, image])),
        "command": lambda: start_command([hotprobe, "run", "-DSIZE=64", "--json", event, "--"] +
                                         stamp),
    }
    peers = {
        "libbpf-ring": lambda: start_host(bench, hosts(bench, 64)["libbpf-ring"]),
        "libbpf-perf": lambda: start_host(bench, hosts(bench, 64)["libbpf-perf"]),
        "bcc": lambda: start_host(bench, bcc_host("count", 64)),
        "bpftrace": lambda: start_command(
            ["bpftrace", "-e", "tracepoint:syscalls:sys_enter_getppid /pid == cpid/ "
             '{ printf("%d\\n", pid) }', "-c", " ".join(stamp)]),
    }
    mine["warm"]()
    for _ in range(bench.rounds * 2 + 1):
        for figure, start in mine.items():
            ms, memory = start()
            bench.note(figure, 64, "hotprobe", ms)
            if figure == "warm":
                bench.note("resident", 64, "hotprobe", memory[0])
                bench.note("peak", 64, "hotprobe", memory[1])
        for who, start in peers.items():
            ms, memory = start()
            for figure in mine:
                bench.note(figure, 64, who, ms)
            bench.note("resident", 64, who, memory[0])
            bench.note("peak", 64, who, memory[1])


def run_ms(argv):
    begin = time.monotonic_ns()
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.monotonic_ns() - begin) / 1e6


def measure_compile(bench):
    corpus = os.path.join(bench.scratch, "tools")
    conformance, kernel = os.path.join(HERE, "..", "conformance"), os.path.join(bench.scratch, "kernel")
    os.mkdir(kernel)
    facts = subprocess.run(["sh", os.path.join(conformance, "facts.sh")], check=True,
                           stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", kernel], input=facts.stdout, check=True)
    subprocess.run([PYTHON, os.path.join(conformance, "capture.py"), kernel, corpus] +
                   [tool for _, tool in TOOLS], check=True, stdout=subprocess.DEVNULL)
    for _ in range(bench.rounds):
        for size, tool in TOOLS:
            source = os.path.join(corpus, tool + ".c")
            with open(source[:-2] + ".json") as file:
                flags = json.load(file)["cflags"]
            mine = [os.path.join(bench.build, "hotprobe"), "build", "--no-cache", "-o",
                    os.path.join(bench.scratch, "tool.hpo"), source]
            for flag in flags:
                mine += ["--cflag", flag]
            bench.note("compile", size, "hotprobe", run_ms(mine))
            bench.note("compile", size, "bcc", run_ms(
                [PYTHON, os.path.join(HERE, "bcc_compile.py"), source] + flags))


# ---- Results --------------------------------------------------------------------------------------


def describe():
    with open("/proc/cpuinfo") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")),
                   platform.machine())
    return {"date": time.strftime("%Y-%m-%d"), "kernel": platform.release(), "cpu": cpu,
            "cpus": os.cpu_count()}


def results(bench):
    """A row for each figure, variant and tool: median, least and largest, and ratio of hotprobe to
    it."""
    rows = []
    for (figure, variant, who), values in bench.values.items():
        mine = bench.values.get((figure, variant, "hotprobe"))
        ratios = [a / b for a, b in zip(mine, values) if b] if mine and who != "hotprobe" else []
        rows.append({
            "figure": figure, "variant": variant, "who": who, "median": statistics.median(values),
            "min": min(values), "max": max(values),
            "ratio": statistics.median(ratios) if ratios else "",
            "ratio_min": min(ratios) if ratios else "", "ratio_max": max(ratios) if ratios else ""})
    return rows


def write_results(path, about, rows):
    with open(path + ".json", "w") as file:
        json.dump({"about": about, "rows": rows}, file, indent=1)
        file.write("\n")
    with open(path + ".csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bench = Bench(sys.argv[1], "quick" in sys.argv[3:])
    try:
        for part in (measure_start, measure_compile, measure_callbacks, measure_output,
                     measure_rates):
            print("bench: %s" % part.__name__.replace("measure_", ""), file=sys.stderr)
            part(bench)
    finally:
        subprocess.run(["rm", "-rf", bench.scratch], check=False)
    about, rows = describe(), results(bench)
    write_results(sys.argv[2], about, rows)
    print_table(about, rows)


if __name__ == "__main__":
    main()
