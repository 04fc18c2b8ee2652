#include "../../../harness/base/device.h"

#include <stdio.h>

#include "device.h"

void device_store(struct tree *node) {
    struct cuda_device d;
    char why[160], text[192];
    if (!cuda_device_query(&d, why, sizeof why)) {
        snprintf(text, sizeof text, "none: %s", why);
        tree_set_string(node, "cuda_device", text);
        return;
    }
    tree_set_string(node, "cuda_device", d.name);
    tree_set_string(node, "cuda_uuid", d.uuid);
    tree_set_i64(node, "cuda_driver_version", d.driver_version);
    tree_set_i64(node, "cuda_runtime_version", d.runtime_version);
    snprintf(text, sizeof text, "%d.%d", d.compute_major, d.compute_minor);
    tree_set_string(node, "cuda_compute", text);
    tree_set_i64(node, "cuda_sm_count", d.sm_count);
    tree_set_i64(node, "cuda_clock_khz", d.clock_khz);
    tree_set_i64(node, "cuda_memory_bytes", (int64_t)d.memory_bytes);
    tree_set_i64(node, "cuda_l2_bytes", (int64_t)d.l2_bytes);
    tree_set_f64(node, "cuda_bandwidth_bytes_per_s", d.bandwidth_bytes_per_s);
}
