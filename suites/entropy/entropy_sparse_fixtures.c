#include "entropy_sparse_fixtures.h"

#include <math.h>
#include <string.h>

#include "../../harness/judge/kernel.h"
#include "../kernels/attention_check.h"
#include "../kernels/rank.h"
#include "../lm/lm_identity.h"
#include "entropy_ranking_metrics.h"
#include "entropy_sparse_metrics.h"

/* --- perplexity ------------------------------------------------------------------------------- */

/* Two texts with mean losses ln 2 and ln 8: all predictions together have ln 4. */
static void two_texts(double means[2 * ENTROPY_CONTEXTS]) {
    memset(means, 0, 2 * ENTROPY_CONTEXTS * sizeof *means);
    means[0] = log(2);
    means[ENTROPY_CONTEXTS] = log(8);
}

static double mean_of_ppls(const double *means) {
    return (exp(means[0]) + exp(means[ENTROPY_CONTEXTS])) / 2;
}

enum status entropy_ppl_of_batches(struct fixture_values *v) {
    double means[2 * ENTROPY_CONTEXTS];
    two_texts(means);
    *v = (struct fixture_values){entropy_ppl(means, 2, 0), 4, mean_of_ppls(means), 1e-12};
    return ST_OK;
}

enum status entropy_ppl_in_bits(struct fixture_values *v) {
    double means[2 * ENTROPY_CONTEXTS];
    two_texts(means);
    *v = (struct fixture_values){entropy_ppl(means, 2, 0), 4, exp2(log(4)), 1e-12};
    return ST_OK;
}

/* Four tokens have three predictions. */
static const double losses[] = {0.5, 1, 1.5, 9};

enum status entropy_ppl_over_n(struct fixture_values *v) {
    double means[ENTROPY_CONTEXTS] = {entropy_mean_nll(losses, 4)};
    *v = (struct fixture_values){entropy_ppl(means, 1, 0), exp(1), exp(3.0 / 4), 1e-12};
    return ST_OK;
}

/* Of a window of four, not of the whole text. */
enum status entropy_ppl_beyond_context(struct fixture_values *v) {
    double means[ENTROPY_CONTEXTS] = {entropy_mean_nll(losses, 4)};
    *v = (struct fixture_values){entropy_ppl(means, 1, 0), exp(1), exp(12.0 / 4), 1e-12};
    return ST_OK;
}

enum status entropy_ppl_of_nothing(struct fixture_values *v) {
    double means[ENTROPY_CONTEXTS] = {entropy_mean_nll(losses, 1)};
    *v = (struct fixture_values){entropy_ppl(means, 1, 0), NAN, exp(0), 0};
    return ST_OK;
}

/* --- the gap ---------------------------------------------------------------------------------- */

/* Text t at context 2^i: gaps of `gap[i]` over a full perplexity of 10. */
struct gaps {
    double full[2 * ENTROPY_CONTEXTS], sparse[2 * ENTROPY_CONTEXTS];
    struct entropy_losses_view view;
};

static void make_gaps(const double *gap, size_t contexts, struct gaps *g) {
    *g = (struct gaps){.view = {.texts = 2, .contexts = contexts}};
    for (size_t i = 0; i < contexts; i++) {
        g->view.context[i] = 256 << i;
        for (size_t t = 0; t < 2; t++) {
            g->full[t * ENTROPY_CONTEXTS + i] = log(10);
            g->sparse[t * ENTROPY_CONTEXTS + i] = log(10 + gap[i]);
        }
    }
    g->view.full = g->full;
    g->view.sparse = g->sparse;
}

enum status entropy_dppl_upside_down(struct fixture_values *v) {
    static const double gap[] = {0.5};
    struct gaps g;
    make_gaps(gap, 1, &g);
    const double wrong = entropy_ppl(g.full, 2, 0) - entropy_ppl(g.sparse, 2, 0);
    *v = (struct fixture_values){entropy_dppl(&g.view, 0).value, 0.5, wrong, 1e-12};
    return ST_OK;
}

enum status entropy_dppl_relative(struct fixture_values *v) {
    static const double gap[] = {0.5};
    struct gaps g;
    make_gaps(gap, 1, &g);
    const double full = entropy_ppl(g.full, 2, 0);
    const double wrong = (entropy_ppl(g.sparse, 2, 0) - full) / full * 100;
    *v = (struct fixture_values){entropy_dppl(&g.view, 0).value, 0.5, wrong, 1e-12};
    return ST_OK;
}

