#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds gibbon, trains the course's digit network, attacks it and says where
# the report is. MNIST when it is at hand or can be fetched, else the digits of a Debian package.
set -euo pipefail
cd "$(dirname "$0")"
.ci/install build

echo "== building build/release/gibbon"
# Without what only tests need; ./test.sh adds it.
cmake --preset release -D GIBBON_BUILD_TESTS=OFF -D GIBBON_BUILD_BENCHMARKS=OFF -D GIBBON_WITH_TORCH=OFF >/dev/null
cmake --build --preset release --target gibbon
gibbon=build/release/gibbon

data=mnist
if ! $gibbon data show mnist --split train >/dev/null 2>&1 &&
   { echo "== fetching MNIST"; ! $gibbon data fetch mnist; }; then
  echo "== MNIST was not found and could not be downloaded; using OpenCV's digits from Debian's package opencv-doc"
  $gibbon data show digits >/dev/null 2>&1 || $gibbon data fetch digits
  data=digits
fi

echo "== training and attacking 784-16-16-10 on $data: gibbon run demo.toml"
$gibbon run demo.toml --data $data --force
echo "== done; open runs/demo/report.html"
