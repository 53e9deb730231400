// SPDX-License-Identifier: MIT
// Arrays in every type, range, layout, byte order and memory order that NumPy writes, as data and
// as stored examples: each gives the right counts or is refused with the names of file and array.
#include <cmath>
#include <cstdlib>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "attacks/losses.hpp"
#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/rng.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/arrays/npz.hpp"
#include "eval/runs/plan.hpp"
#include "eval/runs/stored_examples.hpp"
#include "models/mlp.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::runs {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::size_t kN = 50;

/// Types × ranges × layouts × orders as NumPy writes them, each as TYPE_RANGE_LAYOUT_ORDER.npz.
constexpr std::string_view kWrite = R"(
import numpy as np, sys
folder = sys.argv[1]
canonical = np.load(folder + '/canonical.npz')
levels = {k: np.rint(canonical[k] * 255.0) for k in ('x', 'x_adv')}
ranges = {'unit': lambda v: v / 255.0, 'levels': lambda v: v,
          'signed': lambda v: v / 127.5 - 1.0, 'standard': lambda v: (v / 255.0 - 0.1307) / 0.3081}
layouts = {'nd': (50, 784), 'nhw': (50, 28, 28), 'nchw': (50, 1, 28, 28), 'nhwc': (50, 28, 28, 1)}
types = ['<f2', '>f2', '<f4', '>f4', '<f8', '>f8', '|u1', '<i2', '>i2', '<u2', '>i4', '<i8', '>u8',
         '<c8', '|O', '|b1']
labels = {'nd': canonical['labels'], 'nhw': canonical['labels'].astype('>i4'),
          'nchw': canonical['labels'].astype('f4'), 'nhwc': np.eye(10)[canonical['labels']]}
for t in types:
    for r, f in ranges.items():
        if t[1] in 'iubcO' and r != 'levels':
            continue
        for l, shape in layouts.items():
            for order in 'CF':
                out = {k: np.array(f(v.astype('f8')).astype(t).reshape(shape), order=order)
                       for k, v in levels.items()}
                name = '%s_%s_%s_%s' % ({'<': 'le', '>': 'be', '|': ''}[t[0]] + t[1:], r, l, order)
                y = canonical['labels'] if order == 'C' else labels[l]
                np.savez(folder + '/' + name + '.npz', labels=y, **out)
print('written')
)";

class ArrayCells : public testing::Test {
 protected:
  void SetUp() override {
    if (environment("GIBBON_ORACLES").empty() || environment("GIBBON_DATA").empty()) {
      GTEST_SKIP() << "set GIBBON_ORACLES to the folder with mlp/, GIBBON_DATA to that with mnist/";
    }
    model_ = std::make_unique<models::ModelFile>(
        models::read_model(fs::path(environment("GIBBON_ORACLES")) / "mlp/seed_relu.onnx"));
    target_ = std::make_unique<models::Target>(*model_);
    DataOptions mnist;
    mnist.samples = fmt::format("0:{}", kN);
    const datasets::Dataset data = load_data(mnist);
    Tensor moved = data.images;  // an attack that breaks some of them
    Rng rng(3, 0, "array-cells-test");
    for (float& value : moved.flat()) {
      const float level = std::round(value * 255.0F) + (rng.below(2) == 0 ? -90.0F : 90.0F);
      value = std::clamp(level, 0.0F, 255.0F) / 255.0F;
    }
    clean_ = right(data.images.view(), data.labels);
    robust_ = both_right(data.images.view(), moved.view(), data.labels);
    ASSERT_GT(clean_, 40U);
    ASSERT_LT(robust_, clean_ - 5);
    const std::vector<std::int64_t> labels(data.labels.begin(), data.labels.end());
    const std::vector<std::size_t> shape{kN, 784};
    write_atomically(
        folder_.path() / "canonical.npz",
        datasets::arrays::to_npz(std::array{
            datasets::arrays::array_of("x", shape, data.images.flat()),
            datasets::arrays::array_of("x_adv", shape, moved.flat()),
            datasets::arrays::array_of("labels", {kN}, std::span<const std::int64_t>(labels))}));
    images_ = data.images;
    write_atomically(folder_.path() / "write.py", kWrite);
    const std::string command = fmt::format("/usr/bin/python3 '{0}/write.py' '{0}' >'{0}/out' 2>&1",
                                            folder_.path().string());
    ASSERT_EQ(std::system(command.c_str()), 0) << read_file(folder_.path() / "out");
  }

