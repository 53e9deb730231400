// SPDX-License-Identifier: MIT
#include "eval/cli/signals.hpp"

#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>
#include <unistd.h>

#include "base/parallel.hpp"
#include "eval/cli/exit_code.hpp"

namespace gibbon::eval::cli {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  struct sigaction hang_up {};
  const bool ignored = sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler == SIG_IGN;
  if (!ignored) sigaddset(&set, SIGHUP);
  return set;
}

int wait_for_one(const sigset_t& set) {
  int signal = 0;
  while (sigwait(&set, &signal) != 0) {
  }
  return signal;
}

void watch() {
  constexpr std::chrono::milliseconds kSameWish{200};
  const sigset_t set = stop_signals();
  stop_signal = wait_for_one(set);
  interrupted = true;
  const auto first = std::chrono::steady_clock::now();
  while (true) {
    const int again = wait_for_one(set);
    if (std::chrono::steady_clock::now() - first > kSameWish) _exit(128 + again);
  }
}

}  // namespace

void block_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void watch_stop_signals() {
  try {
    std::thread(watch).detach();
  } catch (const std::system_error&) {  // no thread to be had: then a signal ends the program
    const sigset_t set = stop_signals();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  }
}

}  // namespace gibbon::eval::cli
