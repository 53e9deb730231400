// SPDX-License-Identifier: MIT
#include "reports/formats/npy.hpp"

#include <sstream>

#include "reports/record/error.hpp"
#include "reports/record/record_cases.hpp"

namespace gibbon::reports::formats {
namespace {

std::vector<record::SampleRecord> parse(const std::string& bytes) {
  std::istringstream file(bytes);
  return from_npy(file);
}

std::string npy_problem(const std::string& bytes) {
  return record::cases::message_of<record::Error>([&] { return parse(bytes); });
}

TEST(Npy, IsPackedAndAligned) {
  const std::string bytes = to_npy(record::cases::run().samples);
  // 4 + 8 + 5 · 2 + 4 · 1 + 4 + 4 · 8 + 2 + 2 · 4 + 8 bytes per record, in the order of
  // SampleRecord.
  EXPECT_EQ((bytes.size() - 2 * std::size_t{80}) % 64, 0U);
  EXPECT_EQ(bytes[bytes.size() - 2 * std::size_t{80} - 1], '\n');
}

TEST(Npy, RoundTrips) {
  const std::vector<record::SampleRecord> samples = record::cases::run().samples;
  const std::string bytes = to_npy(samples);
  const std::vector<record::SampleRecord> read = parse(bytes);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[1].id, 1ULL << 40U);
  EXPECT_EQ(read[1].target, 0);
  EXPECT_EQ(read[1].distances[Norm::kLinf], 0.1);
  EXPECT_EQ(to_npy(read), bytes);
  EXPECT_TRUE(parse(to_npy({})).empty());
}

TEST(Npy, NumpyReadsIt) {
  const std::string path =
      record::cases::scratch_file("samples.npy", to_npy(record::cases::run().samples));
  EXPECT_EQ(
      record::cases::python(
          "import numpy, sys; a = numpy.load(sys.argv[1]); r = a[1]; "
          "print(a.shape, a.dtype.itemsize, list(a[\"label\"]), r[\"id\"], r[\"target\"], "
          "r[\"found_label\"], r[\"rounded_label\"], r[\"fooled\"], r[\"broken\"], "
          "r[\"confidence\"], r[\"l0\"], r[\"l1\"], r[\"l2\"], r[\"linf\"], a[0][\"target\"])",
          path),
      "(2,) 80 [1, 2] 1099511627776 0 0 0 1 1 0.875 780.0 50.25 2.5 0.1 -1\n");
}

TEST(Npy, ReadsWhatNumpySaved) {
  const std::string path =
      record::cases::scratch_file("again.npy", to_npy(record::cases::run().samples));
  ASSERT_EQ(record::cases::python(
                "import numpy, sys; numpy.save(sys.argv[1], numpy.load(sys.argv[1]))", path),
            "");
  EXPECT_EQ(to_npy(parse(record::cases::read_file(path))), to_npy(record::cases::run().samples));
}

// Runs of before there were ensembles and queries: sixteen fields.
TEST(Npy, ReadsTheRecordsOfTheFirstVersion) {
  const std::string path =
      record::cases::scratch_file("first.npy", to_npy(record::cases::run().samples));
  ASSERT_EQ(
      record::cases::python("import numpy, sys; a = numpy.load(sys.argv[1]); "
                            "from numpy.lib.recfunctions import repack_fields; "
                            "numpy.save(sys.argv[1], repack_fields(a[list(a.dtype.names[:16])]))",
                            path),
      "");
  const std::vector<record::SampleRecord> read = parse(record::cases::read_file(path));
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[1].id, 1ULL << 40U);
  EXPECT_EQ(read[1].distances[Norm::kLinf], 0.1);
  EXPECT_EQ(read[1].member, -1);
}

TEST(Npy, NamesWhatIsWrongWithGarbage) {
  const std::string good = to_npy(record::cases::run().samples);
  EXPECT_EQ(npy_problem("not an array"),
            "samples.npy: not a NumPy file, its first bytes differ; only what gibbon wrote is "
            "read; run the "
            "evaluation again");
  EXPECT_NE(npy_problem("").find("not a NumPy file"), std::string::npos);
  EXPECT_NE(npy_problem(good.substr(0, 40)).find("cut off inside the header"), std::string::npos);
  EXPECT_NE(npy_problem(good.substr(0, good.size() - 1))
                .find("159 bytes of data where 2 records of 80 bytes are announced"),
            std::string::npos);
  std::string version = good;
  version[6] = 3;
  EXPECT_NE(npy_problem(version).find("NumPy format 3.0, not 1.0"), std::string::npos);
  std::string field = good;
  field.replace(field.find("label"), 5, "LABEL");
  EXPECT_NE(npy_problem(field).find("other fields"), std::string::npos);
  std::string shape = good;
  shape.replace(shape.find("(2,)"), 4, "(x,)");
  EXPECT_NE(npy_problem(shape).find("the shape is not that of a list"), std::string::npos);
}

TEST(Npy, CutAnywhereIsAnErrorNotACrash) {
  const std::string good = to_npy(record::cases::run().samples);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(npy_problem(good.substr(0, size)), "") << size;
}

}  // namespace
}  // namespace gibbon::reports::formats