  [[nodiscard]] std::vector<int> answers(Rows x) const {
    auto tape = target_->exact->make_tape(x.rows);
    TensorOf<double> wide(x.rows, x.cols);
    std::ranges::copy(x.flat(), wide.flat().begin());
    const auto logits = target_->exact->forward(std::as_const(wide).view(), tape);
    std::vector<int> out;
    for (std::size_t n = 0; n < x.rows; ++n) {
      const auto row = logits.row(n);
      out.push_back(static_cast<int>(std::ranges::max_element(row) - row.begin()));
    }
    return out;
  }
  [[nodiscard]] std::size_t right(Rows x, const std::vector<int>& labels) const {
    const std::vector<int> says = answers(x);
    std::size_t count = 0;
    for (std::size_t n = 0; n < says.size(); ++n) count += says[n] == labels[n] ? 1U : 0U;
    return count;
  }
  [[nodiscard]] std::size_t both_right(Rows x, Rows moved, const std::vector<int>& labels) const {
    const std::vector<int> first = answers(x);
    const std::vector<int> second = answers(moved);
    std::size_t count = 0;
    for (std::size_t n = 0; n < first.size(); ++n)
      count += first[n] == labels[n] && second[n] == labels[n] ? 1U : 0U;
    return count;
  }

  /// Correct samples of the file as data; none: refused, and `refusal_` says why.
  std::optional<std::size_t> as_data(const fs::path& file, const std::string& range) {
    try {
      DataOptions options;
      options.data = file.string();
      options.data_range = range;
      const datasets::Dataset data = fit_data(load_data(options), *target_);
      EXPECT_EQ(data.class_names.size(), 10U);
      EXPECT_EQ(data.size(), kN);
      double most = 0.0;
      for (std::size_t k = 0; k < images_.flat().size(); ++k)
        most = std::max(most, std::abs(double{data.images.flat()[k]} - double{images_.flat()[k]}));
      const bool half = file.filename().string().substr(2, 2) == "f2";
      EXPECT_LE(most, half ? 0x1p-10 : 1e-6) << file << range;
      if (range.empty() && !half) {
        EXPECT_EQ(most, 0.0) << file << ": bit for bit";
      }
      return right(data.images.view(), data.labels);
    } catch (const Error& error) {
      refusal_ = error.what();
      return std::nullopt;
    }
  }

  /// Samples of the file that stand as stored examples.
  std::optional<std::size_t> as_examples(const fs::path& file) {
    try {
      StoredExamples stored = load_examples(file);
      settle_examples(stored, std::array{stored.epsilon});
      stored.data = fit_data(std::move(stored.data), *target_);
      sweep::SweepPlan plan{.norms = {stored.norm}, .epsilons = {stored.epsilon}};
      plan.attacks.push_back(stored_entry(stored, "stored"));
      const auto result =
          sweep::sweep(*target_, stored.data, plan, [](const sweep::SweepStatus&) {});
      return result.curve[0].correct;
    } catch (const Error& error) {
      refusal_ = error.what();
      return std::nullopt;
    }
  }

  TemporaryFolder folder_;
  std::unique_ptr<models::ModelFile> model_;
  std::unique_ptr<models::Target> target_;
  Tensor images_;
  std::size_t clean_ = 0;
  std::size_t robust_ = 0;
  std::string refusal_;
};

TEST_F(ArrayCells, AreRightOrRefused) {
  std::size_t cells = 0;
  std::size_t right = 0;
  std::size_t refused = 0;
  const auto check = [&](const fs::path& file, std::optional<std::size_t> found,
                         std::size_t expected, bool wanted) {
    ++cells;
    const std::string name = file.filename().string();
    EXPECT_EQ(found.has_value(), wanted) << name << ": " << (found ? "" : refusal_);
    if (found) {
      ++right;
      EXPECT_EQ(*found, expected) << name;
    } else {
      ++refused;
      EXPECT_THAT(refusal_, AllOf(HasSubstr(name), testing::ContainsRegex(": x|: labels")));
    }
  };
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    const fs::path& file = entry.path();
    if (file.extension() != ".npz" || file.filename() == "canonical.npz") continue;
    const std::string name = file.stem().string();
    const std::string type = name.substr(0, name.find('_'));
    const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
    const bool is_float = type.size() == 4 && type[2] == 'f';
    const bool is_integer =
        type == "u1" || (type.size() == 4 && (type[2] == 'i' || type[2] == 'u'));
    const bool levels = has("_levels_");
    const bool unit = has("_unit_");
    // Bools are another picture, black and white, which nobody can tell from these.
    const bool is_bool = type == "b1";
    const bool readable = is_float || is_integer;
    if (!is_bool) {
      check(file, as_data(file, ""), clean_, (is_float && unit) || (readable && levels));
      check(file,
            as_data(file, unit              ? "0,1"
                          : levels          ? "0,255"
                          : has("_signed_") ? "-1,1"
                                            : "-0.42421296,2.8214867"),
            clean_, readable);
    }
    const bool plain_labels = name.ends_with("_C") || has("_nd_") || has("_nhw_");
    check(file, as_examples(file), robust_,
          plain_labels && ((is_float && unit) || (is_integer && levels)));
  }
  EXPECT_GT(cells, 700U);
  EXPECT_GT(right, 400U);
  EXPECT_GT(refused, 300U);
}

}  // namespace
}  // namespace gibbon::eval::runs
