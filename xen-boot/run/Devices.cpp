// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/run/Devices.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace llvm;

namespace ampoule::run {
namespace {

constexpr unsigned kSector = 512;
constexpr std::size_t kMaxDisks = 26; // xvda … xvdz

bool readPort(StringRef text, std::uint16_t &port) {
  return !text.empty() && all_of(text, isDigit) && !text.getAsInteger(10, port);
}

bool isAddress(const std::string &text) {
  in_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

sockaddr_in socketAddress(const Forward &forward) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(forward.hostPort);
  inet_pton(AF_INET, forward.hostAddress.c_str(), &address.sin_addr);
  return address;
}

/// A socket at the host's end; it must be closed before QEMU opens its own.
Expected<int> bindPort(Forward &forward) {
  int fd = socket(AF_INET, (forward.isUdp ? SOCK_DGRAM : SOCK_STREAM) |
                               SOCK_CLOEXEC,
                  0);
  if (fd < 0)
    return createStringError(Twine("cannot open a socket: ") +
                             std::strerror(errno));
  // As QEMU does: connections of a server that has ended do not matter.
  int yes = 1;
  if (!forward.isUdp)
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address = socketAddress(forward);
  socklen_t size = sizeof(address);
  if (bind(fd, reinterpret_cast<sockaddr *>(&address), size) ||
      getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size)) {
    Error error = createStringError(
        "--forward: cannot listen on " + forward.hostAddress + ":" +
        utostr(forward.hostPort) + ": " + std::strerror(errno));
    close(fd);
    return error;
  }
  forward.isChosen = forward.hostPort == 0;
  forward.hostPort = ntohs(address.sin_port);
  return fd;
}

/// QEMU's lists of options have commas of their own.
std::string escape(StringRef text) {
  std::string result;
  for (char c : text)
    result += c == ',' ? ",," : std::string(1, c);
  return result;
}

} // namespace

Expected<Forward> parseForward(StringRef text) {
  auto bad = [&](const Twine &what) {
    return createStringError(
        "--forward: " + what + " in '" + text +
        "'; it is tcp:[ADDRESS:]PORT:[ADDRESS:]PORT or udp:…, the host's end "
        "first");
  };
  SmallVector<StringRef, 5> parts;
  text.split(parts, ':');
  Forward result;
  if (parts.front() != "tcp" && parts.front() != "udp")
    return bad("unknown protocol '" + parts.front() + "'");
  result.isUdp = parts.front() == "udp";
  auto part = parts.begin() + 1;
  auto readEnd = [&](std::string &address, std::uint16_t &port) -> Error {
    if (part != parts.end() && part->contains('.')) {
      address = part++->str();
      if (!isAddress(address))
        return bad("invalid address '" + address + "'");
    }
    if (part == parts.end())
      return bad("missing port");
    if (!readPort(*part, port))
      return bad("invalid port '" + *part + "'");
    ++part;
    return Error::success();
  };
  if (Error error = readEnd(result.hostAddress, result.hostPort))
    return error;
  if (Error error = readEnd(result.guestAddress, result.guestPort))
    return error;
  if (part != parts.end())
    return bad("unexpected '" + *part + "'");
  if (result.guestPort == 0)
    return bad("the domain has no port 0");
  return result;
}

Expected<Disk> parseDisk(StringRef text) {
  Disk disk;
  disk.isReadOnly = text.consume_back(",ro");
  disk.file = text.str();
  sys::fs::file_status status;
  std::error_code code = sys::fs::status(text, status);
  if (!code && status.type() != sys::fs::file_type::regular_file)
    return createStringError("--disk: " + text + " is not a regular file");
  if (!code)
    code = sys::fs::access(text, disk.isReadOnly ? sys::fs::AccessMode::Exist
                                                 : sys::fs::AccessMode::Write);
  if (code)
    return createStringError("--disk: cannot open " + text + ": " +
                             code.message());
  if (status.getSize() == 0 || status.getSize() % kSector != 0)
    return createStringError("--disk: " + text + " has " +
                             utostr(status.getSize()) +
                             " bytes; a disk has whole sectors of 512");
  return disk;
}

Expected<std::string> parseMac(StringRef text) {
  SmallVector<StringRef, 6> parts;
  text.split(parts, ':');
  unsigned first = 0;
  bool isGood = parts.size() == 6 && all_of(parts, [](StringRef part) {
                  return part.size() == 2 && all_of(part, isHexDigit);
                });
  if (!isGood || parts.front().getAsInteger(16, first))
    return createStringError("--mac: invalid address '" + text +
                             "'; it is like 00:16:3e:12:34:56");
  // IEEE 802, section 8.2.2: the first byte's lowest bit marks a group.
  if (first & 1)
    return createStringError("--mac: '" + text +
                             "' is the address of a group of stations");
  return text.lower();
}

