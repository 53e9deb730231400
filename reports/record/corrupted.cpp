// SPDX-License-Identifier: MIT
#include "reports/record/corrupted.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace gibbon::reports::record {
namespace {

using Json = nlohmann::ordered_json;

template <class Correct>
Count count(const Corrupted& all, const Correct& correct) {
  return {static_cast<std::uint64_t>(std::ranges::count_if(all.samples, correct)),
          all.samples.size()};
}

bool correct_at(const CorruptedSample& sample, std::size_t place) {
  return sample.predicted[place] == sample.label;
}

std::string csv_line(const std::string& name, const std::string& severity, const Count& counted,
                     const Count& clean) {
  const Interval interval = wilson95(counted.k, counted.n);
  return fmt::format("{},{},{},{},{},{},{},{}\n", name, severity, counted.n, counted.k,
                     counted.share(), interval.low, interval.high, counted.share() / clean.share());
}

/// NaN is null in JSON.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json counts(const Count& counted) {
  const Interval interval = wilson95(counted.k, counted.n);
  return {{"n", counted.n},
          {"correct", counted.k},
          {"accuracy", number(counted.share())},
          {"wilson95", {interval.low, interval.high}}};
}

Json joined(Json first, const Json& second) {
  first.update(second);
  return first;
}

Json corruptions_json(const Corrupted& all) {
  Json rows = Json::array();
  for (std::size_t k = 0; k < all.corruptions.size(); ++k) {
    for (std::size_t s = 0; s < all.severities.size(); ++s) {
      const Count counted = count_at(all, k, s);
      rows.push_back(joined({{"corruption", all.corruptions[k].name},
                             {"group", all.corruptions[k].group},
                             {"severity", all.severities[s]}},
                            counts(counted)));
      rows.back()["relative_accuracy"] = number(counted.share() / clean_count(all).share());
    }
  }
  return rows;
}

Json severities_json(const Corrupted& all) {
  Json rows = Json::array();
  for (std::size_t s = 0; s < all.severities.size(); ++s) {
    const Count pooled = pooled_count(all, s);
    const Interval interval = pooled95(pooled, all.samples.size());
    rows.push_back({{"severity", all.severities[s]},
                    {"mean",
                     {{"pictures", pooled.n},
                      {"correct", pooled.k},
                      {"accuracy", number(pooled.share())},
                      {"interval95", {interval.low, interval.high}}}},
                    {"worst_case", counts(worst_count(all, s))}});
  }
  return rows;
}

}  // namespace

double Count::share() const {
  return n == 0 ? std::nan("") : static_cast<double>(k) / static_cast<double>(n);
}

Count clean_count(const Corrupted& all) {
  return count(all, [](const CorruptedSample& s) { return s.clean == s.label; });
}

Count count_at(const Corrupted& all, std::size_t corruption, std::size_t severity) {
  const std::size_t place = corruption * all.severities.size() + severity;
  return count(all, [&](const CorruptedSample& s) { return correct_at(s, place); });
}

Count posed_count(const Corrupted& all, std::size_t search) {
  return count(all, [&](const CorruptedSample& s) { return s.posed[search].correct; });
}

Count pooled_count(const Corrupted& all, std::size_t severity) {
  Count sum;
  for (std::size_t k = 0; k < all.corruptions.size(); ++k) {
    const Count one = count_at(all, k, severity);
    sum.k += one.k;
    sum.n += one.n;
  }
  return sum;
}

Count worst_count(const Corrupted& all, std::size_t severity) {
  return count(all, [&](const CorruptedSample& s) {
    for (std::size_t place = severity; place < s.predicted.size(); place += all.severities.size()) {
      if (!correct_at(s, place)) return false;
    }
    return true;
  });
}

Count worst_of_all(const Corrupted& all) {
  return count(all, [](const CorruptedSample& s) {
    return s.clean == s.label && std::ranges::all_of(s.posed, &PosedOutcome::correct) &&
           std::ranges::all_of(s.predicted, [&](int found) { return found == s.label; });
  });
}

