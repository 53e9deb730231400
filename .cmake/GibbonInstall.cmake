# SPDX-License-Identifier: MIT
# install + find_package(gibbon): static libraries gibbon::datasets … gibbon::eval and their headers,
# and the component `program`: what whoever runs gibbon needs.
include(CMakePackageConfigHelpers)

list(TRANSFORM GIBBON_MODULES PREPEND gibbon_ OUTPUT_VARIABLE libraries)
install(TARGETS ${libraries} EXPORT gibbon ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS gibbon RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program RENAME copyright)

# The program writes its manual pages and completions itself, from its list of options.
set(documents ${PROJECT_BINARY_DIR}/documents)
add_custom_command(TARGET gibbon POST_BUILD
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${documents}
  COMMAND gibbon manual --output ${documents}/man
  COMMAND sh -c "gzip -9n ${documents}/man/*"
  COMMAND gibbon completion bash > ${documents}/gibbon
  COMMAND gibbon completion zsh > ${documents}/_gibbon
  COMMAND gibbon completion fish > ${documents}/gibbon.fish)
install(DIRECTORY ${documents}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${documents}/gibbon COMPONENT program
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${documents}/_gibbon COMPONENT program
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${documents}/gibbon.fish COMPONENT program
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(DIRECTORY ${GIBBON_MODULES} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/gibbon
  FILES_MATCHING PATTERN "*.hpp")
install(EXPORT gibbon NAMESPACE gibbon:: FILE gibbonTargets.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gibbon)
configure_package_config_file(${PROJECT_SOURCE_DIR}/.cmake/gibbonConfig.cmake.in
  ${PROJECT_BINARY_DIR}/gibbonConfig.cmake INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gibbon)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gibbonConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/gibbonConfig.cmake ${PROJECT_BINARY_DIR}/gibbonConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gibbon)

if(GIBBON_BUILD_TESTS)
  # A stranger's project: install into a scratch prefix, find_package(gibbon), build and run.
  add_test(NAME package/consumer COMMAND ${CMAKE_COMMAND}
    -D SOURCE=${PROJECT_SOURCE_DIR} -D BINARY=${PROJECT_BINARY_DIR} -D FLAGS=${CMAKE_CXX_FLAGS}
    -P ${PROJECT_SOURCE_DIR}/.cmake/consumer/run.cmake)
endif()
