/* A pass of the int8 transformer: what every instruction set of it shares.
 *
 * Each product runs over all tokens at once, so that its weights stream once; what lies between two
 * products runs row by row, in the first-level cache: sums of a product become floats, then int8
 * rows for the next.  Keys and values are quantised into where they are kept and, as attention
 * comes to them in order, read back from there into floats once.
 *
 * The including file defines the vectors (vec_*.h) and TRANSFORMER_VARIANT, TRANSFORMER_ISA,
 * TRANSFORMER_GEMM. */
#include <string.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/base/memory.h"
#include "../../../harness/judge/kernel.h"
#include "../int8_gemm.h"
#include "../transformer_trace.h"
#include "kernel_names.h"
#include "transformer_rows.h"

/* Keys and values of one layer, a row a place. */
struct kept {
    float *k_scale, *v_scale; /* (seq, heads) */
    int8_t *k, *v;            /* (seq, d) */
};

struct packed_layer {
    void *qkv, *out, *up, *down;
};

struct network {
    struct transformer_weights weights; /* of the matrices, only those that are looked up */
    struct packed_layer *layers;
    void *head;
    unsigned char *cache, *beside; /* struct kept of all layers; of one, for what is not cached */
    float *wide_k, *wide_v;        /* (seq, d) floats of one layer's */
    float *scores;                 /* (seq) of one query and head */
    float *x;                      /* (seq, d) before the first layer */
    /* One layer's arrays, used again by the next.  Of floats that are quantised there is one row,
     * and arrays of which one is done with before the next is begun share their memory. */
    struct transformer_stages space;
    struct transformer_last last;
    void *memory[8]; /* what the above lies in */
};

/* One call. */
struct call {
    struct network *net;
    const struct transformer_shape *shape;
    const struct transformer_pass *pass;
    int32_t first; /* the first token's place */
    bool traced;
    struct transformer_counts counts;
};

/* --- memory ----------------------------------------------------------------------------------- */

static size_t kept_bytes(const struct transformer_shape *s, int32_t layers) {
    const size_t rows = (size_t)layers * (size_t)s->seq;
    return 2 * rows * ((size_t)s->heads * sizeof(float) + (size_t)s->d);
}

/* One layer of what `memory` keeps of `layers`. */
static struct kept kept_of(const struct transformer_shape *s, unsigned char *memory, int32_t layers,
                           int32_t layer) {
    const size_t rows = (size_t)layers * (size_t)s->seq, from = (size_t)layer * (size_t)s->seq;
    const size_t heads = (size_t)s->heads, d = (size_t)s->d;
    float *scales = (float *)(void *)memory;
    int8_t *values = (int8_t *)(scales + 2 * rows * heads);
    return (struct kept){scales + from * heads, scales + (rows + from) * heads, values + from * d,
                         values + (rows + from) * d};
}

static void release(void *state) {
    struct network *net = state;
    if (net == NULL) {
        return;
    }
    for (int32_t l = 0; net->layers != NULL && l < net->weights.shape.layers; l++) {
        TRANSFORMER_GEMM.release(net->layers[l].qkv);
        TRANSFORMER_GEMM.release(net->layers[l].out);
        TRANSFORMER_GEMM.release(net->layers[l].up);
        TRANSFORMER_GEMM.release(net->layers[l].down);
    }
    TRANSFORMER_GEMM.release(net->head);
    mem_free(net->layers);
    for (size_t i = 0; i < sizeof net->memory / sizeof net->memory[0]; i++) {
        mem_free(net->memory[i]);
    }
    mem_free(net);
}

static bool pack_layer(const struct transformer_weights *w, int32_t layer,
                       struct packed_layer *out) {
    const int64_t d = w->shape.d, ffn = w->shape.ffn;
    const int32_t n = w->shape.d, wide = w->shape.ffn;
    out->qkv = TRANSFORMER_GEMM.pack(w->qkv + layer * 3 * d * d, 3 * n, n);
    out->out = TRANSFORMER_GEMM.pack(w->out + layer * d * d, n, n);
    out->up = TRANSFORMER_GEMM.pack(w->up + layer * ffn * d, wide, n);
    out->down = TRANSFORMER_GEMM.pack(w->down + layer * ffn * d, n, wide);
    return out->qkv != NULL && out->out != NULL && out->up != NULL && out->down != NULL;
}

