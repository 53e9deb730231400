# SPDX-License-Identifier: MIT
# Flags every target of this project gets, and nobody who links it. Designated initialisers may
# leave fields out; no contraction into FMA, or instruction sets would differ in the last bit. Nobody
# reads errno or floating-point flags, and g++ vectorises sqrt and selections only without them.
# -Wrestrict is wrong about std::string in g++ 12 (its bug 105651).
add_library(gibbon_flags INTERFACE)
target_compile_options(gibbon_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion
  -Wsign-conversion -Wshadow -Wdouble-promotion -Wno-missing-field-initializers -ffp-contract=off
  -fno-math-errno -fno-trapping-math
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

set(GIBBON_PLUGIN_FOLDERS torch|opencv|curl|clp)
set(GIBBON_MODULES base datasets models attacks reports eval)

if(GIBBON_BUILD_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
if(GIBBON_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()

# gibbon_module(<folder> [DEPENDS folder...] [PRECOMPILED header...] [SHARDED filter] [JOINED_TESTS]): library
# gibbon::<folder> from every .cpp below it. *_test.cpp and *_fuzz.cpp (base/fuzz.hpp) become one test program, with these
# headers precompiled; each *_bench.cpp becomes a Google Benchmark program; cli/main.cpp
# and the folders of plugins have targets of their own. The test layering/<folder> fails when a file there includes a
# header of a folder it does not depend on.
function(gibbon_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "JOINED_TESTS" "SHARDED" "DEPENDS;PRECOMPILED")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/(${GIBBON_PLUGIN_FOLDERS})/|/main\\.cpp$")
  if(NOT GIBBON_WITH_TORCH)
    list(FILTER sources EXCLUDE REGEX "/(crosscheck|checked|script|script_cli)_test\\.cpp$|/speed_bench\\.cpp$")
  endif()
  set(tests ${sources})
  set(benches ${sources})
  list(FILTER tests INCLUDE REGEX "_(test|fuzz)\\.cpp$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cpp$")
  list(TRANSFORM arg_DEPENDS PREPEND "gibbon::" OUTPUT_VARIABLE links)
  add_library(gibbon_${name} STATIC ${sources})
  add_library(gibbon::${name} ALIAS gibbon_${name})
  target_include_directories(gibbon_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/gibbon>)
  target_link_libraries(gibbon_${name} PUBLIC ${links} PRIVATE $<BUILD_INTERFACE:gibbon_flags>)
  set_target_properties(gibbon_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_compile_features(gibbon_${name} PUBLIC cxx_std_20)

  set(reach ${name})
  foreach(dependency IN LISTS arg_DEPENDS)
    get_property(below GLOBAL PROPERTY GIBBON_REACH_${dependency})
    list(APPEND reach ${below})
  endforeach()
  set_property(GLOBAL PROPERTY GIBBON_REACH_${name} ${reach})
  set(forbidden ${GIBBON_MODULES})
  list(REMOVE_ITEM forbidden ${reach})
  if(GIBBON_BUILD_TESTS AND forbidden)
    list(JOIN forbidden "|" forbidden)
    # grep: 0 = found one, 1 = none, 2 = could not look. Only 1 is a pass.
    add_test(NAME layering/${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} COMMAND sh -c
      "grep -rnE '#include \"(${forbidden})/' --include=*.[ch]pp ${name}; test $? -eq 1")
  endif()
  if(GIBBON_BUILD_TESTS AND tests)
    add_executable(gibbon_${name}_test ${tests})
    target_link_libraries(gibbon_${name}_test PRIVATE gibbon::${name} gibbon_flags GTest::gtest_main
      GTest::gmock)
    # Half of the time of a build went into tests. They call what is measured, but are not measured
    # themselves. The libraries cannot have precompiled headers: at -O3, g++ 12 is wrong about the
    # bounds of any std::string that comes out of one.
    target_precompile_headers(gibbon_${name}_test PRIVATE <algorithm> <string> <vector>
      <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h> ${arg_PRECOMPILED})
    target_compile_options(gibbon_${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)
    # Most of that time goes into templates that every file has again: six files at once take a third
    # of it. Their helpers must not have the same names.
    if(arg_JOINED_TESTS)
      set_target_properties(gibbon_${name}_test PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
    endif()
    target_compile_definitions(gibbon_${name}_test PRIVATE
      GIBBON_SOURCE_DIR="${PROJECT_SOURCE_DIR}" GIBBON_BINARY_DIR="${PROJECT_BINARY_DIR}")
    # Every test is a process, but these: a thousand short ones, none of which skips.
    set(others)
    if(arg_SHARDED)
      set(others TEST_FILTER "-${arg_SHARDED}")
      foreach(shard RANGE 7)
        add_test(NAME ${name}/shard-${shard}
          COMMAND gibbon_${name}_test "--gtest_filter=${arg_SHARDED}" --gtest_brief=1)
        set_tests_properties(${name}/shard-${shard} PROPERTIES TIMEOUT 600
          ENVIRONMENT "GTEST_TOTAL_SHARDS=8;GTEST_SHARD_INDEX=${shard}")
      endforeach()
    endif()
    gtest_discover_tests(gibbon_${name}_test ${others} TEST_PREFIX "${name}/" DISCOVERY_TIMEOUT 60
      PROPERTIES TIMEOUT 600)
  endif()
  if(GIBBON_BUILD_BENCHMARKS)
    foreach(bench IN LISTS benches)
      get_filename_component(stem ${bench} NAME_WE)
      add_executable(${stem} ${bench})
      target_link_libraries(${stem} PRIVATE gibbon::${name} gibbon_flags benchmark::benchmark)
      set_target_properties(${stem} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
    endforeach()
  endif()
endfunction()

# gibbon_run_once(<module> <folder or stem>... [PRECOMPILED header...]): what lies there runs once per command,
# and the templates of CLI11, JSON and {fmt} in it would take minutes at -O3. It is compiled at -O1,
# where precompiled headers do no harm.
function(gibbon_run_once module)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PRECOMPILED")
  list(JOIN arg_UNPARSED_ARGUMENTS "|" folders)
  set(objects gibbon_${module}_once)
  get_target_property(sources gibbon_${module} SOURCES)
  set(once ${sources})
  list(FILTER once INCLUDE REGEX "/(${folders})(/|\\.cpp$)")
  list(FILTER sources EXCLUDE REGEX "/(${folders})(/|\\.cpp$)")
  add_library(${objects} OBJECT ${once})
  set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${objects} PRIVATE
    $<TARGET_PROPERTY:gibbon_${module},INCLUDE_DIRECTORIES>)
  target_compile_definitions(${objects} PRIVATE
    $<TARGET_PROPERTY:gibbon_${module},COMPILE_DEFINITIONS>)
  target_compile_options(${objects} PRIVATE $<TARGET_PROPERTY:gibbon_${module},COMPILE_OPTIONS>
    $<$<CONFIG:Release>:-O1>)
  target_link_libraries(${objects} PRIVATE gibbon_flags)
  target_precompile_headers(${objects} PRIVATE <algorithm> <string> <vector> <fmt/format.h>
    <nlohmann/json.hpp> ${arg_PRECOMPILED})
  set_target_properties(gibbon_${module} PROPERTIES SOURCES "${sources}")
  target_sources(gibbon_${module} PRIVATE $<TARGET_OBJECTS:${objects}>)
endfunction()

# gibbon_catalog(<module> <folder>): writes <folder>/entries.inc with one line GIBBON_ENTRY(stem) for
# every <folder>/<stem>.cpp, so that adding a file is all it takes to add an entry.
function(gibbon_catalog module folder)
  file(GLOB stems CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/${folder} ${folder}/*.cpp)
  list(FILTER stems EXCLUDE REGEX "_(test|bench)\\.cpp$")
  list(TRANSFORM stems REPLACE "^(.*)\\.cpp$" "GIBBON_ENTRY(\\1)\n")
  string(CONCAT entries ${stems})
  set(generated ${PROJECT_BINARY_DIR}/generated)
  file(CONFIGURE OUTPUT ${generated}/${folder}/entries.inc CONTENT "${entries}" @ONLY)
  target_include_directories(gibbon_${module} PRIVATE ${generated})
endfunction()

# gibbon_rooms(<module> <room>[:<room>,<room>]...): the folders of a module from the bottom to the top,
# each with those below it that it may use, and what these use. The test layering/<module>/<room> fails
# when a file there includes a header of any other; tests and benchmarks may look from the side.
function(gibbon_rooms module)
  if(NOT GIBBON_BUILD_TESTS)
    return()
  endif()
  set(rooms)
  foreach(rule IN LISTS ARGN)
    string(REGEX MATCH "^[a-z]+" room ${rule})
    string(REGEX REPLACE "^[a-z]+:?(.*)$" "\\1" below ${rule})
    string(REPLACE "," ";" below "${below}")
    set(reach_${room} ${room})
    foreach(lower IN LISTS below)
      if(NOT lower IN_LIST rooms)
        message(FATAL_ERROR "gibbon_rooms(${module}): ${room} is not above ${lower}")
      endif()
      list(APPEND reach_${room} ${reach_${lower}})
    endforeach()
    list(APPEND rooms ${room})
  endforeach()
  foreach(room IN LISTS rooms)
    set(forbidden ${rooms})
    list(REMOVE_ITEM forbidden ${reach_${room}})
    if(NOT forbidden)
      continue()
    endif()
    list(JOIN forbidden "|" forbidden)
    # grep: 0 = found one, 1 = none, 2 = could not look. Only 1 is a pass.
    add_test(NAME layering/${module}/${room} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} COMMAND sh -c
      "grep -rnE '#include \"${module}/(${forbidden})/' --include=*.[ch]pp --exclude=*_test.cpp --exclude=*_bench.cpp --exclude=*_fuzz.cpp ${module}/${room}; test $? -eq 1")
  endforeach()
endfunction()
