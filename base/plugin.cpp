// SPDX-License-Identifier: MIT
#include "base/plugin.hpp"

#include <algorithm>
#include <dlfcn.h>
#include <filesystem>
#include <fmt/ranges.h>
#include <iterator>
#include <string>
#include <vector>

#include "base/environment.hpp"
#include "base/error.hpp"

namespace gibbon {
namespace {

namespace fs = std::filesystem;

/// In order of preference.
std::vector<fs::path> places_of(const Plugin& plugin) {
  if (const std::string named = environment(plugin.environment); !named.empty()) return {named};
  std::error_code unreadable;
  const fs::path program = fs::read_symlink("/proc/self/exe", unreadable);
  const fs::path folder = program.parent_path();
  const fs::path lib = folder.parent_path() / "lib";
  std::vector<fs::path> places{folder, folder.parent_path(), lib / "gibbon"};
#ifdef __x86_64__
  places.push_back(lib / "x86_64-linux-gnu" / "gibbon");
#elif defined(__aarch64__)
  places.push_back(lib / "aarch64-linux-gnu" / "gibbon");
#endif
  for (fs::path& place : places) place /= plugin.file;
  return places;
}

std::string last_reason() {
  const char* text = ::dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
  return text == nullptr ? "unknown reason" : text;
}

}  // namespace

const void* open_plugin(const Plugin& plugin) {
  constexpr int kFlags = RTLD_NOW | RTLD_LOCAL;
  const std::vector<fs::path> places = places_of(plugin);
  const auto found = std::ranges::find_if(places, [](const fs::path& place) {
    std::error_code unreachable;
    return fs::exists(place, unreachable);
  });
  // A bare name is looked for along the run path of whoever links the installed libraries.
  const bool named = found != places.end();
  void* const library = ::dlopen(named ? found->c_str() : plugin.file, kFlags);
  const std::string file = named ? found->string() : plugin.file;
  if (library == nullptr && !named) {
    std::vector<std::string> tried;
    std::ranges::copy(places, std::back_inserter(tried));
    fail_usage("{}: plugin not found:\n  {}\n{}, or set ${} to the file", plugin.engine,
               fmt::join(tried, "\n  "), plugin.to_build, plugin.environment);
  }
  if (library == nullptr) {
    fail_input("{}: cannot be loaded, {}; is the package {} installed?", file, last_reason(),
               plugin.to_load);
  }
  const void* table = ::dlsym(library, plugin.symbol);
  if (table == nullptr) {
    fail_input("{}: is not a gibbon plugin, {}; set ${} to another file", file, last_reason(),
               plugin.environment);
  }
  if (const int version = *static_cast<const int*>(table); version != plugin.version) {
    fail_input("{}: plugin version {}, this program needs {}; build program and plugin together",
               file, version, plugin.version);
  }
  return table;
}

}  // namespace gibbon
