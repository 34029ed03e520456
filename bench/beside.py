# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Emulated machines that count instructions, and Debian's Linux to compare with."""
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))

# An instruction takes 2 ns, and the processor's counter runs at 1 GHz. (Were it
# longer, timers would take most of the time, and Xen would guess the counter's rate
# wrongly.)
COUNTING = ["-accel", "tcg", "-cpu", "max,-smap", "-icount", "shift=1,sleep=off",
            "-nodefaults", "-no-reboot", "-display", "none"]
TICKS_AN_INSTRUCTION = 2


def unpack_xen(path):
    with open(path, "wb") as file:
        subprocess.run(["gzip", "-dc", "/boot/xen-4.17-amd64.gz"], stdout=file,
                       check=True)


def counted_dom0(xen, kernel, memory, kind="pv"):
    """The command that boots `kernel`, its arguments and files as that Xen's dom0."""
    return ["qemu-system-x86_64", *COUNTING, "-rtc", "clock=vm", "-m",
            str(memory + 256), "-serial", "stdio",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
            *(["-M", "q35", "-device", "amd-iommu"] if kind == "pvh" else []),
            "-kernel", xen, "-append",
            f"console=com1 loglvl=warning guest_loglvl=warning dom0={kind} "
            f"dom0_mem={memory}M dom0_max_vcpus=1", "-initrd", kernel]


LINUX_OPTIONS = ["console=hvc0", "quiet", "mitigations=off"]


def linux_domain(linux, *options):
    """Arguments of `ampoule run` for a PV domain of linux_guest(); the last option is
    what it does."""
    return ["--pv", "--memory=256", "--ramdisk", f"{linux}/initramfs",
            f"{linux}/kernel", *LINUX_OPTIONS, *options]


def linux_guest(build):
    """The folder with its kernels and its files (linux/build)."""
    linux = os.path.join(build, "bench-linux")
    made = os.path.join(linux, "dom0-kernel")  # the last
    sources = [os.path.join(HERE, "linux/build"),
               *glob.glob(os.path.join(HERE, "programs/*.cpp"))]
    if not os.path.exists(made) or \
            os.path.getmtime(made) < max(map(os.path.getmtime, sources)):
        subprocess.run([sys.executable, os.path.join(HERE, "linux/build"), linux],
                       check=True)
    return linux


def figures(command):
    """{what: figure}, as a program prints them until it is done."""
    found = {}
    with subprocess.Popen(command, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as guest:
        for line in guest.stdout:
            if line.strip() == "done":
                guest.terminate()
                return found
            if match := re.fullmatch(r"(?!\(XEN\))(.+): ([\d.]+)", line.strip()):
                found[match[1]] = float(match[2])
    sys.exit(f"{' '.join(command)}: did not end; it said {found}")
