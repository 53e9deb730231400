#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The test examples/fetch_networks: right and wrong hashes, by file:// and without a network.
set -euo pipefail
script=$(realpath "$(dirname "$0")/fetch_networks.sh")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir origin
echo plain >origin/plain.onnx
echo packed | gzip -1 >origin/packed.onnx.gz
echo property >origin/property.vnnlib
hash() { echo "$1" | sha256sum | cut -d ' ' -f 1; }

fail() {
  echo "examples/fetch_networks: $*" >&2
  exit 1
}

{
  echo '# a comment'
  echo "$(hash plain) a/plain.onnx file://$scratch/origin/plain.onnx"
  echo "$(hash packed) a/packed.onnx.gz file://$scratch/origin/packed.onnx.gz"
  echo "$(hash property) b/property.vnnlib.gz file://$scratch/origin/property.vnnlib"
} >list
"$script" out list >log
[ "$(grep -c ^fetched log)" -eq 3 ] || fail "not all were fetched: $(cat log)"
[ "$(cat out/a/plain.onnx)" = plain ] || fail "plain"
[ "$(gzip -dc out/a/packed.onnx.gz)" = packed ] || fail "packed"
[ "$(gzip -dc out/b/property.vnnlib.gz)" = property ] || fail "property"

# A file that is there is not fetched again, one that was damaged is.
echo damaged >out/a/plain.onnx
"$script" out list >log
[ "$(grep -c ^there log)" -eq 2 ] || fail "fetched again: $(cat log)"
[ "$(cat out/a/plain.onnx)" = plain ] || fail "the damaged file was kept"

# Other content, no gzip file, nothing there: each is named, none is kept, the others are fetched.
echo 'no gzip' >origin/broken.onnx.gz
{
  echo "$(hash other) c/changed.onnx file://$scratch/origin/plain.onnx"
  echo "$(hash packed) c/broken.onnx.gz file://$scratch/origin/broken.onnx.gz"
  echo "$(hash plain) c/missing.onnx file://$scratch/origin/missing.onnx"
  echo "$(hash plain) c/plain.onnx file://$scratch/origin/plain.onnx"
} >list
status=0
"$script" out list >log 2>errors || status=$?
[ "$status" -eq 1 ] || fail "exit code $status"
[ "$(find out/c -type f -printf '%f\n')" = plain.onnx ] || fail "kept: $(find out/c -type f)"
for name in changed broken missing; do
  grep -q "c/$name.onnx" errors || fail "$name is not named: $(cat errors)"
done
grep -q '^3 files' errors || fail "$(cat errors)"

# The real list: hashes, files below the folder, https.
grep -v '^#' "$(dirname "$script")/networks.txt" |
  grep -vE '^[0-9a-f]{64} [a-z][^ ]* https://[^ ]+$' | grep -v '\.\./' && fail "bad lines"
echo "examples/fetch_networks: passed"
