/* The CUDA device, for kernels and for the environment of a record; no CUDA header is needed. */
#ifndef ATTEST_SUITES_KERNELS_CUDA_DEVICE_H
#define ATTEST_SUITES_KERNELS_CUDA_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "../../../harness/base/status.h"

/* Device 0, the one that kernels run on; CUDA_VISIBLE_DEVICES chooses which card that is. */
struct cuda_device {
    char name[128];
    char uuid[48]; /* "GPU-" and 8-4-4-4-12 hex digits, as nvidia-smi prints */
    int driver_version, runtime_version; /* 1000 * major + 10 * minor */
    int compute_major, compute_minor;
    int sm_count;  /* multiprocessors */
    int clock_khz; /* highest multiprocessor clock; 0: not told */
    size_t memory_bytes, l2_bytes;
    double
        bandwidth_bytes_per_s; /* of the memory, theoretical: bus width times clock; 0: not told */
};

/* Fills *out; false: `why` says in words why there is no usable device. */
bool cuda_device_query(struct cuda_device *out, char *why, size_t why_size);

/* NULL if CUDA kernels can run here, else the reason: "built without nvcc", "no CUDA device: ...".
 * Asked once; the answer stays. */
const char *cuda_unavailable(void);

/* Overwrites more device memory than the second-level cache holds, so that the next kernel starts
 * cold.  ST_SYSTEM when the device refuses. */
enum status cuda_flush_l2(void);

#endif
