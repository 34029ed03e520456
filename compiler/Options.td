// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The drivers' own options. Everything else belongs to clang. Where they do not
// apply (a link option in a compilation) they are accepted and do nothing; the
// environment variable AMPOULE_FLAGS holds more of them.
include "llvm/Option/OptParser.td"

class Own<string name> : Joined<["--"], "ampoule-" # name>;
class OwnFlag<string name> : Flag<["--"], "ampoule-" # name>;
def LinkGroup : OptionGroup<"link">;

def ampoule_host_headers : Own<"host-headers=">, MetaVarName<"<name>">,
  HelpText<"Find <name> of the host's /usr/include: a header-only package. "
           "Nothing else of /usr/include is visible">;
def ampoule_help : OwnFlag<"help">, HelpText<"Show these options">;

def ampoule_hardened : OwnFlag<"hardened">,
  HelpText<"Compile: check calls through pointers, zero what is not initialised; "
           "link: keep those checks, check virtual calls, and shuffle as "
           "--ampoule-seed=random unless a seed is stated">;

// Warnings are spelled as clang's own.
class Warning<string name> : Flag<["-"], "W" # name>;
def Wampoule_unsupported : Warning<"ampoule-unsupported">,
  HelpText<"Warn of functions that an image cannot have (default)">;
def Wno_ampoule_unsupported : Warning<"no-ampoule-unsupported">;
def Werror_ampoule_unsupported : Warning<"error=ampoule-unsupported">;
def Wno_error_ampoule_unsupported : Warning<"no-error=ampoule-unsupported">;

def ampoule_target : Own<"target=">,
  MetaVarName<"<xen|linux|host>">,
  HelpText<"Build an image for Xen; a static Linux program from the same "
           "pipeline, for tests and for programs that the build itself runs; or, "
           "given to compilations and the link, a dynamic program with the host's "
           "libraries, for sanitizers and profilers (default: xen)">;

// Passed on to the linker (linker/Options.td).
def ampoule_net : Own<"net=">, Group<LinkGroup>, MetaVarName<"<host|tap>">,
  HelpText<"For --ampoule-target=linux: the host's sockets and system calls, or "
           "the library OS itself on a tap device (default: host)">;
def ampoule_memory : Own<"memory=">, Group<LinkGroup>,
  MetaVarName<"<size>">,
  HelpText<"Memory of the domain, in MiB or with K, M, G (default: 64M)">;
def ampoule_memory_max : Own<"memory-max=">, Group<LinkGroup>,
  MetaVarName<"<size>">,
  HelpText<"Most memory the image can use, in MiB or with K, M, G (default: 512M)">;
def ampoule_stack : Own<"stack=">, Group<LinkGroup>,
  MetaVarName<"<size>">,
  HelpText<"Size of the main stack, in KiB or with K, M (default: 256K)">;
def ampoule_threads : Own<"threads=">, Group<LinkGroup>,
  MetaVarName<"<number>">,
  HelpText<"Most threads beside the main one (default: 64)">;
def ampoule_thread_stack : Own<"thread-stack=">, Group<LinkGroup>,
  MetaVarName<"<size>">,
  HelpText<"Size of each thread's stack, in KiB or with K, M (default: 64K)">;
def ampoule_time_slice : Own<"time-slice=">, Group<LinkGroup>,
  MetaVarName<"<time>">,
  HelpText<"How long a thread runs while others are ready, in ms or with us, ms, s (default: 10ms)">;
def ampoule_hostname : Own<"hostname=">, Group<LinkGroup>,
  MetaVarName<"<name>">,
  HelpText<"What gethostname() tells (default: ampoule)">;
def ampoule_address : Own<"address=">, Group<LinkGroup>,
  MetaVarName<"<dhcp|a.b.c.d/bits>">,
  HelpText<"Address of the first network interface (default: dhcp)">;
