// SPDX-License-Identifier: MIT
#include "reports/exporter.hpp"

#include <set>

#include "reports/record/record_cases.hpp"

namespace gibbon::reports {
namespace {

TEST(Exporters, AreAFileEachAndDescribed) {
  std::set<std::string_view> files;
  for (const ExporterInfo& exporter : exporters()) {
    EXPECT_TRUE(files.insert(exporter.file).second) << exporter.file;
    EXPECT_NE(exporter.render, nullptr) << exporter.file;
  }
  EXPECT_GE(files.size(), 10U);
}

TEST(Exporters, AreInTheTableOfTheRunFolder) {
  const std::string documented = record::cases::read_file(GIBBON_SOURCE_DIR "/docs/formats.md");
  for (const ExporterInfo& exporter : exporters()) {
    const std::string row =
        fmt::format("\n| `{}` | {}{} | {} |\n", exporter.file, exporter.summary,
                    exporter.needs == Needs::kCertificates ? " (only with certificates)" : "",
                    exporter.version.empty() ? "–" : exporter.version);
    EXPECT_NE(documented.find(row), std::string::npos) << "docs/formats.md lacks" << row;
  }
}

TEST(Exporters, ApplyWhereTheRunHasWhatTheyNeed) {
  record::Run with_curve = record::cases::run();
  record::Run with_certificates;
  with_certificates.certificates.emplace_back();
  for (const ExporterInfo& exporter : exporters()) {
    EXPECT_EQ(exporter.applies(record::Run{}), exporter.needs == Needs::kNothing) << exporter.file;
    EXPECT_EQ(exporter.applies(with_curve), exporter.needs != Needs::kCertificates)
        << exporter.file;
    EXPECT_EQ(exporter.applies(with_certificates), exporter.needs != Needs::kCurve)
        << exporter.file;
  }
}

// A text that was made before the pictures would not say why they are missing.
TEST(Exporters, TextsComeAfterPictures) {
  EXPECT_TRUE(std::ranges::is_sorted(exporters(), {}, &ExporterInfo::stage));
  for (const ExporterInfo& exporter : exporters()) {
    const bool tells = exporter.file.starts_with("report");
    EXPECT_EQ(exporter.stage == ExportStage::kText, tells) << exporter.file;
  }
}

}  // namespace
}  // namespace gibbon::reports
