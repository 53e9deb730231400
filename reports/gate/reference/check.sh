#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# gibbon's own gate: attacks a committed model on generated data with plain kernels, whose bits are the
# same on every machine, and compares with the committed baseline. An attack that does less than
# before, on this model or on the reference network, fails. With --renew the baseline is written anew.
# Usage: check.sh GIBBON FOLDER [--renew]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
gibbon=$1
folder=$2
export GIBBON_KERNELS=reference
"$gibbon" sweep --model "$here/moons.onnx" --data moons --attack fgsm --attack pgd --attack apgd-ce \
  --attack fmn --attack square --attack noise-sign --norm linf --norm l2 --epsilons 0:0.2:0.05 \
  --gallery 0 --quiet --force -o "$folder" >/dev/null
if [ "${3:-}" = --renew ]; then
  "$gibbon" baseline "$folder" -o "$here/baseline.json" --force
else
  "$gibbon" check "$folder" --baseline "$here/baseline.json" --strict --junit "$folder/junit.xml"
fi
