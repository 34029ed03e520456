#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a test's program: as a process, or as an image.

usage: execute.py --target=TARGET --execdir DIRECTORY [--env NAME=VALUE ...] --
       PROGRAM [ARGUMENT ...]

In place of libc++'s utils/run.py.
"""
import argparse
import os
import subprocess
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--target", required=True)
parser.add_argument("--execdir", required=True)
parser.add_argument("--env", nargs="*", default=[])
parser.add_argument("command", nargs=argparse.ONE_OR_MORE)
arguments = parser.parse_args()

TIMEOUT = 120
command, environment = arguments.command, dict(os.environ)
if arguments.target == "linux":
    environment.update(pair.split("=", 1) for pair in arguments.env)
else:
    command = [os.path.join(os.environ["AMPOULE_BUILD"], "bin/ampoule"), "run",
               "--quiet", f"--timeout={TIMEOUT}",
               *arguments.target.split(","),
               *(f"--env={pair}" for pair in arguments.env), *command]
try:
    status = subprocess.run(command, cwd=arguments.execdir, env=environment,
                            timeout=TIMEOUT + 10).returncode
except subprocess.TimeoutExpired:
    sys.exit(f"execute.py: no end within {TIMEOUT + 10} s")
# Thousands of programs that passed need not lie around.
program = arguments.command[0]
if status == 0 and program.endswith(".tmp.exe"):
    for name in (program, program + ".dbg", program + ".report.json"):
        if os.path.exists(name):
            os.unlink(name)
sys.exit(status)
