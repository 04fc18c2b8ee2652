#include "entropy_rows.h"

#include <cblas.h>
#include <math.h>

#include "../lm/row_math.h"

/* Roundings of a term and of its way into a sum: exponential, product, lane, lanes. */
enum { SUM_ROUNDINGS = 24, LOGIT_ROUNDINGS = 4 };

void entropy_of_rows(const struct entropy_rows *r, float *scores, double *h) {
    const int64_t keys = r->first + r->rows - 1;
    const float scale = 1 / sqrtf((float)r->d);
    if (r->rows == 1) {
        cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)keys, r->d, scale, r->k, (int)r->key_stride,
                    r->q, 1, 0, scores, 1);
    } else {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)r->rows, (int)keys, r->d, scale,
                    r->q, (int)r->query_stride, r->k, (int)r->key_stride, 0, scores, (int)keys);
    }
    for (int64_t i = 0; i < r->rows; i++) {
        h[i] = row_math()->entropy(scores + i * keys, r->first + i);
    }
}

double entropy_bound(double (*gamma)(double m), int32_t d, int64_t n, double reach, double h) {
    const double delta = gamma((double)d + LOGIT_ROUNDINGS) * reach;
    return 2 * delta * log((double)n) + gamma(SUM_ROUNDINGS) * (1 + 2 * h);
}

void entropy_judge(struct judge *j, const char *what, int64_t index, int32_t d,
                   const struct entropy_sample *s) {
    judge_near(j, what, index, s->got, s->want,
               entropy_bound(judge_gamma, d, s->n, s->reach, s->want),
               entropy_bound(judge_gamma_likely, d, s->n, s->reach, s->want));
    entropy_judge_range(j, what, index, s->n, s->got);
}

void entropy_judge_range(struct judge *j, const char *what, int64_t index, int64_t n, double h) {
    const double most = log((double)n), slack = judge_gamma(SUM_ROUNDINGS) * (1 + 2 * most);
    if (!(h >= -slack && h <= most + slack)) {
        judge_fail(j, "%s of row %lld is %g, outside [0, ln %lld]", what, (long long)index, h,
                   (long long)n);
    }
}
