/* ADSampling over row-major vectors, candidate after candidate: the loop of every ISA variant.
 *
 * The first group of a few rows (TILE) is summed together, because most candidates end there; the
 * decisions are the same as one by one, since the sums do not depend on tau and tau only falls.
 *
 * The including file defines group_l2sq (ads_finish.h), TILE <= 32,
 *   static inline uint32_t first_group(const float *rows, int32_t d, const float *query, int32_t m,
 *                                      float limit, float partial[TILE])
 * (sums of the first m dimensions of TILE rows; bit t set where partial[t] < limit), PREFETCH(p), and
 * ADS_VARIANT, ADS_ISA, ADS_SOURCE. */
#include "../../../harness/cpu.h"
#include "../../../harness/kernel.h"
#include "ads_finish.h"
#include "borrowed_index.h"

/* Rows ahead whose first group is asked for: each row's start lies on a page of its own when d = 1024, so
 * no hardware prefetcher finds it. */
enum { ROWS_AHEAD = 32, FLOATS_PER_LINE = 16 };

static inline void prefetch_dims(const float *row, int32_t m)
{
    for (int32_t i = 0; i < m; i += FLOATS_PER_LINE) {
        PREFETCH(row + i);
    }
}

static inline __attribute__((always_inline)) void
tile_survivors(const struct ads_search *s, const float *rows, int64_t first, uint32_t alive,
               const float *partial, const bool counting)
{
    for (uint32_t rest = alive; rest != 0; rest &= rest - 1) {
        prefetch_dims(rows + (int64_t)__builtin_ctz(rest) * s->d + s->delta, s->delta);
    }
    for (uint32_t rest = alive; rest != 0; rest &= rest - 1) {
        int32_t t = __builtin_ctz(rest);
        if (partial[t] < s->dist[s->k - 1] * s->ratio[1]) {
            ads_finish(s, rows + (int64_t)t * s->d, (int32_t)(first + t), 1, partial[t], counting);
        } else if (counting) {
            s->counts[1]++;
        }
    }
}

static inline __attribute__((always_inline)) void
search_rows(const struct ads_search *s, const float *rows, int64_t n, const bool counting)
{
    int64_t j = 0;
    int32_t m = s->delta < s->d ? s->delta : s->d;
    for (; j + TILE <= n; j += TILE) {
        const float *tile = rows + j * s->d;
        int64_t ahead = n - j - TILE < ROWS_AHEAD ? 0 : ROWS_AHEAD;
        for (int32_t t = 0; ahead > 0 && t < TILE; t++) {
            prefetch_dims(tile + (ahead + t) * s->d, m);
        }
        float partial[TILE];
        float limit = s->dist[s->k - 1] * s->ratio[1];
        uint32_t alive = first_group(tile, s->d, s->query, m, limit, partial);
        if (counting) {
            s->counts[1] += (uint32_t)(TILE - __builtin_popcount(alive));
        }
        tile_survivors(s, tile, j, alive, partial, counting);
    }
    for (; j < n; j++) {
        ads_finish(s, rows + j * s->d, (int32_t)j, 0, 0, counting);
    }
}

static enum status search(const void *index, const float *queries, int64_t nq,
                          const struct knn_params *params, struct knn_result *out)
{
    const struct knn_base *base = index;
    struct ads_query query;
    enum status st = ads_query_new(base, params, &query);
    for (int64_t q = 0; q < nq && st == ST_OK; q++) {
        struct ads_search s = {query.rotated,          query.ratio, base->d,
                               params->delta,          query.levels, params->k,
                               out->ids + q * params->k, out->dist + q * params->k, NULL};
        topk_clear(s.ids, s.dist, s.k);
        ads_query_set(base, queries + q * base->d, &query);
        if (out->levels != NULL) {
            s.counts = out->levels + q * (query.levels + 1);
            memset(s.counts, 0, ((size_t)query.levels + 1) * sizeof *s.counts);
            search_rows(&s, base->rotated, base->n, true);
        } else {
            search_rows(&s, base->rotated, base->n, false);
        }
    }
    if (st == ST_OK) {
        ads_query_free(&query);
    }
    return st;
}

static const struct knn_impl impl = {.pruned = true,
                                     .batch = 1,
                                     .build = borrowed_build,
                                     .search = search,
                                     .destroy = borrowed_destroy};

#define ADS_JOIN(a, b) a##b
#define ADS_SYMBOL(variant) ADS_JOIN(kernel_ads_horizontal_, variant)
#define ADS_TEXT(x) #x
#define ADS_NAME(variant) "ads_horizontal/" ADS_TEXT(variant)

extern const struct kernel ADS_SYMBOL(ADS_VARIANT);
const struct kernel ADS_SYMBOL(ADS_VARIANT) = {
    .name = ADS_NAME(ADS_VARIANT),
    .operation = "knn",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .isa = ADS_ISA,
    .impl = &impl,
    .source = ADS_SOURCE,
    .bound = "gamma_(d+2) |a-b|^2; set and dimensions of the float64 search but for decisions within "
             "rounding",
};
