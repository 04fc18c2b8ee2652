/* Rotation by position, and a layer's rotated queries and keys out of its input. */
#include <math.h>

#include "lm_model.h"

/* Angles in float64; pair i of position p turns by p * base^(-2i / d). */
void lm_turns(const struct lm_shape *s, int64_t positions, float *turns) {
    const int64_t pairs = s->head_dim / 2;
    for (int64_t i = 0; i < pairs; i++) {
        const double rate = pow(s->rope_base, -2.0 * (double)i / s->head_dim);
        for (int64_t p = 0; p < positions; p++) {
            float *turn = turns + 2 * (p * pairs + i);
            turn[0] = (float)cos((double)p * rate);
            turn[1] = (float)sin((double)p * rate);
        }
    }
}

void lm_rotate(const float *in, const float *turns, int64_t pairs, float *out) {
    for (int64_t i = 0; i < pairs; i++) {
        const float a = in[2 * i], b = in[2 * i + 1], c = turns[2 * i], s = turns[2 * i + 1];
        out[2 * i] = a * c - b * s;
        out[2 * i + 1] = a * s + b * c;
    }
}

void lm_queries_keys(const struct lm_model *m, int32_t layer, const float *x,
                     const int32_t *position, const float *turns, int64_t count, float *qk) {
    const struct lm_shape *s = &m->shape;
    const int64_t d = s->head_dim, heads = s->heads + s->kv_heads;
    lm_linear(x, m->layers[layer].qkv, qk, count, s->hidden, heads * d, false, 1);
    for (int64_t t = 0; t < count; t++) {
        for (int64_t h = 0; h < heads; h++) {
            float *head = qk + (t * heads + h) * d;
            lm_rotate(head, turns + position[t] * d, d / 2, head);
        }
    }
}
