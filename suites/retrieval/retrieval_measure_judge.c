/* What is measured in float32 against the float64 oracle.
 *
 * A score is off by at most gamma(d + 2) of its terms' magnitudes, so a key whose score lies that
 * near to the K_t-th largest may be in the teacher's set or not; recall must lie between what both
 * ways give, and where nothing is in doubt it must be equal.  A weight is off by the factor
 * exp(2 e + range u) for its own score's and the sum's error e, and by the roundings of the softmax
 * (suites/lm/row_math.h): sixteen lanes of n / 16 terms each, exponentials of two units in the last
 * place, a quotient and a product.  Weights are cut off at e^-87. */
#include <math.h>
#include <stdio.h>

#include "../../harness/base/memory.h"
#include "../../reference/retrieval.h"
#include "../lm/lm_spread.h"
#include "key_set.h"
#include "retrieval_arms.h"
#include "retrieval_rows.h"
#include "retrieval_sets.h"

enum { JUDGED = 3, SOFTMAX_ROUNDINGS = 24, LANES = 16 };

/* One query of all heads, as the oracle has it. */
struct answer {
    int64_t heads, n;
    struct ref_retrieval_head *head; /* (heads) of (n) each */
    double *hard, *likely;           /* (heads) relative error of a head's weights */
    double *mean, *doubt;            /* (n) mean_h A[h], and how far it may be off */
    unsigned char *place;            /* (budgets, heads + 1, n) among the K_t largest of each head,
                                      * and of the mean */
    int32_t *chosen;                 /* (n) a method's keys, from the first that is allowed on */
    double *space;
};

static void answer_free(struct answer *a) {
    mem_free(a->head);
    mem_free(a->place);
    mem_free(a->chosen);
    mem_free(a->space);
}

static enum status answer_new(int64_t heads, int64_t n, size_t budgets, struct answer *a) {
    const size_t keys = (size_t)n, rows = (size_t)heads;
    *a = (struct answer){.heads = heads, .n = n};
    a->head = mem_alloc_array(rows, sizeof *a->head);
    a->place = mem_alloc_array(budgets * (rows + 1), keys * sizeof *a->place);
    a->chosen = mem_alloc_array(keys, sizeof *a->chosen);
    a->space = mem_alloc_array((3 * rows + 2) * keys + 2 * rows, sizeof *a->space);
    if (a->head == NULL || a->place == NULL || a->chosen == NULL || a->space == NULL) {
        answer_free(a);
        return ST_SYSTEM;
    }
    a->mean = a->space + 3 * rows * keys;
    a->doubt = a->mean + keys;
    a->hard = a->doubt + keys;
    a->likely = a->hard + rows;
    for (size_t h = 0; h < rows; h++) {
        double *from = a->space + 3 * h * keys;
        a->head[h] = (struct ref_retrieval_head){from, from + keys, from + 2 * keys};
    }
    return ST_OK;
}

/* Relative error of a softmax row's weights in float32. */
static double weight_error(const struct ref_retrieval_head *h, int64_t n, int32_t d,
                           double (*gamma)(double m)) {
    double terms = 0, least = INFINITY, most = -INFINITY;
    for (int64_t j = 0; j < n; j++) {
        terms = fmax(terms, h->terms[j]);
        least = fmin(least, h->score[j]);
        most = fmax(most, h->score[j]);
    }
    const double score = gamma(d + 2) * terms, sums = gamma((double)n / LANES + SOFTMAX_ROUNDINGS);
    return (expm1(2 * score + (most - least) * 0x1p-23) + sums) * (1 + 0x1p-10);
}

static double cut_off(int64_t keys) { return (double)keys * exp(-86); }

