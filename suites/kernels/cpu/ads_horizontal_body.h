/* ADSampling over row-major vectors: what the SIMD variants share.
 *
 * Decisions are those of candidate after candidate against the live tau, although a tile of
 * candidates advances side by side against the tau of its start.  tau only falls, so who is dropped
 * side by side is dropped one by one too; who is left is tried again one by one.  Only the level at
 * which the others of such a tile end may differ, so a search that counts levels does such a tile
 * (about k ln(n/k) of them) again one by one.
 *
 * The including file has included group_<isa>.h and defines ADS_VARIANT, ADS_ISA, ADS_SOURCE. */
#include "ads_finish.h"
#include "ads_front.h"
#include "borrowed_index.h"

enum { TILE = 64, SIDE_BY_SIDE = 1, COUNTED_LEVELS = 1024 };

/* First group of TILE rows from `first` on; those below limit make the front. */
static inline void open_front(struct ads_front *f, const struct ads_search *s, const float *rows,
                              int32_t first, float limit) {
    __m128 limits = _mm_set1_ps(limit);
    int32_t ahead = s->levels > 1 ? s->delta : 0;
    f->count = 0;
    for (int32_t t = 0; t < TILE; t += 4) {
        const float *row[4];
        float sum[4];
        for (int32_t l = 0; l < 4; l++) {
            row[l] = rows + (int64_t)(first + t + l) * s->d;
        }
        __m128 sums = group_l2sq_4(row, s->query, s->delta);
        int32_t below = _mm_movemask_ps(_mm_cmplt_ps(sums, limits));
        _mm_storeu_ps(sum, sums);
        for (; below != 0; below &= below - 1) {
            int32_t l = __builtin_ctz((unsigned)below);
            front_add(f, first + t + l, sum[l]);
            front_prefetch(row[l] + s->delta, ahead);
        }
    }
}

/* counts: NULL, or the levels of this tile's candidates are added to it. */
static inline void search_tile(const struct ads_search *s, const float *rows, int32_t first,
                               uint32_t *counts) {
    struct ads_front front;
    struct ads_search quiet = *s;
    uint32_t tile_counts[COUNTED_LEVELS];
    float tau = s->dist[s->k - 1];
    open_front(&front, s, rows, first, tau * s->ratio[1]);
    if (counts != NULL) {
        memset(tile_counts, 0, ((size_t)s->levels + 1) * sizeof *counts);
        tile_counts[1] = (uint32_t)(TILE - front.count);
    }
    front_run(&front, s, rows, SIDE_BY_SIDE, 1, tau, counts != NULL ? tile_counts : NULL);
    if (counts != NULL && front.count > 0) {
        for (int32_t j = first; j < first + TILE; j++) {
            ads_finish(s, rows + (int64_t)j * s->d, j, 0, 0);
        }
        return;
    }
    quiet.counts = NULL;
    for (int32_t i = 0; i < front.count; i++) {
        ads_finish(&quiet, rows + (int64_t)front.id[i] * s->d, front.id[i], 0, 0);
    }
    for (int32_t g = 1; counts != NULL && g <= s->levels; g++) {
        counts[g] += tile_counts[g];
    }
}

static void search_one(const void *index, const struct ads_search *s) {
    const struct knn_base *base = index;
    int64_t j = 0;
    /* absurdly fine groups, more than a tile counts apart, go one by one */
    for (; s->levels < COUNTED_LEVELS && j + TILE <= base->n; j += TILE) {
        search_tile(s, base->rotated, (int32_t)j, s->counts);
    }
    for (; j < base->n; j++) {
        ads_finish(s, base->rotated + j * s->d, (int32_t)j, 0, 0);
    }
}

#include "ads_horizontal_row.h"
