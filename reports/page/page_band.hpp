// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

#include "reports/record/certificates.hpp"

namespace gibbon::reports::page {

/// The band as one of the page's series (page_data.hpp), of kind "certified".
[[nodiscard]] nlohmann::ordered_json band_json(const record::Certificates& certificates);

}  // namespace gibbon::reports::page
