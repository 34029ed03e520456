// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the toolstack asks of the domain: `xl shutdown`, `xl reboot`.
#pragma once

namespace ampoule::control {

/// From now on requests are heard, if there is a toolstack. An image that
/// nothing can interrupt does not listen.
void listen();

/// Has `ask` called, within a call, when the domain is asked to end. False: the
/// domain is to end at once, as it does without this.
void onEnd(bool (*ask)());

} // namespace ampoule::control
