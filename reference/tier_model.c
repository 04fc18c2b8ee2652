#include "tier_model.h"

enum { REQUESTS = 100 };

double ref_mix_mean(const int32_t *percent, const double *value, int32_t tiers) {
    double sum = 0;
    for (int32_t tier = 0; tier < tiers; tier++) {
        for (int32_t request = 0; request < percent[tier]; request++) {
            sum += value[tier];
        }
    }
    return sum / REQUESTS;
}

double ref_mix_quantile(const int32_t *percent, const double *value, int32_t tiers, int32_t rank) {
    double sorted[REQUESTS];
    int32_t count = 0;
    for (int32_t tier = 0; tier < tiers; tier++) {
        for (int32_t request = 0; request < percent[tier] && count < REQUESTS; request++) {
            int32_t at = count++;
            for (; at > 0 && sorted[at - 1] > value[tier]; at--) {
                sorted[at] = sorted[at - 1];
            }
            sorted[at] = value[tier];
        }
    }
    return sorted[rank - 1];
}

int64_t ref_window_pairs(int64_t n, int64_t window, bool causal) {
    int64_t pairs = 0;
    for (int64_t t = 0; t < n; t++) {
        for (int64_t back = 0; back < window; back++) {
            pairs += !causal || t - back >= 0;
        }
    }
    return pairs;
}

double ref_layer_macs(int64_t n, int64_t d, int64_t ffn, int64_t pairs) {
    double macs = 0;
    for (int64_t t = 0; t < n; t++) {
        macs += 4 * (double)d * (double)d + 2 * (double)d * (double)ffn;
    }
    for (int64_t pair = 0; pair < pairs; pair++) {
        macs += 2 * (double)d;
    }
    return macs;
}

int64_t ref_kv_bytes(int32_t layers, int32_t d, int64_t positions) {
    int64_t bytes = 0;
    for (int32_t layer = 0; layer < layers; layer++) {
        for (int64_t t = 0; t < positions; t++) {
            bytes += d;
        }
    }
    return bytes;
}
