/* Accelerators as the harness sees them: facts for the record. What a backend's device is, is known
 * where its kernels are (suites/kernels/cuda); this is the interface that they fill. */
#ifndef ATTEST_HARNESS_DEVICE_H
#define ATTEST_HARNESS_DEVICE_H

#include "../record/tree.h"

/* Writes name, memory, clocks, driver ... of each device as attributes named cuda_*; where there is
 * none, cuda_device = "none: REASON". */
void device_store(struct tree *node);

#endif