def ampoule_gateway : Own<"gateway=">, Group<LinkGroup>,
  MetaVarName<"<a.b.c.d>">,
  HelpText<"Gateway of a network without DHCP (default: none)">;
def ampoule_nameservers : Own<"nameservers=">, Group<LinkGroup>,
  MetaVarName<"<address>[,...]">,
  HelpText<"What /etc/resolv.conf names (default: what DHCP says)">;
def ampoule_ipv6 : Own<"ipv6=">, Group<LinkGroup>,
  MetaVarName<"<on|off>">,
  HelpText<"Whether there is IPv6 (default: on, if the program can use it)">;
def ampoule_log : Own<"log=">, Group<LinkGroup>,
  MetaVarName<"<none|error|warning|info>">,
  HelpText<"What the library OS says on the console (default: warning)">;
def ampoule_disks : Own<"disks=">, Group<LinkGroup>,
  MetaVarName<"<number>">,
  HelpText<"Disks of the domain that the program can use: /dev/xvda, … (default: none)">;
def ampoule_mount : Own<"mount=">, Group<LinkGroup>,
  MetaVarName<"<disk>:<dir>[,...]">,
  HelpText<"Directories that are FAT file systems on disks: xvda:/data (default: none)">;
def ampoule_at_boot : Own<"at-boot=">, Group<LinkGroup>,
  MetaVarName<"<setting>">,
  HelpText<"The value of hostname, address, gateway, nameservers or log is a default, which ampoule.<setting>=<value> on the image's "
           "command line replaces">;
def ampoule_param : Own<"param=">, Group<LinkGroup>,
  MetaVarName<"<name>=<value>">,
  HelpText<"Settle a parameter of the program: it is a constant, and cannot be given "
           "at boot">;
def ampoule_embed : Own<"embed=">, Group<LinkGroup>,
  MetaVarName<"<dir>[:<mount>]">,
  HelpText<"Embed the files below a directory, read-only, at <mount> (default: /)">;
def ampoule_seed : Own<"seed=">, Group<LinkGroup>, MetaVarName<"<number|random>">,
  HelpText<"Shuffle functions, data and the gaps between regions: the same seed "
           "gives the same image, random draws one and records it in the report">;
def ampoule_require_seal : Own<"require-seal=">, Group<LinkGroup>,
  MetaVarName<"<static|hypervisor>">,
  HelpText<"Fail if the image cannot be sealed so, and do not run main where it is "
           "not">;
def ampoule_allow_unsealable : OwnFlag<"allow-unsealable">, Group<LinkGroup>,
  HelpText<"Link code with instructions that could undo a seal, and name them in the "
           "report (default: an error, but at -O0)">;
def ampoule_prune : Own<"prune=">, Group<LinkGroup>,
  MetaVarName<"<all|once|lto|sections|none>">,
  HelpText<"How far to prune, for comparisons: none keeps every definition that "
           "an input brought, sections what relocations lead to, without "
           "optimisation at link time; lto optimises as one module, once adds "
           "the graph and virtual functions, all repeats until nothing falls "
           "(default: all)">;
def ampoule_unsupported : Own<"unsupported=">, Group<LinkGroup>,
  MetaVarName<"<error|warn|stub>">,
  HelpText<"What a system call is that the program can make and the library OS "
           "does not have: an error, a warning with the chain of calls, or only "
           "a line in the report. It returns ENOSYS (default: warn)">;
def ampoule_cache : Own<"cache=">, Group<LinkGroup>, MetaVarName<"<dir|none>">,
  HelpText<"Where finished links are kept (default: the user's cache directory)">;
def ampoule_measure : OwnFlag<"measure">, Group<LinkGroup>,
  HelpText<"Record in the report how many bytes each definition had before pruning">;
def ampoule_summary : OwnFlag<"summary">, Group<LinkGroup>,
  HelpText<"Print the size of the image, what was kept and what could be avoided">;
def ampoule_time : OwnFlag<"time">, Group<LinkGroup>,
  HelpText<"Print the time each stage of the link took">;
