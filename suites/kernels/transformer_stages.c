#include "transformer_stages.h"

#include <math.h>
#include <stdio.h>

#include "../../harness/base/memory.h"
#include "../../reference/int8_gemm.h"
#include "../../reference/transformer.h"
#include "attention_check.h"

/* A check under way. */
struct proof {
    const struct transformer_weights *w;
    const struct transformer_shape *shape;
    const struct transformer_pass *pass;
    struct judge *j;
    char what[48];          /* the stage, for messages */
    double *in, *out;       /* of the widest row */
    double *product;        /* of the largest product */
    double *scales;         /* (2, tokens, heads) */
    double *weights, *near; /* (tokens), (d) */
};

static void stage(struct proof *p, int32_t layer, const char *name) {
    snprintf(p->what, sizeof p->what, "layer %d: %s", layer, name);
}

static void judge_value(struct proof *p, int64_t index, float got, double want, double bound) {
    judge_near(p->j, p->what, index, (double)got, want, bound, bound);
}

static void widen(const float *row, int32_t n, double *out) {
    for (int32_t i = 0; i < n; i++) {
        out[i] = (double)row[i];
    }
}

/* --- int8 ------------------------------------------------------------------------------------- */

static bool power_of_two(double x) {
    int exponent;
    return frexp(x, &exponent) == 0.5;
}

/* Row `index` of those of this stage. */
static void judge_kept(struct proof *p, int64_t index, const float *row, int32_t n,
                       const int8_t *kept, float scale) {
    widen(row, n, p->in);
    const double step = ref_quantise(p->in, n, p->out);
    const bool exact = step == 0 || power_of_two(step);
    judge_value(p, index, scale, step, exact ? 0 : judge_gamma(2) * step);
    for (int32_t i = 0; i < n; i++) {
        const double want = exact ? ref_round(p->out[i]) : p->out[i];
        judge_near(p->j, p->what, index * n + i, kept[i], want,
                   exact ? 0 : 0.5 + judge_gamma(3) * fabs(want), INFINITY);
    }
}

static void judge_kept_rows(struct proof *p, const float *rows, int32_t n, const int8_t *kept,
                            const float *scale) {
    for (int64_t t = 0; t < p->pass->seq; t++) {
        judge_kept(p, t, rows + t * n, n, kept + t * n, scale[t]);
    }
}

/* sum (rows, n) = kept (rows, k) w'. */
static void judge_product(struct proof *p, int32_t rows, const int8_t *w, int32_t n, int32_t k,
                          const int8_t *kept, const int32_t *sum) {
    ref_int8_gemm(kept, w, rows, n, k, p->product);
    for (int64_t i = 0; i < (int64_t)rows * n; i++) {
        judge_near(p->j, p->what, i, sum[i], p->product[i], 0, 0);
    }
}

/* --- floats ----------------------------------------------------------------------------------- */

/* What rounding does to x of a row with these moments.  The mean is off by gamma_(d+2) mean |x|;
 * from that the variance by the square of it, and by gamma_(d+4) for its sum; their root, its
 * reciprocal, the difference and the product are rounded once each. */
static double norm_bound(const struct ref_moments *m, double x, int32_t d,
                         double (*gamma)(double)) {
    const double mean = gamma(d + 2) * m->magnitude, whole = m->variance + 1e-5;
    const double variance = gamma(d + 4) * (m->variance + mean * mean) + mean * mean;
    const double off = variance / whole + judge_gamma(2);
    const double factor = off < 1 ? (1 + judge_gamma(4)) / sqrt(1 - off) - 1 : INFINITY;
    return (factor * fabs(x - m->mean) + (1 + factor) * mean) / sqrt(whole);
}

static void judge_norm(struct proof *p, int64_t index, const float *x, const float *normed) {
    const int32_t d = p->shape->d;
    widen(x, d, p->in);
    const struct ref_moments m = ref_norm(p->in, d, p->out);
    for (int32_t i = 0; i < d; i++) {
        judge_near(p->j, p->what, index * d + i, (double)normed[i], p->out[i],
                   norm_bound(&m, p->in[i], d, judge_gamma),
                   norm_bound(&m, p->in[i], d, judge_gamma_likely));
    }
}

static void judge_norm_rows(struct proof *p, const float *x, const float *normed) {
    for (int64_t t = 0; t < p->pass->seq; t++) {
        judge_norm(p, t, x + t * p->shape->d, normed + t * p->shape->d);
    }
}

/* A sum becomes a float and is multiplied by the product of two scales: three roundings. */
static void judge_scaled(struct proof *p, int64_t index, int32_t n, const int32_t *sum, float scale,
                         float matrix_scale, const float *got) {
    for (int32_t i = 0; i < n; i++) {
        const double want = (double)sum[i] * (double)scale * (double)matrix_scale;
        judge_value(p, index * n + i, got[i], want, judge_gamma(3) * fabs(want));
    }
}

