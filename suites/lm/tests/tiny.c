#include "tiny.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../../datasets/rng.h"

enum {
    Q = TINY_HEADS * TINY_HEAD_DIM,
    KV = TINY_KV_HEADS * TINY_HEAD_DIM,
    TENSORS = 2 + 9 * TINY_LAYERS,
    VALUES_MAX = TINY_VOCABULARY * TINY_HIDDEN,
    NAME = 32,
    ALIGNMENT = 32
};

struct tensor {
    char name[NAME];
    int rows, width; /* rows 0: one dimension */
    float values[VALUES_MAX];
};

static struct tensor tensors[TENSORS];
static struct ref_llama_layer layers[TINY_LAYERS];
static struct ref_llama reference;

/* Matrices are scaled so that scores differ by a few units and no layer drowns the others; norms
 * lie around 1. */
static const float *add(int *count, const char *name, int rows, int width) {
    struct tensor *t = &tensors[*count];
    double row[VALUES_MAX];
    snprintf(t->name, sizeof t->name, "%s", name);
    t->rows = rows;
    t->width = width;
    const int values = (rows == 0 ? 1 : rows) * width;
    rng_gaussians(11, 1, (uint64_t)*count, row, (size_t)values);
    for (int i = 0; i < values; i++) {
        t->values[i] = (float)(rows == 0 ? 1 + 0.2 * row[i] : 1.5 * row[i] / sqrt(width));
    }
    (*count)++;
    return t->values;
}

static const float *add_layer(int *count, int layer, const char *name, int rows, int width) {
    char whole[NAME];
    snprintf(whole, sizeof whole, "blk.%d.%s.weight", layer, name);
    return add(count, whole, rows, width);
}

const struct ref_llama *tiny_reference(void) {
    int count = 0;
    if (reference.layer != NULL) {
        return &reference;
    }
    reference = (struct ref_llama){.layers = TINY_LAYERS,
                                   .heads = TINY_HEADS,
                                   .kv_heads = TINY_KV_HEADS,
                                   .head_dim = TINY_HEAD_DIM,
                                   .hidden = TINY_HIDDEN,
                                   .ffn = TINY_FFN,
                                   .vocabulary = TINY_VOCABULARY,
                                   .rope_base = 100,
                                   .epsilon = 0x1p-16,
                                   .layer = layers};
    reference.embedding = add(&count, "token_embd.weight", TINY_VOCABULARY, TINY_HIDDEN);
    reference.output = reference.embedding;
    reference.output_norm = add(&count, "output_norm.weight", 0, TINY_HIDDEN);
    for (int i = 0; i < TINY_LAYERS; i++) {
        layers[i] = (struct ref_llama_layer){
            .attention_norm = add_layer(&count, i, "attn_norm", 0, TINY_HIDDEN),
            .q = add_layer(&count, i, "attn_q", Q, TINY_HIDDEN),
            .k = add_layer(&count, i, "attn_k", KV, TINY_HIDDEN),
            .v = add_layer(&count, i, "attn_v", KV, TINY_HIDDEN),
            .output = add_layer(&count, i, "attn_output", TINY_HIDDEN, Q),
            .ffn_norm = add_layer(&count, i, "ffn_norm", 0, TINY_HIDDEN),
            .gate = add_layer(&count, i, "ffn_gate", TINY_FFN, TINY_HIDDEN),
            .up = add_layer(&count, i, "ffn_up", TINY_FFN, TINY_HIDDEN),
            .down = add_layer(&count, i, "ffn_down", TINY_HIDDEN, TINY_FFN)};
    }
    return &reference;
}

static bool is(const char *name, const char *wanted) {
    return wanted != NULL && strcmp(name, wanted) == 0;
}

