// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Options of the `ampoule` command's subcommands.
include "llvm/Option/OptParser.td"

def direct : Flag<["--"], "direct">, HelpText<"Boot on bare QEMU, without Xen: fastest">;
def dom0 : Flag<["--"], "dom0">, HelpText<"Boot as the first domain of Xen in QEMU: fast, no xl">;
def pv : Flag<["--"], "pv">, HelpText<"Boot as PV domain">;
def pvh : Flag<["--"], "pvh">, HelpText<"Boot as PVH domain (default)">;
def hypervisor : Joined<["--"], "hypervisor=">, MetaVarName<"<file>">,
  HelpText<"Run that Xen in QEMU, as scripts/build-xen builds one (default: Debian's)">;
def shim : Joined<["--"], "shim=">, MetaVarName<"<file>">,
  HelpText<"Boot as PV guest of that xen-shim, in a PVH domain">;
def dom0_script : Joined<["--"], "dom0-script=">, MetaVarName<"<file>">,
  HelpText<"In the emulated dom0, run that shell script in the place of xl">;
def memory : Joined<["--"], "memory=">, MetaVarName<"<MiB>">,
  HelpText<"Memory of the domain (default: as the image is configured)">;
def timeout : Joined<["--"], "timeout=">, MetaVarName<"<seconds>">,
  HelpText<"Give up after that time (default: 60; 0: never)">;
def gdb : Flag<["--"], "gdb">, HelpText<"With --direct: wait for gdb, at port 1234">;
def gdb_eq : Joined<["--"], "gdb=">, MetaVarName<"<port>">,
  HelpText<"With --direct: wait for gdb at that port of this host">;
def net : Flag<["--"], "net">,
  HelpText<"Add a network interface; in QEMU with addresses by DHCP, the first "
           "10.0.2.15">;
def net_bridge : Joined<["--"], "net=">, MetaVarName<"<bridge>">,
  HelpText<"Likewise, on that bridge of this machine's Xen">;
def mac : Separate<["--"], "mac">, MetaVarName<"<address>">,
  HelpText<"Hardware address of the last --net">;
def mac_eq : Joined<["--"], "mac=">, Alias<mac>;
def forward : Separate<["--"], "forward">, MetaVarName<"tcp:<host>:<domain>">,
  HelpText<"Lead a port of this host (0: a free one) to one of the domain; also "
           "udp, and addresses before the ports">;
def forward_eq : Joined<["--"], "forward=">, Alias<forward>;
def tap : Separate<["--"], "tap">, MetaVarName<"<device>">,
  HelpText<"In QEMU: have the network be that tap device of this host, where the "
           "domain has addresses of its own">;
def tap_eq : Joined<["--"], "tap=">, Alias<tap>;
def disk : Separate<["--"], "disk">, MetaVarName<"<file>[,ro]">,
  HelpText<"Give the domain a file as a disk: xvda, xvdb, …">;
def disk_eq : Joined<["--"], "disk=">, Alias<disk>;
def ramdisk : Separate<["--"], "ramdisk">, MetaVarName<"<file>">,
  HelpText<"Initial RAM disk, if IMAGE is a Linux kernel, to compare with">;
def ramdisk_eq : Joined<["--"], "ramdisk=">, Alias<ramdisk>;
def pcap : Separate<["--"], "pcap">, MetaVarName<"<file>">,
  HelpText<"Write the packets of the network to a file">;
def pcap_eq : Joined<["--"], "pcap=">, Alias<pcap>;
def env : Joined<["--"], "env=">, MetaVarName<"<name>=<value>">,
  HelpText<"Set an environment variable of the program">;
def param : Joined<["--"], "param=">, MetaVarName<"<name>=<value>">,
  HelpText<"Set a parameter of the program; `ampoule config` lists them">;
def no_input : Flag<["--"], "no-input">,
  HelpText<"Leave the input of the domain's console to others">;
def quiet : Flag<["--"], "quiet">, HelpText<"Do not say how the image is run">;
def verbose : Flag<["--"], "verbose">, HelpText<"Show Xen's own messages, too">;
def probe : Flag<["--"], "probe">, HelpText<"Only say whether Xen can be run here">;
def before : Flag<["--"], "before">,
  HelpText<"Tell of what is not in the image: who removed it, or which reference "
           "is missing">;
def all_roots : Flag<["--"], "all-roots">,
  HelpText<"A chain from every root that alone keeps the symbol">;
def json : Flag<["--"], "json">, HelpText<"Print the report as JSON">;
def html : Flag<["--"], "html">, HelpText<"Print the report as a page for a browser">;
def pages : Flag<["--"], "pages">,
  HelpText<"Print what lies in each page of memory, and its permission">;
def fail_over : Joined<["--"], "fail-over=">, MetaVarName<"<bytes>">,
  HelpText<"Fail if the image has grown by more (K, KiB, M, MiB)">;
def max_size : Joined<["--"], "max-size=">, MetaVarName<"<bytes>">,
  HelpText<"Fail if the image is larger">;
def forbid : Joined<["--"], "forbid=">, MetaVarName<"<glob>">,
  HelpText<"Fail if the image contains a function or variable of that name">;
def mappings : Flag<["--"], "mappings">,
  HelpText<"Print every mapping of the sealed page tables">;
def help : Flag<["--"], "help">, HelpText<"Show this">;
