#pragma once

#include <nlohmann/json.hpp>

#include "reports/certificates.hpp"

namespace gibbon::reports {

/// The band as one of the page's series (page_data.hpp), of kind "certified".
[[nodiscard]] nlohmann::ordered_json band_json(const Certificates& certificates);

}  // namespace gibbon::reports
