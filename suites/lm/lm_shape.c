#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lm_model.h"

/* Every limit keeps products of two in int64 and of one with a row of floats in size_t. */
enum { LAYERS_MAX = 1024, HEADS_MAX = 1024, HEAD_DIM_MAX = 1024, WIDTH_MAX = 1 << 20 };

/* Keys llama.* that the forward computes with.  Any other could change what the model computes. */
static const char *const known[] = {
    "llama.attention.head_count",   "llama.attention.head_count_kv",
    "llama.attention.key_length",   "llama.attention.layer_norm_rms_epsilon",
    "llama.attention.value_length", "llama.block_count",
    "llama.context_length",         "llama.embedding_length",
    "llama.feed_forward_length",    "llama.rope.dimension_count",
    "llama.rope.freq_base",         "llama.vocab_size",
};

static bool text_is(const struct gguf_text *text, const char *wanted) {
    return text->size == strlen(wanted) && memcmp(text->data, wanted, text->size) == 0;
}

static enum status refuse_unknown_keys(const struct gguf *g) {
    static const char family[] = "llama.";
    for (size_t i = 0; i < gguf_key_count(g); i++) {
        const struct gguf_text key = gguf_key_at(g, i);
        bool fine =
            key.size < sizeof family - 1 || memcmp(key.data, family, sizeof family - 1) != 0;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            fine |= text_is(&key, known[k]);
        }
        if (!fine) {
            return status_set(ST_INPUT,
                              "%s: the model needs '%s', which this forward does not compute; use "
                              "another model",
                              gguf_label(g), gguf_text_shown(&key));
        }
    }
    return ST_OK;
}

static enum status read_size(const struct gguf *g, const char *key, int64_t most, int32_t *out) {
    int64_t value = 0;
    const enum status st = gguf_integer(g, key, 1, most, &value);
    *out = (int32_t)value;
    return st;
}

/* Reads a key that may be absent; then *out stays. */
static enum status read_optional(const struct gguf *g, const char *key, int64_t most,
                                 int32_t *out) {
    return gguf_has(g, key) ? read_size(g, key, most, out) : ST_OK;
}

static enum status read_sizes(const struct gguf *g, struct lm_shape *s) {
    const struct {
        const char *key;
        int64_t most;
        int32_t *out;
    } sizes[] = {{"llama.block_count", LAYERS_MAX, &s->layers},
                 {"llama.attention.head_count", HEADS_MAX, &s->heads},
                 {"llama.embedding_length", WIDTH_MAX, &s->hidden},
                 {"llama.feed_forward_length", WIDTH_MAX, &s->ffn},
                 {"llama.context_length", INT32_MAX, &s->context}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const enum status st = read_size(g, sizes[i].key, sizes[i].most, sizes[i].out);
        if (st != ST_OK) {
            return st;
        }
    }
    s->kv_heads = s->heads;
    return read_optional(g, "llama.attention.head_count_kv", HEADS_MAX, &s->kv_heads);
}

/* Heads are hidden / heads wide unless stated; keys, values and rotation must have that width. */
static enum status read_head_dim(const struct gguf *g, struct lm_shape *s) {
    const bool stated = gguf_has(g, "llama.attention.key_length");
    s->head_dim = s->hidden / s->heads;
    enum status st = read_optional(g, "llama.attention.key_length", HEAD_DIM_MAX, &s->head_dim);
    int32_t value = s->head_dim, rotated = s->head_dim;
    if (st == ST_OK) {
        st = read_optional(g, "llama.attention.value_length", HEAD_DIM_MAX, &value);
    }
    if (st == ST_OK) {
        st = read_optional(g, "llama.rope.dimension_count", HEAD_DIM_MAX, &rotated);
    }
    if (st != ST_OK) {
        return st;
    }
    const bool divides = stated || s->hidden % s->heads == 0;
    if (!divides || s->heads % s->kv_heads != 0 || s->head_dim % 2 != 0 || s->head_dim < 2 ||
        s->head_dim > HEAD_DIM_MAX || value != s->head_dim || rotated != s->head_dim) {
        return status_set(ST_INPUT,
                          "%s: %" PRId32 " heads over %" PRId32 " KV heads, width %" PRId32
                          ", keys of %" PRId32 ", values of %" PRId32 ", %" PRId32
                          " rotated: these do not fit together or are not computed here",
                          gguf_label(g), s->heads, s->kv_heads, s->hidden, s->head_dim, value,
                          rotated);
    }
    return ST_OK;
}

static enum status read_reals(const struct gguf *g, struct lm_shape *s) {
    s->rope_base = 10000; /* the architecture's own */
    enum status st = gguf_real(g, "llama.attention.layer_norm_rms_epsilon", &s->epsilon);
    if (st == ST_OK && gguf_has(g, "llama.rope.freq_base")) {
        st = gguf_real(g, "llama.rope.freq_base", &s->rope_base);
    }
    if (st == ST_OK && !(s->epsilon > 0 && s->epsilon < 1 && s->rope_base > 1)) {
        st = status_set(ST_INPUT,
                        "%s: epsilon %g and rotation base %g are no model's; fetch it again",
                        gguf_label(g), s->epsilon, s->rope_base);
    }
    return st;
}

enum status lm_read_shape(const struct gguf *g, struct lm_shape *out) {
    struct gguf_text architecture;
    *out = (struct lm_shape){.layers = 0};
    enum status st = gguf_string(g, "general.architecture", &architecture);
    if (st == ST_OK && !text_is(&architecture, "llama")) {
        st = status_set(ST_INPUT, "%s: architecture '%s'; only llama is computed", gguf_label(g),
                        gguf_text_shown(&architecture));
    }
    if (st == ST_OK) {
        st = refuse_unknown_keys(g);
    }
    if (st == ST_OK) {
        st = read_sizes(g, out);
    }
    if (st == ST_OK) {
        st = read_head_dim(g, out);
    }
    return st != ST_OK ? st : read_reals(g, out);
}
