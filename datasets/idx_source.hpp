// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.hpp"
#include "datasets/fetch.hpp"

namespace gibbon::datasets {

/// How the pixels of an image follow each other in the file.
enum class PixelOrder {
  kRows,     ///< row by row, as in MNIST
  kColumns,  ///< column by column, as in EMNIST; turned upright when loaded
};

/// A data set in four IDX files: <folder>/<name>/<prefix>-images-idx3-ubyte and -labels-idx1-ubyte,
/// each with or without .gz.
struct IdxSource {
  std::string name;
  std::string train_prefix = "train";
  std::string test_prefix = "t10k";
  std::vector<std::string> class_names;
  PixelOrder order = PixelOrder::kRows;
  std::string remedy;                    ///< how to get the files: "run `gibbon data fetch …`"
  std::vector<RemoteFile> remote_files;  ///< empty: cannot be fetched
};

/// Two files of one split, with or without .gz.
struct IdxPair {
  std::filesystem::path images;
  std::filesystem::path labels;
};

/// Reads both. Without class names the classes are 0 to the largest label. sha256 is that of the
/// uncompressed images file followed by the labels file; name and split are left empty. Throws
/// Error naming the file, also for counts that differ.
[[nodiscard]] Dataset read_idx(const IdxPair& files, PixelOrder order,
                               std::vector<std::string> class_names);

/// "0" … "9".
[[nodiscard]] std::vector<std::string> digit_names();

/// The four gzipped files of an MNIST-like set. `sha256`: of train images, train labels, test
/// images and test labels.
[[nodiscard]] std::vector<RemoteFile> idx_files(const std::string& name,
                                                const std::vector<std::string>& mirrors,
                                                const std::array<std::string_view, 4>& sha256,
                                                HashOf hash_of);

/// Loads from the first folder of search_path() that has both files of the split. Throws Error.
[[nodiscard]] Dataset load_idx(const IdxSource& source, const Request& request);

/// Fetches all remote files into folder/<name>. Throws Error.
void fetch_idx(const IdxSource& source, const std::filesystem::path& folder,
               const Progress& progress);

}  // namespace gibbon::datasets
