#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The test package/deb: makes the package of a build tree and installs, runs and removes it in a
# folder of its own; the machine's packages are left alone. deb.sh BUILD CPACK
set -euo pipefail
build=$1 cpack=$2
source=$(realpath "$(dirname "$0")/../..")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root=$scratch/root
PATH=$PATH:/usr/sbin:/sbin # dpkg wants ldconfig on it

fail() {
  echo "package/deb: $*" >&2
  exit 1
}

"$cpack" --config "$build/CPackConfig.cmake" -G DEB -B "$scratch/out" >"$scratch/log" 2>&1 ||
  fail "$(cat "$scratch/log")"
deb=$(echo "$scratch"/out/gibbon_*.deb)

# Every dependency is a package that is here, for the program was built and tested with it.
depends=$(dpkg-deb --field "$deb" Depends)
echo "Depends: $depends"
for wanted in libc6 coinor-libclp1 libcurl4 gnuplot-nox fonts-dejavu-core; do
  [[ $depends == *$wanted* ]] || fail "$wanted is not among them"
done
# Whoever does not need pictures or TorchScript does not get hundreds of megabytes.
[[ $depends != *opencv* && $depends != *torch* ]] || fail "it needs OpenCV or LibTorch"
[[ $(dpkg-deb --field "$deb" Recommends) == *libopencv-imgcodecs* ]] || fail "OpenCV is not recommended"
[[ ! -e $build/gibbon_torch.so || $(dpkg-deb --field "$deb" Suggests) == *libtorch* ]] ||
  fail "LibTorch is not suggested"
while read -r package; do
  dpkg-query -W "$package" >/dev/null || fail "it depends on $package, which is not installed"
done < <(tr ',' '\n' <<<"$depends" | sed 's/^ *//; s/[ |(].*//')
[ "$(dpkg-deb --ctrl-tarfile "$deb" | tar -t | grep -cE 'inst$|rm$' || true)" -eq 0 ] ||
  fail "it has maintainer scripts"

mkdir -p "$root"/var/lib/dpkg/{info,updates}
touch "$root"/var/lib/dpkg/{status,available}
in_root() { dpkg --root="$root" --log="$scratch/dpkg.log" --force-depends --force-not-root "$@" 2>&1; }
in_root --install "$deb" >"$scratch/log" || fail "$(cat "$scratch/log")"

cmp "$source/LICENSE" "$root/usr/share/doc/gibbon/copyright"
LC_ALL=C.UTF-8 man --warnings -l "$root/usr/share/man/man1/gibbon.1.gz" 2>"$scratch/warnings" |
  grep -q certify || fail "no manual page"
[ ! -s "$scratch/warnings" ] || fail "$(cat "$scratch/warnings")"
bash -c "source '$root/usr/share/bash-completion/completions/gibbon' && complete -p gibbon"
[ -s "$root/usr/share/zsh/vendor-completions/_gibbon" ] || fail "no completion for zsh"
[ -s "$root/usr/share/fish/vendor_completions.d/gibbon.fish" ] || fail "no completion for fish"

cd "$scratch"
gibbon=$root/usr/bin/gibbon
"$gibbon" --version
"$gibbon" list attacks | grep -q '^  fgsm ' || fail "no attacks"
"$gibbon" train --data moons --arch 2-16-2 --epochs 50 -o m.onnx --quiet
"$gibbon" sweep --model m.onnx --data moons --samples 0:20 --attack fgsm --epsilons 0,0.1 -o run --quiet
[ -s run/curve.svg ] || fail "no curve"
if compgen -G "$root/usr/lib/*/gibbon/gibbon_torch.so" >/dev/null; then
  "$gibbon" crosscheck --model m.onnx --data moons --samples 0:20 >/dev/null
fi

in_root --purge gibbon >"$scratch/log" || fail "$(cat "$scratch/log")"
[ ! -e "$root/usr" ] || fail "left behind: $(find "$root/usr")"
echo "package/deb: installed, run and removed $(basename "$deb")"
