#!/bin/sh
# Cross-compiles the kernels for AArch64 and runs their test under qemu-user: NEON against the portable
# level there, and the portable level there against the one here, by the digest that the test prints.
# usage: neon.sh SOURCE-ROOT NATIVE-TEST
root=$1
native=$2
cc=aarch64-linux-gnu-gcc
qemu=
for name in qemu-aarch64 qemu-aarch64-static; do
    command -v $name >/dev/null 2>&1 && qemu=$name
done
if ! command -v $cc >/dev/null 2>&1 || [ -z "$qemu" ]; then
    echo "needs $cc and qemu-aarch64 (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)"
    exit 77
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0
failed=0
# The test itself without optimisation: GCC 12's vectoriser crashes on it.
flags="-std=gnu11 -D_GNU_SOURCE -ffp-contract=off -I$root"
if $cc $flags -c -o "$dir/main.o" "$root/tests/vector/vecext_kernels.c" &&
    $cc $flags -O3 -static -o "$dir/test" "$dir/main.o" "$root/vecext/vec_kernel.c" \
        "$root/vecext/vec_kernel_scalar.c" "$root/vecext/vec_kernel_neon.c" -lpthread -lm &&
    "$qemu" "$dir/test" >"$dir/there" && grep -q '^level neon$' "$dir/there"; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
"$native" >"$dir/here"
if [ "$(grep '^digest' "$dir/here")" = "$(grep '^digest' "$dir/there")" ]; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    grep '^digest' "$dir/here" "$dir/there"
fi
cat "$dir/there" | sed 's/^/aarch64: /' | grep -v 'passed,'
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
