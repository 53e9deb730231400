# SPDX-License-Identifier: MIT
# libFuzzer programs, one per *_fuzz.cpp. Only what reads is compiled again, with clang and its
# sanitizers; the rest comes out of the libraries of the release preset, which has to be built. An
# instrumented file comes first on the link line, so that no library's own copy of it is taken.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  message(FATAL_ERROR "libFuzzer comes with clang: cmake --preset fuzz")
endif()
set(release ${PROJECT_SOURCE_DIR}/build/release)

add_library(gibbon_readers STATIC base/printable.cpp base/gzip.cpp base/png.cpp datasets/arrays/array.cpp
  datasets/arrays/npz.cpp datasets/idx.cpp
  datasets/image_io.cpp eval/runs/class_names.cpp eval/runs/experiment.cpp eval/runs/journal.cpp eval/runs/toml_depth.cpp
  eval/verify/decimal.cpp eval/verify/s_expression.cpp eval/verify/vnnlib.cpp models/model_read.cpp
  reports/formats/base64.cpp reports/formats/certified_json.cpp reports/gate/baseline.cpp reports/formats/bits.cpp
  reports/gate/reference.cpp reports/gate/snapshot.cpp reports/formats/json.cpp reports/formats/npy.cpp
  reports/formats/parse_json.cpp)
file(GLOB onnx CONFIGURE_DEPENDS models/onnx/*.cpp)
list(FILTER onnx EXCLUDE REGEX "_(test|fuzz)\\.cpp$")
target_sources(gibbon_readers PRIVATE ${onnx})
target_precompile_headers(gibbon_readers PRIVATE <fmt/format.h> <nlohmann/json.hpp>)
target_compile_options(gibbon_readers PUBLIC -O1 -g1 -fno-omit-frame-pointer
  -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all
  PRIVATE -fsanitize=fuzzer-no-link)
target_compile_definitions(gibbon_readers PUBLIC GIBBON_LIBFUZZER ONNX_NAMESPACE=onnx ONNX_ML=1)
target_include_directories(gibbon_readers PUBLIC ${PROJECT_SOURCE_DIR} ${release}/generated)
set(libraries)
foreach(module eval reports attacks models datasets base)
  list(APPEND libraries ${release}/libgibbon_${module}.a)
endforeach()
target_link_libraries(gibbon_readers PUBLIC ${libraries} Threads::Threads fmt::fmt
  nlohmann_json::nlohmann_json tomlplusplus::tomlplusplus ZLIB::ZLIB
  OpenSSL::Crypto PkgConfig::CAIRO PkgConfig::LIBZIP PkgConfig::LIBWEBP PNG::PNG ${GIBBON_DNNL}
  ${GIBBON_ONNX_PROTO} protobuf::libprotobuf gomp ${CMAKE_DL_LIBS})

file(GLOB_RECURSE targets CONFIGURE_DEPENDS base/*_fuzz.cpp datasets/*_fuzz.cpp models/*_fuzz.cpp
  reports/*_fuzz.cpp eval/*_fuzz.cpp)
foreach(target IN LISTS targets)
  get_filename_component(stem ${target} NAME_WE)
  add_executable(${stem} ${target})
  target_compile_options(${stem} PRIVATE -fsanitize=fuzzer)
  target_link_options(${stem} PRIVATE -fsanitize=fuzzer,address,undefined)
  target_link_libraries(${stem} PRIVATE gibbon_readers)
endforeach()
