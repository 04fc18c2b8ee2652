#include "transformer.h"

#include <math.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "int8_gemm.h"

enum { LARGEST = 127 };

static enum status shape_check(const struct transformer_shape *s) {
    const bool sizes = s->seq >= 1 && s->d >= 1 && s->heads >= 1 && s->layers >= 1 && s->ffn >= 1 &&
                       s->logits >= 1;
    if (!sizes || s->d % s->heads != 0) {
        return status_set(ST_INPUT, "transformer: sizes must be at least 1 and d a multiple of the "
                                    "heads");
    }
    if (s->d > INT8_GEMM_DEPTH || s->ffn > INT8_GEMM_DEPTH) {
        return status_set(ST_INPUT, "transformer: d and ffn can be at most %d", INT8_GEMM_DEPTH);
    }
    return ST_OK;
}

/* -127 .. 127 without 0. */
static int8_t weight_of(uint32_t word) {
    const int32_t value = (int32_t)rng_below(word, 2 * LARGEST) - LARGEST;
    return (int8_t)(value < 0 ? value : value + 1);
}

static void fill(uint64_t seed, uint32_t stream, int64_t rows, int32_t width, int8_t *out) {
    for (int64_t row = 0; row < rows; row++) {
        for (int32_t at = 0; at < width; at += 4) {
            uint32_t words[4];
            rng_words(seed, stream, (uint64_t)row, (uint32_t)at / 4, words);
            for (int32_t i = 0; i < 4 && at + i < width; i++) {
                out[row * width + at + i] = weight_of(words[i]);
            }
        }
    }
}

/* A sum of `terms` weights, each times a value of variance 1, has variance 1 after it. */
static float scale_of(int32_t terms) { return (float)(sqrt(3.0 / terms) / LARGEST); }

enum status transformer_weights_make(const struct transformer_shape *s, uint64_t seed,
                                     struct transformer_weights *out) {
    *out = (struct transformer_weights){
        .shape = *s,
        .embedding_scale = scale_of(2),
        .qkv_scale = scale_of(s->d),
        .out_scale = scale_of(s->d),
        .up_scale = scale_of(s->d),
        .down_scale = scale_of(s->ffn),
        .head_scale = scale_of(s->d),
    };
    enum status st = shape_check(s);
    uint32_t stream = 0;
#define X(name, rows, width)                                                                       \
    if (st == ST_OK) {                                                                             \
        out->name = mem_alloc_array((size_t)(rows), (size_t)(width));                              \
        st = out->name == NULL ? ST_SYSTEM : ST_OK;                                                \
    }                                                                                              \
    if (st == ST_OK) {                                                                             \
        fill(seed, stream++, rows, width, out->name);                                              \
    }
    TRANSFORMER_MATRICES(X)
#undef X
    if (st != ST_OK) {
        transformer_weights_free(out);
    }
    return st;
}

void transformer_weights_free(struct transformer_weights *w) {
#define X(name, rows, width)                                                                       \
    mem_free(w->name);                                                                             \
    w->name = NULL;
    TRANSFORMER_MATRICES(X)
#undef X
}

int64_t transformer_weight_bytes(const struct transformer_shape *s, int32_t layers) {
    const int64_t d = s->d;
    return layers * (4 * d * d + 2 * d * s->ffn) + s->logits * d;
}
