# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tries every option of docs/options.md.

usage: options.py OPTIONS.MD CXX SCRATCH
"""
import os
import re
import shlex
import subprocess
import sys

document, cxx, scratch = map(os.path.abspath, sys.argv[1:])
os.makedirs(scratch, exist_ok=True)
os.chdir(scratch)
with open("main.cpp", "w") as file:
    file.write("int twice(int x);\nint twice(int x) { return 2 * x; }\n"
               "int main(int argc, char **) { return twice(argc); }\n")
failures = 0


def build(*words):
    result = subprocess.run([cxx, *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True)
    return result.returncode, result.stdout


def read(name):
    with open(name, "rb") as file:
        return file.read()


def complain(option, message):
    global failures
    failures += 1
    print(f"{option}: {message}")


def kept(option):
    status, output = build(*shlex.split(option), "-c", "main.cpp", "-o", "a.o")
    if status != 0 or output:
        complain(option, output or "fails")


def without_effect(option):
    status, output = build("-O2", *shlex.split(option), "-c", "main.cpp", "-o",
                           "a.o")
    if status != 0 or output:
        complain(option, output or "fails")
    elif read("a.o") != read("plain.o"):
        complain(option, "changes the object")


def links(option):
    status, output = build("main.o", *shlex.split(option), "-o", "image")
    if status != 0 or output:
        complain(option, output or "fails")
    elif read("image") != read("plain"):
        complain(option, "changes the image")


def refused(option, *also):
    if os.path.exists("never"):
        os.remove("never")
    status, output = build(*shlex.split(option), *(also or ("-c",)),
                           "main.cpp", "-o", "never")
    name = option[4:].split(",")[0] if also else shlex.split(option)[0]
    if status != 1:
        complain(option, f"exit status {status}, not 1\n{output}")
    elif "error: " not in output or name not in output:
        complain(option, f"no clear error: {output}")
    elif os.path.exists("never"):
        complain(option, "leaves an output file")


build("-O2", "-c", "main.cpp", "-o", "main.o")
build("-O2", "-c", "main.cpp", "-o", "plain.o")
build("main.o", "-o", "plain")
checks = {"Kept": kept, "Without effect": without_effect, "Links": links,
          "Refused": refused,
          "Refused by a link": lambda option: refused(option, "-O2")}
check, count = None, 0
for line in open(document):
    if line.startswith("## "):
        check = checks[line[3:].strip()]
    elif line.startswith("| `"):
        for option in re.findall(r"`([^`]+)`", line.split("|")[1]):
            check(option)
            count += 1
print(f"{count} options, {failures} failures")
