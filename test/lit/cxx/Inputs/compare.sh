#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: compare.sh CLANGXX CXX AMPOULE SCRATCH [FLAG ...] SOURCE ...
#
# Builds a program with the host's compiler and with ours, in the ways that
# differ in what they remove, runs them all, and compares output and exit
# status. Flags are for every build. The environment variable ARGS has the
# program's arguments.
set -eu
clangxx=$1 cxx=$2 ampoule=$3 scratch=$4
shift 4

# Prints what the command prints, then its status.
run() {
  status=0
  "$@" 2>&1 || status=$?
  echo "status $status"
}

rm -rf "$scratch"
mkdir -p "$scratch"
$clangxx -w -O1 "$@" -o "$scratch/expected.exe"
run "$scratch/expected.exe" ${ARGS:-} > "$scratch/expected"
for level in O0 O2 Oz; do
  $cxx --ampoule-target=linux -w -$level "$@" -o "$scratch/$level"
  run "$scratch/$level" ${ARGS:-} > "$scratch/$level.out"
  diff -u "$scratch/expected" "$scratch/$level.out"
done
# What is kept for no reason must not change what happens.
$cxx --ampoule-target=linux --ampoule-prune=none -w -O2 "$@" \
  -o "$scratch/unpruned"
run "$scratch/unpruned" ${ARGS:-} > "$scratch/unpruned.out"
diff -u "$scratch/expected" "$scratch/unpruned.out"
# Nor must the checks of --ampoule-hardened stop what is right.
$cxx --ampoule-target=linux --ampoule-hardened -w -O2 "$@" \
  -o "$scratch/hardened"
run "$scratch/hardened" ${ARGS:-} > "$scratch/hardened.out"
diff -u "$scratch/expected" "$scratch/hardened.out"
$cxx -w -Oz "$@" -o "$scratch/image"
if command -v qemu-system-x86_64 > /dev/null; then
  run $ampoule run --direct --quiet "$scratch/image" ${ARGS:-} \
    > "$scratch/image.out"
  diff -u "$scratch/expected" "$scratch/image.out"
fi
cat "$scratch/expected"
