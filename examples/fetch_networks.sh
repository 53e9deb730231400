#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fetches the published networks and properties that tests compare with and checks every file by its
# SHA-256: fetch_networks.sh FOLDER [LIST, networks.txt]. Then GIBBON_ORACLES=FOLDER lets these run:
#   gibbon_models_test --gtest_filter=Import.BenchmarkNetworksGiveNumPysLogits
#   gibbon_eval_test --gtest_filter=Vnnlib.EveryBenchmarkPropertyIsReadAsItsNameSays
# What other tests look for there stays out: certify/ is published as PyTorch weights only, of conv/,
# mlp/ and panda/ no origin is recorded, and the tables of verdicts were put together by hand.
set -euo pipefail
folder=${1:?usage: fetch_networks.sh FOLDER [LIST]}
list=${2:-$(dirname "$0")/networks.txt}

# The hash of a file's content, uncompressed: archives of the same content differ.
content_hash() {
  if [[ $1 == *.gz ]]; then gzip -dc "$1"; else cat "$1"; fi | sha256sum | cut -d ' ' -f 1
}

failures=0
while read -r hash file url; do
  [[ $hash == '#'* || -z $hash ]] && continue
  target=$folder/$file
  if [ -e "$target" ] && [ "$(content_hash "$target")" = "$hash" ]; then
    echo "there    $file"
    continue
  fi
  mkdir -p "$(dirname "$target")"
  part=$(dirname "$target")/.part-$(basename "$target")
  if ! curl --fail --silent --show-error --location --retry 3 --output "$part" "$url"; then
    echo "missing  $file: $url" >&2
    failures=$((failures + 1))
    rm -f "$part"
    continue
  fi
  # Kept compressed here, published as it is.
  if [[ $file == *.gz && $url != *.gz ]]; then
    gzip -9nc "$part" >"$part.gz"
    mv "$part.gz" "$part"
  fi
  # .part-*.gz keeps its ending, so that its content is hashed.
  if ! found=$(content_hash "$part") || [ "$found" != "$hash" ]; then
    echo "changed  $file: SHA-256 ${found:-unknown}, expected $hash" >&2
    failures=$((failures + 1))
    rm -f "$part"
    continue
  fi
  mv "$part" "$target"
  echo "fetched  $file"
done <"$list"
if [ "$failures" -gt 0 ]; then
  echo "$failures files could not be fetched as they were published" >&2
  exit 1
fi
