# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""usage: fuzz.py CLANGXX CXX SECONDS [SEED [COUNT]]

Compiles random programs with clang and with ours, pruned in several ways, and
compares what they print, until the time is over or after COUNT programs. Without
SEED it is random; it is printed, and the same seed makes the same programs."""
import os
import random
import shutil
import subprocess
import sys
import time

import classes

clangxx, cxx, limit, *seeds = sys.argv[1:]
seed = int(seeds[0]) if seeds else random.SystemRandom().randrange(1 << 30)
count = int(seeds[1]) if len(seeds) > 1 else 1 << 30
CSMITH = shutil.which("csmith")
WAYS = [["-O0"], ["-O2"], ["-Oz"], ["-O2", "--ampoule-prune=once"],
        ["-O2", "--ampoule-prune=none"]]


def run(command, seconds):
    """Output and status; nothing when it does not end."""
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, timeout=seconds)
        return result.stdout, result.returncode
    except subprocess.TimeoutExpired:
        return None


def build(compiler, options, sources, output):
    result = run([*compiler.split(), "-w", *options, *sources, "-o", output],
                 120)
    if result is None or result[1] != 0:
        sys.exit(f"seed {seed}: {' '.join(options)} does not compile:\n"
                 f"{result and result[0].decode()[:2000]}")


def compare(number, sources, options):
    # What clang does not agree on with itself, or does not end, tells nothing.
    results = []
    for level in ("-O0", "-O1"):
        build(clangxx, [level, *options], sources, "expected")
        results.append(run(["./expected"], 5))
    expected = results[0]
    if expected is None or expected[1] != 0 or expected != results[1]:
        return False
    for way in WAYS:
        build(cxx, ["--ampoule-target=linux", *way, *options], sources, "ours")
        ours = run(["./ours"], 60)
        if ours != expected:
            sys.exit(f"seed {number}: {' '.join(way)} differs from clang in "
                     f"{os.getcwd()}")
    return True


begin = time.monotonic()
done = {"classes": 0, "csmith": 0}
for number in range(seed, seed + count):
    if time.monotonic() - begin > float(limit):
        break
    if CSMITH and number % 2:
        with open("random.c", "w") as file:
            subprocess.run([CSMITH, "--seed", str(number), "--max-funcs", "8"],
                           stdout=file, check=True, timeout=60)
        os.makedirs("include", exist_ok=True)
        if not os.path.exists("include/csmith"):
            os.symlink("/usr/include/csmith", "include/csmith")
        done["csmith"] += compare(number, ["random.c"],
                                  ["-Iinclude/csmith", "-x", "c"])
    else:
        classes.generate(number, ".")
        done["classes"] += compare(number, ["main.cpp", "other.cpp"], [])
print(f"seed {seed}: {done['classes']} of classes, {done['csmith']} by csmith, "
      "all alike")
if not sum(done.values()):
    sys.exit("nothing was compared")
