/* ADSampling for many candidates side by side: all of them advance group by group against one tau.
 *
 * One by one, each group of a candidate waits for memory, for a reduction and for a branch that is
 * hard to foresee; side by side those waits overlap, and the next group of every survivor is asked
 * for ahead of its use.  The including file has included group_<isa>.h. */
#ifndef ATTEST_SUITES_KERNELS_CPU_ADS_FRONT_H
#define ATTEST_SUITES_KERNELS_CPU_ADS_FRONT_H

#include <immintrin.h>

#include "ads_query.h"

enum {
    FRONT_MAX = 256, /* candidates */
    FRONT_LINE = 16, /* floats */
    FRONT_AHEAD = 64 /* floats asked for ahead of a stream */
};

/* Candidates with the sums of their first groups. */
struct ads_front {
    int32_t count;
    int32_t id[FRONT_MAX];
    float sum[FRONT_MAX + 4]; /* read four at a time */
};

static inline void front_prefetch(const float *p, int32_t m) {
    for (int32_t i = 0; i < m; i += FRONT_LINE) {
        _mm_prefetch((const char *)(p + i), _MM_HINT_T0);
    }
}

static inline void front_add(struct ads_front *f, int32_t id, float sum) {
    f->id[f->count] = id;
    f->sum[f->count++] = sum;
}

/* One more group (from g on) for all; keeps those below limit and asks for their next group.  Four
 * at a time; places beyond count repeat the last. */
static inline void front_step(struct ads_front *f, const struct ads_search *s, const float *rows,
                              int32_t g, float limit) {
    int32_t from = g * s->delta, kept = 0, n = f->count;
    int32_t m = s->d - from < s->delta ? s->d - from : s->delta;
    int32_t ahead = from + m < s->d ? s->delta : 0;
    __m128 limits = _mm_set1_ps(limit);
    for (int32_t i = 0; i < n; i += 4) {
        const float *row[4];
        int32_t id[4];
        float sum[4];
        int32_t there = n - i < 4 ? n - i : 4;
        for (int32_t l = 0; l < 4; l++) {
            id[l] = f->id[l < there ? i + l : n - 1];
            row[l] = rows + (int64_t)id[l] * s->d + from;
        }
        __m128 sums = _mm_add_ps(_mm_loadu_ps(f->sum + i), group_l2sq_4(row, s->query + from, m));
        int32_t below = _mm_movemask_ps(_mm_cmplt_ps(sums, limits)) & ((1 << there) - 1);
        _mm_storeu_ps(sum, sums);
        for (; below != 0; below &= below - 1) {
            int32_t l = __builtin_ctz((unsigned)below);
            f->id[kept] = id[l];
            f->sum[kept++] = sum[l];
            front_prefetch(row[l] + m, ahead);
        }
    }
    f->count = kept;
}

/* Reads one candidate on from group g against tau; returns the level at which it ends, its sum in
 * *sum. */
static inline int32_t front_finish(const struct ads_search *s, const float *row, int32_t g,
                                   float tau, float *sum) {
    while (g < s->levels) {
        int32_t from = g * s->delta;
        int32_t m = s->d - from < s->delta ? s->d - from : s->delta;
        front_prefetch(row + from + FRONT_AHEAD, s->delta);
        *sum += group_l2sq(row + from, s->query + from, m);
        g++;
        if (*sum >= tau * s->ratio[g]) {
            break;
        }
    }
    return g;
}

/* Advances a front that stands after group g to the end: `steps` groups side by side, then
 * candidate after candidate, whose further groups are a stream.  What is left is complete and below
 * tau. counts: NULL, or where candidates that end are counted by level (those left are not). */
static inline void front_run(struct ads_front *f, const struct ads_search *s, const float *rows,
                             int32_t steps, int32_t g, float tau, uint32_t *counts) {
    for (; steps > 0 && g < s->levels; steps--, g++) {
        int32_t before = f->count;
        front_step(f, s, rows, g, tau * s->ratio[g + 1]);
        if (counts != NULL) {
            counts[g + 1] += (uint32_t)(before - f->count);
        }
    }
    int32_t kept = 0;
    for (int32_t i = 0; i < f->count; i++) {
        float sum = f->sum[i];
        int32_t end = front_finish(s, rows + (int64_t)f->id[i] * s->d, g, tau, &sum);
        if (end == s->levels && sum < tau) {
            f->id[kept] = f->id[i];
            f->sum[kept++] = sum;
        } else if (counts != NULL) {
            counts[end]++;
        }
    }
    f->count = kept;
}

#endif
