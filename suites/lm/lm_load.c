#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../harness/base/workers.h"
#include "lm_model.h"

enum { TENSORS_A_LAYER = 9, TENSORS_OUTSIDE = 3, NAME_ROOM = 64 };

/* Space in one block of memory for all weights: first counted, then given out. */
struct arena {
    float *base; /* NULL while counting */
    size_t used; /* floats */
};

/* One tensor of the file and where its values go. */
struct piece {
    const struct gguf_tensor *tensor;
    float *out;
    bool finite;
};

struct loader {
    const struct gguf *g;
    struct lm_model *m;
    struct piece *pieces;
    size_t count;
};

static float *take(struct arena *a, int64_t rows, int64_t width) {
    enum { LINE = 16 }; /* floats */
    float *out = a->base == NULL ? NULL : a->base + a->used;
    a->used += ((size_t)rows * (size_t)width + LINE - 1) / LINE * LINE;
    return out;
}

static int64_t query_width(const struct lm_shape *s) { return (int64_t)s->heads * s->head_dim; }

static int64_t key_width(const struct lm_shape *s) { return (int64_t)s->kv_heads * s->head_dim; }

/* Behind `offset` floats of a matrix; nowhere while counting. */
static float *within(float *matrix, int64_t offset) {
    return matrix == NULL ? NULL : matrix + offset;
}

static void place_weights(struct lm_model *m, struct arena *a) {
    const struct lm_shape *s = &m->shape;
    m->embedding = take(a, s->vocabulary, s->hidden);
    m->output = s->tied ? m->embedding : take(a, s->vocabulary, s->hidden);
    m->output_norm = take(a, 1, s->hidden);
    for (int32_t i = 0; i < s->layers; i++) {
        m->layers[i] =
            (struct lm_layer){.attention_norm = take(a, 1, s->hidden),
                              .qkv = take(a, query_width(s) + 2 * key_width(s), s->hidden),
                              .output = take(a, s->hidden, query_width(s)),
                              .ffn_norm = take(a, 1, s->hidden),
                              .gate_up = take(a, 2 * (int64_t)s->ffn, s->hidden),
                              .down = take(a, s->hidden, s->ffn)};
    }
}

/* --- from the file --------------------------------------------------------------------------- */

/* Notes that a tensor of (rows, width), or of (width) when rows is 0, is wanted at `out`. */
static enum status want(struct loader *l, const char *name, int64_t rows, int64_t width,
                        float *out) {
    const struct gguf_tensor *t = gguf_tensor_find(l->g, name);
    if (t == NULL) {
        return status_set(ST_INPUT, "%s: tensor '%s' is missing; fetch the model again",
                          gguf_label(l->g), name);
    }
    const uint64_t expected_rows = rows == 0 ? 1 : (uint64_t)rows;
    if (t->rank != (rows == 0 ? 1U : 2U) || t->dims[0] != (uint64_t)width ||
        t->dims[1] != expected_rows) {
        return status_set(ST_INPUT,
                          "%s: tensor '%s' is %" PRIu64 " x %" PRIu64 ", the metadata say %" PRId64
                          " x %" PRIu64 "; fetch the model again",
                          gguf_label(l->g), name, t->dims[0], t->dims[1], width, expected_rows);
    }
    l->pieces[l->count++] = (struct piece){.tensor = t, .out = out};
    return ST_OK;
}

static enum status want_layer(struct loader *l, int32_t index) {
    const struct lm_shape *s = &l->m->shape;
    const struct lm_layer *w = &l->m->layers[index];
    const int64_t q = query_width(s), k = key_width(s);
    const struct {
        const char *name;
        int64_t rows, width;
        float *out;
    } wanted[TENSORS_A_LAYER] = {
        {"attn_norm", 0, s->hidden, w->attention_norm},
        {"attn_q", q, s->hidden, w->qkv},
        {"attn_k", k, s->hidden, within(w->qkv, q * s->hidden)},
        {"attn_v", k, s->hidden, within(w->qkv, (q + k) * s->hidden)},
        {"attn_output", s->hidden, q, w->output},
        {"ffn_norm", 0, s->hidden, w->ffn_norm},
        {"ffn_gate", s->ffn, s->hidden, w->gate_up},
        {"ffn_up", s->ffn, s->hidden, within(w->gate_up, (int64_t)s->ffn * s->hidden)},
        {"ffn_down", s->hidden, s->ffn, w->down},
    };
    for (size_t i = 0; i < TENSORS_A_LAYER; i++) {
        char name[NAME_ROOM];
        snprintf(name, sizeof name, "blk.%" PRId32 ".%s.weight", index, wanted[i].name);
        const enum status st = want(l, name, wanted[i].rows, wanted[i].width, wanted[i].out);
        if (st != ST_OK) {
            return st;
        }
    }
    return ST_OK;
}

