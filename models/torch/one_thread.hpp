// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/Parallel.h>
#include <dlfcn.h>

namespace gibbon::models::torch_twins {

/// One thread per call: whoever wants more calls from more threads.
inline void use_one_thread() {
  static const bool alone = [] {
    at::set_num_threads(1);
    using SetThreads = void (*)(int);
    if (const auto set =
            reinterpret_cast<SetThreads>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) {
      set(1);
    }
    return true;
  }();
  static_cast<void>(alone);
}

}  // namespace gibbon::models::torch_twins
