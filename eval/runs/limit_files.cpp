// SPDX-License-Identifier: MIT
#include "eval/runs/limit_files.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/ranges.h>
#include <limits>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "base/sha256.hpp"
#include "datasets/arrays/npz.hpp"
#include "datasets/image_io.hpp"

namespace gibbon::eval::runs {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBetween = " \t\r\n,;";

std::vector<double> numbers_in(const fs::path& path) {
  const std::string text = read_file(path);
  std::vector<double> numbers;
  for (std::size_t at = text.find_first_not_of(kBetween); at != std::string::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBetween, at), text.size());
    double number = 0.0;
    const auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, number);
    if (error != std::errc{} || stop != text.data() + end) {
      constexpr std::size_t kShown = 20;
      fail_input(
          "{}: '{}' is not a number; allowed are numbers separated by commas, blanks or lines",
          path.string(), printable(text.substr(at, std::min(end - at, kShown))));
    }
    numbers.push_back(number);
    at = text.find_first_not_of(kBetween, end);
  }
  return numbers;
}

bool is_picture(const fs::path& path) {
  const std::string suffix = path.extension().string();
  return suffix == ".png" || suffix == ".jpg" || suffix == ".jpeg";
}

/// Numbers >= 0 of a file.
std::vector<float> shares_in(const fs::path& path, const char* array) {
  std::vector<double> numbers;
  if (is_picture(path)) {
    const datasets::Picture picture = datasets::read_picture(path, 0);
    numbers.assign(picture.pixels.begin(), picture.pixels.end());
  } else if (path.extension() == ".npy") {
    numbers = datasets::arrays::numbers(datasets::arrays::parse_npy(read_file(path), path.string()),
                                        path.string());
  } else if (path.extension() == ".npz") {
    numbers = datasets::arrays::NpzFile(path).numbers(array);
  } else {
    numbers = numbers_in(path);
  }
  if (numbers.empty()) fail_input("{}: has no numbers", path.string());
  std::vector<float> shares;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const auto share = static_cast<float>(numbers[k]);
    if (!(share >= 0.0F && std::isfinite(share))) {
      fail_input("{}: number {} is {}; allowed are numbers >= 0", path.string(), k, numbers[k]);
    }
    shares.push_back(share);
  }
  return shares;
}

/// "0.25" or "1/255".
double step_of(const std::string& text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto number = [&](std::size_t from, std::size_t to) {
    double value = std::numeric_limits<double>::quiet_NaN();
    const auto [stop, error] = std::from_chars(text.data() + from, text.data() + to, value);
    return error == std::errc{} && stop == text.data() + to
               ? value
               : std::numeric_limits<double>::quiet_NaN();
  };
  const double below = slash < text.size() ? number(slash + 1, text.size()) : 1.0;
  const double step = number(0, slash) / below;
  if (step > 0.0 && std::isfinite(step)) return step;
  fail_usage("--lattice {}: not a step above 0; write 1/255 for 8-bit images in [0, 1]",
             printable(text));
}

/// What has to stand beside every rate under these limits.
std::string sentence_of(const attacks::Limits& limits) {
  std::vector<std::string> what;
  const std::vector<float>& scale = limits.scale;
  if (const auto frozen = std::ranges::count(scale, 0.0F); frozen > 0) {
    what.push_back(fmt::format("{} of {} features may change",
                               scale.size() - static_cast<std::size_t>(frozen), scale.size()));
  }
  float least = std::numeric_limits<float>::infinity();
  for (const float share : scale) {
    if (share > 0.0F) least = std::min(least, share);
  }
  if (!scale.empty() && !(least == 1.0F && std::ranges::max(scale) == 1.0F)) {
    what.push_back(fmt::format("by {:g} to {:g} times ε", least, std::ranges::max(scale)));
  }
  if (limits.lattice > 0.0) {
    what.push_back(
        fmt::format("to multiples of {:g} (1/{:g})", limits.lattice, 1.0 / limits.lattice));
  }
  return fmt::format("Limited adversary: {}. Rates and certificates hold against no other.",
                     fmt::join(what, ", "));
}

}  // namespace

attacks::Limits read_limits(const LimitOptions& options) {
  const fs::path mask = options.mask;
  const fs::path scale = options.epsilon_scale;
  attacks::Limits limits;
  if (!scale.empty()) {
    if (is_picture(scale)) {
      fail_usage("--epsilon-scale {}: a picture has no scale; give numbers, or use --mask",
                 scale.string());
    }
    limits.scale = shares_in(scale, "scale");
  }
  if (!mask.empty()) {
    const std::vector<float> free = shares_in(mask, "mask");
    if (limits.scale.empty()) limits.scale.assign(free.size(), 1.0F);
    if (limits.scale.size() != free.size()) {
      fail_usage("--mask {}: {} numbers, but --epsilon-scale {} has {}", mask.string(), free.size(),
                 scale.string(), limits.scale.size());
    }
    for (std::size_t d = 0; d < free.size(); ++d) {
      if (free[d] == 0.0F) limits.scale[d] = 0.0F;
    }
  }
  if (!options.lattice.empty()) limits.lattice = step_of(options.lattice);
  return limits;
}

nlohmann::ordered_json limits_record(const attacks::Limits& limits) {
  if (!limits.any()) return nullptr;
  nlohmann::ordered_json record;
  const std::vector<float>& scale = limits.scale;
  record["sha256"] =
      sha256_hex({reinterpret_cast<const char*>(scale.data()), scale.size() * sizeof(float)});
  record["lattice"] = limits.lattice;
  if (!scale.empty()) {
    record["free"] = scale.size() - static_cast<std::size_t>(std::ranges::count(scale, 0.0F));
    record["features"] = scale.size();
  }
  return record;
}

void add_limits(reports::record::Run& run, const attacks::Limits& limits) {
  if (!limits.any()) return;
  run.provenance["limits"] = limits_record(limits);
  run.diagnosis.insert(run.diagnosis.begin(), sentence_of(limits));
}

nlohmann::ordered_json limits_of(const reports::record::Run& run) {
  return run.provenance.value("limits", nlohmann::ordered_json());
}

}  // namespace gibbon::eval::runs
