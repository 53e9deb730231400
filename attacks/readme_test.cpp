// SPDX-License-Identifier: MIT
// attacks/README.md lists the catalogue; GIBBON_WRITE_GOLDEN=1 writes the list anew.

#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <gtest/gtest.h>

#include "attacks/attack.hpp"
#include "attacks/ensembles.hpp"
#include "base/files.hpp"

namespace gibbon::attacks {
namespace {

constexpr std::string_view kBegin = "<!-- catalogue -->\n";
constexpr std::string_view kEnd = "<!-- end of catalogue -->\n";

std::string norms_of(std::span<const Norm> norms) {
  std::vector<std::string_view> names;
  for (const Norm norm : norms) names.push_back(to_string(norm));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string knobs_of(const AttackInfo& info) {
  const auto attack = info.make();
  std::vector<std::string> knobs;
  for (const Field& field : attack->fields()) {
    const double value = std::visit([](auto* v) { return static_cast<double>(*v); }, field.value);
    knobs.push_back(fmt::format("{}={}", field.name, value));
  }
  if (info.targeted) knobs.emplace_back("target");
  return fmt::format("{}", fmt::join(knobs, ", "));
}

std::string catalogue() {
  std::string text(kBegin);
  for (const KindInfo& kind : kinds()) {
    text += fmt::format(
        "\n**{}**\n\n| attack | norms | access | passes | options and defaults | source |\n"
        "|---|---|---|---:|---|---|\n",
        kind.name);
    for (const AttackInfo& info : catalog()) {
      if (info.kind != kind.kind) continue;
      text +=
          fmt::format("| `{}` | {} | {} | {:.0f} | {} | {} |\n", info.name, norms_of(info.norms),
                      to_string(info.access), info.make()->passes(10), knobs_of(info), info.source);
    }
  }
  text += "\n**ensembles**\n\n| version | norms | attacks, in order |\n|---|---|---|\n";
  for (const Ensemble& ensemble : ensembles()) {
    for (const Ensemble::Version& v : ensemble.versions) {
      text += fmt::format("| `{}:version={}` | {} | {} |\n", ensemble.name, v.name,
                          norms_of(v.norms), fmt::join(v.members, ", "));
    }
  }
  return text + std::string(kEnd);
}

TEST(Readme, ListsTheCatalogue) {
  const std::filesystem::path path = std::filesystem::path(GIBBON_SOURCE_DIR) / "attacks/README.md";
  const std::string text = read_file(path);
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const std::string listed = text.substr(begin, end + kEnd.size() - begin);
  const std::string wanted = catalogue();
  if (std::getenv("GIBBON_WRITE_GOLDEN") != nullptr) {
    write_atomically(path, text.substr(0, begin) + wanted + text.substr(end + kEnd.size()));
    return;
  }
  EXPECT_EQ(listed, wanted) << "write it anew: GIBBON_WRITE_GOLDEN=1 ctest -R Readme";
}

}  // namespace
}  // namespace gibbon::attacks