static void judge_added(struct proof *p, const float *x, const int32_t *sum, const float *scale,
                        float matrix_scale, const float *got) {
    const int64_t d = p->shape->d;
    for (int64_t i = 0; i < p->pass->seq * d; i++) {
        const double added = (double)sum[i] * (double)scale[i / d] * (double)matrix_scale;
        judge_value(p, i, got[i], (double)x[i] + added,
                    judge_gamma(1) * fabs((double)x[i]) + judge_gamma(4) * fabs(added));
    }
}

/* gelu(x) = x / (1 + e), e = exp(-z): x is off by three roundings; z, which grows at most as x^3,
 * by nine from there and eight of its own; the exponential by two units in the last place, and by
 * where it is cut off, e^88; the sum and the quotient are rounded once each. */
static double gelu_bound(double x) {
    const double z = sqrt(8 / acos(-1)) * (x + 0.044715 * x * x * x), share = 1 / (1 + exp(z));
    const double e = expm1(fabs(z) * judge_gamma(17)) + judge_gamma(6);
    return fabs(ref_gelu(x)) * (judge_gamma(7) + share * e * (1 + 0x1p-10)) + fabs(x) * exp(-87);
}

static void judge_gelu(struct proof *p, const struct transformer_stages *s) {
    const int64_t ffn = p->shape->ffn;
    for (int64_t i = 0; i < p->pass->seq * ffn; i++) {
        const double x =
            s->up_sum[i] * (double)s->ffn_normed_scale[i / ffn] * (double)p->w->up_scale;
        judge_value(p, i, s->gelu[i], ref_gelu(x), gelu_bound(x));
    }
}

static void judge_embedding(struct proof *p, const int32_t *tokens, const float *x) {
    const int64_t d = p->shape->d, first = p->shape->seq - p->pass->seq;
    snprintf(p->what, sizeof p->what, "embedding");
    for (int64_t i = 0; i < p->pass->seq * d; i++) {
        const int64_t place = first + i / d;
        const double token = p->w->embedding[tokens[place] * d + i % d];
        const double at = p->w->place[place * d + i % d], scale = (double)p->w->embedding_scale;
        judge_value(p, i, x[i], scale * (token + at),
                    scale * judge_gamma(2) * (fabs(token) + fabs(at)));
    }
}

/* --- attention -------------------------------------------------------------------------------- */

static void judge_keys(struct proof *p, int32_t layer, const struct transformer_stages *s) {
    const int32_t d = p->shape->d, heads = p->shape->heads, part = d / heads;
    for (int64_t at = 0; at < (int64_t)p->pass->seq * heads; at++) {
        const float *k = s->qkv + at / heads * 3 * d + d + at % heads * part;
        stage(p, layer, "k_kept");
        judge_kept(p, at, k, part, s->k_kept + at * part, s->k_scale[at]);
        stage(p, layer, "v_kept");
        judge_kept(p, at, k + d, part, s->v_kept + at * part, s->v_scale[at]);
    }
}

/* One query of one head.  Keys and scores are rounded twice beside their sums, values once beside
 * theirs (attention_bound). */
static enum status judge_query(struct proof *p, const struct transformer_stages *s, int32_t t,
                               int32_t head) {
    const int32_t d = p->shape->d, heads = p->shape->heads, part = d / heads;
    const int32_t reach = t - p->pass->window + 1, from = reach > 0 ? reach : 0;
    const double terms = 2 * (t - from + 1) + 24;
    const int64_t tokens = p->pass->seq, at = (int64_t)t * d + head * part;
    const struct ref_kept kept = {s->k_kept, s->v_kept, p->scales, p->scales + tokens * heads,
                                  d,         heads};
    struct ref_attention_answer a = {
        .out = p->out, .magnitude = p->out + part, .near = p->near, .weights = p->weights};
    widen(s->qkv + (int64_t)t * 3 * d + head * part, part, p->in);
    if (ref_kept_attention(&kept, p->in, head, from, t, &a) != 0) {
        return status_set(ST_SYSTEM, "oracle: out of memory");
    }
    for (int32_t i = 0; i < part; i++) {
        judge_near(p->j, p->what, at + i, (double)s->attended[at + i], a.out[i],
                   attention_bound(&a, judge_gamma(part + 5), judge_gamma(terms), t - from + 1,
                                   a.magnitude[i]),
                   attention_bound(&a, judge_gamma_likely(part + 5), judge_gamma_likely(terms),
                                   t - from + 1, a.magnitude[i]));
    }
    return ST_OK;
}

static enum status judge_attention(struct proof *p, const struct transformer_stages *s) {
    const int32_t heads = p->shape->heads, rows = p->pass->seq * heads;
    widen(s->k_scale, rows, p->scales);
    widen(s->v_scale, rows, p->scales + rows);
    enum status st = ST_OK;
    for (int32_t at = 0; at < rows && st == ST_OK; at++) {
        st = judge_query(p, s, at / heads, at % heads);
    }
    return st;
}

/* --- layers ----------------------------------------------------------------------------------- */