Interval pooled95(const Count& pooled, std::uint64_t samples) {
  if (pooled.n == 0) return {};
  const double trials = pooled.share() * static_cast<double>(samples);
  return {.low = wilson95(static_cast<std::uint64_t>(std::floor(trials)), samples).low,
          .high = wilson95(static_cast<std::uint64_t>(std::ceil(trials)), samples).high};
}

CorruptionErrors corruption_errors(const Corrupted& all) {
  Count pooled;
  for (std::size_t s = 0; s < all.severities.size(); ++s) {
    const Count one = pooled_count(all, s);
    pooled.k += one.k;
    pooled.n += one.n;
  }
  const double clean = clean_count(all).share();
  return {.mean = 1.0 - pooled.share(),
          .relative = clean - pooled.share(),
          .kept = clean > 0.0 ? pooled.share() / clean : std::nan("")};
}

std::string to_corruptions_csv(const Corrupted& all) {
  const Count clean = clean_count(all);
  std::string csv =
      "corruption,severity,n,correct,accuracy,wilson_low,wilson_high,relative_accuracy\n" +
      csv_line("clean", "0", clean, clean);
  const auto severity = [&](std::size_t s) { return fmt::format("{}", all.severities[s]); };
  for (std::size_t k = 0; k < all.corruptions.size(); ++k) {
    for (std::size_t s = 0; s < all.severities.size(); ++s) {
      csv += csv_line(all.corruptions[k].name, severity(s), count_at(all, k, s), clean);
    }
  }
  for (std::size_t s = 0; s < all.severities.size() && !all.corruptions.empty(); ++s) {
    csv += csv_line("worst-case", severity(s), worst_count(all, s), clean);
  }
  for (std::size_t k = 0; k < all.searches.size(); ++k) {
    csv += csv_line("rotation-translation:" + all.searches[k], "", posed_count(all, k), clean);
  }
  return csv;
}

std::string to_corruption_samples_csv(const Corrupted& all) {
  std::string csv = "id,label,clean";
  for (const CorruptionName& corruption : all.corruptions) {
    for (const std::uint64_t severity : all.severities) {
      csv += fmt::format(",{}:{}", corruption.name, severity);
    }
  }
  for (const std::string& search : all.searches) {
    csv += fmt::format(",{0},{0}:degrees,{0}:down,{0}:right", "rotation-translation:" + search);
  }
  csv += "\n";
  for (const CorruptedSample& sample : all.samples) {
    csv += fmt::format("{},{},{}", sample.id, sample.label, sample.clean);
    for (const int found : sample.predicted) csv += fmt::format(",{}", found);
    for (const PosedOutcome& posed : sample.posed) {
      csv += fmt::format(",{}", posed.predicted);
      csv +=
          posed.has_pose ? fmt::format(",{},{},{}", posed.degrees, posed.down, posed.right) : ",,,";
    }
    csv += "\n";
  }
  return csv;
}

std::string to_corruptions_json(const Corrupted& all) {
  Json json = all.provenance;
  json["clean"] = counts(clean_count(all));
  if (!all.corruptions.empty()) {
    const CorruptionErrors errors = corruption_errors(all);
    json["corruptions"] = corruptions_json(all);
    json["severities"] = severities_json(all);
    json["mean_corruption_error"] = number(errors.mean);
    json["relative_corruption_error"] = number(errors.relative);
    json["mean_relative_accuracy"] = number(errors.kept);
  }
  if (!all.searches.empty()) {
    Json rows = Json::array();
    for (std::size_t k = 0; k < all.searches.size(); ++k) {
      rows.push_back(joined({{"search", all.searches[k]}}, counts(posed_count(all, k))));
    }
    json["rotation_translation"] = joined(all.box, {{"passes", all.passes}, {"searches", rows}});
  }
  json["worst_of_all"] = counts(worst_of_all(all));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gibbon::reports::record
