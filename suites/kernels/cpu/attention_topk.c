/* attention/topk: of all scores of a query the K largest are kept; the others weigh 0.
 *
 * Scores and the weighted sum are computed as attention/full does it, so that the two differ by
 * what is left out and by nothing else: where K >= n they give the same bits. */
#include <math.h>

#include "../../../harness/judge/kernel.h"
#include "../../../harness/base/memory.h"
#include "../../lm/row_math.h"
#include "../attention.h"
#include "../attention_select.h"

struct topk {
    struct attention_params params;
    attention_select_fn *select;
    const struct row_math *math;
    int64_t width;   /* entries a thread */
    int threads;     /* that there is space for */
    int32_t *chosen; /* (threads, width) */
    float *space;    /* (threads, width) */
};

int64_t attention_kept(const struct attention_params *params, int64_t n) {
    const int64_t k =
        params->k > 0 ? params->k : (int64_t)ceil(params->share * (double)n - 0x1p-20);
    return k < 1 ? 1 : k < n ? k : n;
}

static void close_topk(void *state) {
    struct topk *s = state;
    if (s != NULL) {
        mem_free(s->chosen);
        mem_free(s->space);
        mem_free(s);
    }
}

static enum status open_topk(const struct lm_shape *shape, int64_t capacity,
                             const struct attention_params *params, void **state) {
    struct topk *s = mem_alloc(sizeof *s);
    (void)shape;
    *state = s;
    if (s == NULL) {
        return ST_SYSTEM;
    }
    *s = (struct topk){.params = *params,
                       .select = attention_select(),
                       .math = row_math(),
                       .width = capacity + ATTENTION_SELECT_SLACK};
    return ST_OK;
}

static enum status make_space(struct topk *s, int threads) {
    if (threads <= s->threads) {
        return ST_OK;
    }
    mem_free(s->chosen);
    mem_free(s->space);
    s->chosen = mem_alloc_array((size_t)threads, (size_t)s->width * sizeof *s->chosen);
    s->space = mem_alloc_array((size_t)threads, (size_t)s->width * sizeof *s->space);
    s->threads = s->chosen == NULL || s->space == NULL ? 0 : threads;
    return s->threads > 0 ? ST_OK : ST_SYSTEM;
}

static void weigh_chosen(void *context, const struct lm_attention_call *call, int thread,
                         int64_t head, int64_t row, float *scores, int64_t keys) {
    const struct topk *s = context;
    int32_t *chosen = s->chosen + thread * s->width;
    float *space = s->space + thread * s->width;
    const int64_t k = attention_kept(&s->params, keys);
    (void)call;
    (void)head;
    (void)row;
    /* Of scores with a NaN none is the largest: the softmax of all passes it on. */
    if (k >= keys || s->select(scores, keys, k, chosen, space) < 0) {
        s->math->softmax(scores, keys);
        return;
    }
    row_softmax_chosen(s->math, scores, keys, chosen, k, space);
}

static enum status run_topk(void *state, const struct lm_attention_call *call) {
    struct topk *s = state;
    const enum status st = make_space(s, call->threads > 1 ? call->threads : 1);
    const struct lm_weighing weighing = {weigh_chosen, s};
    return st == ST_OK ? lm_attention_weighed(&weighing, call) : st;
}

static const struct attention_impl impl = {
    .form = ATTENTION_TOPK, .open = open_topk, .run = run_topk, .close = close_topk};

extern const struct kernel kernel_attention_topk;
const struct kernel kernel_attention_topk = {
    .name = "attention/topk",
    .operation = "attention",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .impl = &impl,
    .source = "S003: exact selection of the K keys with the largest q k; ties to the smaller index",
    .bound =
        "as attention/full over the float64 oracle's keys, and by what keys weigh whose choice "
        "hangs on rounding",
};
