// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "base/suggest.hpp"
#include "datasets/inspect.hpp"
#include "eval/cli/command.hpp"
#include "eval/cli/progress.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string name;
  runs::DataOptions data;
  bool quiet = false;

  void fetch() const {
    const datasets::SourceInfo& info = find_entry("data set", datasets::sources(), name);
    if (info.fetch == nullptr) {
      fail_usage(
          "data fetch {}: cannot be downloaded, or needs no download; see 'gibbon list datasets'",
          name);
    }
    const std::filesystem::path folder =
        (data.data_dir.empty() ? cache_folder() : std::filesystem::path(data.data_dir)) / name;
    require_writable_folder(folder);
    Progress progress("fetching " + name, "bytes", quiet);
    info.fetch(folder.parent_path(),
               [&](std::string_view file, std::uint64_t done, std::uint64_t total) {
                 progress.update(done, total, std::string(file));
               });
    progress.pause();
    fmt::print("data {}\n", printable(folder.string()));
  }

  void show() {
    data.data = name;
    const datasets::Dataset set = runs::load_data(data);
    const datasets::Seen seen = datasets::seen_in(set);
    fmt::print(
        "{} {}\n  samples   {}\n  shape     {} × {} × {}{}\n  range     [{}, {}]\n  seen      "
        "[{:.4g}, "
        "{:.4g}], mean {:.4f}\n  sha256    {}\n",
        printable(set.name), set.split, set.size(), set.shape.height, set.shape.width,
        set.shape.channels, set.shape.image ? "" : " (points)", set.range.lower, set.range.upper,
        seen.least, seen.most, seen.mean, set.sha256);
    for (std::size_t c = 0; c < set.class_names.size(); ++c) {
      fmt::print("  class {:<3} {} ({} samples)\n", c, printable(set.class_names[c]),
                 std::ranges::count(set.labels, static_cast<int>(c)));
    }
    for (std::size_t d = 0; d < set.features.size(); ++d) {
      const datasets::Feature& feature = set.features[d];
      fmt::print("  feature {:<3} {} ({:g} … {:g})\n", d, printable(feature.name), feature.lower,
                 feature.upper);
    }
    for (const std::string& note : set.notes) fmt::print("note: {}\n", printable(note));
    for (const std::string& doubt : datasets::doubts_about(set))
      fmt::print("warning: {}\n", printable(doubt));
  }
};

}  // namespace

void add_data(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("data", "Download or inspect a data set");
  app.needs_command();

  Parser fetch = app.command("fetch",
                             "Download mnist, fashion-mnist, kmnist, cifar10 or digits to the "
                             "cache and check its SHA-256");
  fetch.option("NAME", state->name, "data set").required();
  fetch.option("--data-dir", state->data.data_dir, "folder for <name>/; default: the cache");
  fetch.flag("-q,--quiet", state->quiet, "no progress on stderr");
  fetch.run([state] { state->fetch(); });

  Parser show = app.command("show", "Show size, shape, range, classes and hash of a data set");
  show.option("NAME", state->name, "data set, or the path of a file or folder").required();
  std::vector<runs::Option> options = state->data.options();
  std::erase_if(options, [](const runs::Option& option) { return option.name == "data"; });
  show.options(options);
  show.run([state] { state->show(); });
}

}  // namespace gibbon::eval::cli
