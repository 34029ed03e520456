// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The number is the last argument (libos/xen/xen.h). The library OS passes
// constants, which are arguments still after optimisation: native code is called.
#include "linker/Hypercalls.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstrTypes.h"

using namespace llvm;

namespace ampoule::linker {
namespace {

constexpr StringLiteral kFunction = "ampoule_hypercall";
/// Code that has run when Xen is told (xen-boot/entry).
bool isOfBoot(const Function &function) {
  return function.getSection() == ".text.boot" ||
         function.getSection() == ".text.unboot";
}

/// The module that issues hypercalls as long as it is there.
constexpr StringLiteral kBootModule = "boot";
constexpr unsigned kNumberArgument = 5, kMost = 64;

/// __HYPERVISOR_* of xen/include/public/xen.h, by number.
constexpr StringLiteral kNames[] = {
    "set_trap_table",
    "mmu_update",
    "set_gdt",
    "stack_switch",
    "set_callbacks",
    "fpu_taskswitch",
    "sched_op_compat",
    "platform_op",
    "set_debugreg",
    "get_debugreg",
    "update_descriptor",
    "11",
    "memory_op",
    "multicall",
    "update_va_mapping",
    "set_timer_op",
    "event_channel_op_compat",
    "xen_version",
    "console_io",
    "physdev_op_compat",
    "grant_table_op",
    "vm_assist",
    "update_va_mapping_otherdomain",
    "iret",
    "vcpu_op",
    "set_segment_base",
    "mmuext_op",
    "xsm_op",
    "nmi_op",
    "sched_op",
    "callback_op",
    "xenoprof_op",
    "event_channel_op",
    "physdev_op",
    "hvm_op",
    "sysctl",
    "domctl",
    "kexec_op",
    "tmem_op",
    "argo_op",
    "xenpmu_op",
    "dm_op",
    "hypfs_op",
};

std::uint64_t bitOf(std::uint64_t number) {
  return number < kMost ? std::uint64_t{1} << number : 0;
}

/// Of a label.
std::optional<std::uint64_t> numberOf(StringRef symbol) {
  std::uint64_t number;
  if (symbol.consume_front(kFunction) && symbol.consume_front("_") &&
      to_integer(symbol, number, 10))
    return number;
  return std::nullopt;
}

} // namespace

std::uint64_t issuedHypercalls(const Module &module) {
  const Function *function = module.getFunction(kFunction);
  std::uint64_t bits = 0;
  if (!function)
    return bits;
  for (const Use &use : function->uses()) {
    const auto *call = dyn_cast<CallBase>(use.getUser());
    if (call && isOfBoot(*call->getFunction()))
      continue;
    const auto *number =
        call && call->isCallee(&use) && call->arg_size() > kNumberArgument
            ? dyn_cast<ConstantInt>(call->getArgOperand(kNumberArgument))
            : nullptr;
    if (!number)
      return kAnyHypercall;
    bits |= bitOf(number->getZExtValue());
  }
  return bits;
}

std::uint64_t issuedByNatives(const Graph &graph, const LiveSet &live) {
  StringMap<unsigned> definitions = findDefinitions(graph);
  auto target = definitions.find(kFunction);
  if (target == definitions.end())
    return 0;
  for (unsigned id = 0; id != graph.nodes.size(); ++id) {
    const Node &node = graph[id];
    bool isLabelled = any_of(node.symbols, [](StringRef symbol) {
      return numberOf(symbol).has_value();
    });
    if (!live.isLive(id) || node.module == kBootModule || isLabelled)
      continue;
    for (const Edge &edge : node.edges)
      if (edge.to == target->second && edge.reason == Reason::Native)
        return kAnyHypercall;
  }
  return 0;
}

std::uint64_t
labelledHypercalls(const std::map<std::string, std::uint64_t> &symbols) {
  std::uint64_t bits = 0;
  for (const auto &symbol : symbols)
    if (std::optional<std::uint64_t> number = numberOf(symbol.first))
      bits |= bitOf(*number);
  return bits;
}

std::vector<std::string> hypercallNames(std::uint64_t bits) {
  if (bits == kAnyHypercall)
    return {"any"};
  std::vector<std::string> names;
  for (unsigned number = 0; number != kMost; ++number)
    if (bits >> number & 1)
      names.push_back(number < std::size(kNames) ? kNames[number].str()
                                                 : utostr(number));
  return names;
}

} // namespace ampoule::linker
