// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace gibbon::reports::record {

/// make(k) for k = 0 … count - 1, in order, made on all cores. The first exception is thrown again.
template <class Make>
[[nodiscard]] auto made_in_parallel(std::size_t count, const Make& make) {
  std::vector<decltype(make(count))> results(count);
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;  // guards failure
  const auto work = [&] {
    try {
      for (std::size_t k = next++; k < count; k = next++) results[k] = make(k);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  {
    std::vector<std::jthread> others;
    const std::size_t cores = std::thread::hardware_concurrency();
    for (std::size_t t = 1; t < cores && t < count; ++t) others.emplace_back(work);
    work();
  }  // joins
  if (failure) std::rethrow_exception(failure);
  return results;
}

}  // namespace gibbon::reports::record
