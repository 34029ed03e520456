# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Links random symbol scenarios with the linker under test and with ld.lld.

Each scenario is a handful of files that define and refer to the same few names
in every way a name can be defined and referred to. Both linkers get the same
objects and arguments; compared are
  - which inputs and archive members take part (--trace),
  - which definition each name got, and the order of the constructors, by
    running both programs,
  - or, if the link fails, which symbols are undefined or defined twice.

usage: differential.py LINK LLVM_BIN SCENARIOS [FIRST_SEED]
"""
import itertools
import os
import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

LINK, LLVM, COUNT = sys.argv[1].split(), sys.argv[2], int(sys.argv[3])
FIRST = int(sys.argv[4]) if len(sys.argv) > 4 else 0
FLAGS = ("--target=x86_64-unknown-linux-musl -O1 -ffreestanding -fno-pic "
         "-mno-red-zone -fno-asynchronous-unwind-tables -ffunction-sections "
         "-fdata-sections -w").split()
NAMES = [f"s{i}" for i in range(5)]

PRELUDE = """
static void put(const char *s, long n) {
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(1), "D"(1), "S"(s), "d"(n)
                   : "rcx", "r11", "memory");
}
static void number(int v) {
  char c[4] = {' ', '0' + v / 10 % 10, '0' + v % 10, '\\n'};
  put(c, 4);
}
"""

START = """
extern void (*__init_array_start[])(void) __attribute__((visibility("hidden")));
extern void (*__init_array_end[])(void) __attribute__((visibility("hidden")));
void _start(void) {
  for (void (**f)(void) = __init_array_start; f != __init_array_end; ++f)
    (*f)();
  check();
  __asm__ volatile("syscall" ::"a"(60), "D"(0));
  __builtin_unreachable();
}
"""


def source(rng, index):
    """One file: what it defines, what it refers to, its constructors."""
    text, used, defined = [PRELUDE], [], []
    for i, name in enumerate(NAMES):
        value = index * 10 + i
        kind = rng.choices(
            ["none", "strong", "weak", "common", "comdat", "use", "use weak"],
            [5, 2, 2, 1, 2, 4, 2])[0] if index else rng.choice(
                ["use", "use weak", "none", "strong"])
        # Names with an even number are functions, the others variables.
        function = i % 2 == 0
        if kind in ("strong", "weak", "comdat"):
            attribute = {"strong": "", "weak": "__attribute__((weak)) ",
                         "comdat": "__attribute__((weak)) "}[kind]
            if kind == "comdat" and function:
                text.append(f'__asm__("");\n{attribute}__attribute__((noinline))'
                            f' int {name}(void) {{ return {value}; }}')
            elif function:
                text.append(f"{attribute}__attribute__((noinline)) "
                            f"int {name}(void) {{ return {value}; }}")
            else:
                text.append(f"{attribute}int {name} = {value};")
            defined.append(name)
        elif kind == "common" and not function:
            text.append(f"int {name} __attribute__((common));")
            defined.append(name)
        elif kind.startswith("use"):
            weak = "__attribute__((weak)) " if "weak" in kind else ""
            text.append(f"extern {weak}int {name}"
                        f"{'(void)' if function else ''};")
            used.append((name, function, bool(weak)))
    body = []
    for name, function, weak in used:
        get = f"{name}()" if function else name
        body.append(f'put("{index}{name}", 3);')
        body.append(f"number(&{name} ? {get} : 99);" if weak
                    else f"number({get});")
    # The next file's check, if it is there.
    if rng.random() < 0.7:
        text.append(f"extern __attribute__((weak)) void check{index + 1}(void);"
                    if rng.random() < 0.4 else
                    f"extern void check{index + 1}(void);")
        body.append(f"if (check{index + 1}) check{index + 1}();")
    for n in range(rng.choice([0, 0, 1, 2])):
        priority = rng.choice(["", "(101)", "(200)", "(65000)"])
        text.append(f"__attribute__((constructor{priority})) static void "
                    f'ctor{n}(void) {{ put("ctor", 4); '
                    f"number({index * 10 + n}); }}")
    name = "static void check(void)" if index == 0 else f"void check{index}(void)"
    text.append(f"{name} {{ {' '.join(body)} }}")
    if index == 0:
        text.append(START)
    return "\n".join(text)


def run(arguments, **kwargs):
    return subprocess.run(arguments, capture_output=True, text=True, **kwargs)


def build(seed, directory):
    """Writes the scenario's files; returns the linker's arguments."""
    rng = random.Random(seed)
    count = rng.randint(2, 5)
    objects = []
    for index in range(count):
        path = f"{directory}/f{index}"
        with open(path + ".c", "w") as file:
            file.write(source(rng, index))
        bitcode = rng.random() < 0.6
        subprocess.run([f"{LLVM}/clang", *FLAGS,
                        *(["-flto=full"] if bitcode else []), "-c", path + ".c",
                        "-o", path + ".o"], check=True)
        objects.append(f"f{index}.o")
    arguments = [objects[0]]
    rest = objects[1:]
    archives = 0
    while rest:
        take = rng.randint(1, len(rest))
        part, rest = rest[:take], rest[take:]
        how = rng.choice(["plain", "archive", "archive", "whole", "group",
                          "lib"])
        if how == "plain":
            arguments += part
            continue
        if how == "lib":
            arguments += ["--start-lib", *part, "--end-lib"]
            continue
        archives += 1
        name = f"lib{archives}.a"
        subprocess.run([f"{LLVM}/llvm-ar", "rc", name, *part], cwd=directory,
                       check=True)
        arguments += {"archive": [name],
                      "whole": ["--whole-archive", name,
                                "--no-whole-archive"],
                      "group": ["--start-group", name, "--end-group"]}[how]
    if rng.random() < 0.15:
        arguments.insert(0, f"--undefined={rng.choice(NAMES)}")
    if rng.random() < 0.1:
        arguments.append("--defsym=s1=s3")
    if rng.random() < 0.15:
        arguments.insert(0, "--allow-multiple-definition")
    return arguments


def outcome(linker, output, arguments, directory):
    result = run([*linker, *arguments, "--trace", "--error-limit=0",
                  "-o", output], cwd=directory)
    if result.returncode:
        return ("error", tuple(sorted(set(re.findall(
            r"(undefined symbol|duplicate symbol): (\S+)", result.stderr)))
            or [re.sub(r"(?m)^\S+: ", "", result.stderr)]))
    ran = run([f"./{output}"], cwd=directory, timeout=10)
    # The runtime's archives are ours alone.
    loaded = sorted(line for line in result.stdout.splitlines()
                    if not line.startswith("/"))
    return ("ran", tuple(loaded), ran.returncode, ran.stdout)


def scenario(seed):
    directory = f"s{seed}"
    os.makedirs(directory, exist_ok=True)
    arguments = build(seed, directory)
    ours = outcome([*LINK, "--ampoule-target=linux", "--ampoule-nostdlib",
                    "--ampoule-cache=none"], "ours", arguments, directory)
    theirs = outcome([f"{LLVM}/ld.lld", "--gc-sections",
                      "--lto-O2", "--static"],
                     "theirs", arguments, directory)
    if ours == theirs:
        return None, ours[0]
    return (f"seed {seed}: {' '.join(arguments)}\n  ours:   {ours}\n"
            f"  ld.lld: {theirs}"), ours[0]


with ThreadPoolExecutor(os.cpu_count()) as pool:
    results = list(pool.map(scenario, range(FIRST, FIRST + COUNT)))
failures = [text for text, _ in results if text]
kinds = {kind: sum(k == kind for _, k in results) for kind in ("ran", "error")}
print(*failures, sep="\n")
print(f"{COUNT} scenarios: {kinds['ran']} linked and ran, {kinds['error']} "
      f"refused, {len(failures)} differ")
sys.exit(bool(failures))
