// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The console as a terminal: the standard descriptors. Output goes out at once.
// Input comes by the line (POSIX.1-2017, section 11.1.6) or, when the program
// says so, as it is typed (11.1.7). It is not echoed unless the program asks
// for that: what comes from a file or from another terminal is not to be seen
// twice.
//
// Where something interrupts the image, input does, too, and only the thread
// that reads waits for it; elsewhere the whole image does.
#include "libos/console/console.h"
#include "libos/panic/panic.h"
#include "libos/posix/file.h"
#include "libos/posix/poll.h"
#include "libos/posix/signal.h"
#include "libos/posix/termios.h"
#include "libos/threads/timers.h"
#include "libos/time/time.h"

using namespace ampoule;
using namespace ampoule::posix;

/// The linker's answer: can the program have handlers?
extern "C" int __ampoule_live_sys_rt_sigaction();

namespace {

constexpr std::int32_t kSigInterrupt = 2, kSigQuit = 3;

constinit Attributes attributes = {
    .input = 0x500, // ICRNL | IXON
    .output = 5,    // OPOST | ONLCR
    .control = 0xbf,
    .local = 0x8a33, // ISIG | ICANON | ECHOE …
    .line = 0,
    .characters = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22}};

// What was typed, in order:  | first … edited … last |: complete lines, then
// the one that can still be changed. Positions count on; `isEnd`: there is no
// character but the end of the input.
constexpr unsigned kSize = 4096;
constinit char typed[kSize] = {};
constinit bool isEnd[kSize] = {};
constinit unsigned first = 0, edited = 0, last = 0;
constinit bool isOver = false; ///< there will be no more
constinit threads::Queue readers = {};

bool has(Attributes::Local flag) { return attributes.local & flag; }
bool is(char c, Attributes::Character which) {
  auto wanted = attributes.characters[which];
  return wanted != 0 && static_cast<std::uint8_t>(c) == wanted;
}

void echo(char c) {
  constexpr std::uint8_t kSpace = 32;
  bool isLine = c == '\n';
  if (!has(Attributes::kEcho) && !(isLine && has(Attributes::kEchoLine)))
    return;
  if (has(Attributes::kEchoControl) && static_cast<std::uint8_t>(c) < kSpace &&
      !isLine && c != '\t') {
    char shown[2] = {'^', static_cast<char>(c | 0x40)};
    console::write(shown, sizeof(shown));
  } else {
    console::write(&c, 1);
  }
}

void erase() {
  if (last == edited)
    return;
  --last;
  if (has(Attributes::kEcho) && has(Attributes::kEchoErase))
    console::write("\b \b", 3);
}

void send(std::int32_t signal) {
  if (__ampoule_live_sys_rt_sigaction())
    postSignal({.signal = signal, .code = kFromKernel});
  else
    panic::killedBySignal(signal);
}

void put(char c, bool end) {
  // The last place is for what ends the line.
  bool ends = end || c == '\n';
  if (last - first >= kSize - !ends)
    return;
  typed[last % kSize] = c;
  isEnd[last % kSize] = end;
  ++last;
  if (ends || !has(Attributes::kCanonical))
    edited = last;
}

void accept(char c) {
  constexpr char kBackspace = 8;
  if (has(Attributes::kSignals) &&
      (is(c, Attributes::kInterrupt) || is(c, Attributes::kQuit))) {
    echo(c);
    first = edited = last;
    return send(is(c, Attributes::kInterrupt) ? kSigInterrupt : kSigQuit);
  }
  if (c == '\r' && attributes.input & Attributes::kIgnoreReturn)
    return;
  if (c == '\r' && attributes.input & Attributes::kReturnIsLine)
    c = '\n';
  if (has(Attributes::kCanonical)) {
    if (is(c, Attributes::kErase) || c == kBackspace)
      return erase();
    if (is(c, Attributes::kKill)) {
      while (last != edited)
        erase();
      return;
    }
    if (is(c, Attributes::kEnd))
      return put(0, /*end=*/true);
  }
  echo(c);
  put(c, /*end=*/false);
  if (is(c, Attributes::kEndOfLine))
    edited = last;
}

// What stands between DLE STX and DLE ETX was not typed (xen-boot/run/Input.h):
// every byte counts as it is, a DLE is doubled, and then the input has ended.
enum class Frame : std::uint8_t { None, Begins, Inside, Escape };
constinit Frame frame = Frame::None;

/// False: the character is not part of a frame.
bool acceptFramed(char c) {
  constexpr char kStartOfText = 2, kEndOfText = 3, kDataLinkEscape = 16;
  switch (frame) {
  case Frame::None:
    if (c == kDataLinkEscape)
      frame = Frame::Begins;
    return frame == Frame::Begins;
  case Frame::Begins:
    frame = c == kStartOfText ? Frame::Inside : Frame::None;
    if (frame == Frame::None)
      accept(kDataLinkEscape);
    return frame == Frame::Inside;
  case Frame::Inside:
    if (c != kDataLinkEscape)
      break;
    frame = Frame::Escape;
    return true;
  case Frame::Escape:
    frame = Frame::Inside;
    isOver = c == kEndOfText;
    if (isOver)
      return true;
    break;
  }
  typed[last % kSize] = c;
  isEnd[last % kSize] = false;
  edited = ++last;
  return true;
}

