// SPDX-License-Identifier: MIT
// EMNIST, its split "digits": four times as many handwritten digits as MNIST, from the same forms.
//
// Source    Cohen, Afshar, Tapson, van Schaik 2017, arXiv:1702.05373
// Differs   the files hold columns first; images are turned upright here
// Fetch     NIST offers all of EMNIST in one archive only: there is nothing to fetch file by file
#include "datasets/idx_source.hpp"

namespace gibbon::datasets {
namespace {

const IdxSource& emnist_digits() {
  static const IdxSource source{.name = "emnist-digits",
                                .train_prefix = "emnist-digits-train",
                                .test_prefix = "emnist-digits-test",
                                .class_names = digit_names(),
                                .order = PixelOrder::kColumns,
                                .remedy =
                                    "unpack the files emnist-digits-* of "
                                    "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip there"};
  return source;
}

}  // namespace

const SourceInfo& emnist_digits_info() {
  static constexpr SourceInfo kInfo{
      .name = "emnist-digits",
      .summary = "handwritten digits, 240000 train and 40000 test, 28 x 28 grey, 10 classes",
      .source = "Cohen et al. 2017, arXiv:1702.05373",
      .load = [](const Request& request) { return load_idx(emnist_digits(), request); }};
  return kInfo;
}

}  // namespace gibbon::datasets
