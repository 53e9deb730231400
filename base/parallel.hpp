// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gibbon {

/// Set by Ctrl-C; long loops look at it between blocks and end early, keeping what they have.
inline std::atomic<bool> interrupted =
    false;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// Thrown out of the middle of long work when `interrupted` is set; what was finished stays.
struct Interrupted {};

/// Cores this process may use.
[[nodiscard]] inline std::size_t hardware_threads() {
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

/// Runs body(worker, block) for block 0 … blocks - 1 on `threads` workers (the caller is worker 0);
/// `worker` numbers the thread, so that it can own scratch. Blocks are handed out in order. The
/// first exception stops the handing out and is rethrown here. Stops early, too, when `interrupted`
/// is set.
template <class Body>
void for_each_block(std::size_t blocks, std::size_t threads, const Body& body) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;  // guards failure
  const auto work = [&](std::size_t worker) {
    try {
      while (!interrupted) {
        const std::size_t block = next++;
        if (block >= blocks) break;
        body(worker, block);
      }
    } catch (const Interrupted&) {
      return;  // the others see the flag, too
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = blocks;  // nobody starts another block
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < std::min(threads, blocks); ++t) others.emplace_back(work, t);
    work(0);
  }  // joins
  if (failure) std::rethrow_exception(failure);
}

}  // namespace gibbon
