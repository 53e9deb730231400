// SPDX-License-Identifier: MIT
#include "datasets/arrays/npz.hpp"

#include <array>
#include <cmath>
#include <filesystem>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/limits.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/arrays/python.hpp"

namespace gibbon::datasets::arrays {
namespace {

using testing::HasSubstr;

constexpr std::array<float, 6> kValues{0.0F, 0.5F, -1.0F, 3.25F, 1e-30F, 7.0F};
constexpr std::array<std::int64_t, 2> kIds{7, 1LL << 40};

std::string written(const std::string& name) {
  const std::vector<std::string> names{"pgd", "größer ε", ""};
  const std::array<NpyArray, 3> arrays{array_of("x", {2, 3}, std::span<const float>(kValues)),
                                       array_of("ids", {2}, std::span<const std::int64_t>(kIds)),
                                       array_of("names", names)};
  return scratch_file(name, to_npz(arrays));
}

std::string problem_of(const std::string& path) {
  try {
    const NpzFile file(path);
    static_cast<void>(file.numbers("x"));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Npz, NumPyReadsIt) {
  EXPECT_EQ(python("import numpy, sys; f = numpy.load(sys.argv[1]); "
                   "print(f[\"x\"].dtype, f[\"x\"].tolist(), f[\"ids\"].tolist(), "
                   "[ascii(str(n)) for n in f[\"names\"]])",
                   written("a.npz")),
            "float32 [[0.0, 0.5, -1.0], [3.25, 1.0000000031710769e-30, 7.0]] [7, 1099511627776] "
            "[\"'pgd'\", \"'gr\\\\xf6\\\\xdfer \\\\u03b5'\", \"''\"]\n");
}

TEST(Npz, RoundTrips) {
  const NpzFile file(written("b.npz"));
  EXPECT_TRUE(file.has("x"));
  EXPECT_FALSE(file.has("y"));
  EXPECT_THAT(file.at("x").shape, testing::ElementsAre(2, 3));
  EXPECT_THAT(file.numbers("x"), testing::ElementsAreArray(kValues));
  EXPECT_THAT(file.numbers("ids"), testing::ElementsAre(7.0, 1099511627776.0));
  EXPECT_THAT(file.texts("names"), testing::ElementsAre("pgd", "größer ε", ""));
}

TEST(Npz, ReadsWhatNumPySaved) {
  const std::string path = scratch_file("c.npz", "");
  ASSERT_EQ(python("import numpy as np, sys; np.savez_compressed(sys.argv[1], "
                   "x=np.arange(6, dtype=\"f8\").reshape(2, 3), y=np.array([1, 0], \"bool\"), "
                   "l=np.array([3, 4], \"i4\"), s=np.array(\"linf\"))",
                   path),
            "");
  const NpzFile file(path);
  EXPECT_THAT(file.numbers("x"), testing::ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(file.numbers("y"), testing::ElementsAre(1, 0));
  EXPECT_THAT(file.numbers("l"), testing::ElementsAre(3, 4));
  EXPECT_THAT(file.texts("s"), testing::ElementsAre("linf"));
}

TEST(Npz, SameArraysAreTheSameBytes) {
  EXPECT_EQ(read_file(written("d.npz")), read_file(written("e.npz")));
}

TEST(Npz, NamesWhatIsWrong) {
  EXPECT_THAT(problem_of(scratch_file("f.npz", "no archive")), HasSubstr("f.npz"));
  EXPECT_THAT(problem_of("nowhere.npz"), HasSubstr("nowhere.npz"));
  const std::string path = written("g.npz");
  const std::string good = read_file(path);
  for (std::size_t size = 0; size < good.size(); size += 7) {
    EXPECT_NE(problem_of(scratch_file("h.npz", good.substr(0, size))), "") << size;
  }
  try {
    static_cast<void>(NpzFile(path).at("labels"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("no array 'labels'; found x, ids, names"));
  }
}

TEST(Npz, ReadsAnyByteOrderMemoryOrderAndPrecision) {
  const std::string path = scratch_file("i.npz", "");
  ASSERT_EQ(python("import numpy as np, sys; a = np.arange(24).reshape(2, 3, 4); "
                   "np.savez(sys.argv[1], big=a.astype(\">f4\"), "
                   "columns=np.asfortranarray(a.astype(\"f8\")), "
                   "both=np.asfortranarray(a.astype(\">i2\")), "
                   "half=np.array([0, -1.5, 65504, 2.0**-24, 2.0**-14, 1/3, np.inf], \">f2\"), "
                   "u=np.array([\"ab\", \"c\"], \">U2\"), s=np.array([b\"ab\", b\"c\"]), "
                   "o=np.array([{}]), c=np.ones(2, \"c8\"), r=np.zeros(2, \"i4,f4\"))",
                   path),
            "");
  const NpzFile file(path);
  std::vector<double> ramp(24);
  for (std::size_t k = 0; k < ramp.size(); ++k) ramp[k] = static_cast<double>(k);
  for (const char* name : {"big", "columns", "both"}) EXPECT_EQ(file.numbers(name), ramp) << name;
  EXPECT_THAT(file.floats("both"), testing::ElementsAreArray(ramp));
  EXPECT_THAT(file.numbers("half"),
              testing::ElementsAre(0.0, -1.5, 65504.0, 0x1p-24, 0x1p-14, 0.333251953125, HUGE_VAL));
  for (const char* name : {"u", "s"})
    EXPECT_THAT(file.texts(name), testing::ElementsAre("ab", "c")) << name;
  const auto refused = [&](const char* name, const char* why) {
    try {
      static_cast<void>(file.at(name));
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::AllOf(HasSubstr(path + ": " + name + ": elements of type"),
                                               HasSubstr(why)));
    }
  };
  refused("o", "objects of Python");
  refused("c", "complex numbers");
  refused("r", "records of several fields");
}

/// What a file in fuzz_seeds/npz is refused with; `limit` is file_limit meanwhile.
std::string refusal_of(const std::string& seed, std::size_t limit = std::size_t{2} << 30U) {
  const std::size_t before = file_limit;
  file_limit = limit;
  const std::string problem =
      problem_of(GIBBON_SOURCE_DIR "/datasets/arrays/fuzz_seeds/npz/" + seed);
  file_limit = before;
  return problem;
}

TEST(Npz, TakesNoMemoryThatAFileOnlyPromises) {
  EXPECT_THAT(refusal_of("big_shape.npz"), HasSubstr("--file-limit"));
  EXPECT_THAT(refusal_of("overflowing_shape.npz"), HasSubstr("--file-limit"));
  EXPECT_THAT(refusal_of("zero_hides.npz"), HasSubstr("--file-limit"));
  EXPECT_THAT(refusal_of("empty_texts.npz"), HasSubstr("--file-limit"));
  EXPECT_THAT(refusal_of("long_header.npz"), HasSubstr("its header promises 4294967295 bytes"));
  EXPECT_THAT(refusal_of("promise.npz"), HasSubstr("16 bytes of data where its shape (10000000)"));
  EXPECT_THAT(refusal_of("bomb.npz", 1000000), HasSubstr("--file-limit"));
}

TEST(Npz, NamesFileAndArrayOfWhatItDoesNotRead) {
  const auto refused = [](const std::string& seed, const std::string& why) {
    EXPECT_THAT(refusal_of(seed), testing::AllOf(HasSubstr(seed + ": x: "), HasSubstr(why)));
  };
  refused("objects.npz", "objects of Python");
  EXPECT_THAT(refusal_of("twice.npz"), HasSubstr("twice.npz: two arrays in it have one name"));
  refused("encrypted.npz", "encrypted");
}

}  // namespace
}  // namespace gibbon::datasets::arrays
