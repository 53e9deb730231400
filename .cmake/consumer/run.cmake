# Installs the build tree BINARY into a scratch prefix and builds and runs this folder against it.
set(scratch ${BINARY}/consumer)
file(REMOVE_RECURSE ${scratch})
foreach(step IN ITEMS
    "${CMAKE_COMMAND};--install;${BINARY};--prefix;${scratch}/prefix"
    "${CMAKE_COMMAND};-S;${SOURCE}/.cmake/consumer;-B;${scratch}/build;-DCMAKE_PREFIX_PATH=${scratch}/prefix;-DCMAKE_CXX_FLAGS=${FLAGS}"
    "${CMAKE_COMMAND};--build;${scratch}/build"
    "${scratch}/build/consumer")
  execute_process(COMMAND ${step} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${step} failed:\n${output}")
  endif()
endforeach()
message("${output}")