/* 10.5 over 10: a gap of 0.05, not of half a unit. */
enum status entropy_gap_absolute(struct fixture_values *v) {
    static const double gap[] = {0.5};
    struct gaps g;
    make_gaps(gap, 1, &g);
    *v = (struct fixture_values){entropy_ppl_gap(&g.view, 0).value, 0.05,
                                 entropy_dppl(&g.view, 0).value, 1e-12};
    return ST_OK;
}

enum status entropy_gap_over_sparse(struct fixture_values *v) {
    static const double gap[] = {0.5};
    struct gaps g;
    make_gaps(gap, 1, &g);
    const double wrong = 1 - entropy_ppl(g.full, 2, 0) / entropy_ppl(g.sparse, 2, 0);
    *v = (struct fixture_values){entropy_ppl_gap(&g.view, 0).value, 0.05, wrong, 1e-12};
    return ST_OK;
}

/* With alpha = 0.4 the seed expects N^-0.6. */
enum status entropy_predicted_sign(struct fixture_values *v) {
    *v = (struct fixture_values){entropy_predicted_exponent(0.4), -0.6, -0.4, 1e-12};
    return ST_OK;
}

/* Losses whose means cross: the mean of the texts' gaps has the other sign. */
enum status entropy_dppl_of_batches(struct fixture_values *v) {
    struct gaps g;
    static const double none[] = {0};
    make_gaps(none, 1, &g);
    two_texts(g.full); /* 4; the mean of the texts' is 5 */
    g.sparse[0] = g.sparse[ENTROPY_CONTEXTS] = log(4.5);
    const double wrong = 4.5 - mean_of_ppls(g.full);
    *v = (struct fixture_values){entropy_dppl(&g.view, 0).value, 0.5, wrong, 1e-12};
    return ST_OK;
}

/* Gaps fall by the root of 2 a doubling. */
static void half_power(struct gaps *g) {
    const double gap[] = {4, 4 / sqrt(2), 2, 2 / sqrt(2)};
    make_gaps(gap, 4, g);
}

enum status entropy_exponent_of_steps(struct fixture_values *v) {
    struct gaps g;
    half_power(&g);
    const double steps[] = {0, 1, 2, 3}, wanted = -0.5;
    const double gap[] = {log(4), log(4) - log(2) / 2, log(2), log(2) / 2};
    *v = (struct fixture_values){entropy_gap_exponent(&g.view).value, wanted,
                                 stats_line(steps, gap, 4).slope, 1e-9};
    return ST_OK;
}

enum status entropy_exponent_of_gap(struct fixture_values *v) {
    struct gaps g;
    half_power(&g);
    double x[4], y[4];
    for (size_t i = 0; i < 4; i++) {
        x[i] = log((double)g.view.context[i]);
        y[i] = entropy_dppl(&g.view, i).value;
    }
    *v = (struct fixture_values){entropy_gap_exponent(&g.view).value, -0.5,
                                 stats_line(x, y, 4).slope, 1e-9};
    return ST_OK;
}

/* One context where the sparse model is better. */
static const double with_negative[] = {4, -2, 1};

enum status entropy_exponent_of_size(struct fixture_values *v) {
    struct gaps g;
    double x[3], y[3];
    make_gaps(with_negative, 3, &g);
    for (size_t i = 0; i < 3; i++) {
        x[i] = log((double)g.view.context[i]);
        y[i] = log(fabs(with_negative[i]));
    }
    *v = (struct fixture_values){entropy_gap_exponent(&g.view).value, NAN,
                                 stats_line(x, y, 3).slope, 0};
    return ST_OK;
}

enum status entropy_points_of_size(struct fixture_values *v) {
    struct gaps g;
    make_gaps(with_negative, 3, &g);
    *v = (struct fixture_values){(double)entropy_gap_points(&g.view), 2, 3, 0};
    return ST_OK;
}

/* At 256 tokens 256 keys are all: no gap, and no context of the fit. */
enum status entropy_points_with_all_keys(struct fixture_values *v) {
    static const double gap[] = {0, 2, 1};
    struct gaps g;
    make_gaps(gap, 3, &g);
    const struct entropy_losses_view above = entropy_contexts_above(&g.view, 256);
    *v = (struct fixture_values){entropy_gap_exponent(&above).value, -1,
                                 entropy_gap_exponent(&g.view).value, 1e-9};
    return ST_OK;
}

/* --- bytes ------------------------------------------------------------------------------------ */

