#include "reports/formats/csv.hpp"

#include "reports/record/record_cases.hpp"

namespace gibbon::reports::formats {
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

}  // namespace
}  // namespace gibbon::reports::formats
