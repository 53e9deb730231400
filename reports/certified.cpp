#include "reports/certified.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "reports/csv.hpp"
#include "reports/text.hpp"

namespace gibbon::reports {
namespace {

using Json = nlohmann::ordered_json;

Json known(double value) { return value < 0.0 ? Json(nullptr) : Json(value); }

/// Half of the samples have at least this radius; those without one count as 0.
double median_radius(const Certificates& certificates) {
  std::vector<double> radii;
  for (const CertifiedSample& s : certificates.samples) radii.push_back(std::max(0.0, s.radius));
  std::ranges::sort(radii);
  return radii.empty() ? 0.0 : radii[(radii.size() - 1) / 2];
}

}  // namespace

double CertifiedPoint::share() const {
  return n == 0 ? 0.0 : static_cast<double>(certified) / static_cast<double>(n);
}

std::string to_certified_csv(const Certificates& certificates) {
  std::string csv = "norm,epsilon,n,certified,share,wilson_low,wilson_high,clean_correct\n";
  for (const CertifiedPoint& point : certificates.curve) {
    const Interval interval = wilson95(point.certified, point.n);
    csv += fmt::format("{},{},{},{},{},{},{},{}\n", csv_field(certificates.norm), point.epsilon,
                       point.n, point.certified, point.share(), interval.low, interval.high,
                       certificates.clean_correct);
  }
  return csv;
}

std::string to_certified_json(const Certificates& certificates) {
  Json json = certificates.provenance;
  json["norm"] = certificates.norm;
  json["soundness"] = certificates.level;
  json["clean_correct"] = certificates.clean_correct;
  json["curve"] = Json::array();
  for (const CertifiedPoint& point : certificates.curve) {
    const Interval interval = wilson95(point.certified, point.n);
    json["curve"].push_back({{"epsilon", point.epsilon},
                             {"n", point.n},
                             {"certified", point.certified},
                             {"share", point.share()},
                             {"wilson95", {interval.low, interval.high}}});
  }
  json["samples"] = Json::array();
  for (const CertifiedSample& sample : certificates.samples) {
    Json entry{{"id", sample.id},
               {"label", sample.label},
               {"predicted", sample.predicted},
               {"epsilon", known(sample.epsilon)}};
    if (certificates.with_radius) entry["radius"] = known(sample.radius);
    json["samples"].push_back(entry);
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_certified_table(const Certificates& certificates) {
  std::vector<std::vector<std::string>> rows{{"ε", "certified", "of n", "95 % interval"}};
  for (const CertifiedPoint& point : certificates.curve) {
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
      "{}, {}\ncertified: no input within ε changes the answer (a lower bound of robust "
      "accuracy);\nwrong without attack counts as not certified; {} of {} are right\n\n",
      printable(certificates.title), norm_symbol(certificates.norm), certificates.clean_correct,
      certificates.samples.size());
  for (const auto& row : rows) {
    text += pad_right(row[0], widths[0]);
    for (std::size_t c = 1; c < row.size(); ++c) text += "   " + pad_left(row[c], widths[c]);
    text += "\n";
  }
  if (certificates.with_radius) {
    text += fmt::format("\nmedian certified radius {} (a lower bound; 0 for those without one)\n",
                        compact(median_radius(certificates)));
  }
  return text + fmt::format("\nsoundness {}\n", certificates.level);
}

}  // namespace gibbon::reports