/* A kernel's cache for 100 tokens of 2 layers and KV heads of dimension 16. */
static const struct lm_shape small = {.layers = 2, .heads = 4, .kv_heads = 2, .head_dim = 16};

enum { SMALL_TOKENS = 100, SMALL_VALUES = 2 * SMALL_TOKENS * 2 * 2 * 16 };

static enum status ratio_of(const char *kernel, double *out) {
    const struct attention_impl *impl = kernel_find(kernel)->impl;
    const struct attention_params params = {.documents = 1};
    void *state;
    const enum status st = impl->open(&small, SMALL_TOKENS, &params, &state);
    if (st == ST_OK) {
        *out = entropy_kv_ratio(impl->cache_bytes(state), SMALL_TOKENS, 2, 2, 16);
        impl->close(state);
    }
    return st;
}

enum status entropy_ratio_without_scales(struct fixture_values *v) {
    *v = (struct fixture_values){NAN, 18.0 / 32, SMALL_VALUES / (2.0 * SMALL_VALUES), 1e-12};
    return ratio_of("attention/int8_token", &v->got);
}

enum status entropy_ratio_of_f32(struct fixture_values *v) {
    *v = (struct fixture_values){NAN, 0.5 + 1 / 32.0 + 1 / 200.0, (0.5 + 1 / 32.0 + 1 / 200.0) / 2,
                                 1e-12};
    return ratio_of("attention/int8_channel", &v->got);
}

/* The seed's 0.5078 at d = 128 with a scale a token, not at its model's d = 64. */
enum status entropy_formula_of_other_d(struct fixture_values *v) {
    *v = (struct fixture_values){entropy_kv_formula(false, 64, 1), 0.515625, 0.5078125, 0};
    return ST_OK;
}

/* As many scales for K as for V. */
enum status entropy_formula_of_tokens(struct fixture_values *v) {
    *v = (struct fixture_values){entropy_kv_formula(true, 64, 1024), 0.50830078125, 0.515625, 0};
    return ST_OK;
}

/* --- outputs ---------------------------------------------------------------------------------- */

enum status entropy_diff_with_sign(struct fixture_values *v) {
    static const float a[] = {1, 2, 3}, b[] = {1, 4, 2};
    double wrong = 0;
    for (size_t i = 0; i < 3; i++) {
        wrong = fmax(wrong, (double)a[i] - (double)b[i]);
    }
    *v = (struct fixture_values){lm_max_abs_diff(a, b, 3), 2, wrong, 0};
    return ST_OK;
}

enum status entropy_diff_mean(struct fixture_values *v) {
    static const float a[] = {1, 2, 3}, b[] = {1, 4, 2};
    *v = (struct fixture_values){lm_max_abs_diff(a, b, 3), 2, (0 + 2 + 1) / 3.0, 0};
    return ST_OK;
}

/* A comparison that NaN never wins. */
enum status entropy_diff_of_nan(struct fixture_values *v) {
    static const float a[] = {1, NAN}, b[] = {1, 4};
    double wrong = 0;
    for (size_t i = 0; i < 2; i++) {
        const double difference = fabs((double)a[i] - (double)b[i]);
        wrong = difference > wrong ? difference : wrong;
    }
    *v = (struct fixture_values){lm_max_abs_diff(a, b, 2), NAN, wrong, 0};
    return ST_OK;
}

/* Sparse attention with at least as many keys as there are is full attention bit by bit. */
enum { FEW_TOKENS = 24, FEW_VALUES = FEW_TOKENS * 4 * 16 };

static enum status attend(const struct attention_problem *p, const char *kernel, int64_t k,
                          float *out) {
    const struct attention_impl *impl = kernel_find(kernel)->impl;
    const struct attention_params params = {.k = k};
    const struct lm_attention_call call = attention_problem_call(p, 0, 0, FEW_TOKENS, 1, out);
    void *state;
    enum status st = impl->open(&small, FEW_TOKENS, &params, &state);
    if (st == ST_OK) {
        st = impl->run(state, &call);
        impl->close(state);
    }
    return st;
}

enum status entropy_diff_of_all_keys(struct fixture_values *v) {
    static const int64_t one_document[] = {FEW_TOKENS, 0};
    float full[FEW_VALUES], all[FEW_VALUES], fewer[FEW_VALUES];
    struct attention_problem p;
    enum status st = attention_problem_new(&small, FEW_TOKENS, &p);
    if (st != ST_OK) {
        return st;
    }
    p.values = ATTENTION_GAUSSIAN;
    attention_problem_fill(&p, 1, one_document);
    st = attend(&p, "attention/full", 0, full);
    st = st == ST_OK ? attend(&p, "attention/topk", FEW_TOKENS, all) : st;
    st = st == ST_OK ? attend(&p, "attention/topk", FEW_TOKENS - 1, fewer) : st;
    if (st == ST_OK) {
        *v = (struct fixture_values){lm_max_abs_diff(full, all, FEW_VALUES), 0,
                                     lm_max_abs_diff(full, fewer, FEW_VALUES), 0};
    }
    attention_problem_free(&p);
    return st;
}

