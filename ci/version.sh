#!/bin/sh
# Prints the facts of this build as C macros: the commit and whether the tree differs from it.
# Outside a git checkout (a tarball) the commit is "unknown".
commit=unknown dirty=0
# A tarball unpacked inside another project's checkout must not take that project's commit.
if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
    commit=$(git rev-parse HEAD 2>/dev/null) || commit=unknown
    [ -z "$(git status --porcelain --untracked-files=normal 2>/dev/null)" ] || dirty=1
fi
printf '#define ATTEST_COMMIT "%s"\n#define ATTEST_DIRTY %d\n' "$commit" "$dirty"