static void solve_heads(const struct lm_attention_call *call, int64_t row, struct answer *a) {
    const int64_t heads = a->heads, first = call->first[row];
    const int32_t d = call->shape->head_dim;
    for (int64_t h = 0; h < heads; h++) {
        const int64_t kv = h / (heads / call->shape->kv_heads);
        ref_retrieval_weights(call->q + ((row - call->past) * heads + h) * d,
                              call->k + (kv * call->capacity + first) * d, d, a->n, &a->head[h]);
        a->hard[h] = weight_error(&a->head[h], a->n, d, judge_gamma);
        a->likely[h] = weight_error(&a->head[h], a->n, d, judge_gamma_likely);
    }
    for (int64_t j = 0; j < a->n; j++) {
        a->mean[j] = a->doubt[j] = 0;
        for (int64_t h = 0; h < heads; h++) {
            const double weight = a->head[h].weights[j] / (double)heads;
            a->mean[j] += weight;
            a->doubt[j] += weight * (a->hard[h] + judge_gamma((double)heads)) + cut_off(1);
        }
    }
}

static unsigned char *place_of(const struct answer *a, size_t budget, int64_t head) {
    return a->place + ((int64_t)budget * (a->heads + 1) + head) * a->n;
}

static int64_t kept_of(const struct answer *a, int64_t budget) {
    return budget < a->n ? budget : a->n;
}

static enum status place_keys(const struct retrieval_measured *m, int32_t d,
                              const struct answer *a) {
    const double gamma = judge_gamma(d + 2.0);
    double *doubt = mem_alloc_array((size_t)a->n, sizeof *doubt);
    int failed = doubt == NULL;
    for (int64_t h = 0; h <= a->heads && !failed; h++) {
        const bool mean = h == a->heads;
        for (int64_t j = 0; j < a->n; j++) {
            doubt[j] = mean ? a->doubt[j] : gamma * a->head[h].terms[j];
        }
        for (size_t b = 0; b < m->budget_count && !failed; b++) {
            failed = ref_retrieval_top(mean ? a->mean : a->head[h].score, doubt, a->n,
                                       kept_of(a, m->budgets[b]), place_of(a, b, h));
        }
    }
    mem_free(doubt);
    return failed ? status_set(ST_SYSTEM, "oracle: out of memory") : ST_OK;
}

/* --- one query -------------------------------------------------------------------------------- */

struct judged {
    const struct lm_attention_call *call;
    const struct retrieval_rows *rows;
    int64_t i; /* query of the run */
    const char *arm;
    struct judge *judge;
};

/* Lists a head's set; fails one that is too large or holds keys that the query may not read. */
static int64_t list_set(const struct judged *q, struct answer *a, int64_t head, size_t budget,
                        int64_t kept) {
    const int64_t row = q->rows->row + q->i, first = q->call->first[row];
    const uint64_t *set = retrieval_rows_set(q->rows, head, budget, q->i);
    const int64_t size = set_math()->size(set, q->rows->words);
    const int64_t count = key_set_list(set, first, row + 1, a->chosen);
    if (size != count || size > kept) {
        judge_fail(q->judge, "%s, layer %d, query %lld: %lld keys, %lld of them allowed, for %lld",
                   q->arm, (int)q->call->layer, (long long)row, (long long)size, (long long)count,
                   (long long)kept);
    }
    return count;
}

static void judge_recall(const struct judged *q, const char *which, double got, int64_t least,
                         int64_t most, double of) {
    const double low = (double)least / of, high = (double)most / of;
    const double slack = (high - low) / 2 + 0x1p-50;
    char what[96];
    snprintf(what, sizeof what, "%s, layer %d: recall %s", q->arm, (int)q->call->layer, which);
    judge_near(q->judge, what, q->rows->row + q->i, got, (low + high) / 2, slack, slack);
}

static void judge_query(const struct judged *q, struct answer *a, size_t budget, int64_t kept) {
    const struct retrieval_sum got = retrieval_rows_query(q->rows, q->call, budget, q->i);
    const double heads = (double)a->heads;
    int64_t own_least = 0, own_most = 0, least = 0, most = 0;
    double mass = 0, hard = 0, likely = 0;
    for (int64_t h = 0; h < a->heads; h++) {
        const int64_t count = list_set(q, a, h, budget, kept);
        int64_t low, high;
        ref_retrieval_common(place_of(a, budget, h), a->n, kept, a->chosen, count, &low, &high);
        own_least += low;
        own_most += high;
        ref_retrieval_common(place_of(a, budget, a->heads), a->n, kept, a->chosen, count, &low,
                             &high);
        least += low;
        most += high;
        const double sum = ref_retrieval_mass(a->head[h].weights, a->chosen, count);
        mass += sum / heads;
        hard += sum / heads * (a->hard[h] + judge_gamma(SET_MASS_ROUNDINGS)) + cut_off(count);
        likely +=
            sum / heads * (a->likely[h] + judge_gamma_likely(SET_MASS_ROUNDINGS)) + cut_off(count);
    }
    char what[96];
    snprintf(what, sizeof what, "%s, layer %d: mass", q->arm, (int)q->call->layer);
    judge_recall(q, "per head", got.recall_per_head, own_least, own_most, heads * (double)kept);
    judge_recall(q, "shared", got.recall_shared, least, most, heads * (double)kept);
    judge_near(q->judge, what, q->rows->row + q->i, got.mass, mass, hard, likely);
}

