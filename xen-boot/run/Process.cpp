// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xen-boot/run/Process.h"
#include "xen-boot/run/Input.h"

#include "llvm/Support/Program.h"
#include <algorithm>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace llvm;

namespace ampoule::run {

constexpr std::chrono::seconds kKnockEvery{1}, kMostKnocking{60};

Expected<ProcessResult>
runProcess(const std::vector<std::string> &command, StringRef knock,
           int ourInput, unsigned seconds,
           function_ref<void(StringRef)> consume) {
  ErrorOr<std::string> program = sys::findProgramByName(command[0]);
  if (!program)
    return createStringError("cannot find " + command[0] +
                             "; install its package");
  int pipes[2], inputs[2], sockets[2];
  if (pipe2(pipes, O_CLOEXEC) || pipe2(inputs, O_CLOEXEC) ||
      socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
    return createStringError("cannot create a pipe");
  pid_t parent = getpid(), child = fork();
  if (child < 0)
    return createStringError("cannot start " + *program);
  if (child == 0) {
    // Ends with us, also when we are killed. The signal can be handled: a
    // domain must be destroyed.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
      _exit(127);
    dup2(inputs[0], STDIN_FILENO);
    dup2(pipes[1], STDOUT_FILENO);
    dup2(pipes[1], STDERR_FILENO);
    if (ourInput >= 0 && dup2(sockets[1], ourInput) == sockets[1])
      fcntl(ourInput, F_SETFD, 0); // it had that number: it must stay open
    std::vector<char *> argv;
    for (const std::string &word : command)
      argv.push_back(const_cast<char *>(word.c_str()));
    argv.push_back(nullptr);
    execv(program->c_str(), argv.data());
    _exit(127);
  }
  close(pipes[1]);
  close(sockets[1]);
  std::optional<Input> ours;
  if (ourInput >= 0)
    ours.emplace(sockets[0]);

  using Clock = std::chrono::steady_clock;
  constexpr Clock::time_point kNever = Clock::time_point::max();
  Clock::time_point start = Clock::now();
  Clock::time_point end =
      seconds == 0 ? kNever : start + std::chrono::seconds(seconds);
  Clock::time_point nextKnock = knock.empty() ? kNever : start;
  ProcessResult result;
  while (true) {
    Clock::time_point now = Clock::now();
    if (now >= end) {
      result.timedOut = true;
      kill(child, SIGTERM);
      break;
    }
    if (now >= nextKnock) {
      // A pipe holds a minute's knocks that nobody hears, and as its other end
      // stays open here, there is no SIGPIPE.
      if (write(inputs[1], knock.data(), knock.size()) < 0)
        return createStringError("cannot write to a pipe");
      nextKnock = now - start < kMostKnocking ? now + kKnockEvery : kNever;
    }
    pollfd waits[] = {{pipes[0], POLLIN, 0}, {-1, 0, 0}, {-1, 0, 0}};
    if (ours)
      ours->prepare(waits[1], waits[2]);
    // Rounded up: not before the time.
    auto wait = std::chrono::ceil<std::chrono::milliseconds>(
        std::min<Clock::duration>(std::min(end, nextKnock) - now,
                                  std::chrono::hours(1)));
    if (poll(waits, 3, static_cast<int>(wait.count())) <= 0)
      continue;
    if (ours)
      ours->work(waits[1], waits[2]);
    if (!waits[0].revents)
      continue;
    char buffer[4096];
    ssize_t size = read(pipes[0], buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      break;
    nextKnock = kNever;
    consume(StringRef(buffer, static_cast<std::size_t>(size)));
  }
  close(pipes[0]);
  close(inputs[0]);
  close(inputs[1]);
  close(sockets[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status)
                                    : 128 + WTERMSIG(status);
  return result;
}

} // namespace ampoule::run
