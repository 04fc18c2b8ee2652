#include "device.h"

#include <pthread.h>
#include <stdio.h>

#if ATTEST_CUDA

#include "runtime.h"

bool cuda_device_query(struct cuda_device *out, char *why, size_t why_size) {
    return cuda_runtime_query(out, why, why_size);
}

enum status cuda_flush_l2(void) {
    struct cuda_device device;
    char why[160];
    /* Twice its size: the cache need not replace its lines in the order of their age. */
    if (!cuda_runtime_query(&device, why, sizeof why) ||
        !cuda_runtime_overwrite(2 * device.l2_bytes, why, sizeof why))
        return status_set(ST_SYSTEM, "cuda: flush of the L2 cache: %s", why);
    return ST_OK;
}

#else

static const char without_nvcc[] = "built without nvcc";

bool cuda_device_query(struct cuda_device *out, char *why, size_t why_size) {
    *out = (struct cuda_device){0};
    snprintf(why, why_size, "%s", without_nvcc);
    return false;
}

enum status cuda_flush_l2(void) {
    return status_set(ST_SYSTEM, "cuda: flush of the L2 cache: %s", without_nvcc);
}

#endif

static pthread_once_t asked = PTHREAD_ONCE_INIT;
static char reason[160];
static bool usable;

static void ask(void) {
    struct cuda_device device;
    usable = cuda_device_query(&device, reason, sizeof reason);
}

const char *cuda_unavailable(void) {
    (void)pthread_once(&asked, ask);
    return usable ? NULL : reason;
}
