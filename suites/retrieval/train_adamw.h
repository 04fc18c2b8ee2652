/* AdamW with clipping of the gradient's norm, linear warm-up and a cosine. */
#ifndef ATTEST_SUITES_RETRIEVAL_TRAIN_ADAMW_H
#define ATTEST_SUITES_RETRIEVAL_TRAIN_ADAMW_H

#include <stddef.h>
#include <stdint.h>

struct adamw {
    double rate, decay, beta1, beta2, epsilon;
    double clip; /* the gradient is scaled down to this norm */
};

/* Weights (count) and the moments of their gradients, zero before the first step. */
struct adamw_state {
    size_t count;
    float *weights, *first, *second;
};

/* One step, the `number`-th from 1, at rate times `share`; the gradient (count) is scaled first by
 * `scale`, then clipped.
 * w -= rate decay w; w -= rate m / (sqrt(v) + epsilon), m and v freed of their bias towards 0.
 * Source: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019. */
void adamw_step(const struct adamw *a, struct adamw_state *s, const float *gradient, double scale,
                int64_t number, double share);

/* The rate's share at step `step` of `steps`, from 0: step / warmup, then half a cosine down to 0.
 */
double adamw_share(int64_t step, int64_t warmup, int64_t steps);

#endif
