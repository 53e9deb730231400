// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "datasets/dataset.hpp"
#include "datasets/fetch.hpp"
#include "models/input_scaling.hpp"

namespace gibbon::models {

/// A trained network that others publish. To add one, write models/published/<stem>.cpp.
struct PublishedNetwork {
  std::string_view name;      ///< key on the command line: [a-z0-9-]
  std::string_view summary;   ///< one sentence: what, from which images to which classes, size
  std::string_view source;    ///< authors, year, publisher
  std::string_view licence;   ///< as its publisher states it
  datasets::RemoteFile file;  ///< the ONNX file
  InputScaling scaling;       ///< that its publisher leaves to whoever feeds it
};

/// All of them, ordered by name.
[[nodiscard]] std::span<const PublishedNetwork> published_networks();

/// Brings the published file to folder/models/ and writes the network with its scaling inside to
/// `to`, whole or not at all: it takes x in [0, 1]. Throws what datasets::fetch_file() throws, and
/// a usage Error where `to` is another file already, unless it may be `replaced`.
void fetch_network(const PublishedNetwork& network, const std::filesystem::path& folder,
                   const std::filesystem::path& to, bool replaced,
                   const datasets::Progress& progress);

}  // namespace gibbon::models
