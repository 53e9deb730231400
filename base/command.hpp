// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace gibbon {

/// Runs the program words[0], found on $PATH, with the other words as arguments and `folder` as its
/// working folder, and waits for it, calling `tick` about ten times a second. Its output is kept to
/// be quoted: throws an input Error with it when the program is missing, or ends with another
/// status than 0, and when `interrupted` is set, which ends it.
void run_command(const std::vector<std::string>& words, const std::filesystem::path& folder,
                 const std::function<void()>& tick);

}  // namespace gibbon