Error checkDevices(const Devices &devices) {
  if (devices.interfaces.empty() && !devices.forwards.empty())
    return createStringError("--forward needs --net");
  if (devices.interfaces.empty() && !devices.capture.empty())
    return createStringError("--pcap needs --net");
  if (!devices.tap.empty()) {
    if (devices.interfaces.empty())
      return createStringError("--tap needs --net");
    if (!devices.forwards.empty())
      return createStringError("--forward: not with --tap, where the domain has an "
                               "address of its own; connect to that");
  }
  if (devices.disks.size() > kMaxDisks)
    return createStringError("--disk: there are more than " +
                             utostr(kMaxDisks));
  for (std::size_t i = 0; i < devices.disks.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const Disk &one = devices.disks[j], &other = devices.disks[i];
      bool isSame = false;
      if ((!one.isReadOnly || !other.isReadOnly) &&
          !sys::fs::equivalent(one.file, other.file, isSame) && isSame)
        return createStringError("--disk: " + other.file +
                                 " is given twice, and not only to be read");
    }
  return Error::success();
}

std::string diskName(std::size_t index) {
  return std::string("xvd") + static_cast<char>('a' + index);
}

Error claimPorts(std::vector<Forward> &forwards) {
  // All are held until the last is known, so that no two get the same.
  SmallVector<int, 4> sockets;
  Error result = Error::success();
  for (Forward &forward : forwards) {
    Expected<int> fd = bindPort(forward);
    if (!fd) {
      result = joinErrors(std::move(result), fd.takeError());
      continue;
    }
    sockets.push_back(*fd);
  }
  for (int fd : sockets)
    close(fd);
  return result;
}

Error checkUnused(const std::vector<Disk> &disks) {
  for (const Disk &disk : disks) {
    int fd = -1;
    if (sys::fs::openFileForRead(disk.file, fd))
      continue;
    // QEMU's block/file-posix.c: a lock on byte 100 + N is held for each right
    // N that is used, one on 200 + N for each that others may not use. Right 1
    // is to write.
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_start = disk.isReadOnly ? 101 : 100;
    lock.l_len = disk.isReadOnly ? 1 : 200;
    bool isUsed = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    if (isUsed)
      return createStringError("--disk: " + disk.file +
                               " is in use by another domain");
  }
  return Error::success();
}

std::string describe(const Forward &forward) {
  return forward.hostAddress + ":" + utostr(forward.hostPort) + " leads to " +
         forward.guestAddress + ":" + utostr(forward.guestPort) +
         (forward.isUdp ? " (udp)" : " (tcp)");
}

std::vector<std::string> emulatorDevices(const Devices &devices) {
  std::vector<std::string> words;
  if (!devices.interfaces.empty()) {
    // As the saved machine has it, the card knows of no headers before the frames.
    std::string network =
        devices.tap.empty() ? "user,id=network"
                            : "tap,id=network,script=no,downscript=no,vnet_hdr=off,"
                              "ifname=" + escape(devices.tap);
    for (const Forward &forward : devices.forwards)
      network += std::string(",hostfwd=") + (forward.isUdp ? "udp" : "tcp") +
                 ":" + forward.hostAddress + ":" + utostr(forward.hostPort) +
                 "-" + forward.guestAddress + ":" + utostr(forward.guestPort);
    words.insert(words.end(), {"-netdev", network, "-device",
                               "virtio-net-pci,netdev=network,romfile="});
    if (!devices.capture.empty())
      words.insert(words.end(),
                   {"-object", "filter-dump,id=capture,netdev=network,file=" +
                                   escape(devices.capture)});
  }
  if (devices.input >= 0)
    words.insert(words.end(),
                 {"-chardev", "socket,id=input,fd=" + utostr(devices.input),
                  "-device", "virtio-serial-pci", "-device",
                  "virtserialport,chardev=input"});
  for (auto [index, disk] : enumerate(devices.disks)) {
    std::string name = diskName(index);
    words.insert(words.end(),
                 {"-drive",
                  "file=" + escape(disk.file) + ",format=raw,if=none,id=" +
                      name + ",discard=unmap" +
                      (disk.isReadOnly ? ",readonly=on" : ""),
                  "-device",
                  "virtio-blk-pci,drive=" + name + ",serial=" + name});
  }
  return words;
}

std::string deviceList(const Devices &devices) {
  std::string list;
  if (devices.input >= 0)
    list += "input\n";
  if (!devices.interfaces.empty())
    list += "network\n";
  for (std::size_t i = 0; i < devices.disks.size(); ++i)
    list += diskName(i) + "\n";
  return list;
}

} // namespace ampoule::run