/* --- the queries that are judged -------------------------------------------------------------- */

struct judging {
    const struct retrieval_measured *m;
    struct retrieval_arms arms;
    struct retrieval_rows rows;
    int64_t count;
    struct judge *judge;
};

static enum status judge_arm(struct judging *g, const struct lm_attention_call *call, size_t arm,
                             int64_t i, struct answer *a) {
    const struct retrieval_arm *with = &g->arms.arm[arm];
    const struct judged q = {call, &g->rows, i, with->method->name, g->judge};
    enum status st = retrieval_rows_choose(&g->rows, call, with->method, g->arms.state[arm], 0);
    for (size_t b = 0; b < g->m->budget_count && st == ST_OK; b++) {
        judge_query(&q, a, b, kept_of(a, g->m->budgets[b]));
    }
    return st;
}

/* The query at `row`, taught in a run with those before it. */
static enum status judge_row(struct judging *g, const struct lm_attention_call *call, int64_t row) {
    int64_t from = row;
    while (from > call->past && row - from + 1 < g->rows.most && call->segment[from - 1] >= 0) {
        from--;
    }
    struct answer a;
    enum status st =
        answer_new(call->shape->heads, row - call->first[row] + 1, g->m->budget_count, &a);
    if (st != ST_OK) {
        return st;
    }
    solve_heads(call, row, &a);
    st = place_keys(g->m, call->shape->head_dim, &a);
    st = st == ST_OK ? retrieval_rows_teach(&g->rows, call, from - call->past, row - from + 1) : st;
    for (size_t arm = 0; arm < g->arms.count && st == ST_OK; arm++) {
        if (retrieval_arm_has(&g->arms.arm[arm], call->layer)) {
            st = judge_arm(g, call, arm, row - from, &a);
        }
    }
    answer_free(&a);
    return st;
}

static enum status judge_layer(void *context, const struct lm_attention_call *call) {
    struct judging *g = context;
    const bool judged = lm_spread_has(call->shape->layers, call->layer);
    enum status st = lm_attention_full(NULL, call);
    st = st == ST_OK && judged ? retrieval_arms_begin(&g->arms, call) : st;
    for (int64_t i = 0; i < JUDGED && judged && st == ST_OK; i++) {
        /* A third of the way, two thirds, and the end. */
        const int64_t row = (i + 1) * g->count / JUDGED - 1;
        if (row >= call->past && row < call->past + call->tokens && call->segment[row] >= 0) {
            st = judge_row(g, call, row);
        }
    }
    return st;
}

enum status retrieval_measure_judge(const struct retrieval_measured *m, struct lm_session *s,
                                    const int32_t *ids, const int32_t *segments, int64_t count,
                                    struct judge *j) {
    const struct lm_shape *shape = lm_shape(lm_session_model(s));
    struct judging g = {.m = m, .count = count, .judge = j};
    enum status st = retrieval_arms_open(m, shape, count, &g.arms);
    st = st == ST_OK ? retrieval_rows_new(shape, m->budgets, m->budget_count, count, &g.rows) : st;
    if (st == ST_OK) {
        const struct lm_attention attention = {judge_layer, &g};
        lm_session_truncate(s, 0);
        st = lm_forward(s, &attention, ids, segments, count, NULL);
    }
    retrieval_rows_free(&g.rows);
    retrieval_arms_close(&g.arms);
    return st;
}
