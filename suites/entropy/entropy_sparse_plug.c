#include "entropy_sparse_plug.h"

#include <math.h>
#include <string.h>

#include "../../harness/kernel.h"
#include "../../harness/memory.h"
#include "../kernels/attention_check.h"
#include "entropy_sparse_metrics.h"

enum status entropy_plug_open(const char *kernel, const struct attention_params *params,
                              const struct lm_shape *shape, int64_t capacity,
                              struct entropy_plug *out) {
    const struct kernel *k = kernel_find(kernel);
    if (k == NULL) {
        return status_set(ST_SYSTEM, "entropy: no kernel %s", kernel);
    }
    *out = (struct entropy_plug){.impl = k->impl, .params = *params};
    return out->impl->open(shape, capacity, params, &out->state);
}

void entropy_plug_close(struct entropy_plug *p) { p->impl->close(p->state); }

static enum status run_plug(void *context, const struct lm_attention_call *call) {
    const struct entropy_plug *p = context;
    return p->off ? lm_attention_full(NULL, call) : p->impl->run(p->state, call);
}

struct lm_attention entropy_plug_attention(struct entropy_plug *p) {
    return (struct lm_attention){run_plug, p};
}

static enum status run_observed(void *context, const struct lm_attention_call *call) {
    const struct entropy_plug *p = context;
    const enum status st = p->impl->observe(p->state, call);
    return st == ST_OK ? lm_attention_full(NULL, call) : st;
}

enum status entropy_plug_observe(struct entropy_plug *p, struct lm_session *s, const int32_t *ids,
                                 int64_t tokens) {
    if (p->impl->observe == NULL) {
        return ST_OK;
    }
    const struct lm_attention attention = {run_observed, p};
    lm_session_truncate(s, 0);
    return lm_forward(s, &attention, ids, NULL, tokens, NULL);
}

/* --- beside the model's attention ------------------------------------------------------------- */

enum { JUDGED_LAYERS = 3, JUDGED_ROWS = 3, JUDGED_HEADS = 3 };

struct comparison {
    struct entropy_plug *plug;
    float *out; /* (tokens, heads, head_dim) of the kernel */
    struct judge *judge;
    double sum;
    uint64_t count;
};

/* First, middle and last of n. */
static int64_t spread(int64_t n, int64_t i) { return (n - 1) * i / 2; }

static enum status judge_rows(const struct comparison *c, const struct lm_attention_call *call) {
    bool judged = false;
    for (int64_t i = 0; i < JUDGED_LAYERS; i++) {
        judged = judged || call->layer == spread(call->shape->layers, i);
    }
    enum status st = ST_OK;
    for (int64_t i = 0; judged && i < JUDGED_ROWS * JUDGED_HEADS && st == ST_OK; i++) {
        st = attention_judge_row(call, c->plug->impl->form, &c->plug->params,
                                 spread(call->tokens, i / JUDGED_HEADS),
                                 spread(call->shape->heads, i % JUDGED_HEADS), c->judge);
    }
    return st;
}

static enum status run_both(void *context, const struct lm_attention_call *call) {
    struct comparison *c = context;
    const int64_t d = call->shape->head_dim, queries = call->tokens * call->shape->heads;
    struct lm_attention_call other = *call;
    other.out = c->out;
    enum status st = lm_attention_full(NULL, call);
    st = st == ST_OK ? c->plug->impl->run(c->plug->state, &other) : st;
    for (int64_t i = 0; i < queries && st == ST_OK; i++) {
        const double cosine = entropy_cosine(call->out + i * d, c->out + i * d, d);
        c->sum += isnan(cosine) ? 0 : cosine;
        c->count += isnan(cosine) ? 0 : 1;
    }
    return st == ST_OK ? judge_rows(c, &other) : st;
}

enum status entropy_plug_compare(struct entropy_plug *p, const struct lm_model *m,
                                 const int32_t *ids, int64_t tokens, int threads, struct judge *j,
                                 struct entropy_likeness *out) {
    const struct lm_shape *shape = lm_shape(m);
    const size_t width = (size_t)shape->heads * (size_t)shape->head_dim;
    struct comparison c = {
        .plug = p, .judge = j, .out = mem_alloc_array((size_t)tokens, width * sizeof *c.out)};
    struct lm_session *s = NULL;
    enum status st = c.out == NULL ? ST_SYSTEM : lm_session_new(m, tokens, threads, &s);
    st = st == ST_OK ? entropy_plug_observe(p, s, ids, tokens) : st;
    if (st == ST_OK) {
        const struct lm_attention attention = {run_both, &c};
        lm_session_truncate(s, 0);
        st = lm_forward(s, &attention, ids, NULL, tokens, NULL);
    }
    *out = (struct entropy_likeness){c.count > 0 ? c.sum / (double)c.count : NAN, c.count};
    lm_session_free(s);
    mem_free(c.out);
    return st;
}

/* --- logits ----------------------------------------------------------------------------------- */

/* Rows whose logits are held at once. */
enum { ROWS = 128 };

static enum status forward(const struct lm_attention *attention, const struct lm_model *m,
                           const int32_t *ids, int64_t tokens, int threads, float *hidden) {
    struct lm_session *s;
    enum status st = lm_session_new(m, tokens, threads, &s);
    if (st == ST_OK) {
        st = lm_forward(s, attention, ids, NULL, tokens, hidden);
        lm_session_free(s);
    }
    return st;
}

static void compare_logits(const struct lm_model *m, const float *a, const float *b, int64_t rows,
                           int threads, float *logits, struct entropy_identity *out) {
    const size_t count = (size_t)rows * (size_t)lm_shape(m)->vocabulary;
    lm_logits(m, a, rows, threads, logits);
    lm_logits(m, b, rows, threads, logits + count);
    const double largest = entropy_max_abs_diff(logits, logits + count, count);
    out->largest = largest <= out->largest || isnan(out->largest) ? out->largest : largest;
    out->same_bits = out->same_bits && memcmp(logits, logits + count, count * sizeof *logits) == 0;
    out->logits += count;
}

enum status entropy_plug_identity(struct entropy_plug *p, const struct lm_model *m,
                                  const int32_t *ids, int64_t tokens, int threads,
                                  struct entropy_identity *out) {
    const int64_t hidden = lm_shape(m)->hidden;
    const size_t row = (size_t)hidden * sizeof(float);
    float *plain = mem_alloc_array((size_t)tokens, row),
          *plugged = mem_alloc_array((size_t)tokens, row);
    float *logits = mem_alloc_array(2 * ROWS, (size_t)lm_shape(m)->vocabulary * sizeof *logits);
    const struct lm_attention attention = entropy_plug_attention(p);
    *out = (struct entropy_identity){.same_bits = true};
    enum status st = plain == NULL || plugged == NULL || logits == NULL ? ST_SYSTEM : ST_OK;
    st = st == ST_OK ? forward(NULL, m, ids, tokens, threads, plain) : st;
    st = st == ST_OK ? forward(&attention, m, ids, tokens, threads, plugged) : st;
    for (int64_t at = 0; at < tokens && st == ST_OK; at += ROWS) {
        const int64_t rows = ROWS < tokens - at ? ROWS : tokens - at;
        compare_logits(m, plain + at * hidden, plugged + at * hidden, rows, threads, logits, out);
    }
    mem_free(plain);
    mem_free(plugged);
    mem_free(logits);
    return st;
}
