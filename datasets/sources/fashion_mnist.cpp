// SPDX-License-Identifier: MIT
// Fashion-MNIST: MNIST's format with pictures that are harder to tell apart.
//
// Source    Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747, MIT licence
// Hashes    of the compressed files, as listed by TensorFlow Datasets and by torchvision
#include "datasets/idx_source.hpp"

namespace gibbon::datasets {
namespace {

const IdxSource& fashion_mnist() {
  static const IdxSource source{
      .name = "fashion-mnist",
      .class_names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                      "Sneaker", "Bag", "Ankle boot"},
      .remedy = "run `gibbon data fetch fashion-mnist`",
      .remote_files = idx_files(
          "fashion-mnist",
          {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
           "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"},
          {"3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
           "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
           "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
           "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"},
          HashOf::kFile)};
  return source;
}

}  // namespace

const SourceInfo& fashion_mnist_info() {
  static constexpr SourceInfo kInfo{
      .name = "fashion-mnist",
      .summary = "pieces of clothing, 60000 train and 10000 test, 28 x 28 grey, 10 classes",
      .source = "Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747, MIT licence",
      .load = [](const Request& request) { return load_idx(fashion_mnist(), request); },
      .fetch = [](const std::filesystem::path& folder,
                  const Progress& progress) { fetch_idx(fashion_mnist(), folder, progress); }};
  return kInfo;
}

}  // namespace gibbon::datasets
