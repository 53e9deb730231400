// SPDX-License-Identifier: MIT
// Kuzushiji-MNIST: ten cursive Japanese characters in MNIST's format.
//
// Source    Clanuwat et al. 2018, arXiv:1812.01718, CC BY-SA 4.0
// Hashes    of the compressed files, as listed by torchvision.prototype and torchvision-ruby
#include "datasets/idx_source.hpp"

namespace gibbon::datasets {
namespace {

const IdxSource& kmnist() {
  static const IdxSource source{
      .name = "kmnist",
      .class_names = {"o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"},
      .remedy = "run `gibbon data fetch kmnist`",
      .remote_files =
          idx_files("kmnist",
                    {"https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
                     "http://codh.rois.ac.jp/kmnist/dataset/kmnist/"},
                    {"51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
                     "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
                     "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
                     "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"},
                    HashOf::kFile)};
  return source;
}

}  // namespace

const SourceInfo& kmnist_info() {
  static constexpr SourceInfo kInfo{
      .name = "kmnist",
      .summary =
          "cursive Japanese characters, 60000 train and 10000 test, 28 x 28 grey, 10 classes",
      .source = "Clanuwat et al. 2018, arXiv:1812.01718, CC BY-SA 4.0",
      .load = [](const Request& request) { return load_idx(kmnist(), request); },
      .fetch = [](const std::filesystem::path& folder,
                  const Progress& progress) { fetch_idx(kmnist(), folder, progress); }};
  return kInfo;
}

}  // namespace gibbon::datasets
