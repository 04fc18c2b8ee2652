/* hnswlib with internal linkage.  Its header defines plain functions, and picks instructions by the
 * flags that it is compiled with; so every file that includes it has a copy of its own, and the
 * standard headers come before, in the open. */
#ifndef ATTEST_SUITES_KERNELS_CPU_GRAPH_HNSWLIB_INNER_H
#define ATTEST_SUITES_KERNELS_CPU_GRAPH_HNSWLIB_INNER_H

#include <assert.h>
#include <cpuid.h>
#include <immintrin.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <deque>
#include <fstream>
#include <iostream>
#include <list>
#include <mutex>
#include <queue>
#include <random>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace { // NOLINT(cert-dcl59-cpp): a copy for each file is what is wanted
#include <hnswlib/hnswlib.h>
}

#endif
