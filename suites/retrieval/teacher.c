#include "teacher.h"

#include <cblas.h>
#include <math.h>
#include <stdbool.h>

#include "../../harness/base/memory.h"
#include "../lm/row_math.h"

/* Queries of one head taken together. */
enum { QUERIES = 64 };

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t teacher_positive_count(const struct teacher *t, int64_t token) {
    return smaller(token - t->first[token] + 1, TEACHER_POSITIVES);
}

/* --- weights ---------------------------------------------------------------------------------- */

static void raise(float *to, const float *from, int64_t n) {
    for (int64_t j = 0; j < n; j++) {
        to[j] = from[j] > to[j] ? from[j] : to[j];
    }
}

/* The largest weight over the heads, for the queries t .. t + rows - 1. */
static void add_block(const struct teacher_input *in, struct teacher *out, int64_t t, int64_t rows,
                      float *scores) {
    const struct row_math *math = row_math();
    const int d = in->head_dim, stride = (in->heads + in->kv_heads) * d;
    const int64_t low = out->first[t], keys = t + rows - low;
    for (int32_t h = 0; h < in->heads; h++) {
        const int32_t kv = in->heads + h / (in->heads / in->kv_heads);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)keys, d,
                    1 / sqrtf((float)d), in->qk + t * stride + (int64_t)h * d, stride,
                    in->qk + low * stride + (int64_t)kv * d, stride, 0, scores, (int)keys);
        for (int64_t i = 0; i < rows; i++) {
            const int64_t first = out->first[t + i], n = t + i - first + 1;
            float *row = scores + i * keys + (first - low);
            math->softmax(row, n);
            raise(out->weights + out->at[t + i], row, n);
        }
    }
}

/* --- rows ------------------------------------------------------------------------------------- */

/* Divides a row (n) by its sum; returns its entropy. */
static float normalise(float *row, int64_t n) {
    double sum = 0;
    float entropy = 0;
    for (int64_t j = 0; j < n; j++) {
        sum += (double)row[j];
    }
    const float share = (float)(1 / sum);
    for (int64_t j = 0; j < n; j++) {
        row[j] *= share;
        entropy -= row[j] > 0 ? row[j] * logf(row[j]) : 0;
    }
    return entropy;
}

/* Keeps the largest weights seen so far in descending order. */
static void choose_positives(const float *row, int64_t n, int32_t *out) {
    int64_t kept = 0;
    for (int64_t j = 0; j < n; j++) {
        if (kept == TEACHER_POSITIVES && row[j] <= row[out[kept - 1]]) {
            continue;
        }
        int64_t at = kept < TEACHER_POSITIVES ? kept++ : kept - 1;
        for (; at > 0 && row[out[at - 1]] < row[j]; at--) {
            out[at] = out[at - 1];
        }
        out[at] = (int32_t)j;
    }
}

/* --- the sequence ----------------------------------------------------------------------------- */

static enum status allocate(const struct teacher_input *in, struct teacher *out) {
    const size_t tokens = (size_t)in->tokens;
    int64_t total = 0;
    out->first = mem_alloc_array(tokens, sizeof *out->first);
    out->at = mem_alloc_array(tokens, sizeof *out->at);
    out->entropy = mem_alloc_array(tokens, sizeof *out->entropy);
    out->positives = mem_alloc_array(tokens * TEACHER_POSITIVES, sizeof *out->positives);
    if (out->first == NULL || out->at == NULL || out->entropy == NULL || out->positives == NULL) {
        return ST_SYSTEM;
    }
    for (int64_t t = 0; t < in->tokens; t++) {
        const bool goes_on = t > 0 && in->segment[t] >= 0 && in->segment[t] == in->segment[t - 1];
        out->first[t] = goes_on ? out->first[t - 1] : t;
        out->at[t] = total;
        total += t - out->first[t] + 1;
    }
    out->weights = mem_alloc_array((size_t)total, sizeof *out->weights);
    return out->weights != NULL ? ST_OK : ST_SYSTEM;
}

enum status teacher_new(const struct teacher_input *in, struct teacher *out) {
    *out = (struct teacher){.tokens = in->tokens};
    float *scores = mem_alloc_array((size_t)in->tokens, QUERIES * sizeof *scores);
    if (scores == NULL || allocate(in, out) != ST_OK) {
        mem_free(scores);
        teacher_free(out);
        return ST_SYSTEM;
    }
    for (int64_t t = 0; t < in->tokens; t += QUERIES) {
        add_block(in, out, t, smaller(QUERIES, in->tokens - t), scores);
    }
    for (int64_t t = 0; t < in->tokens; t++) {
        float *row = out->weights + out->at[t];
        out->entropy[t] = normalise(row, t - out->first[t] + 1);
        choose_positives(row, t - out->first[t] + 1, out->positives + t * TEACHER_POSITIVES);
    }
    mem_free(scores);
    return ST_OK;
}

void teacher_free(struct teacher *t) {
    mem_free(t->first);
    mem_free(t->at);
    mem_free(t->weights);
    mem_free(t->entropy);
    mem_free(t->positives);
    *t = (struct teacher){.tokens = 0};
}
