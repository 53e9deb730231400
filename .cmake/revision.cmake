# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.25)
# Writes OUTPUT with the version and git revision, touching it only when they change.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12
  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(revision unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#pragma once
namespace gibbon {
inline constexpr const char* kVersion = \"@VERSION@\";
inline constexpr const char* kRevision = \"@revision@\";
}  // namespace gibbon
" @ONLY)
