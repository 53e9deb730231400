#include "reports/formats/certified_csv.hpp"

#include <cmath>
#include <fmt/format.h>

#include "reports/formats/csv.hpp"
#include "reports/record/certified.hpp"

namespace gibbon::reports::formats {
namespace {

double share(std::uint64_t k, std::uint64_t n) {
  return n == 0 ? 0.0 : static_cast<double>(k) / static_cast<double>(n);
}

}  // namespace

std::string to_certified_csv(const record::Run& run) {
  std::string csv = "norm,epsilon,n,certified,attacked,undecided,clean_correct";
  for (const char* name : record::kVerdicts)
    csv += fmt::format(",{0}_share,{0}_low,{0}_high", name);
  csv += '\n';
  for (const record::Certificates& certificates : run.certificates) {
    for (const record::CertifiedPoint& point : certificates.curve) {
      csv += fmt::format("{},{},{},{},{},{},{}", csv_field(certificates.norm), point.epsilon,
                         point.n, point.certified, point.attacked, point.undecided(),
                         certificates.clean_correct);
      for (const std::uint64_t k : record::counts_of(point)) {
        const record::Interval interval = record::wilson95(k, point.n);
        csv += fmt::format(",{},{},{}", share(k, point.n), interval.low, interval.high);
      }
      csv += '\n';
    }
  }
  return csv;
}

std::string to_radii_csv(const record::Run& run) {
  std::string csv = "norm,id,label,predicted,certified,attacked,method,reason\n";
  for (const record::Certificates& certificates : run.certificates) {
    for (const record::CertifiedSample& s : certificates.samples) {
      csv += fmt::format("{},{},{},{},{},{},{},{}\n", csv_field(certificates.norm), s.id, s.label,
                         s.predicted, s.certified < 0.0 ? "" : fmt::format("{}", s.certified),
                         std::isinf(s.attacked) ? "" : fmt::format("{}", s.attacked),
                         csv_field(s.method), csv_field(s.reason));
    }
  }
  return csv;
}

}  // namespace gibbon::reports::formats
