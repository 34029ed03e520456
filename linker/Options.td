// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The linker's command line: the GNU ld options that builds use, spelled as
// lld spells them, and ours. Options that cannot matter to a static image are
// in IgnoredGroup: accepted without effect. Anything else is refused by name.
include "llvm/Option/OptParser.td"

def IgnoredGroup : OptionGroup<"ignored">;
def RefusedGroup : OptionGroup<"refused">;

class F<string name> : Flag<["--", "-"], name>;
class FF<string name> : Flag<["--"], name>;
class J<string name> : Joined<["--", "-"], name>;
multiclass Eq<string name, string help = ""> {
  def NAME : Separate<["--", "-"], name>;
  def NAME#_eq : Joined<["--", "-"], name # "=">, Alias<!cast<Separate>(NAME)>,
    HelpText<help>;
}
multiclass BF<string name> {
  def NAME : FF<name>;
  def no_#NAME : FF<"no-" # name>;
}

def o : JoinedOrSeparate<["-"], "o">, MetaVarName<"<file>">,
  HelpText<"Write the output to <file> (default: a.out)">;
def output : Joined<["--"], "output=">, Alias<o>;
def l : JoinedOrSeparate<["-"], "l">, MetaVarName<"<library>">,
  HelpText<"Search for lib<library>.a, or lib<library>.so written by -shared">;
def library : Joined<["--"], "library=">, Alias<l>;
def L : JoinedOrSeparate<["-"], "L">, MetaVarName<"<dir>">,
  HelpText<"Add <dir> to the library search path">;
def library_path : Joined<["--"], "library-path=">, Alias<L>;
def u : JoinedOrSeparate<["-"], "u">, HelpText<"Force the symbol to be undefined">;
def undefined : Joined<["--"], "undefined=">, Alias<u>;
def e : JoinedOrSeparate<["-"], "e">, Group<RefusedGroup>;
def entry : Joined<["--"], "entry=">, Alias<e>;
def T : JoinedOrSeparate<["-"], "T">, Group<RefusedGroup>;
def script : Joined<["--"], "script=">, Alias<T>;
def version_script : Separate<["--", "-"], "version-script">, Group<IgnoredGroup>;
def version_script_eq : Joined<["--", "-"], "version-script=">, Group<IgnoredGroup>;
def s : Flag<["-"], "s">, HelpText<"Write no symbol table into the image">;
def strip_all : F<"strip-all">, Alias<s>;
def S : Flag<["-"], "S">, Group<IgnoredGroup>;
def strip_debug : F<"strip-debug">, Group<IgnoredGroup>;
def t : Flag<["-"], "t">, HelpText<"Print the name of each input that is loaded">;
def trace : F<"trace">, Alias<t>;
def r : Flag<["-"], "r">, HelpText<"Merge the bitcode inputs into one object">;
def relocatable : F<"relocatable">, Alias<r>;
def shared : F<"shared">, HelpText<"Write a bitcode library that later links prune">;
def Bshareable : Flag<["-"], "Bshareable">, Alias<shared>;
defm soname : Eq<"soname">;
def h : JoinedOrSeparate<["-"], "h">, Alias<soname>;
def M : Flag<["-"], "M">, HelpText<"Print the map of the image">;
def print_map : F<"print-map">, Alias<M>;
defm Map : Eq<"Map", "Write the map of the image to a file">;

def whole_archive : FF<"whole-archive">;
def no_whole_archive : FF<"no-whole-archive">;
def whole_archive_1 : Flag<["-"], "whole-archive">, Alias<whole_archive>;
def no_whole_archive_1 : Flag<["-"], "no-whole-archive">, Alias<no_whole_archive>;
def start_group : F<"start-group">, Group<IgnoredGroup>;
def end_group : F<"end-group">, Group<IgnoredGroup>;
def start_group_paren : Flag<["-"], "(">, Group<IgnoredGroup>;
def end_group_paren : Flag<["-"], ")">, Group<IgnoredGroup>;
def start_lib : F<"start-lib">;
def end_lib : F<"end-lib">;

