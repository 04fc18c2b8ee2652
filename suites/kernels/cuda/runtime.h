/* What device.c asks of the CUDA runtime (device.cu); plain C types only. */
#ifndef ATTEST_SUITES_KERNELS_CUDA_RUNTIME_H
#define ATTEST_SUITES_KERNELS_CUDA_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cuda_device;

/* cuda_device_query() of device.h. */
bool cuda_runtime_query(struct cuda_device *out, char *why, size_t why_size);

/* Overwrites `bytes` of device memory; false: `why` says which call failed and its reason. */
bool cuda_runtime_overwrite(size_t bytes, char *why, size_t why_size);

#ifdef __cplusplus
}
#endif

#endif
