/* Attention of one query over gathered rows: what every instruction set of attend shares.
 *
 * Two passes, each over rows that are read once: scores of the keys, softmax over all of them, then
 * the weighted sum of the values.  The floor is 8 d bytes a key at the bandwidth of memory.
 *
 * The including file defines the vectors (vec_*.h) and ATTEND_VARIANT, ATTEND_ISA,
 * ATTEND_ROW_MATH. */
#include <math.h>
#include <string.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/judge/kernel.h"
#include "../../lm/row_math.h"
#include "../attend.h"
#include "kernel_names.h"

/* Rows are read one after the other, each in the order of its lines.  Side by side they come at
 * nine tenths of what memory gives (27 of 30 GB/s on Zen 4); asking for them ahead, several rows at
 * once or sums of values in registers, whose misses overtake each other, cost up to half of that.
 * Rows scattered over memory are asked for AHEAD rows before their turn (8 instead of 6.5 GB/s). */
enum { AHEAD = 8, LINE = 16 };

/* The row of the i-th chosen key; behind the last, that of the last. */
static inline const float *row_of(const struct attend_call *c, const float *rows, int64_t i) {
    i = i < c->count ? i : c->count - 1;
    return rows + (c->chosen == NULL ? i : c->chosen[i]) * (int64_t)c->d;
}

static inline void ask_for(const struct attend_call *c, const float *rows, int64_t i) {
    if (c->chosen != NULL) {
        const float *row = row_of(c, rows, i);
        for (int32_t at = 0; at < c->d; at += LINE) {
            __builtin_prefetch(row + at);
        }
    }
}

static inline float dot(const float *q, const float *k, int32_t d) {
    vec sum = vec_zero();
    int32_t i = 0;
    for (; i + VEC_WIDTH <= d; i += VEC_WIDTH) {
        sum = vec_fma(vec_load(q + i), vec_load(k + i), sum);
    }
    if (i < d) {
        sum = vec_fma(vec_load_first(q + i, d - i), vec_load_first(k + i, d - i), sum);
    }
    return vec_sum(sum);
}

static void score_keys(const struct attend_call *c, float *scores) {
    const float scale = (float)(1 / sqrt((double)c->d));
    for (int64_t i = 0; i < c->count; i++) {
        ask_for(c, c->k, i + AHEAD);
        scores[i] = dot(c->q, row_of(c, c->k, i), c->d) * scale;
    }
}

/* --- weighted sum ----------------------------------------------------------------------------- */

/* BLOCK rows are added up by themselves, PART values of each at a time, and then to the output:
 * that bounds the rounding of long sums. */
enum { BLOCK = 256, PART = 256 };

/* sum (d) += weight row */
static inline void add_row(float weight, const float *row, int32_t d, float *sum) {
    const vec factor = vec_of(weight);
    int32_t i = 0;
    for (; i + VEC_WIDTH <= d; i += VEC_WIDTH) {
        vec_store(sum + i, vec_fma(factor, vec_load(row + i), vec_load(sum + i)));
    }
    if (i < d) {
        const vec rest = vec_load_first(sum + i, d - i);
        vec_store_first(sum + i, d - i, vec_fma(factor, vec_load_first(row + i, d - i), rest));
    }
}

static void add_block(const struct attend_call *c, const float *weights, int64_t from, int64_t to,
                      float *out) {
    for (int32_t at = 0; at < c->d; at += PART) {
        const int32_t values = c->d - at < PART ? c->d - at : PART;
        float sum[PART] = {0};
        for (int64_t i = from; i < to; i++) {
            ask_for(c, c->v, i + AHEAD);
            add_row(weights[i], row_of(c, c->v, i) + at, values, sum);
        }
        add_row(1, sum, values, out + at);
    }
}

static void weigh_values(const struct attend_call *c, const float *weights, float *out) {
    memset(out, 0, (size_t)c->d * sizeof *out);
    for (int64_t from = 0; from < c->count; from += BLOCK) {
        add_block(c, weights, from, c->count - from < BLOCK ? c->count : from + BLOCK, out);
    }
}

static void run(const struct attend_call *call, float *weights, float *out) {
    score_keys(call, weights);
    ATTEND_ROW_MATH.softmax(weights, call->count);
    weigh_values(call, weights, out);
}

static const struct attend_impl impl = {run};

extern const struct kernel KERNEL_SYMBOL(attend, ATTEND_VARIANT);
const struct kernel KERNEL_SYMBOL(attend, ATTEND_VARIANT) = {
    .name = "attend/" KERNEL_TEXT(ATTEND_VARIANT),
    .operation = "attend",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .isa = ATTEND_ISA,
    .impl = &impl,
    .source = "Vaswani et al., \"Attention Is All You Need\" (2017), equation 1, over chosen keys",
    .bound = "rounding of scores, softmax and weighted sum, from gamma_(d+2) and gamma_(2n+20)",
};
