/* ADSampling for one candidate: continues a partial sum group by group until it is dropped or
 * complete.
 *
 * The including file defines
 *   static inline float group_l2sq(const float *a, const float *b, int32_t m)
 * for its ISA. */
#ifndef ATTEST_SUITES_KERNELS_CPU_ADS_FINISH_H
#define ATTEST_SUITES_KERNELS_CPU_ADS_FINISH_H

#include "ads_query.h"

/* Candidate `id` with row (d), whose groups 1..g are summed already and were not enough to drop it.
 */
static inline void ads_finish(const struct ads_search *s, const float *row, int32_t id, int32_t g,
                              float sum) {
    const float *worst = &s->dist[s->k - 1];
    while (g < s->levels) {
        int32_t from = g * s->delta;
        int32_t m = s->d - from < s->delta ? s->d - from : s->delta;
        sum += group_l2sq(row + from, s->query + from, m);
        g++;
        if (sum >= *worst * s->ratio[g]) {
            break; /* at the last group ratio is 1: the comparison with tau itself */
        }
    }
    if (s->counts != NULL) {
        s->counts[g]++;
    }
    if (g == s->levels && sum < *worst) {
        topk_insert(s->ids, s->dist, s->k, id, sum);
    }
}

#endif
