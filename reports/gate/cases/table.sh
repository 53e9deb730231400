#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints the table "Examples" of reports/gate/README.md: real runs on MNIST, about a minute.
# Usage: table.sh GIBBON DATA_FOLDER, the folder with mnist/.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
gibbon=$(realpath "$1")
data=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export GIBBON_DATA=$data

sweep() { # MODEL RUN SAMPLES ATTACK EPSILONS
  "$gibbon" sweep --model "$1" --data mnist --samples "$3" --attack "$4" --norm linf --epsilons "$5" \
    --gallery 0 --quiet -o "$2" >/dev/null
}

row() { # CASE RUN BASELINE
  local code=0
  "$gibbon" check "$2" --baseline "$3" --json out.json >out.txt 2>err.txt || code=$?
  /usr/bin/python3 - "$1" "$code" <<'P'
import collections, json, re, sys
case, code = sys.argv[1:]
if code == "2":
    said = open("err.txt").read().strip().split("gibbon: ")[1].split("; all of these")[0]
    said = re.sub(r"([0-9a-f]{8})[0-9a-f]{56}", r"\1…", said)
else:
    result = json.load(open("out.json"))
    count = collections.Counter(p["verdict"] for p in result["points"])
    said = ", ".join(f"{count[v]} {v}" for v in ("worse", "better", "unchanged", "cannot tell") if count[v])
    weaker = sum(s["verdict"] == "weaker" for s in result["strength"])
    if weaker:
        said += f"; weaker on the reference network in {weaker} of {len(result['strength'])} comparisons"
    open_points = [p for p in result["points"] if p["needed_n"]]
    if open_points:
        most = max(open_points, key=lambda p: abs(p["change"]))
        said += (f"; e.g. {most['point']}: {100 * most['change']:+.2f} points, about "
                 f"{most['needed_n']:,} samples would tell")
    said += f"; **{result['verdict'].split(':')[0]}**"
print(f"| {case} | {code} | {said} |")
P
}

curve=0:0.06:0.005
"$gibbon" train --data mnist --arch 784-16-16-10 --epochs 10 --seed 1 --quiet -o base.onnx >/dev/null
/usr/bin/python3 "$here/noisy.py" base.onnx noise.onnx 0.01
/usr/bin/python3 "$here/noisy.py" base.onnx drop.onnx 0.05
sweep base.onnx base all pgd $curve
sweep base.onnx again all pgd $curve
sweep noise.onnx noise all pgd $curve
sweep drop.onnx drop all pgd $curve
sweep base.onnx base1000 0:1000 pgd $curve
sweep drop.onnx drop1000 0:1000 pgd $curve
"$gibbon" baseline base >/dev/null -o base.json
"$gibbon" baseline base1000 -o base1000.json >/dev/null

# The attack keeps its name, but its steps are too short to change a pixel: a random start is left.
sweep base.onnx lame all pgd:step=1e-12 $curve
sed -i '/"checksum"/d; s/pgd:step=1e-12/pgd/' lame/run.json
cp -r lame lame_other
sed -i '/"model": {/,/}/ s/"sha256": "[0-9a-f]*"/"sha256": "another"/' lame_other/run.json

# The first two test images change places; the labels stay.
mkdir -p swapped/mnist
cp -L --no-preserve=mode "$data"/mnist/* swapped/mnist
/usr/bin/python3 - swapped/mnist/t10k-images-idx3-ubyte* <<'P'
import gzip, sys
path = sys.argv[1]
open_file = gzip.open if path.endswith(".gz") else open
images = open_file(path).read()
first, second = images[16:800], images[800:1584]
open_file(path, "wb").write(images[:16] + second + first + images[1584:])
P
GIBBON_DATA=$scratch/swapped sweep base.onnx swapped_run all pgd $curve
sweep base.onnx other_list all pgd 0:0.05:0.005

echo "| case | exit code | what the gate says of the 13 points |"
echo "|---|---:|---|"
row "the same run again" again base.json
row "another model that differs by noise, at most 0.3 points at a point" noise base.json
row "a real drop of about 1 point, n = 10,000" drop base.json
row "the same drop, n = 1,000" drop1000 base1000.json
row "PGD made weaker (steps of length 0), same model" lame base.json
row "PGD made weaker, the model being another file" lame_other base.json
row "two test images swapped" swapped_run base.json
row "another ε list" other_list base.json
