// SPDX-License-Identifier: MIT
// MNIST: the data set most robustness results are stated on.
//
// Source    LeCun, Cortes, Burges 1998, http://yann.lecun.com/exdb/mnist/ (no longer served there)
// Hashes    of the uncompressed files
#include "datasets/idx_source.hpp"

namespace gibbon::datasets {
namespace {

const IdxSource& mnist() {
  static const IdxSource source{
      .name = "mnist",
      .class_names = digit_names(),
      .remedy = "run `gibbon data fetch mnist`",
      .remote_files =
          idx_files("mnist",
                    {"https://ossci-datasets.s3.amazonaws.com/mnist/",
                     "https://storage.googleapis.com/cvdf-datasets/mnist/"},
                    {"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                     "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                     "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                     "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
                    HashOf::kContent)};
  return source;
}

}  // namespace

const SourceInfo& mnist_info() {
  static constexpr SourceInfo kInfo{
      .name = "mnist",
      .summary = "handwritten digits, 60000 train and 10000 test, 28 x 28 grey, 10 classes",
      .source = "LeCun, Cortes, Burges 1998, http://yann.lecun.com/exdb/mnist/",
      .load = [](const Request& request) { return load_idx(mnist(), request); },
      .fetch = [](const std::filesystem::path& folder,
                  const Progress& progress) { fetch_idx(mnist(), folder, progress); }};
  return kInfo;
}

}  // namespace gibbon::datasets
