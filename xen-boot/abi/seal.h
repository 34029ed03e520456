// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// HYPERVISOR_seal_op (xen-boot/hypervisor/seal.patch, public/arch-x86/seal.h), as
// far as assembly needs it, too.
#pragma once

#define AMPOULE_HYPERCALL_SEAL 50  // __HYPERVISOR_arch_2
#define AMPOULE_SEAL_VERSION 1
#define AMPOULE_SEAL_HYPERCALLS 1  // the bitmap is valid
#define AMPOULE_HANDOFF_SEAL 32    // offsetof(abi::Handoff, seal)
