// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The devices that a domain gets beside its console: network interfaces with
// ports of the host forwarded to them, and disks. What is written on the command
// line is checked here, and becomes lines for xl and arguments for QEMU.
//
// In QEMU one network card serves all interfaces, through a bridge in the dom0,
// and a disk is a virtio disk there; both are named to the dom0 in a list, since
// the machine that was saved had neither (xen-boot/dom0/init).
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace ampoule::run {

/// What QEMU's user network offers to the first that asks by DHCP.
inline constexpr llvm::StringLiteral kGuestAddress = "10.0.2.15";

struct Interface {
  std::string mac;    ///< empty: whoever makes the interface chooses
  std::string bridge; ///< of this machine's Xen; empty: xl's default
};

struct Forward {
  bool isUdp = false;
  std::string hostAddress = "127.0.0.1";
  std::uint16_t hostPort = 0; ///< 0: one that is free
  bool isChosen = false;      ///< the port was 0
  std::string guestAddress = kGuestAddress.str();
  std::uint16_t guestPort = 0;
};

struct Disk {
  std::string file;
  bool isReadOnly = false;
};

struct Devices {
  std::vector<Interface> interfaces;
  std::vector<Forward> forwards;
  std::vector<Disk> disks; ///< xvda, xvdb, …
  std::string capture;     ///< file for the packets, in pcap's format
  std::string tap; ///< the host's device in the place of QEMU's user network
  /// QEMU's descriptor for what goes to the domain's console; -1: none.
  int input = -1;
};

/// tcp:8080:80, udp:0.0.0.0:53:10.0.2.20:5353
llvm::Expected<Forward> parseForward(llvm::StringRef text);

/// FILE or FILE,ro; it must be there, and have whole sectors.
llvm::Expected<Disk> parseDisk(llvm::StringRef text);

/// Six bytes of a single station, in hexadecimal.
llvm::Expected<std::string> parseMac(llvm::StringRef text);

/// Whether they fit together.
llvm::Error checkDevices(const Devices &devices);

/// The guest's name of a disk.
std::string diskName(std::size_t index);

/// Takes a free port for those that are 0; an error if one is in use.
llvm::Error claimPorts(std::vector<Forward> &forwards);

/// An error if another QEMU has one of the disks, which ours would wait for.
llvm::Error checkUnused(const std::vector<Disk> &disks);

/// 127.0.0.1:8080 leads to 10.0.2.15:80 (tcp)
std::string describe(const Forward &forward);

/// QEMU's arguments for the devices.
std::vector<std::string> emulatorDevices(const Devices &devices);

/// The names of those devices for the dom0, a line each; empty if none.
std::string deviceList(const Devices &devices);

} // namespace ampoule::run
