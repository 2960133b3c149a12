# SPDX-License-Identifier: Apache-2.0
"""Where programs are tried: this machine's own kernel, or one of Debian's in QEMU.

On this machine only a process of the test's own is traced (hotprobe run FILE -- true), in the
guest the whole system. A guest is booted twice: once for what its kernel has, once for all
programs, which are compiled outside."""

import os
import re
import shlex
import shutil
import subprocess
import sys

from kernel import Kernel
from probes import PID

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.path.join(HERE, "../../scripts/guest")
# What some tools are about, where it is a module.
MODULES = ["kvm", "md_mod", "ext4", "xfs", "btrfs", "nfs", "nfsv4"]
# Programs that see more than one task's doings, whoever is traced.
UNCONFINED = ("xdp", "sched_cls", "sched_act", "socket_filter", "cgroup_skb", "cgroup_sock",
              "cgroup_sock_addr", "sock_ops", "cgroup_sysctl", "cgroup_device")
# Does nothing, so only its type can be refused.
LEAST = {"lsm": "LSM_PROBE(file_open, struct file *file)\n{\n\treturn 0;\n}\n",
         "tracing": "KFUNC_PROBE(vfs_read)\n{\n\treturn 0;\n}\n"}
# Runs a command with tracefs mounted, for this command only.
TRACEFS = ["unshare", "--mount", "sh", "-c",
           'mount -t tracefs tracefs /sys/kernel/tracing && exec "$0" "$@"']
SECONDS = 120
MARK = "@@@"


def output_of(command, **more):
    """Exit status and all lines that it printed."""
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=SECONDS, check=False, **more)
    except subprocess.TimeoutExpired:
        return 124, ["error: not done within %d s" % SECONDS]
    return result.returncode, result.stdout.decode("utf-8", "replace").splitlines()


def unpack(command, directory):
    os.makedirs(directory, exist_ok=True)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as facts:
        subprocess.run(["tar", "-C", directory, "-xf", "-"], stdin=facts.stdout, check=True)
    if facts.returncode:
        sys.exit("cannot find out what the kernel has: %s failed" % command[0])


def build_target(directory, probes):
    """The process with USDT probes of these names."""
    path = os.path.join(directory, "usdt_target")
    subprocess.run([os.environ.get("CC", "cc"), "-O1", "-o", path,
                    "-DPROBES=" + " ".join("P(%s)" % probe for probe in sorted(probes)),
                    os.path.join(HERE, "usdt_target.c")], check=True)
    return path


class Machine:
    """What hotprobe build needs to know of the kernel, and where things are kept."""

    kernel_flags = []

    def __init__(self, options, name):
        self.hotprobe = options.hotprobe
        self.directory = os.path.join(options.directory, name)
        self.facts = os.path.join(self.directory, "kernel")
        self.corpus = os.path.join(self.directory, "corpus")

    def build(self, program):
        program.image = os.path.join(self.directory, program.name.replace("/", "-") + ".hpo")
        return output_of([self.hotprobe, "build", program.path, "-o", program.image]
                         + self.kernel_flags + program.flags)

    def takes(self, program_type):
        """Of the host: does it take programs of this type at all? Guests take all."""
        return True

    def command(self, program, attach, confine):
        """Loads an image, and attaches it for a moment."""
        if not attach:
            return [self.hotprobe, "check", program.image]
        command = [self.hotprobe, "run", program.image]
        for spec, function in program.explicit:
            command += ["--attach", "%s=%s" % (spec, function)]
        return command + ([] if confine else ["--all"]) + ["--", "true"]


class Host(Machine):
    title = "this machine"
    is_mine = True  # only the own process may be traced

    def __init__(self, options):
        super().__init__(options, "host")
        unpack(TRACEFS + [os.path.join(HERE, "facts.sh")], self.facts)
        self.kernel = Kernel(self.facts)

    def takes(self, program_type):
        result = subprocess.run([self.hotprobe, "check", "-"], input=LEAST[program_type],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
                                check=False)
        return not result.returncode

    def is_confined(self, program):
        _, lines = output_of([self.hotprobe, "check", "-v", program.image])
        return not any(re.search(r": (%s)\b" % "|".join(UNCONFINED), line) for line in lines)

    def run(self, programs, target):
        """Yields status and lines of each."""
        with subprocess.Popen([target], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            try:
                for program in programs:
                    attach = program.probes and self.is_confined(program)
                    command = self.command(program, attach, True)
                    yield output_of([word.replace(PID, str(process.pid))
                                                  for word in command])
            finally:
                process.kill()


class Guest(Machine):
    is_mine = False

    def __init__(self, options, name):
        super().__init__(options, name)
        self.name = self.title = name
        self.guest = [GUEST, "run", "--kernel", name, "--cpus", "1", "--memory", "3G",
                      "--timeout"]
        vmlinux = subprocess.run([GUEST, "setup", "--kernel", name], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.strip()
        release = os.path.basename(vmlinux)[len("vmlinux-"):]
        if not os.path.exists(self.facts) or Kernel(self.facts).release != release:
            shutil.rmtree(self.directory, ignore_errors=True)
            unpack(self.guest + ["300", "--", os.path.join(HERE, "facts.sh"), "--formats"]
                   + MODULES, self.facts)
        self.kernel = Kernel(self.facts)
        self.kernel_flags = ["--btf", os.path.join(self.facts, "btf/vmlinux"),
                             "--kernel-release", release, "--tracefs", self.facts]

    def script(self, programs, target):
        lines = ["modprobe -a %s 2>/dev/null" % " ".join(MODULES),
                 "%s >/dev/null & pid=$!" % shlex.quote(target)]
        for program in programs:
            words = [shlex.quote(word).replace(PID, "'$pid'")
                     for word in self.command(program, program.probes, False)]
            lines += ["timeout %d %s 2>&1 >/dev/null" % (SECONDS, " ".join(words)),
                      "echo '%s' $?" % MARK]
        return "\n".join(lines + ["kill $pid"])

    def run(self, programs, target):
        script = os.path.join(self.directory, "script")
        with open(script, "w") as file:
            file.write(self.script(programs, target))
        left, lines = len(programs), []
        with subprocess.Popen(self.guest + ["3600", "--", "sh", script], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as guest:
            for line in guest.stdout:
                if not line.startswith(MARK):
                    lines.append(line.rstrip("\n"))
                    continue
                yield int(line[len(MARK):]), lines
                left, lines = left - 1, []
        for _ in range(left):
            yield 125, ["error: the guest did not come to it"]
