# SPDX-License-Identifier: MIT
# cpack -G DEB: the package `gibbon`, from the component `program`.
set(CPACK_PACKAGE_NAME gibbon)
set(CPACK_PACKAGE_VENDOR "the gibbon authors")
set(CPACK_PACKAGE_CONTACT "the gibbon authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "adversarial robustness testbench for neural networks")
set(CPACK_COMPONENTS_ALL program)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_NAME gibbon)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME gibbon)
configure_file(${CMAKE_CURRENT_LIST_DIR}/package/depends.cmake.in ${PROJECT_BINARY_DIR}/depends.cmake @ONLY)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_BINARY_DIR}/depends.cmake)
include(CPack)

if(GIBBON_BUILD_TESTS)
  add_test(NAME package/deb COMMAND ${PROJECT_SOURCE_DIR}/.cmake/package/deb.sh
    ${PROJECT_BINARY_DIR} ${CMAKE_CPACK_COMMAND})
  set_tests_properties(package/deb PROPERTIES TIMEOUT 120)
endif()
