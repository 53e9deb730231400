# SPDX-License-Identifier: MIT
cmake_minimum_required(VERSION 3.25)
# Writes OUTPUT, a C++ file that defines gibbon::embedded::SYMBOL with the bytes of INPUT.
file(READ ${INPUT} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"generated/embedded.hpp\"
namespace gibbon::embedded {
namespace {
constexpr unsigned char kBytes[] = {
${bytes}};
}
const std::string_view ${SYMBOL}(reinterpret_cast<const char*>(kBytes), ${size});
}  // namespace gibbon::embedded
")