static enum status want_all(struct loader *l) {
    struct lm_model *m = l->m;
    const struct lm_shape *s = &m->shape;
    enum status st = want(l, "token_embd.weight", s->vocabulary, s->hidden, m->embedding);
    if (st == ST_OK && !s->tied) {
        st = want(l, "output.weight", s->vocabulary, s->hidden, m->output);
    }
    if (st == ST_OK) {
        st = want(l, "output_norm.weight", 0, s->hidden, m->output_norm);
    }
    for (int32_t i = 0; i < s->layers && st == ST_OK; i++) {
        st = want_layer(l, i);
    }
    if (st != ST_OK || l->count == gguf_tensor_count(l->g)) {
        return st;
    }
    return status_set(ST_INPUT,
                      "%s: has %zu tensors, a plain Llama model of its shape %zu: biases, experts "
                      "or rotation factors are not computed; use another model",
                      gguf_label(l->g), gguf_tensor_count(l->g), l->count);
}

static void load_piece(void *arg, int64_t item) {
    struct piece *p = &((struct loader *)arg)->pieces[item];
    const struct gguf_tensor *t = p->tensor;
    const uint64_t values = t->dims[0] * t->dims[1];
    gguf_rows(t, 0, t->dims[1], p->out);
    p->finite = true;
    for (uint64_t i = 0; i < values; i++) {
        p->finite &= isfinite(p->out[i]) != 0;
    }
}

static enum status load_all(struct loader *l, int threads) {
    workers_run(threads, (int64_t)l->count, load_piece, l);
    for (size_t i = 0; i < l->count; i++) {
        if (!l->pieces[i].finite) {
            return status_set(
                ST_INPUT, "%s: tensor '%s' holds NaN or an infinite value; fetch the model again",
                gguf_label(l->g), gguf_text_shown(&l->pieces[i].tensor->name));
        }
    }
    return ST_OK;
}

/* --- the model ------------------------------------------------------------------------------- */

/* The vocabulary is as long as the embedding; a stated size must agree. */
static enum status read_vocabulary(const struct gguf *g, struct lm_shape *s) {
    const struct gguf_tensor *t = gguf_tensor_find(g, "token_embd.weight");
    int64_t stated = 0;
    s->vocabulary = t == NULL || t->dims[1] > INT32_MAX ? 0 : (int32_t)t->dims[1];
    s->tied = gguf_tensor_find(g, "output.weight") == NULL;
    return s->vocabulary == 0 || !gguf_has(g, "llama.vocab_size")
               ? ST_OK /* an absent embedding is refused with the other tensors */
               : gguf_integer(g, "llama.vocab_size", s->vocabulary, s->vocabulary, &stated);
}

/* More layers than the file has tensors for are refused before memory is asked for. */
static enum status check_layers(const struct gguf *g, const struct lm_shape *s) {
    const size_t needed = (size_t)s->layers * TENSORS_A_LAYER;
    return gguf_tensor_count(g) > needed
               ? ST_OK
               : status_set(ST_INPUT,
                            "%s: %zu tensors are too few for %" PRId32
                            " layers; fetch the model again",
                            gguf_label(g), gguf_tensor_count(g), s->layers);
}

static enum status load_weights(struct loader *l, int threads) {
    struct lm_model *m = l->m;
    struct arena space = {.base = NULL};
    const size_t layers = (size_t)m->shape.layers;
    m->layers = mem_alloc_array(layers, sizeof *m->layers);
    l->pieces = mem_alloc_array(layers * TENSORS_A_LAYER + TENSORS_OUTSIDE, sizeof *l->pieces);
    if (m->layers == NULL || l->pieces == NULL) {
        return ST_SYSTEM;
    }
    /* The shapes first, at no address: nothing is asked for that the file does not hold. */
    place_weights(m, &space);
    enum status st = want_all(l);
    if (st != ST_OK) {
        return st;
    }
    m->weights = mem_alloc_array(space.used, sizeof *m->weights);
    if (m->weights == NULL) {
        return ST_SYSTEM;
    }
    space = (struct arena){.base = m->weights};
    place_weights(m, &space);
    l->count = 0;
    st = want_all(l);
    return st != ST_OK ? st : load_all(l, threads);
}

enum status lm_load(const struct gguf *g, int threads, struct lm_model **out) {
    *out = NULL;
    struct lm_model *m = mem_alloc(sizeof *m);
    if (m == NULL) {
        return ST_SYSTEM;
    }
    struct loader l = {.g = g, .m = m};
    enum status st = lm_read_shape(g, &m->shape);
    if (st == ST_OK) {
        st = read_vocabulary(g, &m->shape);
    }
    if (st == ST_OK) {
        st = check_layers(g, &m->shape);
    }
    if (st == ST_OK) {
        st = load_weights(&l, threads);
    }
    mem_free(l.pieces);
    if (st != ST_OK) {
        lm_free(m);
        return st;
    }
    *out = m;
    return ST_OK;
}

void lm_free(struct lm_model *m) {
    if (m != NULL) {
        mem_free(m->weights);
        mem_free(m->layers);
        mem_free(m);
    }
}

const struct lm_shape *lm_shape(const struct lm_model *m) { return &m->shape; }
