#include "transformer.h"

#include <math.h>
#include <stdlib.h>

#include "int8_gemm.h"

/* --- stages ----------------------------------------------------------------------------------- */

struct ref_moments ref_norm(const double *x, int32_t d, double *out) {
    struct ref_moments m = {0, 0, 0};
    for (int32_t i = 0; i < d; i++) {
        m.mean += x[i] / d;
        m.magnitude += fabs(x[i]) / d;
    }
    for (int32_t i = 0; i < d; i++) {
        m.variance += (x[i] - m.mean) * (x[i] - m.mean) / d;
    }
    for (int32_t i = 0; i < d; i++) {
        out[i] = (x[i] - m.mean) / sqrt(m.variance + 1e-5);
    }
    return m;
}

double ref_quantise(const double *x, int32_t n, double *steps) {
    double most = 0;
    for (int32_t i = 0; i < n; i++) {
        most = fmax(most, fabs(x[i]));
    }
    for (int32_t i = 0; i < n; i++) {
        steps[i] = most > 0 ? 127 * x[i] / most : 0;
    }
    return most / 127;
}

double ref_round(double x) {
    const double below = floor(x), above = below + 1;
    if (x - below != above - x) {
        return x - below < above - x ? below : above;
    }
    return fmod(below, 2) == 0 ? below : above;
}

double ref_gelu(double x) {
    const double pi = acos(-1);
    return x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x))) / 2;
}

int ref_kept_attention(const struct ref_kept *kept, const double *q, int32_t head, int64_t first,
                       int64_t last, struct ref_attention_answer *answer) {
    const int64_t n = last - first + 1;
    const int32_t part = kept->d / kept->heads;
    double *rows = calloc((size_t)(2 * n * part), sizeof *rows), *values = rows + n * part;
    if (rows == NULL) {
        return -1;
    }
    for (int64_t j = 0; j < n; j++) {
        const int64_t at = (first + j) * kept->d + head * part;
        const int64_t scale = (first + j) * kept->heads + head;
        for (int32_t i = 0; i < part; i++) {
            rows[j * part + i] = kept->k[at + i] * kept->k_scale[scale];
            values[j * part + i] = kept->v[at + i] * kept->v_scale[scale];
        }
    }
    const struct ref_attention_query query = {
        .q = q, .k = rows, .v = values, .d = part, .n = n, .chosen = n, .doubt = -1};
    const int result = ref_attention_chosen(&query, answer);
    free(rows);
    return result;
}

/* --- network ---------------------------------------------------------------------------------- */

/* Space for one pass. */
struct space {
    double *x, *qkv;                    /* (tokens, d), (tokens, 3 d) */
    int8_t *k, *v;                      /* (tokens, d) */
    double *k_scale, *v_scale;          /* (tokens, heads) */
    double *row, *steps, *sum;          /* of the widest row */
    double *between;                    /* the same: what attention or gelu gives */
    int8_t *kept;                       /* the same */
    double *weights, *magnitude, *near; /* (tokens), (d), (d) */
};

static double keep(const double *x, int32_t n, double *steps, int8_t *kept) {
    const double scale = ref_quantise(x, n, steps);
    for (int32_t i = 0; i < n; i++) {
        kept[i] = (int8_t)ref_round(steps[i]);
    }
    return scale;
}

/* out (n) = the quantised row (k) times w (n, k), in floats. */
static void project(const struct space *s, const double *row, const int8_t *w, int32_t n, int32_t k,
                    double w_scale, double *out) {
    const double scale = keep(row, k, s->steps, s->kept);
    ref_int8_gemm(s->kept, w, 1, n, k, s->sum);
    for (int32_t i = 0; i < n; i++) {
        out[i] = s->sum[i] * scale * w_scale;
    }
}

static void project_normed(const struct space *s, const double *x, const int8_t *w, int32_t n,
                           int32_t d, double w_scale, double *out) {
    ref_norm(x, d, s->row);
    project(s, s->row, w, n, d, w_scale, out);
}

/* x (n) += the quantised row (k) times w (n, k). */
static void add_projected(const struct space *s, const double *row, const int8_t *w, int32_t n,
                          int32_t k, double w_scale, double *x) {
    project(s, row, w, n, k, w_scale, s->row);
    for (int32_t i = 0; i < n; i++) {
        x[i] += s->row[i];
    }
}

