# install + find_package(gibbon): static libraries gibbon::datasets … gibbon::eval and their headers.
include(CMakePackageConfigHelpers)

list(TRANSFORM GIBBON_MODULES PREPEND gibbon_ OUTPUT_VARIABLE libraries)
install(TARGETS ${libraries} EXPORT gibbon ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS gibbon RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
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
