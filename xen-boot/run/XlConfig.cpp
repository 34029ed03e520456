// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/run/XlConfig.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

using namespace llvm;

namespace ampoule::run {

/// A string of xl's configuration language.
static std::string quote(StringRef text) {
  std::string result = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + "'";
}

/// A list of strings, a line of the configuration; nothing if it is empty.
static std::string list(StringRef name, ArrayRef<std::string> entries) {
  if (entries.empty())
    return "";
  SmallVector<std::string, 4> quoted;
  for (const std::string &entry : entries)
    quoted.push_back(quote(entry));
  return (name + " = [" + join(quoted, ", ") + "]\n").str();
}

static std::string networkEntry(const Interface &interface, std::size_t index,
                                bool isOurDom0) {
  std::string mac = interface.mac, bridge = interface.bridge;
  if (isOurDom0) {
    bridge = "xenbr0";
    // Xen's own prefix, and the last bytes of the address that it gets.
    if (mac.empty())
      mac = "00:16:3e:00:02:" + toHex(static_cast<char>(15 + index), true);
  }
  SmallVector<std::string, 2> words;
  if (!mac.empty())
    words.push_back("mac=" + mac);
  if (!bridge.empty())
    words.push_back("bridge=" + bridge);
  return join(words, ",");
}

static std::string diskEntry(const Disk &disk, std::size_t index,
                             bool isOurDom0) {
  SmallString<128> target(disk.file);
  if (isOurDom0)
    target = "/dev/" + diskName(index);
  else
    sys::fs::make_absolute(target);
  // xl takes what follows target= as it is, commas included.
  return ("format=raw,vdev=" + diskName(index) + ",access=" +
          (disk.isReadOnly ? "ro" : "rw") + ",target=" + target)
      .str();
}

std::string xlConfig(const Request &request, const XlPlaces &places,
                     StringRef onEnd) {
  std::vector<std::string> interfaces, disks;
  for (auto [index, interface] : enumerate(request.devices.interfaces))
    interfaces.push_back(networkEntry(interface, index, places.isOurDom0));
  for (auto [index, disk] : enumerate(request.devices.disks))
    disks.push_back(diskEntry(disk, index, places.isOurDom0));
  return "name = " + quote(places.name) + "\ntype = '" +
         (request.kind == Kind::Pv && places.shim.empty() ? "pv" : "pvh") +
         "'\nkernel = " + quote(places.kernel) +
         (places.ramdisk.empty() ? ""
                                 : "\nramdisk = " + quote(places.ramdisk)) +
         "\ncmdline = " + quote(request.commandLine) +
         "\nmemory = " + utostr(request.memory) +
         "\nvcpus = 1\nmaxvcpus = 1\n" + list("vif", interfaces) +
         list("disk", disks) +
         (places.shim.empty() ? ""
                              : "pvshim = 1\npvshim_path = " +
                                    quote(places.shim) + "\n") +
         "on_poweroff = '" + onEnd.str() +
         "'\non_reboot = '" + (onEnd == "preserve" ? "preserve" : "restart") +
         "'\non_crash = 'preserve'\n";
}

} // namespace ampoule::run
