// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

// GIBBON_FUZZ("datasets/arrays", npz) { … bytes … } in datasets/arrays/npz_fuzz.cpp is what a
// fuzzer does with some bytes: hand them to a reader, which may throw its Errors; anything else is
// a bug. It is compiled twice: into a libFuzzer program (.ci/fuzz), and into the tests of its
// folder, which do the same with the files in datasets/arrays/fuzz_seeds/npz, so that what once
// crashed is tested for good.
#ifdef GIBBON_LIBFUZZER

#include "base/limits.hpp"

#define GIBBON_FUZZ(folder, name)                                                     \
  static void fuzz_##name(std::string_view bytes);                                    \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    gibbon::file_limit = std::size_t{64} << 20U;                                      \
    fuzz_##name({reinterpret_cast<const char*>(data), size});                         \
    return 0;                                                                         \
  }                                                                                   \
  static void fuzz_##name(std::string_view bytes)

#else

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#define GIBBON_FUZZ(folder, name)                                                                  \
  static void fuzz_##name(std::string_view bytes);                                                 \
  TEST(FuzzSeeds, name) {                                                                          \
    int seeds = 0;                                                                                 \
    for (const auto& file :                                                                        \
         std::filesystem::directory_iterator(GIBBON_SOURCE_DIR "/" folder "/fuzz_seeds/" #name)) { \
      SCOPED_TRACE(file.path().string());                                                          \
      std::ifstream stream(file.path(), std::ios::binary);                                         \
      const std::string bytes(std::istreambuf_iterator<char>(stream), {});                         \
      EXPECT_NO_THROW(fuzz_##name(bytes));                                                         \
      ++seeds;                                                                                     \
    }                                                                                              \
    EXPECT_GT(seeds, 0);                                                                           \
  }                                                                                                \
  static void fuzz_##name(std::string_view bytes)

#endif
