#include "attention_check.h"

#include <math.h>
#include <string.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"

/* --- made-up sequences ------------------------------------------------------------------------ */

enum status attention_problem_new(const struct lm_shape *shape, int64_t n,
                                  struct attention_problem *out) {
    const size_t tokens = (size_t)n, heads = (size_t)shape->heads, d = (size_t)shape->head_dim;
    *out = (struct attention_problem){.shape = *shape, .n = n, .capacity = n + 3};
    const size_t rows = (size_t)(shape->kv_heads * out->capacity), all = tokens * heads * d;
    out->q = mem_alloc_array(all, sizeof *out->q);
    out->k = mem_alloc_array(rows * d, sizeof *out->k);
    out->v = mem_alloc_array(rows * d, sizeof *out->v);
    out->segment = mem_alloc_array(tokens, sizeof *out->segment);
    out->position = mem_alloc_array(tokens, sizeof *out->position);
    out->first = mem_alloc_array(tokens, sizeof *out->first);
    out->expected = mem_alloc_array(all, sizeof *out->expected);
    out->hard = mem_alloc_array(all, sizeof *out->hard);
    out->likely = mem_alloc_array(all, sizeof *out->likely);
    if (out->q == NULL || out->k == NULL || out->v == NULL || out->segment == NULL ||
        out->position == NULL || out->first == NULL || out->expected == NULL || out->hard == NULL ||
        out->likely == NULL) {
        attention_problem_free(out);
        return ST_SYSTEM;
    }
    return ST_OK;
}

void attention_problem_free(struct attention_problem *p) {
    mem_free(p->q);
    mem_free(p->k);
    mem_free(p->v);
    mem_free(p->segment);
    mem_free(p->position);
    mem_free(p->first);
    mem_free(p->expected);
    mem_free(p->hard);
    mem_free(p->likely);
    *p = (struct attention_problem){.n = 0};
}

static void fill_rows(enum attention_values values, uint64_t seed, uint32_t stream, int64_t rows,
                      int32_t d, float *out) {
    enum { MOST = 256 };
    double row[MOST];
    for (int64_t j = 0; j < rows; j++) {
        rng_gaussians(seed, stream, (uint64_t)j, row, (size_t)d);
        for (int32_t i = 0; i < d; i++) {
            const double value = row[i];
            out[j * d + i] = (float)(values == ATTENTION_WHOLE ? nearbyint(value) : value);
        }
    }
}

void attention_problem_fill(struct attention_problem *p, uint64_t seed, const int64_t *lengths) {
    const int32_t d = p->shape.head_dim;
    const int64_t rows = p->shape.kv_heads * p->capacity;
    fill_rows(p->values, seed, 1, p->n * p->shape.heads, d, p->q);
    fill_rows(p->values, seed, 2, rows, d, p->k);
    fill_rows(p->values, seed, 3, rows, d, p->v);
    for (int64_t i = 0; p->values == ATTENTION_EVEN && i < rows * d; i++) {
        p->k[i] = 0;
    }
    int64_t at = 0;
    for (int32_t s = 0; lengths[s] != 0; s++) {
        const int64_t from = at, length = lengths[s] < 0 ? -lengths[s] : lengths[s];
        for (; at < from + length && at < p->n; at++) {
            p->segment[at] = lengths[s] < 0 ? -1 : s;
            p->first[at] = lengths[s] < 0 ? at : from;
            p->position[at] = (int32_t)(at - p->first[at]);
        }
    }
}

struct lm_attention_call attention_problem_call(const struct attention_problem *p, int32_t layer,
                                                int64_t past, int64_t tokens, int threads,
                                                float *out) {
    const int64_t at = past * p->shape.heads * p->shape.head_dim;
    return (struct lm_attention_call){.shape = &p->shape,
                                      .layer = layer,
                                      .threads = threads,
                                      .past = past,
                                      .tokens = tokens,
                                      .x = p->q + at, /* not read by attention */
                                      .q = p->q + at,
                                      .k = p->k,
                                      .v = p->v,
                                      .capacity = p->capacity,
                                      .segment = p->segment,
                                      .position = p->position,
                                      .first = p->first,
                                      .out = out + at};
}

/* --- oracle ----------------------------------------------------------------------------------- */

/* One query of one head: what the form reads, and the answer. */
struct row {
    double *q, *k, *v;              /* (d), (n, d), (n, d) */
    double *out, *magnitude, *near; /* (d) */
    double *weights;                /* (n) */
    double *hard, *likely;          /* (d) */
    int32_t d;
};

