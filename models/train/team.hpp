// SPDX-License-Identifier: MIT
#pragma once

#include <barrier>
#include <functional>
#include <thread>
#include <vector>

namespace gibbon::models::train {

/// Threads that stay, for work too short to start threads for. run(job) calls job(worker) on worker
/// 0 (the caller) … size() - 1 and returns when all have finished. Jobs must not throw.
class Team {
 public:
  explicit Team(std::size_t size) : gate_(static_cast<std::ptrdiff_t>(size)) {
    for (std::size_t worker = 1; worker < size; ++worker) {
      others_.emplace_back([this, worker] {
        while (true) {
          gate_.arrive_and_wait();  // run() has set the job
          if (!job_) return;
          job_(worker);
          gate_.arrive_and_wait();  // everybody has finished
        }
      });
    }
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() {
    job_ = nullptr;
    if (!others_.empty()) gate_.arrive_and_wait();
  }

  [[nodiscard]] std::size_t size() const { return others_.size() + 1; }

  template <class Job>
  void run(const Job& job) {
    if (others_.empty()) return job(std::size_t{0});
    job_ = std::ref(job);
    gate_.arrive_and_wait();
    job(std::size_t{0});
    gate_.arrive_and_wait();
  }

 private:
  std::barrier<> gate_;
  std::function<void(std::size_t)> job_;
  std::vector<std::jthread> others_;
};

}  // namespace gibbon::models::train
