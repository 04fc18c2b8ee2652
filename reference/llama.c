#include "llama.h"

#include <math.h>
#include <stdlib.h>

void ref_rotate(double *row, int32_t d, int64_t position, double base) {
    for (int32_t i = 0; i < d / 2; i++) {
        const double angle = (double)position * pow(base, -2.0 * i / d);
        const double a = row[2 * i], b = row[2 * i + 1];
        row[2 * i] = a * cos(angle) - b * sin(angle);
        row[2 * i + 1] = a * sin(angle) + b * cos(angle);
    }
}

void ref_attention(const double *q, const double *k, const double *v, int32_t d, int64_t stride,
                   int64_t first, int64_t last, double *weights, double *out) {
    double most = -INFINITY, sum = 0;
    for (int64_t j = first; j <= last; j++) {
        double score = 0;
        for (int32_t i = 0; i < d; i++) {
            score += q[i] * k[j * stride + i];
        }
        score /= sqrt((double)d);
        weights[j - first] = score;
        most = score > most ? score : most;
    }
    for (int64_t j = first; j <= last; j++) {
        weights[j - first] = exp(weights[j - first] - most);
        sum += weights[j - first];
    }
    for (int32_t i = 0; i < d; i++) {
        out[i] = 0;
    }
    for (int64_t j = first; j <= last; j++) {
        weights[j - first] /= sum;
        for (int32_t i = 0; i < d; i++) {
            out[i] += weights[j - first] * v[j * stride + i];
        }
    }
}

static void norm(const double *x, const float *weight, double epsilon, int32_t n, double *y) {
    double sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += x[i] * x[i];
    }
    for (int32_t i = 0; i < n; i++) {
        y[i] = x[i] / sqrt(sum / n + epsilon) * (double)weight[i];
    }
}

/* y (outputs) = w x, or y += w x. */
static void multiply(const float *w, const double *x, int32_t outputs, int32_t inputs, int add,
                     double *y) {
    for (int32_t o = 0; o < outputs; o++) {
        double sum = 0;
        for (int32_t i = 0; i < inputs; i++) {
            sum += (double)w[(int64_t)o * inputs + i] * x[i];
        }
        y[o] = add ? y[o] + sum : sum;
    }
}

/* Rows of all tokens: q (n, heads, d), k and v (n, kv_heads, d), and space for one token. */
struct space {
    double *q, *k, *v, *weights, *out, *x, *gate, *up;
};

static void project(const struct ref_llama *m, const struct ref_llama_layer *w,
                    const int32_t *segments, int64_t n, const double *h, const struct space *s) {
    const int32_t d = m->head_dim, q = m->heads * d, kv = m->kv_heads * d;
    int64_t position = 0;
    for (int64_t t = 0; t < n; t++) {
        position = t > 0 && segments[t] >= 0 && segments[t] == segments[t - 1] ? position + 1 : 0;
        norm(h + t * m->hidden, w->attention_norm, m->epsilon, m->hidden, s->x);
        multiply(w->q, s->x, q, m->hidden, 0, s->q + t * q);
        multiply(w->k, s->x, kv, m->hidden, 0, s->k + t * kv);
        multiply(w->v, s->x, kv, m->hidden, 0, s->v + t * kv);
        for (int32_t i = 0; i < m->heads; i++) {
            ref_rotate(s->q + t * q + (int64_t)i * d, d, position, m->rope_base);
        }
        for (int32_t i = 0; i < m->kv_heads; i++) {
            ref_rotate(s->k + t * kv + (int64_t)i * d, d, position, m->rope_base);
        }
    }
}

static void attend(const struct ref_llama *m, const int32_t *segments, int64_t t, int64_t first,
                   const struct space *s) {
    const int32_t d = m->head_dim, group = m->heads / m->kv_heads;
    const int64_t stride = (int64_t)m->kv_heads * d;
    for (int32_t i = 0; i < m->heads * d; i++) {
        s->out[i] = 0;
    }
    for (int32_t i = 0; i < m->heads && segments[t] >= 0; i++) {
        const int64_t shared = (int64_t)(i / group) * d;
        ref_attention(s->q + (t * m->heads + i) * d, s->k + shared, s->v + shared, d, stride, first,
                      t, s->weights, s->out + (int64_t)i * d);
    }
}

static void feed_forward(const struct ref_llama *m, const struct ref_llama_layer *w, double *h,
                         const struct space *s) {
    norm(h, w->ffn_norm, m->epsilon, m->hidden, s->x);
    multiply(w->gate, s->x, m->ffn, m->hidden, 0, s->gate);
    multiply(w->up, s->x, m->ffn, m->hidden, 0, s->up);
    for (int32_t i = 0; i < m->ffn; i++) {
        s->gate[i] = s->gate[i] / (1 + exp(-s->gate[i])) * s->up[i];
    }
    multiply(w->down, s->gate, m->hidden, m->ffn, 1, h);
}

int ref_llama_layer(const struct ref_llama *m, int32_t layer, const int32_t *segments, int64_t n,
                    double *h) {
    const struct ref_llama_layer *w = &m->layer[layer];
    const size_t rows = (size_t)n, d = (size_t)m->head_dim;
    const size_t q = (size_t)m->heads * d, kv = (size_t)m->kv_heads * d;
    const size_t hidden = (size_t)m->hidden, ffn = (size_t)m->ffn;
    double *all = calloc(rows * (q + 2 * kv + 1) + q + hidden + 2 * ffn, sizeof *all);
    if (all == NULL) {
        return -1;
    }
    struct space s = {.q = all};
    s.k = s.q + rows * q;
    s.v = s.k + rows * kv;
    s.weights = s.v + rows * kv;
    s.out = s.weights + rows;
    s.x = s.out + q;
    s.gate = s.x + hidden;
    s.up = s.gate + ffn;
    project(m, w, segments, n, h, &s);
    int64_t first = 0;
    for (int64_t t = 0; t < n; t++) {
        first = t > 0 && segments[t] == segments[t - 1] ? first : t;
        attend(m, segments, t, first, &s);
        multiply(w->output, s.out, m->hidden, m->heads * m->head_dim, 1, h + t * m->hidden);
        feed_forward(m, w, h + t * m->hidden, &s);
    }
    free(all);
    return 0;
}

int ref_llama(const struct ref_llama *m, const int32_t *ids, const int32_t *segments, int64_t n,
              double *logits) {
    const int64_t hidden = m->hidden;
    double *h = calloc((size_t)(n + 1) * (size_t)hidden, sizeof *h), *x = h + n * hidden;
    if (h == NULL) {
        return -1;
    }
    for (int64_t t = 0; t < n; t++) {
        for (int64_t i = 0; i < hidden; i++) {
            h[t * hidden + i] = (double)m->embedding[ids[t] * hidden + i];
        }
    }
    int failed = 0;
    for (int32_t layer = 0; layer < m->layers && !failed; layer++) {
        failed = ref_llama_layer(m, layer, segments, n, h);
    }
    for (int64_t t = 0; t < n && !failed; t++) {
        norm(h + t * hidden, m->output_norm, m->epsilon, m->hidden, x);
        multiply(m->output, x, m->vocabulary, m->hidden, 0, logits + t * m->vocabulary);
    }
    free(h);
    return failed ? -1 : 0;
}
