// SPDX-License-Identifier: MIT
#pragma once

/// Put before a function of a file that is compiled with -ffp-contract=fast: a product and its sum
/// become one fused operation where the machine has one, twice the speed of the plain loops. A
/// machine without it gives other last bits.
#ifdef __SANITIZE_THREAD__
#define GIBBON_FUSED
#else
#define GIBBON_FUSED [[gnu::target_clones("avx512f", "fma", "default")]]
#endif
