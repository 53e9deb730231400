// SPDX-License-Identifier: MIT
#include "eval/runs/consistency.hpp"

#include <filesystem>
#include <gmock/gmock.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"
#include "eval/runs/run_folder.hpp"
#include "reports/formats/json.hpp"
#include "reports/formats/npy.hpp"
#include "reports/gate/gate_cases.hpp"
#include "reports/record/error.hpp"

namespace gibbon::eval::runs {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// 20 samples under "pgd" and "noise", all that stand at 0.1 certified there but one.
reports::record::Run joined() {
  reports::record::Run run = reports::gate::cases::run_of({.n = 20});
  reports::record::Certificates proved{.norm = "linf", .level = "R", .clean_correct = 0};
  reports::record::CertifiedPoint point{.epsilon = 0.1, .n = 20};
  for (const reports::record::SampleRecord& r : run.records(0)) {
    const bool standing = r.nearest > 0.1;
    const bool right = r.clean_label == r.label;
    proved.samples.push_back({.id = r.id,
                              .label = r.label,
                              .predicted = r.clean_label,
                              .certified = standing && r.id != 107 ? 0.1 : -1.0,
                              .attacked = r.nearest,
                              .method = standing ? "crown" : ""});
    proved.clean_correct += right ? 1U : 0U;
    point.certified += proved.samples.back().certified > 0.0 ? 1U : 0U;
    point.attacked += standing ? 0U : 1U;
  }
  proved.curve = {point};
  run.certificates = {proved};
  return run;
}

template <class Change>
std::string problem(const Change& change) {
  reports::record::Run run = joined();
  change(run);
  try {
    require_consistent(run);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  } catch (const reports::record::Error& error) {
    return error.what();
  }
  return "";
}

TEST(Consistency, HoldsForWhatIsWritten) {
  EXPECT_EQ(problem([](reports::record::Run&) {}), "");
  EXPECT_EQ(problem([](reports::record::Run& r) { r.certificates.clear(); }), "");
  EXPECT_EQ(problem([](reports::record::Run& r) {
              r.curve.clear();
              r.samples.clear();
            }),
            "")
      << "certificates alone";
}

TEST(Consistency, NoSampleIsCertifiedWhereItBreaks) {
  // 105 breaks at 0.1: its certificate says that it does not, and forgets the attack.
  const auto edited = problem([](reports::record::Run& r) {
    reports::record::Certificates& proved = r.certificates[0];
    proved.samples[5].certified = 0.1;
    proved.samples[5].method = "crown";
    proved.samples[5].attacked = 0.2;
    ++proved.curve[0].certified;
    --proved.curve[0].attacked;
  });
  EXPECT_THAT(edited, AllOf(HasSubstr("image 105: certified at ε = 0.1 (linf) by crown"),
                            HasSubstr("pgd changes the prediction at distance 0.1")));
  EXPECT_THAT(problem([](reports::record::Run& r) {
                r.certificates[0].samples[5].certified = 0.1;
                ++r.certificates[0].curve[0].certified;
              }),
              HasSubstr("a counterexample of certified.json"));
}

TEST(Consistency, CountsFollowFromSamples) {
  EXPECT_THAT(problem([](reports::record::Run& r) { r.samples[25].fooled ^= 1; }),
              HasSubstr(" correct, but run.json counts "));
  EXPECT_THAT(problem([](reports::record::Run& r) { ++r.curve[1].correct; }),
              HasSubstr(" correct, but run.json counts "));
  EXPECT_THAT(problem([](reports::record::Run& r) {
                r.curve[1].class_n = {0, 20};
                r.curve[1].class_correct = {0, 20};
              }),
              HasSubstr("classes do not add up"));
  EXPECT_THAT(problem([](reports::record::Run& r) { --r.certificates[0].curve[0].certified; }),
              HasSubstr("certified.json counts"));
  EXPECT_THAT(problem([](reports::record::Run& r) { --r.certificates[0].curve[0].attacked; }),
              HasSubstr("but its samples say"));
  EXPECT_THAT(problem([](reports::record::Run& r) { ++r.certificates[0].clean_correct; }),
              HasSubstr("correct when clean"));
  EXPECT_THAT(problem([](reports::record::Run& r) { r.certificates[0].samples[3].id = 1; }),
              HasSubstr("other samples"));
}

class RunFolderFiles : public testing::Test {
 protected:
  RunFolderFiles() {
    std::filesystem::create_directories(folder_);
    write_atomically(folder_ / "samples.npy", reports::formats::to_npy(run_.samples));
    write_certificates(folder_, run_);
    for (const char* name : {"samples.npy", "certified.json"})
      run_.provenance["files"][name] = sha256_hex(read_file(folder_ / name));
    write_atomically(folder_ / "run.json", reports::formats::to_run_json(run_));
  }
  ~RunFolderFiles() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string problem() const {
    try {
      static_cast<void>(read_run_folder(folder_));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("gibbon_run_folder_{}", getpid());
  reports::record::Run run_ = joined();
};

TEST_F(RunFolderFiles, BelongTogether) {
  EXPECT_EQ(problem(), "");
  run_.samples[3].confidence = 0.5F;  // counts stay
  write_atomically(folder_ / "samples.npy", reports::formats::to_npy(run_.samples));
  EXPECT_THAT(problem(),
              HasSubstr("samples.npy: differs from the file that run.json was written with"));
}

TEST_F(RunFolderFiles, CertificatesMayNotBeExchanged) {
  std::string text = read_file(folder_ / "certified.json");
  text.insert(text.find('{') + 1, " ");
  write_atomically(folder_ / "certified.json", text);
  EXPECT_THAT(problem(), HasSubstr("certified.json: differs from the file"));
  std::filesystem::remove(folder_ / "certified.json");
  EXPECT_THAT(problem(), HasSubstr("certified.json: differs from the file"));
}

TEST_F(RunFolderFiles, HashesInRunJsonMayNotBeExchanged) {
  std::string text = read_file(folder_ / "run.json");
  const std::string model = "\"sha256\": \"old\"";
  text.replace(text.find(model), model.size(), "\"sha256\": \"new\"");
  write_atomically(folder_ / "run.json", text);
  EXPECT_THAT(problem(), HasSubstr("run.json: checksum does not match"));
}

TEST_F(RunFolderFiles, ARunOfBeforeSaysNothingOfItsFiles) {
  auto json = nlohmann::ordered_json::parse(read_file(folder_ / "run.json"));
  json.erase("files");
  json.erase("checksum");
  write_atomically(folder_ / "run.json", json.dump());
  EXPECT_EQ(problem(), "");
}

TEST_F(RunFolderFiles, NewCertificatesThatRunJsonDoesNotNameYetAreRead) {
  run_.certificates[0].level = "other";
  write_certificates(folder_, run_);  // and then it was killed
  EXPECT_EQ(problem(), "");
}

}  // namespace
}  // namespace gibbon::eval::runs
