# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# libc++'s own tests, from the LLVM sources that the build has fetched, compiled by
# ampoule-c++. Run by ./conformance, which sets
#   AMPOULE_BUILD        the build directory
#   AMPOULE_TARGET       linux, xen, or the option of `ampoule run` for the way to boot
#   AMPOULE_PRECOMPILED  where headers are precompiled
#   AMPOULE_SHARED       how many tests must begin alike for that
import os
import shlex
import site
import subprocess
import sys

build = os.environ["AMPOULE_BUILD"]
target = os.environ["AMPOULE_TARGET"]
suite = os.path.join(build, "third-party/llvm/libcxx")
here = os.path.dirname(os.path.realpath(__file__))
site.addsitedir(os.path.join(suite, "utils"))
sys.path.append(here)
import libcxx.test.config
import libcxx.test.features
import libcxx.test.params
import prefixes

config.name = "libc++ on " + target.lstrip("-")
config.test_source_root = os.path.join(suite, "test")
config.test_exec_root = os.path.join(build, "conformance", target.lstrip("-"))
config.test_format = prefixes.Format(config.test_source_root,
                                     os.environ["AMPOULE_PRECOMPILED"],
                                     int(os.environ["AMPOULE_SHARED"]),
                                     None if target == "linux" else "/test")
config.recursiveExpansionLimit = 10
# Thousands of programs, of which none is optimised; images are linked as they are
# without an option.
flags = " --ampoule-target=linux -O0" if target == "linux" else ""
link_flags = ""
if target != "linux":
    link_flags = os.path.join(config.test_exec_root, "system.o")
    subprocess.run([os.path.join(build, "bin/ampoule-cc"), "-O2", "-c",
                    os.path.join(here, "system.c"), "-o", link_flags], check=True)
for name, value in [
        ("%{bin-dir}", os.path.join(build, "bin")),
        ("%{libcxx-dir}", suite),
        ("%{include-dir}", os.path.join(build, "sysroot/usr/include/c++/v1")),
        ("%{target-include-dir}", "/nowhere"),
        ("%{install-prefix}", "/nowhere"),
        ("%{lib-dir}", os.path.join(build, "sysroot/usr/lib")),
        ("%{module-dir}", os.path.join(build, "sysroot/usr/share/libc++/v1")),
        ("%{test-tools-dir}", "/nowhere"),
        ("%{benchmark_flags}", ""),
        ("%{python}", shlex.quote(sys.executable)),
        # The library OS says what it lacks when it is asked for it.
        ("%{flags}", "--ampoule-unsupported=stub --ampoule-cache=none" + flags),
        # As libc++ itself compiles them (utils/libcxx/test/params.py).
        ("%{compile_flags}", "-Wno-tautological-compare -I " +
         os.path.join(suite, "test/support")),
        ("%{link_flags}", link_flags),
        ("%{exec}", "%{executor} %{temp} ")]:
    config.substitutions.append((name, value))
executor = f"{here}/execute {target}"
if target == "linux" and os.geteuid() == 0:
    # Some tests want to be refused what rights do not allow.
    executor = "setpriv --bounding-set=-dac_override,-dac_read_search " + executor
lit_config.params.setdefault("executor", executor)
lit_config.params.setdefault("compiler",
                             os.path.join(build, "bin/ampoule-c++"))
lit_config.params.setdefault("enable_warnings", "False")
lit_config.params.setdefault("enable_experimental", "False")
lit_config.params.setdefault("target_triple", "x86_64-unknown-linux-musl")
# A workaround for GCC, whose library the target does not have.
features = [feature for feature in libcxx.test.features.DEFAULT_FEATURES
            if feature._name != "add-latomic-workaround"]
libcxx.test.config.configure(libcxx.test.params.DEFAULT_PARAMETERS, features,
                             config, lit_config)
# musl takes any name for a locale, and has the C locale under each.
config.available_features -= {
    feature for feature in config.available_features
    if feature.startswith("locale.")}
