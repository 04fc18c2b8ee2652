/* What the transformer does to rows of floats between its products.  Elementwise loops are plain C
 * that compilers vectorise; sums are written over the vectors of the including file (vec_*.h). */
#include <math.h>

#include "../../lm/row_exp.h"

enum { LARGEST = 127, LANES = 16 };

static float row_sum(const float *x, int32_t n) {
    vec sum = vec_zero();
    int32_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        sum = vec_fma(vec_load(x + i), vec_of(1), sum);
    }
    if (i < n) {
        sum = vec_fma(vec_load_first(x + i, n - i), vec_of(1), sum);
    }
    return vec_sum(sum);
}

static inline float row_dot(const float *a, const float *b, int32_t n) {
    vec sum = vec_zero();
    int32_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        sum = vec_fma(vec_load(a + i), vec_load(b + i), sum);
    }
    if (i < n) {
        sum = vec_fma(vec_load_first(a + i, n - i), vec_load_first(b + i, n - i), sum);
    }
    return vec_sum(sum);
}

/* max |x|.  Floats without their sign are in the order of their bits, of which compilers find the
 * largest in vectors; NaN is above all. */
static float row_largest(const float *x, int32_t n) {
    int32_t most = 0;
    for (int32_t i = 0; i < n; i++) {
        const int32_t bits = (int32_t)(float_bits(x[i]) & 0x7fffffffU);
        most = bits > most ? bits : most;
    }
    return float_of_bits((uint32_t)most);
}

/* Returns the scale.  Adding 1.5 * 2^23 rounds to the nearest, ties to even, and leaves the whole
 * number in the low bits. */
static float row_quantise(const float *x, int32_t n, int8_t *restrict kept) {
    const float magic = 12582912.0F, most = row_largest(x, n);
    const float steps = most == 0 ? 0 : LARGEST / most;
    int32_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int32_t l = 0; l < LANES; l++) {
            kept[i + l] = (int8_t)(uint8_t)float_bits(x[i + l] * steps + magic);
        }
    }
    for (; i < n; i++) {
        kept[i] = (int8_t)(uint8_t)float_bits(x[i] * steps + magic);
    }
    return most / LARGEST;
}

static void row_norm(const float *x, int32_t n, float *restrict out) {
    const float mean = row_sum(x, n) / (float)n;
    for (int32_t i = 0; i < n; i++) {
        out[i] = x[i] - mean;
    }
    const float factor = 1 / sqrtf(row_dot(out, out, n) / (float)n + 1e-5F);
    for (int32_t i = 0; i < n; i++) {
        out[i] *= factor;
    }
}

static void row_scale(const int32_t *sum, float factor, int32_t n, float *restrict out) {
    for (int32_t i = 0; i < n; i++) {
        out[i] = (float)sum[i] * factor;
    }
}

static void row_widen(const int8_t *kept, float scale, int32_t n, float *restrict out) {
    int32_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        vec_store(out + i, vec_fma(vec_load_int8(kept + i), vec_of(scale), vec_zero()));
    }
    for (; i < n; i++) {
        out[i] = (float)kept[i] * scale;
    }
}

/* out = x + sum factor */
static void row_add(const float *x, const int32_t *sum, float factor, int32_t n,
                    float *restrict out) {
    for (int32_t i = 0; i < n; i++) {
        out[i] = x[i] + (float)sum[i] * factor;
    }
}

/* gelu of sum factor: x (1 + tanh(z / 2)) / 2 = x / (1 + exp(-z)), z = sqrt(8 / pi) (x + 0.044715
 * x^3). */
static void row_gelu(const int32_t *sum, float factor, int32_t n, float *restrict out) {
    const float root = 1.59576912F, cube = 1.59576912F * 0.044715F;
    for (int32_t i = 0; i < n; i++) {
        const float x = (float)sum[i] * factor;
        out[i] = x / (1 + exp_row(-x * (root + cube * x * x)));
    }
}

/* scores (count) of a query q (n) and keys, which lie `apart` floats from each other; returns the
 * largest. */
static float row_scores(const float *q, const float *keys, int32_t count, int32_t apart, int32_t n,
                        float *scores) {
    const float root = 1 / sqrtf((float)n);
    float most = -INFINITY;
    for (int32_t j = 0; j < count; j++) {
        scores[j] = row_dot(q, keys + (int64_t)j * apart, n) * root;
        most = scores[j] > most ? scores[j] : most;
    }
    return most;
}

/* Scores, of which `most` is the largest, become weights that sum to 1.  There is room for whole
 * blocks of LANES. */
static void row_softmax(float *scores, int32_t n, float most) {
    for (int32_t i = n; i % LANES != 0; i++) {
        scores[i] = most;
    }
    for (int32_t i = 0; i < n; i += LANES) {
        for (int32_t l = 0; l < LANES; l++) {
            scores[i + l] = exp_row(scores[i + l] - most);
        }
    }
    const float share = 1 / row_sum(scores, n);
    for (int32_t i = 0; i < n; i += LANES) {
        for (int32_t l = 0; l < LANES; l++) {
            scores[i + l] *= share;
        }
    }
}

/* out (n) = sum of weights (count) times rows, which lie `apart` floats from each other. */
static void row_weigh(const float *weights, const float *rows, int32_t count, int32_t apart,
                      int32_t n, float *out) {
    int32_t i = 0;
    for (; i + VEC_WIDTH <= n; i += VEC_WIDTH) {
        vec sum = vec_zero();
        for (int32_t j = 0; j < count; j++) {
            sum = vec_fma(vec_of(weights[j]), vec_load(rows + (int64_t)j * apart + i), sum);
        }
        vec_store(out + i, sum);
    }
    if (i < n) {
        vec sum = vec_zero();
        for (int32_t j = 0; j < count; j++) {
            const float *row = rows + (int64_t)j * apart + i;
            sum = vec_fma(vec_of(weights[j]), vec_load_first(row, n - i), sum);
        }
        vec_store_first(out + i, n - i, sum);
    }
}
