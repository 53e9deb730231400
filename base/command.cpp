// SPDX-License-Identifier: MIT
#include "base/command.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include "base/child.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"

namespace gibbon {
namespace {

/// What the child does before it becomes the program: folder, no input, output into `log`.
class Preparation {
 public:
  Preparation(const std::filesystem::path& folder, const std::filesystem::path& log) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, log.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
  }
  ~Preparation() { posix_spawn_file_actions_destroy(&actions_); }
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;

  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

/// A running process: whoever stops waiting for it early ends it.
class Child {
 public:
  explicit Child(pid_t number) : number_(number) {}
  ~Child() {
    if (ended_) return;
    ::kill(number_, SIGTERM);
    wait(0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] bool has_ended() {
    if (!ended_) wait(WNOHANG);
    return ended_;
  }
  [[nodiscard]] bool succeeded() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

 private:
  void wait(int options) {
    pid_t changed = 0;
    do {
      changed = ::waitpid(number_, &status_, options);
    } while (changed < 0 && errno == EINTR);
    ended_ = changed == number_;
  }

  pid_t number_;
  int status_ = 0;
  bool ended_ = false;
};

pid_t start(const std::vector<std::string>& words, const Preparation& preparation) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const ChildAttributes attributes;
  pid_t child = 0;
  const int error = posix_spawnp(&child, arguments.front(), preparation.get(), attributes.get(),
                                 arguments.data(), environ);
  if (error != 0) {
    fail_input("{}: cannot be started: {}; install the package it belongs to", words.front(),
               std::generic_category().message(error));
  }
  return child;
}

}  // namespace

void run_command(const std::vector<std::string>& words, const std::filesystem::path& folder,
                 const std::function<void()>& tick) {
  const std::filesystem::path log = folder / "output.log";
  Child child(start(words, Preparation(folder, log)));
  while (!child.has_ended()) {
    if (interrupted) fail_input("{}: interrupted", words.front());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    tick();
  }
  if (!child.succeeded()) {
    fail_input("`{}`: failed:\n{}", fmt::join(words, " "), read_file(log));
  }
}

}  // namespace gibbon
