/* Exact squared-L2 k-NN on a CUDA device: the device side of kernel l2_scan/cuda_f32.
 *
 * Plain C types only, so that neither side needs the other's headers.  Every function has finished
 * its device work when it returns.
 */
#ifndef ATTEST_SUITES_KERNELS_CUDA_L2_SCAN_CUDA_F32_H
#define ATTEST_SUITES_KERNELS_CUDA_L2_SCAN_CUDA_F32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct l2_cuda;

/* Copies rows (n,d) row-major f32 to device 0.  false: `why` says which call failed and its reason.
 */
bool l2_cuda_build(const float *rows, int64_t n, int32_t d, struct l2_cuda **index, char *why,
                   size_t why_size);

/* The k nearest rows of queries (nq,d): ids (nq,k), dist (nq,k), ascending by (distance, id).
 * Needs 1 <= k <= min(n, TOPK_MAX), nq >= 1.  *seconds: device time of the search by CUDA events,
 * with the queries already on the device and the answers still there.  Re-entrant. */
bool l2_cuda_search(const struct l2_cuda *index, const float *queries, int64_t nq, int32_t k,
                    int32_t *ids, float *dist, double *seconds, char *why, size_t why_size);

/* NULL is allowed. */
void l2_cuda_destroy(struct l2_cuda *index);

/* Rows and dimensions of an index. */
int64_t l2_cuda_rows(const struct l2_cuda *index);
int32_t l2_cuda_dimensions(const struct l2_cuda *index);

#ifdef __cplusplus
}
#endif

#endif