static enum status row_new(struct row *r, int64_t n, int32_t d) {
    const size_t keys = (size_t)n, width = (size_t)d;
    double *space = mem_alloc_array(2 * keys * width + keys + 6 * width, sizeof *space);
    *r = (struct row){.q = space, .d = d};
    if (space == NULL) {
        return ST_SYSTEM;
    }
    r->out = r->q + width;
    r->magnitude = r->out + width;
    r->near = r->magnitude + width;
    r->hard = r->near + width;
    r->likely = r->hard + width;
    r->k = r->likely + width;
    r->v = r->k + keys * width;
    r->weights = r->v + keys * width;
    return ST_OK;
}

static void row_free(struct row *r) { mem_free(r->q); }

/* Last token of the document of `row`. */
static int64_t last_of(const struct lm_attention_call *c, int64_t row) {
    int64_t last = row;
    while (last + 1 < c->past + c->tokens && c->first[last + 1] == c->first[row]) {
        last++;
    }
    return last;
}

static void read_values(const struct lm_attention_call *c, enum attention_form form, int64_t kv,
                        int64_t row, const struct row *r) {
    const int32_t d = r->d;
    const int64_t first = c->first[row], last = last_of(c, row);
    const float *k = c->k + (kv * c->capacity + first) * d;
    const float *v = c->v + (kv * c->capacity + first) * d;
    const bool rounded = form == ATTENTION_INT8_TOKEN || form == ATTENTION_INT8_CHANNEL;
    for (int64_t j = 0; j <= row - first; j++) {
        const double k_scale = ref_int8_scale(k + j * d, d, 1);
        const double v_scale = ref_int8_scale(v + j * d, d, 1);
        for (int32_t i = 0; i < d; i++) {
            const int64_t at = j * d + i;
            r->k[at] = rounded ? ref_int8_round(k[at], k_scale) : (double)k[at];
            r->v[at] = rounded ? ref_int8_round(v[at], v_scale) : (double)v[at];
        }
    }
    for (int32_t i = 0; form == ATTENTION_INT8_CHANNEL && i < d; i++) {
        const double scale = ref_int8_scale(k + i, last - first + 1, d);
        for (int64_t j = 0; j <= row - first; j++) {
            r->k[j * d + i] = ref_int8_round(k[j * d + i], scale);
        }
    }
}

double attention_bound(const struct ref_attention_answer *a, double scores, double sums, int64_t n,
                       double magnitude) {
    const double u = 0x1p-24, cut = (double)n * exp(-86);
    return magnitude * (expm1(2 * scores * a->terms + 2 * a->range * u) + sums) * (1 + 0x1p-10) +
           cut * (1 + magnitude);
}

/* exact: scores are, so no choice is in doubt. */
static enum status solve_row(const struct lm_attention_call *c, enum attention_form form,
                             const struct attention_params *params, bool exact, int64_t t,
                             int64_t head, const struct row *r) {
    const int64_t row = c->past + t, n = row - c->first[row] + 1;
    const float *q = c->q + (t * c->shape->heads + head) * r->d;
    read_values(c, form, head / (c->shape->heads / c->shape->kv_heads), row, r);
    for (int32_t i = 0; i < r->d; i++) {
        r->q[i] = (double)q[i];
    }
    const double hard = judge_gamma(r->d + 2), likely = judge_gamma_likely(r->d + 2);
    const struct ref_attention_query query = {
        .q = r->q,
        .k = r->k,
        .v = r->v,
        .d = r->d,
        .n = n,
        .chosen = form == ATTENTION_TOPK ? attention_kept(params, n) : n,
        .doubt = exact ? -1 : 2 * hard};
    struct ref_attention_answer a = {
        .out = r->out, .magnitude = r->magnitude, .near = r->near, .weights = r->weights};
    if (ref_attention_chosen(&query, &a) != 0) {
        return status_set(ST_SYSTEM, "oracle: out of memory");
    }
    const double sums = judge_gamma(2 * (double)n + 20);
    const double likely_sums = judge_gamma_likely(2 * (double)n + 20);
    for (int32_t i = 0; i < r->d; i++) {
        r->hard[i] = attention_bound(&a, hard, sums, n, r->magnitude[i]) + r->near[i];
        r->likely[i] = attention_bound(&a, likely, likely_sums, n, r->magnitude[i]) + r->near[i];
    }
    return ST_OK;
}

