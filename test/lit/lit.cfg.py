# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# How the tests of this folder are found and run. Substitutions:
#   %cxx %cc      the compiler drivers under test
#   %link         the linker alone, with ld's command line
#   %ampoule      the `ampoule` command
#   %prefix       the tree they stand in
#   %clang        the packaged clang, %clangxx likewise
#   %bc           compiles a freestanding source to bitcode as the drivers do
#   %native       compiles or assembles one to a native object
#   %direct       boots an image on bare QEMU: %direct IMAGE ARGS...
# Features: direct (QEMU), xen (Xen and a dom0 to run under it), cmake, meson …
import glob
import os
import shutil
import subprocess
import sys

import lit.formats

config.name = "ampoule"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".test", ".c", ".cpp", ".ll", ".s", ".S"]
config.excludes = ["Inputs", "lit.cfg.py", "lit.site.cfg.py"]
config.test_source_root = os.path.dirname(__file__)

# Emulated machines on a busy host keep no time: what fails gets a second try.
# scripts/check names what needed it.
config.test_retry_attempts = 1

# The whole environment is ours: no flag of the caller's gets in.
config.environment = {
    "PATH": os.pathsep.join([config.llvm_bin, os.environ["PATH"]]),
    "HOME": os.environ.get("HOME", "/"),
    "LC_ALL": "C",
}
for name in ("AMPOULE_CACHE", "XDG_CACHE_HOME", "TMPDIR", "AMPOULE_CUTS",
             "AMPOULE_HOURS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

prefix = config.ampoule_prefix
binary = lambda name: os.path.join(prefix, "bin", name)
target = " --target=x86_64-unknown-linux-musl -O1 -fno-pic -mno-red-zone " \
    "-ffreestanding -fvisibility=hidden -fno-asynchronous-unwind-tables " \
    "-ffunction-sections -fdata-sections -nostdinc"
clang = os.path.join(config.llvm_bin, "clang") + " --no-default-config"
config.substitutions += [
    ("%bc", clang + target + " -flto=full -fwhole-program-vtables "
     "-fvirtual-function-elimination -c"),
    ("%native", clang + target + " -c"),
    ("%cxx", binary("ampoule-c++")),
    ("%cc", binary("ampoule-cc")),
    ("%link", binary("ampoule-c++") + " -cc1link"),
    ("%direct", binary("ampoule") + " run --direct --quiet"),
    ("%ampoule", binary("ampoule")),
    ("%prefix", prefix),
    ("%third-party", os.path.join(prefix, "third-party")),
    ("%python", sys.executable),
    ("%unit", config.ampoule_unit),
    ("%record", os.path.join(prefix, "libexec", "ampoule-record")),
    ("%source", config.ampoule_source),
    ("%llvm", config.llvm_bin),
    ("%clangxx", os.path.join(config.llvm_bin, "clang++")
     + " --no-default-config"),
    ("%clang", clang),
]
config.substitutions.insert(0, ("%compare", " ".join(
    ["sh", os.path.join(config.test_source_root, "cxx/Inputs/compare.sh"),
     os.path.join(config.llvm_bin, "clang++"), binary("ampoule-c++"),
     binary("ampoule"), "%t.compare"])))

PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
# What a machine may lack. A test that needs it is counted as skipped, with
# this name as the reason.
for feature, program in [("direct", "qemu-system-x86_64"), ("cmake", "cmake"),
                         ("meson", "meson"), ("ninja", "ninja"),
                         ("make", "make"), ("chromium", "chromedriver"),
                         ("lua", "lua5.4"), ("sqlite", "sqlite3"),
                         ("dig", "dig"), ("curl", "curl"),
                         ("gdb", "gdb"), ("ab", "ab"), ("wrk", "wrk"),
                         ("dnsperf", "dnsperf"), ("ping", "ping"),
                         ("iperf3", "iperf3"), ("dnsmasq", "dnsmasq")]:
    if shutil.which(program, path=PATH):
        config.available_features.add(feature)
for feature, header in [("asio", "asio.hpp"), ("json", "nlohmann/json.hpp")]:
    if os.path.exists(os.path.join("/usr/include", header)):
        config.available_features.add(feature)
if glob.glob(os.path.join(config.llvm_bin, "../lib/clang/*/lib/linux",
                          "libclang_rt.fuzzer-x86_64.a")):
    config.available_features.add("fuzzer")
programs = os.path.join(prefix, "programs")
for kind in ("lua", "sqlite", "httplib", "redis", "nginx", "iperf3"):
    if os.path.isdir(os.path.join(programs, kind)):
        config.available_features.add(kind + "-source")
config.substitutions.append(("%programs", programs))
# scripts/build-xen makes both, or says why not.
sealed = os.path.join(prefix, "xen")
if os.path.exists(os.path.join(sealed, "stamp")):
    config.available_features.add("sealed-xen")
config.substitutions += [
    ("%sealed-xen", os.path.join(sealed, "xen-sealed")),
    ("%sealed-shim", os.path.join(sealed, "shim-sealed")),
    ("%stock-shim", os.path.join(sealed, "shim"))]
if all(shutil.which(program, path=PATH)
       for program in ("mkfs.fat", "fsck.fat", "mcopy")):
    config.available_features.add("fat")
# A tap device in a network namespace of one's own.
if subprocess.run(["unshare", "-rn", "/sbin/ip", "tuntap", "add", "dev", "probe",
                   "mode", "tap"], stdout=subprocess.DEVNULL,
                  stderr=subprocess.DEVNULL).returncode == 0:
    config.available_features.add("tap")
if subprocess.run([binary("ampoule"), "run", "--probe"],
                  stdout=subprocess.DEVNULL,
                  stderr=subprocess.DEVNULL).returncode == 0:
    config.available_features.add("xen")
# Emulated machines of 5 GiB, which use most of it.
if "xen" in config.available_features and \
        os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") > 8 << 30:
    config.available_features.add("large-memory")