enum status entropy_cosine_without_norms(struct fixture_values *v) {
    static const float a[] = {3, 4}, b[] = {4, 3};
    *v = (struct fixture_values){entropy_cosine(a, b, 2), 24.0 / 25, 24, 1e-15};
    return ST_OK;
}

/* An output of padding is like nothing. */
enum status entropy_cosine_of_zero(struct fixture_values *v) {
    static const float a[] = {0, 0}, b[] = {4, 3};
    *v = (struct fixture_values){entropy_cosine(a, b, 2), NAN, 0 / 5.0, 0};
    return ST_OK;
}

/* --- ranking ---------------------------------------------------------------------------------- */

/* Two queries with four keys; only the second's orders differ, at two ranks. */
static const int32_t orders[2][2][4] = {{{2, 0, 1, 3}, {2, 0, 1, 3}}, {{2, 0, 1, 3}, {2, 1, 0, 3}}};

enum status entropy_orders_of_keys(struct fixture_values *v) {
    uint64_t changed = 0, keys = 0;
    for (size_t q = 0; q < 2; q++) {
        changed += entropy_order_changed(orders[q][0], orders[q][1], 4);
        for (size_t r = 0; r < 4; r++) {
            keys += orders[q][0][r] != orders[q][1][r];
        }
    }
    *v = (struct fixture_values){entropy_share(changed, 2), 0.5, entropy_share(keys, 8), 0};
    return ST_OK;
}

/* Equal scores in both: the order is that of the indices, twice. */
enum status entropy_orders_of_ties(struct fixture_values *v) {
    static const double scores[] = {1, 1, 0.5, 1};
    static const int32_t larger_first[] = {3, 1, 0, 2};
    int32_t order[4], again[4];
    enum status st = rank_order(scores, 4, order);
    st = st == ST_OK ? rank_order(scores, 4, again) : st;
    *v =
        (struct fixture_values){entropy_share(entropy_order_changed(order, again, 4), 1), 0,
                                entropy_share(entropy_order_changed(order, larger_first, 4), 1), 0};
    return st;
}

enum status entropy_share_of_none(struct fixture_values *v) {
    *v = (struct fixture_values){entropy_share(0, 0), NAN, 0 / fmax(0, 1), 0};
    return ST_OK;
}

/* The first three keys are the same in another order. */
enum status entropy_sets_as_orders(struct fixture_values *v) {
    *v = (struct fixture_values){
        entropy_share(entropy_set_changed(orders[1][0], orders[1][1], 4, 3), 1), 0,
        entropy_share(memcmp(orders[1][0], orders[1][1], 3 * sizeof(int32_t)) != 0, 1), 0};
    return ST_OK;
}

/* K cuts between two keys that change places. */
enum status entropy_sets_by_overlap(struct fixture_values *v) {
    double shared = 0;
    for (size_t r = 0; r < 2; r++) {
        shared += orders[1][0][r] == orders[1][1][r];
    }
    *v = (struct fixture_values){
        entropy_share(entropy_set_changed(orders[1][0], orders[1][1], 4, 2), 1), 1, 1 - shared / 2,
        0};
    return ST_OK;
}

/* Keys 0 and 1 change places at K = 2, beside key 2; equal logits; values 0, 1, 0. */
static const double flat[] = {0, 0, 0, 0};
static const float values[] = {0, 1, 0, 5};

enum status entropy_output_over_all(struct fixture_values *v) {
    /* over all four keys the outputs are equal */
    *v = (struct fixture_values){
        entropy_chosen_diff(orders[1][0], orders[1][1], 4, 2, flat, values, 1), 0.5, 0, 1e-15};
    return ST_OK;
}

enum status entropy_output_not_normalised(struct fixture_values *v) {
    /* weights of a quarter each, as over all four keys */
    *v = (struct fixture_values){
        entropy_chosen_diff(orders[1][0], orders[1][1], 4, 2, flat, values, 1), 0.5, 0.25, 1e-15};
    return ST_OK;
}