static void keep_token(const struct ref_transformer *net, const struct space *s, int32_t t) {
    const int32_t d = net->d, part = d / net->heads;
    for (int32_t h = 0; h < net->heads; h++) {
        const double *k = s->qkv + (int64_t)t * 3 * d + d + h * part, *v = k + d;
        const int64_t at = (int64_t)t * d + h * part;
        s->k_scale[t * net->heads + h] = keep(k, part, s->steps, s->k + at);
        s->v_scale[t * net->heads + h] = keep(v, part, s->steps, s->v + at);
    }
}

static int attend_token(const struct ref_transformer *net, const struct space *s, int32_t t) {
    const int32_t d = net->d, part = d / net->heads;
    const int32_t reach = t - net->window + 1, first = reach > 0 ? reach : 0;
    const struct ref_kept kept = {s->k, s->v, s->k_scale, s->v_scale, d, net->heads};
    int failed = 0;
    for (int32_t h = 0; h < net->heads && failed == 0; h++) {
        struct ref_attention_answer answer = {.out = s->between + h * part,
                                              .magnitude = s->magnitude,
                                              .near = s->near,
                                              .weights = s->weights};
        const double *q = s->qkv + (int64_t)t * 3 * d + h * part;
        failed = ref_kept_attention(&kept, q, h, first, t, &answer);
    }
    return failed;
}

static int run_layer(const struct ref_transformer *net, const struct space *s, int32_t layer) {
    const int32_t d = net->d, ffn = net->ffn;
    const int64_t square = (int64_t)d * d, wide = (int64_t)d * ffn;
    for (int32_t t = 0; t < net->tokens; t++) {
        project_normed(s, s->x + (int64_t)t * d, net->qkv + layer * 3 * square, 3 * d, d,
                       net->qkv_scale, s->qkv + (int64_t)t * 3 * d);
        keep_token(net, s, t);
    }
    for (int32_t t = 0; t < net->tokens; t++) {
        double *x = s->x + (int64_t)t * d;
        if (attend_token(net, s, t) != 0) {
            return -1;
        }
        add_projected(s, s->between, net->out + layer * square, d, d, net->out_scale, x);
        project_normed(s, x, net->up + layer * wide, ffn, d, net->up_scale, s->between);
        for (int32_t i = 0; i < ffn; i++) {
            s->between[i] = ref_gelu(s->between[i]);
        }
        add_projected(s, s->between, net->down + layer * wide, d, ffn, net->down_scale, x);
    }
    return 0;
}

static void embed(const struct ref_transformer *net, const struct space *s, const int32_t *tokens) {
    const int64_t d = net->d;
    for (int32_t t = 0; t < net->tokens; t++) {
        const int64_t place = net->seq - net->tokens + t;
        for (int64_t i = 0; i < d; i++) {
            s->x[t * d + i] = net->embedding_scale *
                              (net->embedding[tokens[place] * d + i] + net->place[place * d + i]);
        }
    }
}

static void free_space(struct space *s) {
    free(s->x);
    free(s->k);
}

static int make_space(const struct ref_transformer *net, struct space *s) {
    const size_t tokens = (size_t)net->tokens, d = (size_t)net->d, heads = (size_t)net->heads;
    const size_t widest = 3 * d + (size_t)net->ffn + (size_t)net->logits;
    s->x = calloc(4 * tokens * d + 2 * tokens * heads + 4 * widest + tokens + 2 * d, sizeof *s->x);
    s->k = calloc(2 * tokens * d + widest, sizeof *s->k);
    if (s->x == NULL || s->k == NULL) {
        free_space(s);
        return -1;
    }
    s->qkv = s->x + tokens * d;
    s->k_scale = s->qkv + 3 * tokens * d;
    s->v_scale = s->k_scale + tokens * heads;
    s->row = s->v_scale + tokens * heads;
    s->steps = s->row + widest;
    s->between = s->steps + widest;
    s->sum = s->between + widest;
    s->weights = s->sum + widest;
    s->magnitude = s->weights + tokens;
    s->near = s->magnitude + d;
    s->v = s->k + tokens * d;
    s->kept = s->v + tokens * d;
    return 0;
}

int ref_transformer(const struct ref_transformer *net, const int32_t *tokens, double *logits) {
    struct space s;
    if (make_space(net, &s) != 0) {
        return -1;
    }
    int failed = 0;
    embed(net, &s, tokens);
    for (int32_t l = net->first_layer; l < net->end_layer && failed == 0; l++) {
        failed = run_layer(net, &s, l);
    }
    const double *last = s.x + (int64_t)(net->tokens - 1) * net->d;
    project_normed(&s, last, net->head, net->logits, net->d, net->head_scale, logits);
    free_space(&s);
    return failed;
}
