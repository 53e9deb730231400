// SPDX-License-Identifier: MIT
#include <array>
#include <cstring>

#include "base/error.hpp"
#include "base/fuzz.hpp"
#include "eval/runs/journal.hpp"

using namespace gibbon::eval::runs;

static const nlohmann::ordered_json kConfiguration{{"seed", 1}};
static constexpr std::array<std::uint64_t, 3> kIds{0, 1, 2};
static constexpr std::array<int, 3> kLabels{1, 1, 1};

static void read(std::string_view bytes) {
  const gibbon::eval::sweep::PartLayout plan{.members = {1, 2},
                                             .budgets = 2,
                                             .batch = 2,
                                             .dim = 1,
                                             .classes = 2,
                                             .ids = kIds,
                                             .labels = kLabels};
  try {
    for (const auto& [key, part] :
         read_journal(bytes, "fuzz.journal", kConfiguration, plan).parts) {
      if (!plan.fits(part)) throw std::logic_error("a part that does not fit");
    }
  } catch (const gibbon::Error&) {  // what a reader is for
  }
}

GIBBON_FUZZ("eval/runs", journal) {
  read(bytes);
  // A part with the right checksums, which no fuzzer finds.
  gibbon::eval::sweep::Part part;
  const auto take = [&](void* to, std::size_t size) {
    const std::size_t some = std::min(size, bytes.size());
    if (some > 0) std::memcpy(to, bytes.data(), some);
    bytes.remove_prefix(some);
  };
  std::array<std::uint8_t, 6> sizes{};
  take(sizes.data(), sizes.size());
  part.pair = sizes[0] % 4;
  part.block = sizes[1] % 4;
  part.zero_gradients = sizes[2];
  part.records.resize(sizes[3] % 8);
  part.tallies.resize(sizes[4] % 4);
  part.points.resize(sizes[5] % 4);
  take(part.records.data(), part.records.size() * sizeof(part.records[0]));
  read(journal_head(kConfiguration) + to_bytes(part));
}
