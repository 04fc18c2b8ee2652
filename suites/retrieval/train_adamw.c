#include "train_adamw.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static double norm_of(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)x[i] * (double)x[i];
    }
    return sqrt(sum);
}

void adamw_step(const struct adamw *a, struct adamw_state *s, const float *gradient, double scale,
                int64_t number, double share) {
    const double norm = norm_of(gradient, s->count) * scale, rate = a->rate * share;
    const float by = (float)(norm > a->clip ? scale * a->clip / norm : scale);
    const float beta1 = (float)a->beta1, beta2 = (float)a->beta2, epsilon = (float)a->epsilon;
    const float keep = (float)(1 - rate * a->decay);
    const float first_by = (float)(rate / (1 - pow(a->beta1, (double)number)));
    const float second_by = (float)(1 / (1 - pow(a->beta2, (double)number)));
    for (size_t i = 0; i < s->count; i++) {
        const float g = gradient[i] * by;
        s->first[i] = beta1 * s->first[i] + (1 - beta1) * g;
        s->second[i] = beta2 * s->second[i] + (1 - beta2) * g * g;
        s->weights[i] = s->weights[i] * keep -
                        first_by * s->first[i] / (sqrtf(s->second[i] * second_by) + epsilon);
    }
}

double adamw_share(int64_t step, int64_t warmup, int64_t steps) {
    if (step < warmup) {
        return (double)step / (double)warmup;
    }
    return 0.5 * (1 + cos(pi * (double)(step - warmup) / (double)(steps - warmup)));
}