static void put_metadata(struct gguf_build *b, const struct tiny_change *change) {
    gb_key_text(b, "general.architecture",
                change->architecture == NULL ? "llama" : change->architecture);
    gb_key_u32(b, "llama.attention.head_count", TINY_HEADS);
    gb_key_u32(b, "llama.attention.head_count_kv", TINY_KV_HEADS);
    gb_key_u32(b, "llama.attention.key_length", TINY_HEAD_DIM);
    gb_key_f32(b, "llama.attention.layer_norm_rms_epsilon", 0x1p-16F);
    gb_key_u32(b, "llama.attention.value_length", TINY_HEAD_DIM);
    gb_key_u32(b, "llama.block_count", TINY_LAYERS);
    gb_key_u32(b, "llama.context_length", TINY_CONTEXT);
    gb_key_u32(b, "llama.embedding_length", TINY_HIDDEN);
    gb_key_u32(b, "llama.feed_forward_length", TINY_FFN);
    gb_key_f32(b, "llama.rope.freq_base", 100);
    if (change->extra_key != NULL) {
        gb_key_u32(b, change->extra_key, 1);
    }
}

static size_t padded(size_t size) { return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static int rows_of(const struct tensor *t, const struct tiny_change *change) {
    return (t->rows == 0 ? 1 : t->rows) + is(t->name, change->widen);
}

static void put_table(struct gguf_build *b, const struct tiny_change *change) {
    size_t offset = 0;
    for (int i = 0; i < TENSORS; i++) {
        const struct tensor *t = &tensors[i];
        if (!is(t->name, change->drop)) {
            const uint64_t rows = t->rows == 0 ? 0 : (uint64_t)rows_of(t, change);
            gb_tensor(b, t->name, (uint64_t)t->width, rows, GGUF_F32, offset);
            offset += padded((size_t)(rows_of(t, change) * t->width) * sizeof(float));
        }
    }
    if (change->extra_tensor != NULL) {
        gb_tensor(b, change->extra_tensor, 1, 0, GGUF_F32, offset);
    }
}

static void put_data(struct gguf_build *b, const struct tiny_change *change) {
    static const float zeros[VALUES_MAX];
    for (int i = 0; i < TENSORS; i++) {
        const struct tensor *t = &tensors[i];
        const int rows = t->rows == 0 ? 1 : t->rows;
        if (is(t->name, change->drop)) {
            continue;
        }
        gb_align(b, ALIGNMENT);
        const size_t at = b->size;
        gb_put(b, t->values, (size_t)(rows * t->width) * sizeof(float));
        gb_put(b, zeros, (size_t)((rows_of(t, change) - rows) * t->width) * sizeof(float));
        if (is(t->name, change->poison)) {
            memcpy(b->data + at, &(float){NAN}, sizeof(float));
        }
    }
    if (change->extra_tensor != NULL) {
        gb_align(b, ALIGNMENT);
        gb_put(b, zeros, sizeof(float));
    }
}

struct gguf_build tiny_file(const struct tiny_change *change) {
    static unsigned char memory[1 << 17];
    static const struct tiny_change none;
    const struct tiny_change *c = change == NULL ? &none : change;
    struct gguf_build b = {.data = memory, .room = sizeof memory};
    tiny_reference();
    const int count = TENSORS - (c->drop != NULL) + (c->extra_tensor != NULL);
    const int keys = 11 + (c->extra_key != NULL);
    gb_header(&b, 3, (uint64_t)count, (uint64_t)keys);
    put_metadata(&b, c);
    put_table(&b, c);
    gb_align(&b, ALIGNMENT);
    put_data(&b, c);
    return b;
}

enum status tiny_load(const struct tiny_change *change, struct lm_model **model) {
    const struct gguf_build b = tiny_file(change);
    struct gguf *g;
    *model = NULL;
    if (b.full || gguf_parse(b.data, b.size, "tiny", &g) != ST_OK) {
        return ST_SYSTEM;
    }
    const enum status st = lm_load(g, 2, model);
    gguf_close(g);
    return st;
}

void tiny_tokens(int32_t *ids, int count) {
    uint32_t x = 1;
    for (int t = 0; t < count; t++) {
        x = x * 1664525U + 1013904223U;
        ids[t] = (int32_t)((x >> 8) % TINY_VOCABULARY);
    }
}

int32_t tiny_segment(int t) { return t < 40 ? 0 : t < 110 ? 1 : t < 113 ? -1 : 5; }