defm wrap : Eq<"wrap", "References to <symbol> become __wrap_<symbol>">;
defm defsym : Eq<"defsym", "Define <symbol> as <expression>">;
defm allow_multiple_definition : BF<"allow-multiple-definition">;
def z : JoinedOrSeparate<["-"], "z">;
defm unresolved_symbols : Eq<"unresolved-symbols">;
defm no_undefined : BF<"no-undefined">;
def warn_unresolved_symbols : F<"warn-unresolved-symbols">;
def error_unresolved_symbols : F<"error-unresolved-symbols">;
def noinhibit_exec : F<"noinhibit-exec">, Group<RefusedGroup>;
defm fatal_warnings : BF<"fatal-warnings">;
def error_limit_eq : Joined<["--", "-"], "error-limit=">;
def O : Joined<["-"], "O">, Group<IgnoredGroup>;
def lto_O : Joined<["--"], "lto-O">, MetaVarName<"<level>">,
  HelpText<"Level of whole-program optimisation, as clang spells it; 0 skips it (default: 2)">;
defm build_id : BF<"build-id">, Group<IgnoredGroup>;
def build_id_eq : Joined<["--"], "build-id=">, Group<IgnoredGroup>;
def version : F<"version">;
def v : Flag<["-"], "v">;

// Accepted: they ask for what an image always is, or concern dynamic linking.
class Ignored<string name> : F<name>, Group<IgnoredGroup>;
class IgnoredJoined<string name> : J<name>, Group<IgnoredGroup>;
class IgnoredValue<string name> : Separate<["--", "-"], name>, Group<IgnoredGroup>;
def static : Ignored<"static">;
def Bstatic : Ignored<"Bstatic">;
def Bdynamic : Ignored<"Bdynamic">;
def dn : Ignored<"dn">;
def dy : Ignored<"dy">;
def pie : Ignored<"pie">;
def no_pie : Ignored<"no-pie">;
def no_dynamic_linker : Ignored<"no-dynamic-linker">;
def export_dynamic : Ignored<"export-dynamic">;
def E : Flag<["-"], "E">, Group<IgnoredGroup>;
def no_export_dynamic : Ignored<"no-export-dynamic">;
def export_dynamic_symbol : IgnoredJoined<"export-dynamic-symbol=">;
def dynamic_list : IgnoredJoined<"dynamic-list=">;
def exclude_libs : IgnoredValue<"exclude-libs">;
def exclude_libs_eq : IgnoredJoined<"exclude-libs=">;
def as_needed : Ignored<"as-needed">;
def no_as_needed : Ignored<"no-as-needed">;
def push_state : F<"push-state">;
def pop_state : F<"pop-state">;
def eh_frame_hdr : Ignored<"eh-frame-hdr">;
def no_eh_frame_hdr : Ignored<"no-eh-frame-hdr">;
def hash_style : IgnoredJoined<"hash-style=">;
def gc_sections : Ignored<"gc-sections">;
def no_gc_sections : Ignored<"no-gc-sections">;
def print_gc_sections : Ignored<"print-gc-sections">;
def icf : IgnoredJoined<"icf=">;
def m : JoinedOrSeparate<["-"], "m">;
def rpath : IgnoredValue<"rpath">;
def rpath_eq : IgnoredJoined<"rpath=">;
def R : JoinedOrSeparate<["-"], "R">, Group<IgnoredGroup>;
def rpath_link : IgnoredValue<"rpath-link">;
def rpath_link_eq : IgnoredJoined<"rpath-link=">;
def enable_new_dtags : Ignored<"enable-new-dtags">;
def disable_new_dtags : Ignored<"disable-new-dtags">;
def Bsymbolic : Ignored<"Bsymbolic">;
def Bsymbolic_functions : Ignored<"Bsymbolic-functions">;
def Bsymbolic_non_weak_functions : Ignored<"Bsymbolic-non-weak-functions">;
def sort_common : Ignored<"sort-common">;
def sort_section : IgnoredJoined<"sort-section=">;
def relax : Ignored<"relax">;
def no_relax : Ignored<"no-relax">;
def warn_common : Ignored<"warn-common">;
def warn_once : Ignored<"warn-once">;
def no_warn_mismatch : Ignored<"no-warn-mismatch">;
def demangle : Ignored<"demangle">;
def no_demangle : F<"no-demangle">;
def color_diagnostics : Ignored<"color-diagnostics">;
def color_diagnostics_eq : IgnoredJoined<"color-diagnostics=">;
def threads : IgnoredJoined<"threads=">;
def plugin : IgnoredValue<"plugin">;
def plugin_opt : IgnoredJoined<"plugin-opt=">;
def thinlto_cache : IgnoredJoined<"thinlto-cache-dir=">;
def dynamic_linker : IgnoredValue<"dynamic-linker">;
def dynamic_linker_eq : IgnoredJoined<"dynamic-linker=">;
def copy_dt_needed : Ignored<"copy-dt-needed-entries">;
def no_copy_dt_needed : Ignored<"no-copy-dt-needed-entries">;
def no_add_needed : Ignored<"no-add-needed">;
def compress_debug : IgnoredJoined<"compress-debug-sections=">;
def gdb_index : Ignored<"gdb-index">;
def no_allow_shlib_undefined : Ignored<"no-allow-shlib-undefined">;
def allow_shlib_undefined : Ignored<"allow-shlib-undefined">;
def discard_all : Ignored<"discard-all">;
def x : Flag<["-"], "x">, Group<IgnoredGroup>;
def X : Flag<["-"], "X">, Group<IgnoredGroup>;
def discard_locals : Ignored<"discard-locals">;
def sysroot : IgnoredJoined<"sysroot=">;
def reduce_memory : Ignored<"reduce-memory-overheads">;
def no_keep_memory : Ignored<"no-keep-memory">;
def N : Flag<["-"], "N">, Group<RefusedGroup>;
def omagic : F<"omagic">, Group<RefusedGroup>;
def emit_relocs : F<"emit-relocs">, Group<RefusedGroup>;
def Ttext : Joined<["--", "-"], "Ttext=">, Group<RefusedGroup>;
def image_base : Joined<["--", "-"], "image-base=">, Group<RefusedGroup>;
def section_start : Joined<["--", "-"], "section-start=">, Group<RefusedGroup>;

