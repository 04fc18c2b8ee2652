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

enum { ROOMS = 19 };

struct network {
    struct transformer_weights weights; /* of the matrices, only those that are looked up */
    struct packed_layer *layers;
    void *head;
    unsigned char *cache, *beside; /* struct kept of all layers; of one, for what is not cached */
    float *wide_k, *wide_v;        /* (seq, d) floats of one layer's */
    float *scores, *most;          /* of one query: (heads, apart); the largest, (heads) */
    int64_t apart;                 /* seq, and room for a block of LANES */
    float *x;                      /* (seq, d) before the first layer */
    /* One layer's arrays, used again by the next.  Of floats that are quantised there is one row,
     * and arrays of which one is done with before the next is begun share their memory. */
    struct transformer_stages space;
    struct transformer_last last;
    void *rooms[ROOMS]; /* what the arrays above lie in */
    int32_t room_count;
    bool refused; /* one of them was */
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
    for (int32_t i = 0; i < net->room_count; i++) {
        mem_free(net->rooms[i]);
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

/* Memory that release() gives back. */
static void *room(struct network *net, size_t count, size_t size) {
    void *memory = mem_alloc_array(count, size);
    net->rooms[net->room_count++] = memory;
    net->refused = net->refused || memory == NULL;
    return memory;
}

static int8_t *copy_matrix(struct network *net, const int8_t *matrix, int32_t rows, int32_t width) {
    int8_t *copy = room(net, (size_t)rows, (size_t)width);
    if (copy != NULL) {
        memcpy(copy, matrix, (size_t)rows * (size_t)width);
    }
    return copy;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static void make_stages(struct network *net) {
    const struct transformer_shape *s = &net->weights.shape;
    const size_t d = (size_t)s->d, ffn = (size_t)s->ffn, seq = (size_t)s->seq;
    struct transformer_stages *to = &net->space;
    to->normed = to->qkv = to->ffn_normed = to->gelu = room(net, larger(3 * d, ffn), sizeof(float));
    to->attended = room(net, d, sizeof(float));
    to->normed_scale = room(net, seq, sizeof(float));
    to->attended_scale = room(net, seq, sizeof(float));
    to->ffn_normed_scale = room(net, seq, sizeof(float));
    to->gelu_scale = room(net, seq, sizeof(float));
    to->x_attended = room(net, seq * d, sizeof(float));
    to->x = room(net, seq * d, sizeof(float));
    to->normed_kept = to->attended_kept = to->ffn_normed_kept = to->gelu_kept =
        room(net, seq, larger(d, ffn));
    to->qkv_sum = to->out_sum = to->up_sum = to->down_sum =
        room(net, larger(seq * larger(3 * d, ffn), (size_t)s->logits), sizeof(int32_t));
    net->last = (struct transformer_last){
        .normed = to->normed, .normed_kept = to->normed_kept, .sum = to->qkv_sum};
}

static void make_rooms(const struct transformer_weights *w, struct network *net) {
    const struct transformer_shape *s = &w->shape;
    const size_t d = (size_t)s->d, seq = (size_t)s->seq;
    net->weights = *w;
    net->weights.embedding = copy_matrix(net, w->embedding, s->logits, s->d);
    net->weights.place = copy_matrix(net, w->place, s->seq, s->d);
    net->cache = room(net, 1, kept_bytes(s, s->layers));
    net->beside = room(net, 1, kept_bytes(s, 1));
    net->wide_k = room(net, seq * d, sizeof(float));
    net->wide_v = room(net, seq * d, sizeof(float));
    net->apart = s->seq + LANES;
    net->scores = room(net, (size_t)(s->heads * net->apart), sizeof(float));
    net->most = room(net, (size_t)s->heads, sizeof(float));
    net->x = room(net, seq * d, sizeof(float));
    make_stages(net);
}

static void *build(const struct transformer_weights *w) {
    struct network *net = mem_alloc(sizeof *net);
    if (net == NULL) {
        return NULL;
    }
    make_rooms(w, net);
    if (net->refused || !pack(w, net)) {
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

/* One query, whose last key is that at `place`; out (d).  One head's exponentials wait for its
 * scores while the next head's scores are worked out. */
static void attend(struct call *c, const float *q, int32_t place, float *out) {
    const struct network *net = c->net;
    const int32_t heads = c->shape->heads, d = c->shape->d, part = d / heads;
    const int32_t reach = place - c->pass->window + 1, from = reach > c->first ? reach : c->first;
    const int32_t keys = place - from + 1;
    const int64_t start = (int64_t)from * d;
    for (int32_t h = 0; h < heads; h++) {
        const float *k = net->wide_k + start + h * part;
        net->most[h] = row_scores(q + h * part, k, keys, d, part, net->scores + h * net->apart);
    }
    for (int32_t h = 0; h < heads; h++) {
        row_softmax(net->scores + h * net->apart, keys, net->most[h]);
    }
    for (int32_t h = 0; h < heads; h++) {
        const float *v = net->wide_v + start + h * part;
        row_weigh(net->scores + h * net->apart, v, keys, d, part, out + h * part);
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
