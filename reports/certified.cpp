#include "reports/certified.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "reports/csv.hpp"
#include "reports/text.hpp"

namespace gibbon::reports {
namespace {

using Json = nlohmann::ordered_json;

double share(std::uint64_t k, std::uint64_t n) {
  return n == 0 ? 0.0 : static_cast<double>(k) / static_cast<double>(n);
}

std::array<std::uint64_t, 3> counts_of(const CertifiedPoint& point) {
  return {point.certified, point.attacked, point.undecided()};
}

Json known(double value) {
  return value < 0.0 || !std::isfinite(value) ? Json(nullptr) : Json(value);
}

/// Half of the samples have at least this radius; those without one count as 0.
double median_radius(const Certificates& certificates) {
  std::vector<double> radii;
  for (const CertifiedSample& s : certificates.samples) radii.push_back(std::max(0.0, s.certified));
  std::ranges::sort(radii);
  return radii.empty() ? 0.0 : radii[(radii.size() - 1) / 2];
}

std::string cell(std::uint64_t k, std::uint64_t n) {
  const Interval interval = wilson95(k, n);
  return fmt::format("{}  {}/{}  [{}, {}]", percent(share(k, n)), k, n, low_end(interval.low),
                     high_end(interval.high));
}

}  // namespace

std::string to_certified_csv(const Certificates& certificates) {
  std::string csv = "norm,epsilon,n,certified,attacked,undecided,clean_correct";
  for (const char* name : {"certified", "attacked", "undecided"})
    csv += fmt::format(",{0}_share,{0}_low,{0}_high", name);
  csv += '\n';
  for (const CertifiedPoint& point : certificates.curve) {
    csv +=
        fmt::format("{},{},{},{},{},{},{}", csv_field(certificates.norm), point.epsilon, point.n,
                    point.certified, point.attacked, point.undecided(), certificates.clean_correct);
    for (const std::uint64_t k : counts_of(point)) {
      const Interval interval = wilson95(k, point.n);
      csv += fmt::format(",{},{},{}", share(k, point.n), interval.low, interval.high);
    }
    csv += '\n';
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
    json["curve"].push_back({{"epsilon", point.epsilon},
                             {"n", point.n},
                             {"certified", point.certified},
                             {"attacked", point.attacked},
                             {"undecided", point.undecided()}});
  }
  json["samples"] = Json::array();
  for (const CertifiedSample& sample : certificates.samples) {
    json["samples"].push_back(
        {{"id", sample.id},
         {"label", sample.label},
         {"predicted", sample.predicted},
         {"certified", known(sample.certified)},
         {"attacked", known(sample.attacked)},
         {"bound", std::isnan(sample.bound) ? Json(nullptr) : Json(sample.bound)},
         {"reason", sample.reason},
         {"method", sample.method},
         {"nodes", sample.nodes}});
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_certified_table(const Certificates& certificates) {
  std::vector<std::vector<std::string>> rows{{"ε", "certified", "attacked", "undecided"}};
  for (const CertifiedPoint& point : certificates.curve) {
    rows.push_back({epsilon_text(point.epsilon)});
    for (const std::uint64_t k : counts_of(point)) rows.back().push_back(cell(k, point.n));
    if (point.undecided() == 0) rows.back().back() = "0, exact";
  }
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      widths[c] = std::max(widths[c], display_width(row[c]));
    }
  }
  std::string text = fmt::format(
      "{}, {}\ncertified: no input within ε changes the answer, a lower bound of robust accuracy; "
      "attacked: one does;\nshare   count/n   [95 % Wilson interval in %]; wrong without attack "
      "counts as attacked; {} of {} are right\n\n",
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
