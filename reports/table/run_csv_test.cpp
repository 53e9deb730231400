// SPDX-License-Identifier: MIT
#include "reports/table/run_csv.hpp"

#include "reports/record/record_cases.hpp"

namespace gibbon::reports::table {
namespace {

TEST(CurveCsv, IsTheGoldenFile) {
  record::cases::expect_golden("curve.csv", to_curve_csv(record::cases::run()));
}

TEST(CurveCsv, QuotesWhatRfc4180Quotes) {
  record::Run run;
  run.curve = {record::cases::point("a\"b,c\nd", "attack", 0.1, 1)};
  EXPECT_NE(to_curve_csv(run).find("\n\"a\"\"b,c\nd\",linf,0.1,200,1,0.005,"), std::string::npos);
}

TEST(CurveCsv, PythonReadsEveryNumberBack) {
  const std::string path =
      record::cases::scratch_file("curve.csv", to_curve_csv(record::cases::run()));
  EXPECT_EQ(record::cases::python(
                "import csv, sys; rows = list(csv.DictReader(open(sys.argv[1], newline=\"\"))); "
                "print(len(rows), rows[1][\"attack\"], float(rows[1][\"epsilon\"]) == 8 / 255, "
                "float(rows[1][\"accuracy\"]) == 0.6)",
                path),
            "8 fgsm:loss=ce,\"x\" True True\n");
}

TEST(CurveCsv, OfSeveralRunsHasAColumnOfTheirNames) {
  const record::Run run = record::cases::run();
  const std::vector<record::NamedRun> two{{.name = "A: \"x\", y", .run = &run},
                                          {.name = "B", .run = &run}};
  const std::string csv = to_curves_csv(two);
  EXPECT_TRUE(csv.starts_with("model,attack,norm,epsilon,")) << csv;
  EXPECT_NE(csv.find("\n\"A: \"\"x\"\", y\",\"fgsm:loss=ce,"), std::string::npos) << csv;
  EXPECT_NE(csv.find("\nB,worst-case,linf,0.1,200,0,"), std::string::npos) << csv;
  EXPECT_EQ(to_curves_csv(std::vector{two[0]}), to_curve_csv(run));
}

TEST(QueriesCsv, HasARowPerStep) {
  record::Run run;
  run.curve = {
      {.attack = "a,b", .norm = "linf", .kind = record::RowKind::kAttack, .epsilon = 0.1, .n = 5}};
  run.samples = {{.label = 1, .clean_label = 1, .fooled = 1, .forwards = 3},
                 {.label = 1, .clean_label = 1, .forwards = 4}};
  EXPECT_EQ(to_queries_csv(run),
            "attack,norm,epsilon,queries,n,correct,accuracy\n\"a,b\",linf,0.1,1,5,2,0.4\n"
            "\"a,b\",linf,0.1,2,5,2,0.4\n\"a,b\",linf,0.1,5,5,1,0.2\n");
}

TEST(DistancesCsv, SaysInfWhereNothingWasBroken) {
  record::Run run;
  run.distances = {{"fmn", "l2", record::RowKind::kAttack, 5, 4, 0.5, 1.5,
                    std::numeric_limits<double>::infinity()}};
  EXPECT_EQ(to_distances_csv(run),
            "attack,norm,n,found,lower_quartile,median,upper_quartile\nfmn,l2,5,4,0.5,1.5,inf\n");
}

}  // namespace
}  // namespace gibbon::reports::table