// Ours.
def ampoule_target : Joined<["--"], "ampoule-target=">, MetaVarName<"<xen|linux>">,
  HelpText<"xen: a bootable image; linux: a static executable for tests (default: xen)">;
def ampoule_net : Joined<["--"], "ampoule-net=">, MetaVarName<"<host|tap>">,
  HelpText<"For linux: the host's sockets, or the library OS on a tap device (default: host)">;
def ampoule_prefix : Joined<["--"], "ampoule-prefix=">, MetaVarName<"<dir>">,
  HelpText<"Where the runtime libraries lie (default: beside the program)">;
def ampoule_cxx : FF<"ampoule-cxx">, HelpText<"Search the C++ runtime, too">;
def ampoule_nostdlib : FF<"ampoule-nostdlib">;
def ampoule_nodefaultlibs : FF<"ampoule-nodefaultlibs">;
def ampoule_memory : Joined<["--"], "ampoule-memory=">, MetaVarName<"<size>">,
  HelpText<"Memory of the domain, in MiB or with K, M, G (default: 64M)">;
def ampoule_memory_max : Joined<["--"], "ampoule-memory-max=">, MetaVarName<"<size>">,
  HelpText<"Most memory the image can use, in MiB or with K, M, G (default: 512M)">;
def ampoule_stack : Joined<["--"], "ampoule-stack=">, MetaVarName<"<size>">,
  HelpText<"Size of the main stack, in KiB or with K, M (default: 256K)">;
def ampoule_threads : Joined<["--"], "ampoule-threads=">, MetaVarName<"<number>">,
  HelpText<"Most threads beside the main one (default: 64)">;
def ampoule_thread_stack : Joined<["--"], "ampoule-thread-stack=">, MetaVarName<"<size>">,
  HelpText<"Size of each thread's stack, in KiB or with K, M (default: 64K)">;
def ampoule_time_slice : Joined<["--"], "ampoule-time-slice=">, MetaVarName<"<time>">,
  HelpText<"How long a thread runs while others are ready, in ms or with us, ms, s (default: 10ms)">;
def ampoule_hostname : Joined<["--"], "ampoule-hostname=">, MetaVarName<"<name>">,
  HelpText<"What gethostname() tells (default: ampoule)">;
