// SPDX-License-Identifier: MIT
#include "reports/record/smoothed.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/norm.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::record {
namespace {

using Json = nlohmann::ordered_json;

std::string meaning(const Smoothed& s) {
  return fmt::format(
      "holds for the smoothed classifier, the most frequent prediction under N(0, {}²) noise, not "
      "for "
      "the model itself; per sample with probability at least {} (n = {} draws)",
      s.sigma, 1.0 - s.alpha, grouped(s.n));
}

std::uint64_t abstentions(const Smoothed& s) {
  return static_cast<std::uint64_t>(std::ranges::count(s.samples, -1, &SmoothedSample::predicted));
}

std::uint64_t right(const Smoothed& s) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      s.samples, [](const SmoothedSample& sample) { return sample.predicted == sample.label; }));
}

}  // namespace

std::string to_smoothed_csv(const Smoothed& s) {
  std::string csv = "norm,epsilon,n,certified,share,wilson_low,wilson_high,sigma,draws,alpha\n";
  for (const SmoothedPoint& point : s.curve) {
    const Interval interval = wilson95(point.certified, point.n);
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", to_string(Norm::kL2), point.epsilon,
                       point.n, point.certified, point.share(), interval.low, interval.high,
                       s.sigma, s.n, s.alpha);
  }
  return csv;
}

std::string to_smoothed_json(const Smoothed& s) {
  Json json = s.provenance;
  json["norm"] = to_string(Norm::kL2);
  json["certificate"] = meaning(s);
  json["sigma"] = s.sigma;
  json["n0"] = s.n0;
  json["draws"] = s.n;
  json["alpha"] = s.alpha;
  json["right"] = right(s);
  json["abstained"] = abstentions(s);
  json["curve"] = Json::array();
  for (const SmoothedPoint& point : s.curve) {
    const Interval interval = wilson95(point.certified, point.n);
    json["curve"].push_back({{"epsilon", point.epsilon},
                             {"n", point.n},
                             {"certified", point.certified},
                             {"share", point.share()},
                             {"wilson95", {interval.low, interval.high}}});
  }
  json["samples"] = Json::array();
  for (const SmoothedSample& sample : s.samples) {
    json["samples"].push_back(
        {{"id", sample.id},
         {"label", sample.label},
         {"predicted", sample.predicted < 0 ? Json(nullptr) : Json(sample.predicted)},
         {"top", sample.top},
         {"hits", sample.hits},
         {"p_low", sample.p_low},
         {"radius", sample.radius}});
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_smoothed_table(const Smoothed& s) {
  std::vector<std::vector<std::string>> rows{{"ε", "certified", "of n", "95 % interval"}};
  for (const SmoothedPoint& point : s.curve) {
    const Interval interval = wilson95(point.certified, point.n);
    rows.push_back({epsilon_text(point.epsilon), percent(point.share()),
                    fmt::format("{}/{}", point.certified, point.n),
                    fmt::format("[{}, {}]", low_end(interval.low), high_end(interval.high))});
  }
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      widths[c] = std::max(widths[c], display_width(row[c]));
    }
  }
  std::string text = fmt::format(
      "{}, {}, smoothed with σ = {}\nclean accuracy {} of {}, {} abstained\n\n", printable(s.title),
      info_of(Norm::kL2).symbol, s.sigma, right(s), s.samples.size(), abstentions(s));
  for (const auto& row : rows) {
    text += pad_right(row[0], widths[0]);
    for (std::size_t c = 1; c < row.size(); ++c) text += "   " + pad_left(row[c], widths[c]);
    text += "\n";
  }
  return text + "\n" + meaning(s) + "\n";
}

}  // namespace gibbon::reports::record
