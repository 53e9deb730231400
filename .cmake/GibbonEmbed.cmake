# SPDX-License-Identifier: MIT
# gibbon_embed(<target> <files...>): each file becomes bytes inside the target. "generated/embedded.hpp"
# declares them in gibbon::embedded under their file names, with "_" for what C++ does not take.
function(gibbon_embed target)
  set(header ${PROJECT_BINARY_DIR}/generated/generated/embedded.hpp)
  set(declarations "")
  foreach(file IN LISTS ARGN)
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER ${name} symbol)
    string(APPEND declarations "extern const std::string_view ${symbol};\n")
    set(source ${PROJECT_BINARY_DIR}/generated/embedded_${symbol}.cpp)
    add_custom_command(OUTPUT ${source} DEPENDS ${file} ${PROJECT_SOURCE_DIR}/.cmake/embed.cmake
      COMMAND ${CMAKE_COMMAND} -D INPUT=${file} -D SYMBOL=${symbol} -D OUTPUT=${source}
      -P ${PROJECT_SOURCE_DIR}/.cmake/embed.cmake COMMENT "Embedding ${name}")
    target_sources(${target} PRIVATE ${source})
  endforeach()
  file(CONFIGURE OUTPUT ${header} CONTENT "#pragma once
#include <string_view>
namespace gibbon::embedded {
${declarations}}  // namespace gibbon::embedded
" @ONLY)
  target_include_directories(${target} PRIVATE ${PROJECT_BINARY_DIR}/generated)
endfunction()
