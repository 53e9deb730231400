# SPDX-License-Identifier: MIT
# Everything here is a Debian 12 package; nothing is downloaded at configure time.
# Which package serves what, and why: the dependency table in docs/design.md.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(Protobuf REQUIRED)
find_package(Boost REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
find_package(PNG REQUIRED)
pkg_check_modules(LIBWEBP REQUIRED IMPORTED_TARGET libwebp libwebpmux)
# Debian's dnnl-config.cmake demands OpenCL and libonnx-dev's names its headers' folder wrongly.
find_library(GIBBON_DNNL dnnl REQUIRED)
find_library(GIBBON_ONNX_PROTO onnx_proto REQUIRED)
find_library(GIBBON_CLP Clp REQUIRED)
find_library(GIBBON_COINUTILS CoinUtils REQUIRED)
# libopencv-dev, which has OpenCV's own file for CMake, would bring all of OpenCV along.
find_path(GIBBON_OPENCV_API opencv2/imgcodecs.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(part core imgproc imgcodecs)
  find_library(GIBBON_OPENCV_${part} opencv_${part} REQUIRED)
endforeach()
find_file(GIBBON_CHART_JS chart.min.js PATHS /usr/share/javascript/chart.js REQUIRED NO_DEFAULT_PATH)

# gibbon_plugin(<name> <folder> LINKS library... [INCLUDES folder...]): the folder becomes
# gibbon_<name>.so, which base/plugin.hpp opens when it is needed.
function(gibbon_plugin name folder)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LINKS;INCLUDES")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/testing/")
  add_library(gibbon_${name} MODULE ${sources})
  target_include_directories(gibbon_${name} SYSTEM PRIVATE ${arg_INCLUDES})
  target_include_directories(gibbon_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  # The engines' own macros convert freely.
  target_compile_options(gibbon_${name} PRIVATE -Wall -Wextra -Wno-missing-field-initializers)
  target_link_libraries(gibbon_${name} PRIVATE ${arg_LINKS} fmt::fmt)
  set_target_properties(gibbon_${name} PROPERTIES PREFIX "" CXX_CLANG_TIDY ""
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR} CXX_VISIBILITY_PRESET hidden)
  # A folder of the architecture, as Debian has it: directly below lib, cpack would take the plugin
  # for a library of everybody's and run ldconfig.
  install(TARGETS gibbon_${name} COMPONENT program LIBRARY DESTINATION ${GIBBON_PLUGINS})
endfunction()
set(GIBBON_PLUGINS lib/${CMAKE_LIBRARY_ARCHITECTURE}/gibbon)

# Linked into the program, LibTorch would add 0.4 s to the start of every command.
function(gibbon_torch_plugin)
  find_library(torch torch REQUIRED)
  find_library(torch_cpu torch_cpu REQUIRED)
  find_library(c10 c10 REQUIRED)
  find_path(torch_api torch/torch.h PATH_SUFFIXES torch/csrc/api/include REQUIRED)
  gibbon_plugin(torch models/torch LINKS ${torch} ${torch_cpu} ${c10} INCLUDES ${torch_api})
  # Its headers took two thirds of the time; the work is done in LibTorch's own library.
  target_precompile_headers(gibbon_torch PRIVATE <fmt/format.h> <torch/script.h> <torch/optim.h>)
  target_compile_options(gibbon_torch PRIVATE $<$<CONFIG:Release>:-O1>)
  if(NOT GIBBON_BUILD_TESTS)
    return()
  endif()
  # Writes the TorchScript files of the tests, which do not link LibTorch themselves.
  add_executable(gibbon_script_files models/torch/testing/script_files.cpp)
  target_compile_options(gibbon_script_files PRIVATE $<$<CONFIG:Release>:-O0>)
  target_include_directories(gibbon_script_files SYSTEM PRIVATE ${torch_api})
  target_compile_options(gibbon_script_files PRIVATE -Wall -Wextra -Wno-missing-field-initializers)
  target_link_libraries(gibbon_script_files PRIVATE gibbon::models ${torch} ${torch_cpu} ${c10})
  set_target_properties(gibbon_script_files PROPERTIES CXX_CLANG_TIDY ""
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()
