/* hnswlib's own distance functions, 1 - <a, b>, compiled for one instruction set each; the rest of
 * the library has no use for one. */
#ifndef ATTEST_SUITES_KERNELS_CPU_GRAPH_HNSWLIB_DISTANCE_H
#define ATTEST_SUITES_KERNELS_CPU_GRAPH_HNSWLIB_DISTANCE_H

#include <cstddef>

/* Distance of two vectors of *d dimensions, a size_t. */
typedef float graph_hnswlib_distance(const void *a, const void *b, const void *d);

/* The one that hnswlib chooses for d dimensions. */
graph_hnswlib_distance *graph_hnswlib_distance_avx2(std::size_t d);
graph_hnswlib_distance *graph_hnswlib_distance_avx512(std::size_t d);

#endif
