#include "entropy_keys.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "../../datasets/rng.h"
#include "../../harness/judge/stats.h"

const char *const entropy_keys_names[ENTROPY_KEYS] = {"model", "random", "norm_matched", "shuffled",
                                                      "variance_matched"};

enum { STREAM_GAUSSIAN = 0x454e5401, STREAM_ORDER, DIMENSIONS_MOST = 1024 };

void entropy_squared_norms(const float *k, int64_t length, int32_t d, double *out) {
    for (int64_t i = 0; i < length; i++) {
        out[i] = 0;
        for (int32_t c = 0; c < d; c++) {
            out[i] += (double)k[i * d + c] * (double)k[i * d + c];
        }
    }
}

/* Key i of a head has an address of its own. */
static void gaussian_key(const struct entropy_head *h, int64_t i, double *out) {
    rng_gaussians(h->seed, STREAM_GAUSSIAN, h->row << 32 | (uint64_t)i, out, (size_t)h->d);
}

static void make_random(const struct entropy_head *h, bool own_norms, float *out) {
    double g[DIMENSIONS_MOST];
    for (int64_t i = 0; i < h->length; i++) {
        double norm = 0;
        gaussian_key(h, i, g);
        for (int32_t c = 0; c < h->d; c++) {
            norm += g[c] * g[c];
        }
        const double by = own_norms ? sqrt(h->squared[i] / norm) : 1;
        for (int32_t c = 0; c < h->d; c++) {
            out[i * h->d + c] = (float)(by * g[c]);
        }
    }
}

/* Fisher and Yates: place i takes one of those not taken yet. */
static void make_shuffled(const struct entropy_head *h, float *out) {
    const size_t bytes = (size_t)h->d * sizeof *out;
    memcpy(out, h->k, (size_t)h->length * bytes);
    for (int64_t i = 0; i < h->length; i++) {
        uint32_t words[4];
        float held[DIMENSIONS_MOST];
        rng_words(h->seed, STREAM_ORDER, h->row << 32 | (uint64_t)i, 0, words);
        const int64_t other = i + (int64_t)rng_below(words[0], (uint32_t)(h->length - i));
        memcpy(held, out + i * h->d, bytes);
        memmove(out + i * h->d, out + other * h->d, bytes);
        memcpy(out + other * h->d, held, bytes);
    }
}

void entropy_make_keys(const struct entropy_head *h, enum entropy_keys which, float *out) {
    switch (which) {
    case ENTROPY_MODEL:
    case ENTROPY_KEYS:
        memcpy(out, h->k, (size_t)h->length * (size_t)h->d * sizeof *out);
        return;
    case ENTROPY_SHUFFLED:
        make_shuffled(h, out);
        return;
    case ENTROPY_NORM:
    case ENTROPY_RANDOM:
    case ENTROPY_VARIANCE:
        make_random(h, which == ENTROPY_NORM, out);
        return;
    }
}

/* Of q k_i over the first n keys. */
static double logit_variance(const float *q, const float *k, int32_t d, int64_t n, float *logits) {
    double mean = 0, sum = 0;
    cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)n, d, 1, k, d, q, 1, 0, logits, 1);
    for (int64_t i = 0; i < n; i++) {
        mean += (double)logits[i] / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        sum += ((double)logits[i] - mean) * ((double)logits[i] - mean);
    }
    return sum / (double)n;
}

double entropy_query_scale(const struct entropy_head *h, enum entropy_keys which, const float *made,
                           const float *q, int64_t n, float *logits) {
    if (which == ENTROPY_RANDOM) {
        return sqrt(stats_mean(h->squared, (size_t)n) / h->d);
    }
    if (which == ENTROPY_VARIANCE) {
        const double own = logit_variance(q, h->k, h->d, n, logits);
        /* no variance at all: equal weights */
        return own == 0 ? 0 : sqrt(own / logit_variance(q, made, h->d, n, logits));
    }
    return 1;
}
