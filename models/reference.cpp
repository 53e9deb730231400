// SPDX-License-Identifier: MIT
#include "models/reference.hpp"

#include <algorithm>
#include <dlfcn.h>
#include <filesystem>
#include <fmt/ranges.h>
#include <iterator>

#include "base/environment.hpp"
#include "base/error.hpp"

namespace gibbon::models {
namespace {

namespace fs = std::filesystem;

/// Where the plugin may lie, in order of preference.
std::vector<fs::path> plugin_places() {
  if (const std::string named = environment("GIBBON_TORCH_PLUGIN"); !named.empty()) return {named};
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
  for (fs::path& place : places) place /= kReferenceFile;
  return places;
}

const ReferencePlugin& load_plugin() {
  const std::vector<fs::path> places = plugin_places();
  const auto exists = [](const fs::path& place) {
    std::error_code unreachable;
    return fs::exists(place, unreachable);
  };
  const auto found = std::ranges::find_if(places, exists);
  if (found == places.end()) {
    std::vector<std::string> tried;
    std::ranges::copy(places, std::back_inserter(tried));
    fail_usage(
        "LibTorch: the plugin is not there:\n  {}\nbuild gibbon with -D GIBBON_WITH_TORCH=ON "
        "(package libtorch-dev), or name the file in $GIBBON_TORCH_PLUGIN",
        fmt::join(tried, "\n  "));
  }
  // Never closed: LibTorch does not survive being unloaded.
  void* const library = ::dlopen(found->c_str(), RTLD_NOW | RTLD_LOCAL);
  const auto reason = [] {
    const char* text = ::dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
    return std::string(text == nullptr ? "unknown reason" : text);
  };
  if (library == nullptr) {
    fail_input("{}: cannot be loaded, {}; is the package libtorch1.13 installed?", found->string(),
               reason());
  }
  const auto* plugin = static_cast<const ReferencePlugin*>(::dlsym(library, kReferenceSymbol));
  if (plugin == nullptr) {
    fail_input("{}: is no plugin of gibbon, {}; name another file in $GIBBON_TORCH_PLUGIN",
               found->string(), reason());
  }
  if (plugin->version != kReferenceVersion) {
    fail_input("{}: plugin version {}, this program needs {}; build program and plugin together",
               found->string(), plugin->version, kReferenceVersion);
  }
  return *plugin;
}

const ReferencePlugin& plugin() {
  static const ReferencePlugin& loaded = load_plugin();
  return loaded;
}

}  // namespace

std::unique_ptr<Reference> open_reference(const Network& network, Precision precision) {
  network.check();
  return std::unique_ptr<Reference>(plugin().open(network, precision));
}

std::string reference_engine() { return plugin().engine; }

}  // namespace gibbon::models
