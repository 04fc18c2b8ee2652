/* Products of a query with one key after the other: the loop that every format and instruction set
 * of scores shares.
 *
 * Each key is read once, in the order of its lines.  Memory is the limit of float32 and binary16;
 * of int8 it is widening, three instructions a vector (20 GB/s from L2 with AVX-512 on Zen 4, where
 * binary16 has 40 and float32 64).
 *
 * The including file defines the vectors (vec_*.h), the type `key` of a value,
 * `static inline vec load_keys(const key *p)`, which widens VEC_WIDTH of them, and SCORES_VARIANT,
 * SCORES_DTYPE, SCORES_FORMAT, SCORES_ISA. */
#include <math.h>
#include <string.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/judge/kernel.h"
#include "../scores.h"
#include "kernel_names.h"

/* The first m < VEC_WIDTH keys, zeros behind them. */
static inline vec load_first_keys(const key *p, int32_t m) {
    key first[VEC_WIDTH] = {0};
    memcpy(first, p, (size_t)m * sizeof *p);
    return load_keys(first);
}

static inline float dot(const float *q, const key *k, int32_t d) {
    vec sum = vec_zero();
    int32_t i = 0;
    for (; i + VEC_WIDTH <= d; i += VEC_WIDTH) {
        sum = vec_fma(vec_load(q + i), load_keys(k + i), sum);
    }
    if (i < d) {
        sum = vec_fma(vec_load_first(q + i, d - i), load_first_keys(k + i, d - i), sum);
    }
    return vec_sum(sum);
}

static inline __attribute__((always_inline)) void
score_keys(const struct scores_call *call, const float *q, int32_t d, float *scores) {
    const float share = (float)(1 / sqrt((double)d));
    const key *k = call->k;
    for (int64_t j = 0; j < call->n; j++) {
        const float factor = SCORES_FORMAT == SCORES_INT8 ? share * call->scale[j] : share;
        scores[j] = dot(q, k + j * d, d) * factor;
    }
}

/* For the lengths of heads that models have: d is known to the compiler, and no score is written
 * over this copy of q, so that it stays in registers. */
#define SCORE_KEYS_OF(d)                                                                           \
    static void score_keys_##d(const struct scores_call *call, float *scores) {                    \
        float q[d];                                                                                \
        memcpy(q, call->q, sizeof q);                                                              \
        score_keys(call, q, d, scores);                                                            \
    }
SCORE_KEYS_OF(64)
SCORE_KEYS_OF(128)

static void run(const struct scores_call *call, float *scores) {
    if (call->d == 128) {
        score_keys_128(call, scores);
    } else if (call->d == 64) {
        score_keys_64(call, scores);
    } else {
        score_keys(call, call->q, call->d, scores);
    }
}

static const struct scores_impl impl = {SCORES_FORMAT, run};

extern const struct kernel KERNEL_SYMBOL(scores, SCORES_VARIANT);
const struct kernel KERNEL_SYMBOL(scores, SCORES_VARIANT) = {
    .name = "scores/" KERNEL_TEXT(SCORES_VARIANT),
    .operation = "scores",
    .backend = BACKEND_CPU,
    .dtype = SCORES_DTYPE,
    .isa = SCORES_ISA,
    .impl = &impl,
    .source =
        "Vaswani et al., \"Attention Is All You Need\" (2017), equation 1, before the softmax",
    .bound = "gamma_(d+3) sum |q k| / sqrt(d)",
};