static enum status judge_attention_half(struct proof *p, int32_t layer, const float *x,
                                        const struct transformer_stages *s) {
    const int32_t d = p->shape->d, tokens = p->pass->seq;
    const int64_t square = (int64_t)d * d;
    stage(p, layer, "normed");
    judge_norm_rows(p, x, s->normed);
    stage(p, layer, "normed_kept");
    judge_kept_rows(p, s->normed, d, s->normed_kept, s->normed_scale);
    stage(p, layer, "qkv_sum");
    judge_product(p, tokens, p->w->qkv + layer * 3 * square, 3 * d, d, s->normed_kept, s->qkv_sum);
    stage(p, layer, "qkv");
    for (int64_t t = 0; t < tokens; t++) {
        judge_scaled(p, t, 3 * d, s->qkv_sum + t * 3 * d, s->normed_scale[t], p->w->qkv_scale,
                     s->qkv + t * 3 * d);
    }
    judge_keys(p, layer, s);
    stage(p, layer, "attended");
    const enum status st = judge_attention(p, s);
    stage(p, layer, "attended_kept");
    judge_kept_rows(p, s->attended, d, s->attended_kept, s->attended_scale);
    stage(p, layer, "out_sum");
    judge_product(p, tokens, p->w->out + layer * square, d, d, s->attended_kept, s->out_sum);
    stage(p, layer, "x_attended");
    judge_added(p, x, s->out_sum, s->attended_scale, p->w->out_scale, s->x_attended);
    return st;
}

static void judge_ffn_half(struct proof *p, int32_t layer, const struct transformer_stages *s) {
    const int32_t d = p->shape->d, ffn = p->shape->ffn, tokens = p->pass->seq;
    const int64_t wide = (int64_t)d * ffn;
    stage(p, layer, "ffn_normed");
    judge_norm_rows(p, s->x_attended, s->ffn_normed);
    stage(p, layer, "ffn_normed_kept");
    judge_kept_rows(p, s->ffn_normed, d, s->ffn_normed_kept, s->ffn_normed_scale);
    stage(p, layer, "up_sum");
    judge_product(p, tokens, p->w->up + layer * wide, ffn, d, s->ffn_normed_kept, s->up_sum);
    stage(p, layer, "gelu");
    judge_gelu(p, s);
    stage(p, layer, "gelu_kept");
    judge_kept_rows(p, s->gelu, ffn, s->gelu_kept, s->gelu_scale);
    stage(p, layer, "down_sum");
    judge_product(p, tokens, p->w->down + layer * wide, d, ffn, s->gelu_kept, s->down_sum);
    stage(p, layer, "x");
    judge_added(p, s->x_attended, s->down_sum, s->gelu_scale, p->w->down_scale, s->x);
}

static void judge_last(struct proof *p, const float *x, const struct transformer_last *last) {
    const int32_t d = p->shape->d, n = p->shape->logits;
    snprintf(p->what, sizeof p->what, "last normed");
    judge_norm(p, 0, x, last->normed);
    snprintf(p->what, sizeof p->what, "last normed_kept");
    judge_kept(p, 0, last->normed, d, last->normed_kept, last->normed_scale);
    snprintf(p->what, sizeof p->what, "last sum");
    judge_product(p, 1, p->w->head, n, d, last->normed_kept, last->sum);
    snprintf(p->what, sizeof p->what, "logits");
    judge_scaled(p, 0, n, last->sum, last->normed_scale, p->w->head_scale, last->logits);
}

static enum status prove(struct proof *p, const int32_t *tokens,
                         const struct transformer_trace *trace) {
    const float *x = trace->x;
    enum status st = ST_OK;
    judge_embedding(p, tokens, x);
    for (int32_t l = p->pass->first_layer; l < p->pass->end_layer && st == ST_OK; l++) {
        const struct transformer_stages *s = &trace->layers[l];
        st = judge_attention_half(p, l, x, s);
        judge_ffn_half(p, l, s);
        x = s->x;
    }
    judge_last(p, x + (int64_t)(p->pass->seq - 1) * p->shape->d, &trace->last);
    return st;
}

enum status transformer_stages_check(const struct transformer_weights *w,
                                     const struct transformer_pass *pass, const int32_t *tokens,
                                     const struct transformer_trace *trace, struct judge *j) {
    const struct transformer_shape *s = &w->shape;
    const size_t seq = (size_t)s->seq, d = (size_t)s->d, heads = (size_t)s->heads;
    const size_t widest = 3 * d + (size_t)s->ffn + (size_t)s->logits;
    struct proof p = {.w = w, .shape = s, .pass = pass, .j = j};
    p.in = mem_alloc_array((2 + seq) * widest + seq * (2 * heads + 1) + d, sizeof *p.in);
    if (p.in == NULL) {
        return ST_SYSTEM;
    }
    p.out = p.in + widest;
    p.product = p.out + widest;
    p.scales = p.product + seq * widest;
    p.weights = p.scales + 2 * seq * heads;
    p.near = p.weights + seq;
    const enum status st = prove(&p, tokens, trace);
    mem_free(p.in);
    return st;
}