/// Takes what has come. A line that is being typed has no end in sight: what it
/// has no room for is lost; complete ones wait to be read.
void fetch() {
  while (!isOver && (last - first < kSize || edited == first)) {
    int c = console::take();
    if (c == console::kNoInputYet)
      return;
    if (c == console::kNoMoreInput) {
      isOver = true;
      edited = last;
      return;
    }
    if (!acceptFramed(static_cast<char>(c)))
      accept(static_cast<char>(c));
  }
}

void onInput() {
  fetch();
  threads::wakeAll(readers);
  notify(terminal);
}

/// Waits until `isDone` or, if there can be one, a time limit. A negative
/// errno, or 0.
long await(Condition isDone, std::uint64_t limit = threads::kForever) {
  bool interrupts = console::listen(onInput);
  fetch();
  if (isDone() || isOver)
    return 0;
  if (terminal.isNonBlocking())
    return -kTryAgain;
  bool isLimited = limit != threads::kForever;
  std::uint64_t deadline = isLimited ? later(time::monotonic(), limit) : limit;
  if (interrupts)
    return waitFor(readers, [&] { return isDone() || isOver; }, deadline);
  for (; !isDone() && !isOver; fetch()) {
    if (time::monotonic() >= deadline)
      return -kTimedOut;
    console::waitForInput(isLimited ? deadline : 0);
  }
  return 0;
}

std::size_t copy(char *buffer, std::size_t size) {
  std::size_t count = 0;
  while (count != size && first != edited) {
    unsigned at = first++ % kSize;
    if (isEnd[at])
      break;
    buffer[count++] = typed[at];
    if (has(Attributes::kCanonical) && typed[at] == '\n')
      break;
  }
  fetch(); // there is room again
  return count;
}

/// MIN and TIME of POSIX: so many characters, and tenths of a second from the
/// first on or, if MIN is 0, from now on.
long readRaw(char *buffer, std::size_t size) {
  constexpr std::uint64_t kTenth = 100'000'000;
  std::size_t least = attributes.characters[Attributes::kLeast];
  std::uint64_t limit = attributes.characters[Attributes::kTime] * kTenth;
  auto has = [](std::size_t count) { return edited - first >= count; };
  long error = 0;
  if (least == 0) {
    if (limit != 0)
      error = await([&] { return has(1); }, limit);
    else
      fetch();
  } else if (limit == 0) {
    std::size_t wanted = least < size ? least : size;
    error = await([&] { return has(wanted); });
  } else {
    error = await([&] { return has(1); });
    std::size_t wanted = least < size ? least : size;
    for (std::size_t got = edited - first; !error && got < wanted && !isOver;
         got = edited - first)
      error = await([&] { return has(got + 1); }, limit);
  }
  if (error && error != -kTimedOut && first == edited)
    return error;
  return static_cast<long>(copy(buffer, size));
}

} // namespace

long Terminal::read(char *buffer, std::size_t size) {
  if (size == 0)
    return 0;
  if (!has(Attributes::kCanonical))
    return readRaw(buffer, size);
  if (long error = await([] { return first != edited; }))
    return error;
  return static_cast<long>(copy(buffer, size));
}

long Terminal::write(const char *buffer, std::size_t size) {
  console::write(buffer, size);
  return static_cast<long>(size);
}

std::uint32_t Terminal::readiness() {
  // Somebody waits for several files, and perhaps not for ever.
  threads::interruptForTimers();
  console::listen(onInput);
  fetch();
  return kWritable | (first != edited || isOver ? kReadable : 0u);
}

long Terminal::available() {
  fetch();
  return edited - first;
}

long posix::controlTerminal(unsigned long request, void *argument) {
  constexpr std::uint32_t kRows = 25, kColumns = 80;
  auto *words = static_cast<std::uint32_t *>(argument);
  switch (request) {
  case kGetAttributes:
    __builtin_memcpy(argument, &attributes, sizeof(attributes));
    return 0;
  case kSetAttributesAndFlush:
    fetch();
    first = edited = last;
    [[fallthrough]];
  case kSetAttributes:
  case kSetAttributesAfterOutput:
    __builtin_memcpy(&attributes, argument, sizeof(attributes));
    if (!has(Attributes::kCanonical))
      edited = last;
    return 0;
  case kFlush: // TCIFLUSH, TCIOFLUSH
    if (reinterpret_cast<std::uintptr_t>(argument) != 1) {
      fetch();
      first = edited = last;
    }
    return 0;
  case kSendBreak: // also tcdrain(): output has gone out
  case kSetGroup:
    return 0;
  case kGetGroup:
    words[0] = 1;
    return 0;
  default: // kGetWindowSize
    words[0] = kRows | kColumns << 16;
    words[1] = 0;
    return 0;
  }
}

constinit Terminal posix::terminal(kCharacterDevice | 0620,
                                   5 << 8 | 1, // /dev/console
                                   /*isTerminal=*/true);