def ampoule_address : Joined<["--"], "ampoule-address=">, MetaVarName<"<dhcp|a.b.c.d/bits>">,
  HelpText<"Address of the first network interface (default: dhcp)">;
def ampoule_gateway : Joined<["--"], "ampoule-gateway=">, MetaVarName<"<a.b.c.d>">,
  HelpText<"Gateway of a network without DHCP (default: none)">;
def ampoule_nameservers : Joined<["--"], "ampoule-nameservers=">, MetaVarName<"<address>[,...]">,
  HelpText<"What /etc/resolv.conf names (default: what DHCP says)">;
def ampoule_ipv6 : Joined<["--"], "ampoule-ipv6=">, MetaVarName<"<on|off>">,
  HelpText<"Whether there is IPv6 (default: on, if the program can use it)">;
def ampoule_log : Joined<["--"], "ampoule-log=">, MetaVarName<"<none|error|warning|info>">,
  HelpText<"What the library OS says on the console (default: warning)">;
def ampoule_disks : Joined<["--"], "ampoule-disks=">, MetaVarName<"<number>">,
  HelpText<"Disks of the domain that the program can use: /dev/xvda, … (default: none)">;
def ampoule_mount : Joined<["--"], "ampoule-mount=">, MetaVarName<"<disk>:<dir>[,...]">,
  HelpText<"Directories that are FAT file systems on disks: xvda:/data (default: none)">;
def ampoule_at_boot : Joined<["--"], "ampoule-at-boot=">, MetaVarName<"<setting>">,
  HelpText<"The value of hostname, address, gateway, nameservers or log is a default, which ampoule.<setting>=<value> on the image's "
           "command line replaces">;
def ampoule_param : Joined<["--"], "ampoule-param=">, MetaVarName<"<name>=<value>">,
  HelpText<"Settle a parameter of the program: it is a constant, and cannot be given "
           "at boot">;
def ampoule_embed : Joined<["--"], "ampoule-embed=">, MetaVarName<"<dir>[:<mount>]">,
  HelpText<"Embed the files below a directory, read-only, at <mount> (default: /)">;
def ampoule_seed : Joined<["--"], "ampoule-seed=">, MetaVarName<"<number|random>">,
  HelpText<"Shuffle functions, data and the gaps between regions">;
def ampoule_hardened : FF<"ampoule-hardened">,
  HelpText<"Keep the checks of calls through pointers, and shuffle as --ampoule-seed=random">;
def ampoule_allow_unsealable : FF<"ampoule-allow-unsealable">,
  HelpText<"Link code with instructions that could undo a seal, and name them in the report (default: an error, but at -O0)">;
def ampoule_require_seal : Joined<["--"], "ampoule-require-seal=">, MetaVarName<"<static|hypervisor>">,
  HelpText<"Fail if the image cannot be sealed so, and do not run main where it is not">;
def ampoule_prune : Joined<["--"], "ampoule-prune=">, MetaVarName<"<all|once|lto|sections|none>">,
  HelpText<"How far to prune; none keeps every definition (default: all)">;
def ampoule_unsupported : Joined<["--"], "ampoule-unsupported=">,
  MetaVarName<"<error|warn|stub>">,
  HelpText<"What a system call is that the program can make and the library OS "
           "does not have (default: warn). It returns ENOSYS">;
def ampoule_cache : Joined<["--"], "ampoule-cache=">, MetaVarName<"<dir|none>">,
  HelpText<"Where finished links are kept (default: the user's cache directory)">;
def ampoule_measure : FF<"ampoule-measure">,
  HelpText<"Record in the report how many bytes each definition had before pruning">;
def ampoule_summary : FF<"ampoule-summary">,
  HelpText<"Print the size of the image, what was kept and what could be avoided">;
def ampoule_time : FF<"ampoule-time">, HelpText<"Print the time each stage took">;
def print : Joined<["--"], "print=">, MetaVarName<"<product>">,
  HelpText<"Print inputs, symbols, merged, modules, graph, reach, optimised, layout or page-tables">;
def stop_after : Joined<["--"], "stop-after=">, MetaVarName<"<stage>">,
  HelpText<"Stop after inputs, merge, modules, reach, optimise, codegen, layout or lld; write no image">;
