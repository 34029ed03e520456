// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pages that other domains get to see. They come from a pool of their own, laid
// out by the linker apart from everything else, and are named by their place in
// it: no driver computes from a pointer which memory it gives away. Each page
// has an entry of the grant table for itself (version 1,
// xen/include/public/grant_table.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace ampoule::gnttab {

using Page = std::uint32_t;
using Domain = std::uint16_t;
inline constexpr Page kNoPage = ~0u;

/// A page that no other domain sees, zeroed. kNoPage: there is none, or no Xen.
Page take();

/// Ends the grant and gives the page back. If the other domain still has the
/// page mapped it is kept aside until it does not.
void give(Page page);

char *addressOf(Page page);

enum class Access : std::uint8_t { ReadOnly, ReadWrite };

/// Lets `domain` map the page, or copy from and to it. What it is told is the
/// grant's reference.
std::uint32_t grant(Page page, Domain domain, Access access);
std::uint32_t referenceOf(Page page);

/// Takes the grant back. False: the other domain uses the page.
[[nodiscard]] bool end(Page page);

/// Pages taken, and kept aside because other domains hold on to them now.
struct Usage {
  std::uint32_t taken, held;
};
Usage usage();

} // namespace ampoule::gnttab
