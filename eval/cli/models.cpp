// SPDX-License-Identifier: MIT
#include "base/files.hpp"
#include "base/printable.hpp"
#include "base/suggest.hpp"
#include "eval/cli/command.hpp"
#include "eval/cli/progress.hpp"
#include "models/published_network.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string name;
  std::string output;
  std::string data_dir;
  bool force = false;
  bool quiet = false;

  void fetch() const {
    const models::PublishedNetwork& network =
        find_entry("published network", models::published_networks(), name);
    const std::filesystem::path to = output.empty() ? name + ".onnx" : output;
    Progress progress("fetching " + name, "bytes", quiet);
    const std::filesystem::path folder =
        data_dir.empty() ? cache_folder() : std::filesystem::path(data_dir);
    models::fetch_network(network, folder, to, force,
                          [&](std::string_view file, std::uint64_t done, std::uint64_t total) {
                            progress.update(done, total, std::string(file));
                          });
    progress.pause();
    fmt::print("model {} (takes colours in [0, 1]; its normalisation is inside)\n",
               printable(to.string()));
  }

  static void list() {
    for (const models::PublishedNetwork& network : models::published_networks()) {
      fmt::print("{:<14} {}\n{:<14} {}; {}\n", network.name, network.summary, "", network.source,
                 network.licence);
    }
  }
};

}  // namespace

void add_models(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("models", "Download a published network, or list those there are");
  app.needs_command();

  Parser fetch = app.command(
      "fetch",
      "Download a network of the ONNX model zoo, check its SHA-256 and write it with its "
      "normalisation inside");
  fetch.option("NAME", state->name, "network: see 'gibbon models list'").required();
  fetch.option("-o,--output", state->output, "FILE.onnx to write; default: NAME.onnx");
  fetch.option("--data-dir", state->data_dir,
               "folder for models/, which keeps the file as it is published; default: the cache");
  fetch.flag("--force", state->force, "replace another file of that name");
  fetch.flag("-q,--quiet", state->quiet, "no progress on stderr");
  fetch.run([state] { state->fetch(); });

  Parser list = app.command("list", "List the networks that can be fetched");
  list.run([] { State::list(); });
}

}  // namespace gibbon::eval::cli
