/* ADSampling for many candidates side by side: all of them advance group by group against one tau.
 *
 * One by one, each group of a candidate waits for memory, for a reduction and for a branch that is hard to
 * foresee; side by side those waits overlap, and the next group of every survivor is asked for ahead of its
 * use.  The including file has included group_<isa>.h. */
#ifndef ATTEST_SUITES_KERNELS_CPU_ADS_FRONT_H
#define ATTEST_SUITES_KERNELS_CPU_ADS_FRONT_H

#include <immintrin.h>

#include "ads_query.h"

enum {
    FRONT_MAX = 256, /* candidates */
    FRONT_LINE = 16  /* floats */
};

/* Rows cut into planes of `chunk` dimensions: dimension i of row j lies at
 * first[(i / chunk * n + j) * chunk + i % chunk].  chunk = d is the plain row-major layout. */
struct ads_rows {
    const float *first;
    int64_t n;
    int32_t chunk;
};

/* Where dimension i of row 0 lies; row j is j * chunk further. */
static inline const float *rows_plane(const struct ads_rows *r, int32_t i)
{
    return r->first + (int64_t)(i / r->chunk) * r->n * r->chunk + i % r->chunk;
}

/* Candidates with the sums of their first groups. */
struct ads_front {
    int32_t count;
    int32_t id[FRONT_MAX];
    float sum[FRONT_MAX + 4]; /* read four at a time */
};

static inline void front_prefetch(const float *p, int32_t m)
{
    for (int32_t i = 0; i < m; i += FRONT_LINE) {
        _mm_prefetch((const char *)(p + i), _MM_HINT_T0);
    }
}

static inline void front_add(struct ads_front *f, int32_t id, float sum)
{
    f->id[f->count] = id;
    f->sum[f->count++] = sum;
}

/* One more group (from g on) for all; keeps those below limit and asks for their next group.  Four at a time;
 * places beyond count repeat the last. */
static inline void front_step(struct ads_front *f, const struct ads_search *s,
                              const struct ads_rows *rows, int32_t g, float limit)
{
    int32_t from = g * s->delta, next = from + s->delta, kept = 0, n = f->count;
    int32_t m = s->d - from < s->delta ? s->d - from : s->delta;
    int32_t ahead = next < s->d ? s->delta : 0;
    const float *plane = rows_plane(rows, from), *next_plane = rows_plane(rows, next);
    __m128 limits = _mm_set1_ps(limit);
    for (int32_t i = 0; i < n; i += 4) {
        const float *row[4];
        int32_t id[4];
        float sum[4];
        int32_t there = n - i < 4 ? n - i : 4;
        for (int32_t l = 0; l < 4; l++) {
            id[l] = f->id[l < there ? i + l : n - 1];
            row[l] = plane + (int64_t)id[l] * rows->chunk;
        }
        __m128 sums = _mm_add_ps(_mm_loadu_ps(f->sum + i), group_l2sq_4(row, s->query + from, m));
        int32_t below = _mm_movemask_ps(_mm_cmplt_ps(sums, limits)) & ((1 << there) - 1);
        _mm_storeu_ps(sum, sums);
        for (; below != 0; below &= below - 1) {
            int32_t l = __builtin_ctz((unsigned)below);
            f->id[kept] = id[l];
            f->sum[kept++] = sum[l];
            front_prefetch(next_plane + (int64_t)id[l] * rows->chunk, ahead);
        }
    }
    f->count = kept;
}

/* Advances a front that stands after group g to the end: what is left in it is complete and below tau.
 * counts: NULL, or where candidates that end are counted by level (those left are not). */
static inline void front_run(struct ads_front *f, const struct ads_search *s,
                             const struct ads_rows *rows, int32_t g, float tau, uint32_t *counts)
{
    for (; g < s->levels && f->count > 0; g++) {
        int32_t before = f->count;
        front_step(f, s, rows, g, tau * s->ratio[g + 1]);
        if (counts != NULL) {
            counts[g + 1] += (uint32_t)(before - f->count);
        }
    }
}

#endif