static bool pack(const struct transformer_weights *w, struct network *net) {
    net->layers = mem_alloc_array((size_t)w->shape.layers, sizeof *net->layers);
    net->head = TRANSFORMER_GEMM.pack(w->head, w->shape.logits, w->shape.d);
    bool done = net->layers != NULL && net->head != NULL;
    for (int32_t l = 0; l < w->shape.layers && done; l++) {
        done = pack_layer(w, l, &net->layers[l]);
    }
    return done;
}

static bool copy_looked_up(const struct transformer_weights *w, struct network *net) {
    const size_t d = (size_t)w->shape.d;
    net->weights = *w;
    net->weights.embedding = net->memory[0] = mem_alloc_array((size_t)w->shape.logits, d);
    net->weights.place = net->memory[1] = mem_alloc_array((size_t)w->shape.seq, d);
    if (net->memory[0] == NULL || net->memory[1] == NULL) {
        return false;
    }
    memcpy(net->weights.embedding, w->embedding, (size_t)w->shape.logits * d);
    memcpy(net->weights.place, w->place, (size_t)w->shape.seq * d);
    return true;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* One row of floats, or where they outlast their row, one for each token; sums and int8 rows of all
 * tokens. */
static bool make_space(struct network *net) {
    const struct transformer_shape *s = &net->weights.shape;
    const size_t d = (size_t)s->d, ffn = (size_t)s->ffn, seq = (size_t)s->seq;
    const size_t widest = larger(3 * d, larger(ffn, (size_t)s->logits));
    float *floats = net->memory[2] =
        mem_alloc_array(5 * seq * d + 4 * seq + seq + widest + 4 * d, sizeof *floats);
    int32_t *sums = net->memory[3] =
        mem_alloc_array(seq * larger(3 * d, ffn) + widest, sizeof *sums);
    int8_t *rows = net->memory[4] = mem_alloc_array(seq, larger(d, ffn));
    net->cache = net->memory[5] = mem_alloc(kept_bytes(s, s->layers));
    net->beside = net->memory[6] = mem_alloc(kept_bytes(s, 1));
    if (floats == NULL || sums == NULL || rows == NULL || net->cache == NULL ||
        net->beside == NULL) {
        return false;
    }
    float *wide = floats + 5 * seq * d, *scales = wide + widest, *scores = scales + 4 * seq;
    net->wide_k = floats;
    net->wide_v = floats + seq * d;
    net->x = floats + 2 * seq * d;
    net->scores = scores;
    net->space = (struct transformer_stages){
        .normed = wide,
        .normed_kept = rows,
        .normed_scale = scales,
        .qkv_sum = sums,
        .qkv = wide,
        .attended = scores + seq,
        .attended_kept = rows,
        .attended_scale = scales + seq,
        .out_sum = sums,
        .x_attended = floats + 3 * seq * d,
        .ffn_normed = wide,
        .ffn_normed_kept = rows,
        .ffn_normed_scale = scales + 2 * seq,
        .up_sum = sums,
        .gelu = wide,
        .gelu_kept = rows,
        .gelu_scale = scales + 3 * seq,
        .down_sum = sums,
        .x = floats + 4 * seq * d,
    };
    net->last = (struct transformer_last){.normed = wide, .normed_kept = rows, .sum = sums};
    return true;
}

static void *build(const struct transformer_weights *w) {
    struct network *net = mem_alloc(sizeof *net);
    if (net != NULL && !(copy_looked_up(w, net) && pack(w, net) && make_space(net))) {
        release(net);
        net = NULL;
    }
    return net;
}

static void flush(void *state) {
    struct network *net = state;
    memset(net->cache, 0, kept_bytes(&net->weights.shape, net->weights.shape.layers));
}

static const void *cache(const void *state, int64_t *bytes) {
    const struct network *net = state;
    *bytes = (int64_t)kept_bytes(&net->weights.shape, net->weights.shape.layers);
    return net->cache;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* A token's row of floats: its own in a trace, else the one row. */
static float *float_row(const struct call *c, float *rows, int32_t t, int32_t width) {
    return c->traced ? rows + (int64_t)t * width : rows;
}

static void embed(const struct call *c, const int32_t *tokens, float *x) {
    const struct transformer_weights *w = &c->net->weights;
    const int64_t d = c->shape->d;
    for (int32_t place = c->first; place < c->shape->seq; place++) {
        const int8_t *token = w->embedding + tokens[place] * d, *at = w->place + place * d;
        float *out = x + (place - c->first) * d;
        for (int64_t i = 0; i < d; i++) {
            out[i] = (float)(token[i] + at[i]) * w->embedding_scale;
        }
    }
}

static void normalise(const struct call *c, const float *x, float *normed, int8_t *kept,
                      float *scale) {
    const int32_t d = c->shape->d;
    for (int32_t t = 0; t < c->pass->seq; t++) {
        float *row = float_row(c, normed, t, d);
        row_norm(x + (int64_t)t * d, d, row);
        scale[t] = row_quantise(row, d, kept + (int64_t)t * d);
    }
}

/* out (m, n) = a (m, k) times the matrix. */
static void multiply(struct call *c, const void *matrix, const int8_t *a, int32_t m, int32_t n,
                     int32_t k, int32_t *out) {
    TRANSFORMER_GEMM.run(matrix, a, m, out);
    c->counts.gemm_macs += (int64_t)m * n * k;
    c->counts.weight_bytes += (int64_t)n * k;
}

static void add(const struct call *c, const float *x, const int32_t *sum, const float *scale,
                float matrix_scale, float *out) {
    const int64_t d = c->shape->d;
    for (int32_t t = 0; t < c->pass->seq; t++) {
        row_add(x + t * d, sum + t * d, scale[t] * matrix_scale, c->shape->d, out + t * d);
    }
}

/* --- attention -------------------------------------------------------------------------------- */

/* Quantises a token's keys and values into their place, and reads them back. */
static void keep(struct call *c, const struct kept *kv, int32_t place, const float *qkv) {
    const struct network *net = c->net;
    const int32_t heads = c->shape->heads, d = c->shape->d, part = d / heads;
    for (int32_t h = 0; h < heads; h++) {
        const int64_t at = (int64_t)place * d + h * part, scale = (int64_t)place * heads + h;
        kv->k_scale[scale] = row_quantise(qkv + d + h * part, part, kv->k + at);
        kv->v_scale[scale] = row_quantise(qkv + 2 * d + h * part, part, kv->v + at);
        row_widen(kv->k + at, kv->k_scale[scale], part, net->wide_k + at);
        row_widen(kv->v + at, kv->v_scale[scale], part, net->wide_v + at);
    }
    if (c->pass->keep_kv) {
        c->counts.kv_written_bytes += 2 * (d + heads * (int64_t)sizeof(float));
    }
}

/* One query, whose last key is that at `place`; out (d). */
static void attend(struct call *c, const float *q, int32_t place, float *out) {
    const struct network *net = c->net;
    const int32_t heads = c->shape->heads, d = c->shape->d, part = d / heads;
    const int32_t reach = place - c->pass->window + 1, from = reach > c->first ? reach : c->first;
    const int32_t keys = place - from + 1;
    const float root = 1 / sqrtf((float)part);
    for (int32_t h = 0; h < heads; h++) {
        const int64_t at = (int64_t)from * d + h * part;
        for (int32_t j = 0; j < keys; j++) {
            const float *k = net->wide_k + at + (int64_t)j * d;
            net->scores[j] = row_dot(q + h * part, k, part) * root;
        }
        row_softmax(net->scores, keys);
        row_weigh(net->scores, keys, net->wide_v + at, d, part, out + h * part);
    }
    c->counts.attention_macs += 2 * (int64_t)keys * d;
    c->counts.kv_read_bytes += 2 * (int64_t)keys * (d + heads * (int64_t)sizeof(float));
}

static void attention(struct call *c, const struct kept *kv, const struct transformer_stages *s) {
    const int32_t d = c->shape->d;
    const float scale = c->net->weights.qkv_scale;
    for (int32_t t = 0; t < c->pass->seq; t++) {
        float *qkv = float_row(c, s->qkv, t, 3 * d), *out = float_row(c, s->attended, t, d);
        row_scale(s->qkv_sum + (int64_t)t * 3 * d, s->normed_scale[t] * scale, 3 * d, qkv);
        keep(c, kv, c->first + t, qkv);
        attend(c, qkv, c->first + t, out);
        s->attended_scale[t] = row_quantise(out, d, s->attended_kept + (int64_t)t * d);
    }
}

static void trace_kept(const struct call *c, const struct kept *kv,
                       const struct transformer_stages *s) {
    const size_t tokens = (size_t)c->pass->seq, heads = (size_t)c->shape->heads;
    const size_t first = (size_t)c->first, d = (size_t)c->shape->d;
    memcpy(s->k_kept, kv->k + first * d, tokens * d);
    memcpy(s->v_kept, kv->v + first * d, tokens * d);
    memcpy(s->k_scale, kv->k_scale + first * heads, tokens * heads * sizeof(float));
    memcpy(s->v_scale, kv->v_scale + first * heads, tokens * heads * sizeof(float));
}

/* --- the pass --------------------------------------------------------------------------------- */

static void attention_half(struct call *c, int32_t layer, const float *x,
                           const struct transformer_stages *s) {
    const struct packed_layer *m = &c->net->layers[layer];
    const int32_t d = c->shape->d, tokens = c->pass->seq, layers = c->shape->layers;
    const struct kept kv = c->pass->keep_kv ? kept_of(c->shape, c->net->cache, layers, layer)
                                            : kept_of(c->shape, c->net->beside, 1, 0);
    normalise(c, x, s->normed, s->normed_kept, s->normed_scale);
    multiply(c, m->qkv, s->normed_kept, tokens, 3 * d, d, s->qkv_sum);
    attention(c, &kv, s);
    if (c->traced) {
        trace_kept(c, &kv, s);
    }
    multiply(c, m->out, s->attended_kept, tokens, d, d, s->out_sum);
    add(c, x, s->out_sum, s->attended_scale, c->net->weights.out_scale, s->x_attended);
}

static void ffn_half(struct call *c, int32_t layer, const struct transformer_stages *s) {
    const struct packed_layer *m = &c->net->layers[layer];
    const int32_t d = c->shape->d, ffn = c->shape->ffn, tokens = c->pass->seq;
    normalise(c, s->x_attended, s->ffn_normed, s->ffn_normed_kept, s->ffn_normed_scale);
    multiply(c, m->up, s->ffn_normed_kept, tokens, ffn, d, s->up_sum);
    for (int32_t t = 0; t < tokens; t++) {
        const int64_t at = (int64_t)t * ffn;
        float *row = float_row(c, s->gelu, t, ffn);
        row_gelu(s->up_sum + at, s->ffn_normed_scale[t] * c->net->weights.up_scale, ffn, row);
        s->gelu_scale[t] = row_quantise(row, ffn, s->gelu_kept + at);
    }
    multiply(c, m->down, s->gelu_kept, tokens, d, ffn, s->down_sum);
    add(c, s->x_attended, s->down_sum, s->gelu_scale, c->net->weights.down_scale, s->x);
}

static void predict(struct call *c, const float *x, struct transformer_last *last, float *logits) {
    const int32_t d = c->shape->d, n = c->shape->logits;
    row_norm(x, d, last->normed);
    last->normed_scale = row_quantise(last->normed, d, last->normed_kept);
    multiply(c, c->net->head, last->normed_kept, 1, n, d, last->sum);
    row_scale(last->sum, last->normed_scale * c->net->weights.head_scale, n, logits);
}

static void run(void *state, const struct transformer_pass *pass, const int32_t *tokens,
                float *logits, struct transformer_trace *trace, struct transformer_counts *counts) {
    struct network *net = state;
    const struct transformer_shape *shape = &net->weights.shape;
    struct call c = {net, shape, pass, shape->seq - pass->seq, trace != NULL, {0}};
    float *x = trace != NULL ? trace->x : net->x;
    embed(&c, tokens, x);
    for (int32_t l = pass->first_layer; l < pass->end_layer; l++) {
        const struct transformer_stages *s = trace != NULL ? &trace->layers[l] : &net->space;
        attention_half(&c, l, x, s);
        ffn_half(&c, l, s);
        x = s->x;
    }
    const float *end = x + (int64_t)(pass->seq - 1) * shape->d;
    predict(&c, end, trace != NULL ? &trace->last : &net->last, logits);
    if (trace != NULL) {
        memcpy(trace->last.logits, logits, (size_t)shape->logits * sizeof *logits);
    }
    if (counts != NULL) {
        *counts = c.counts;
    }
}

static const struct transformer_impl impl = {build, run, flush, cache, release};

extern const struct kernel KERNEL_SYMBOL(transformer, TRANSFORMER_VARIANT);
const struct kernel KERNEL_SYMBOL(transformer, TRANSFORMER_VARIANT) = {
    .name = "transformer/" KERNEL_TEXT(TRANSFORMER_VARIANT),
    .operation = "transformer",
    .backend = BACKEND_CPU,
    .dtype = "int8",
    .isa = TRANSFORMER_ISA,
    .impl = &impl,
    .source = "Vaswani et al., \"Attention Is All You Need\" (2017), with int8 rows as in Dettmers "
              "et al., \"LLM.int8()\" (2022)",
    .bound = "int8 products equal; each stage within the rounding of its float32 operations",
};