enum status attention_problem_solve(struct attention_problem *p, enum attention_form form,
                                    const struct attention_params *params) {
    const int64_t heads = p->shape.heads, d = p->shape.head_dim;
    const size_t all = (size_t)(p->n * heads * d);
    const struct lm_attention_call call = attention_problem_call(p, 0, 0, p->n, 1, NULL);
    struct row r;
    enum status st = row_new(&r, p->n, p->shape.head_dim);
    memset(p->expected, 0, all * sizeof *p->expected);
    memset(p->hard, 0, all * sizeof *p->hard);
    memset(p->likely, 0, all * sizeof *p->likely);
    for (int64_t at = 0; at < p->n * heads && st == ST_OK; at++) {
        if (p->segment[at / heads] < 0) {
            continue;
        }
        st = solve_row(&call, form, params, p->values != ATTENTION_GAUSSIAN, at / heads, at % heads,
                       &r);
        for (int64_t i = 0; i < d && st == ST_OK; i++) {
            p->expected[at * d + i] = r.out[i];
            p->hard[at * d + i] = r.hard[i];
            p->likely[at * d + i] = r.likely[i];
        }
    }
    row_free(&r);
    return st;
}

/* --- judging ---------------------------------------------------------------------------------- */

static void watch(const struct attention_problem *p, struct judge *j) {
    const size_t n = (size_t)p->n, d = (size_t)p->shape.head_dim, heads = (size_t)p->shape.heads;
    const size_t rows = (size_t)(p->shape.kv_heads * p->capacity), all = n * heads * d;
    judge_watch(j, "queries", p->q, all * sizeof *p->q);
    judge_watch(j, "keys", p->k, rows * d * sizeof *p->k);
    judge_watch(j, "values", p->v, rows * d * sizeof *p->v);
    judge_watch(j, "segments", p->segment, n * sizeof *p->segment);
    judge_watch(j, "positions", p->position, n * sizeof *p->position);
    judge_watch(j, "first keys", p->first, n * sizeof *p->first);
    judge_watch(j, "expected outputs", p->expected, all * sizeof *p->expected);
    judge_watch(j, "bounds", p->hard, all * sizeof *p->hard);
    judge_watch(j, "likely bounds", p->likely, all * sizeof *p->likely);
}

enum status attention_judge_row(const struct lm_attention_call *call, enum attention_form form,
                                const struct attention_params *params, int64_t t, int64_t head,
                                struct judge *j) {
    const int32_t d = call->shape->head_dim;
    const float *out = call->out + (t * call->shape->heads + head) * d;
    struct row r;
    enum status st = row_new(&r, call->past + t + 1, d);
    st = st == ST_OK ? solve_row(call, form, params, false, t, head, &r) : st;
    for (int32_t i = 0; i < d && st == ST_OK; i++) {
        judge_near(j, "output", i, (double)out[i], r.out[i], r.hard[i], r.likely[i]);
    }
    row_free(&r);
    return st;
}

static void judge_outputs(const struct attention_problem *p, const float *out, struct judge *j) {
    const int64_t values = p->n * p->shape.heads * p->shape.head_dim;
    for (int64_t i = 0; i < values && j->verdict != VERDICT_FAIL; i++) {
        judge_near(j, "output", i, (double)out[i], p->expected[i], p->hard[i], p->likely[i]);
    }
}

/* Lets `act` see the sequence in steps. */
static enum status feed(enum status (*act)(void *, const struct lm_attention_call *), void *state,
                        const struct attention_problem *p, int64_t step, int threads, float *out) {
    enum status st = ST_OK;
    for (int64_t past = 0; past < p->n && st == ST_OK; past += step) {
        const int64_t tokens = step < p->n - past ? step : p->n - past;
        const struct lm_attention_call call =
            attention_problem_call(p, p->shape.layers - 1, past, tokens, threads, out);
        st = act(state, &call);
    }
    return st;
}

enum status attention_check(const struct attention_impl *impl, void *state,
                            const struct attention_problem *p, int64_t step, int threads,
                            struct judge *j) {
    const size_t all = (size_t)(p->n * p->shape.heads * p->shape.head_dim);
    float *out = judge_output(j, "outputs", all * sizeof *out);
    enum status st = out == NULL ? ST_SYSTEM : ST_OK;
    const int64_t tokens = step == 0 ? p->n : step;
    watch(p, j);
    judge_poison(j);
    if (st == ST_OK && impl->observe != NULL) {
        st = feed(impl->observe, state, p, tokens, threads, out);
    }
    if (st == ST_OK) {
        st = feed(impl->run, state, p, tokens, threads, out);
    }
    judge_called(j);
    if (st == ST_OK) {
        judge_outputs(p, out, j);
    }
    return st;
}
