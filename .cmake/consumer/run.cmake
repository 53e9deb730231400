# SPDX-License-Identifier: MIT
# Installs the build tree BINARY into a scratch prefix, builds this folder and the examples against
# it, as a stranger would, and runs them.
set(scratch ${BINARY}/consumer)
file(REMOVE_RECURSE ${scratch})
set(gibbon ${scratch}/prefix/bin/gibbon)
set(find -DCMAKE_PREFIX_PATH=${scratch}/prefix -DCMAKE_CXX_FLAGS=${FLAGS})

# step(<expected words in the output> <command...>)
function(step expected)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${scratch}
    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE failed)
  if(failed OR NOT output MATCHES "${expected}")
    message(FATAL_ERROR "${ARGN}: ${failed}, expected '${expected}':\n${output}")
  endif()
endfunction()

file(MAKE_DIRECTORY ${scratch})
step("" ${CMAKE_COMMAND} --install ${BINARY} --prefix ${scratch}/prefix)
step("" ${CMAKE_COMMAND} -S ${SOURCE}/.cmake/consumer -B consumer ${find})
step("" ${CMAKE_COMMAND} --build consumer)
step("attacks; moved by 0\\.1" consumer/consumer)
step("" ${CMAKE_COMMAND} -S ${SOURCE}/examples -B examples ${find})
step("" ${CMAKE_COMMAND} --build examples)
step("epsilon 0.4: 1 of 5 robust" examples/own_model)
step("" ${gibbon} train --data moons --arch 2-16-2 --epochs 50 -o m.onnx --quiet)
step("" ${gibbon} sweep --model m.onnx --data moons --samples 0:50 --attack fgsm
  --epsilons 0,0.1 -o run --quiet)
step("fgsm +linf +0\\.1 .*100 records; model .*m\\.onnx" examples/read_run run)
step("two-step +linf +ε = 0\\.2 .*fgsm +linf" examples/custom_attack/custom_attack m.onnx moons)
