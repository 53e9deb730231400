// SPDX-License-Identifier: MIT
#include "models/published_network.hpp"

#include <string>

#include "base/error.hpp"
#include "base/files.hpp"
#include "models/model_file.hpp"
#include "models/onnx/scale_input.hpp"

namespace gibbon::models {

void fetch_network(const PublishedNetwork& network, const std::filesystem::path& folder,
                   const std::filesystem::path& to, bool replaced,
                   const datasets::Progress& progress) {
  require_writable_folder(std::filesystem::absolute(to).parent_path());
  datasets::fetch_file(network.file, folder, progress);
  const std::filesystem::path original = folder / network.file.set / network.file.name;
  const std::string bytes =
      onnx::with_scaled_input(read_file(original), original.string(), network.scaling,
                              {{"gibbon.source", std::string(network.source)},
                               {"gibbon.licence", std::string(network.licence)},
                               {"gibbon.source.sha256", network.file.sha256}});
  static_cast<void>(parse_model(bytes, to.string()));  // what is written can be read
  if (!replaced && is_there(to) && read_file(to) != bytes) {
    fail_usage("{}: another file is already there; choose another --output, or add --force",
               to.string());
  }
  write_atomically(to, bytes);
}

}  // namespace gibbon::models
