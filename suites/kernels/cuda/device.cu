#include "runtime.h"

#include <cuda_runtime.h>

#include <cstdio>

extern "C" {
#include "device.h"
}

namespace {

/* Machine code is built for 8.0 and 9.0, and 9.0 also in the form that later devices compile. */
const int OLDEST_MAJOR = 8;

bool done(cudaError_t error, const char *what, char *why, size_t why_size) {
    if (error == cudaSuccess)
        return true;
    snprintf(why, why_size, "%s: %s", what, cudaGetErrorString(error));
    return false;
}

/* Value of an attribute of device 0; 0 if it is not told. */
int attribute(cudaDeviceAttr which) {
    int value = 0;
    if (cudaDeviceGetAttribute(&value, which, 0) == cudaSuccess)
        return value;
    (void)cudaGetLastError(); /* else the next launch would report it */
    return 0;
}

void format_uuid(const cudaUUID_t &id, char *out, size_t size) {
    const auto byte = [&id](int i) { return (unsigned)(unsigned char)id.bytes[i]; };
    snprintf(out, size, "GPU-%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             byte(0), byte(1), byte(2), byte(3), byte(4), byte(5), byte(6), byte(7), byte(8),
             byte(9), byte(10), byte(11), byte(12), byte(13), byte(14), byte(15));
}

} /* namespace */

bool cuda_runtime_query(cuda_device *out, char *why, size_t why_size) {
    int count = 0;
    cudaDeviceProp properties;
    *out = cuda_device();
    if (!done(cudaGetDeviceCount(&count), "no CUDA device", why, why_size))
        return false;
    if (count < 1) {
        snprintf(why, why_size, "no CUDA device: none is visible");
        return false;
    }
    if (!done(cudaGetDeviceProperties(&properties, 0), "cudaGetDeviceProperties", why, why_size) ||
        !done(cudaDriverGetVersion(&out->driver_version), "cudaDriverGetVersion", why, why_size) ||
        !done(cudaRuntimeGetVersion(&out->runtime_version), "cudaRuntimeGetVersion", why, why_size))
        return false;
    snprintf(out->name, sizeof out->name, "%.127s", properties.name);
    format_uuid(properties.uuid, out->uuid, sizeof out->uuid);
    out->compute_major = properties.major;
    out->compute_minor = properties.minor;
    out->sm_count = properties.multiProcessorCount;
    out->memory_bytes = properties.totalGlobalMem;
    out->l2_bytes = (size_t)properties.l2CacheSize;
    out->clock_khz = attribute(cudaDevAttrClockRate);
    /* The clock in kHz, two transfers a tick, the bus width in bits. */
    out->bandwidth_bytes_per_s = 2e3 * attribute(cudaDevAttrMemoryClockRate) *
                                 (attribute(cudaDevAttrGlobalMemoryBusWidth) / 8.0);
    if (properties.major < OLDEST_MAJOR) {
        snprintf(why, why_size,
                 "no usable CUDA device: %s has compute capability %d.%d, needed is %d.0",
                 out->name, properties.major, properties.minor, OLDEST_MAJOR);
        return false;
    }
    return true;
}

bool cuda_runtime_overwrite(size_t bytes, char *why, size_t why_size) {
    void *buffer = nullptr;
    if (!done(cudaMalloc(&buffer, bytes), "cudaMalloc", why, why_size))
        return false;
    const bool filled = done(cudaMemset(buffer, 0x5a, bytes), "cudaMemset", why, why_size) &&
                        done(cudaDeviceSynchronize(), "cudaDeviceSynchronize", why, why_size);
    cudaFree(buffer);
    return filled;
}
