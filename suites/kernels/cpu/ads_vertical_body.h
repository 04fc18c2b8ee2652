/* ADSampling over the layout of ads_vertical_index.h: what the ISA variants share.
 *
 * Within a block all candidates advance side by side, dimension-major, until few are left; those go
 * on in the row-major copy.  tau is that of the block's start, so the first block is scanned in
 * full.
 *
 * The including file has included group_<isa>.h and defines
 *   static inline void add_dims(const float *block, const float *query, int32_t dims, float *sums)
 * (ADS_BLOCK sums over `dims` dimensions),
 *   static inline uint64_t below(const float *sums, float limit)   (bit j: sums[j] < limit, 64
 * sums) and ADS_VARIANT, ADS_ISA, ADS_SOURCE. */
#include "../ads_schedule.h"
#include "ads_front.h"
#include "ads_vertical_index.h"

enum { MASK_WORDS = ADS_BLOCK / 64, SIDE_BY_SIDE = 1 };
_Static_assert((int)ADS_BLOCK <= (int)FRONT_MAX, "a front must hold a block");

/* Adds dimensions [from, to) of a block to its sums. */
static inline void add_range(const struct vertical_index *v, int64_t block, const float *query,
                             int32_t from, int32_t to, float *sums) {
    while (from < to) {
        int32_t end = (from / VERTICAL_PLANE + 1) * VERTICAL_PLANE;
        end = end < to ? end : to;
        add_dims(vertical_dimension(v, block, from), query + from, end - from, sums);
        from = end;
    }
}

/* Keeps in alive[] the candidates whose sums are below limit; returns how many. */
static inline int32_t prune(const float *sums, float limit, uint64_t alive[MASK_WORDS]) {
    int32_t left = 0;
    for (int32_t w = 0; w < MASK_WORDS; w++) {
        alive[w] &= below(sums + (ptrdiff_t)w * 64, limit);
        left += __builtin_popcountll(alive[w]);
    }
    return left;
}

/* Advances all candidates of a block together.  Returns the number of groups read; *left survive.
 */
static inline int32_t advance(const struct vertical_index *v, const struct ads_search *s,
                              int64_t block, float tau, float *sums, uint64_t alive[MASK_WORDS],
                              int32_t *left) {
    int32_t g = 0, read = 0;
    do {
        int32_t to = read + s->delta < v->dims ? read + s->delta : v->dims;
        add_range(v, block, s->query, read, to, sums);
        read = to;
        g++;
        *left = prune(sums, tau * s->ratio[g], alive);
    } while (read<v->dims && * left * ADS_SURVIVORS> ADS_BLOCK);
    return g;
}

static inline void collect(const struct ads_search *s, const float *rows, int32_t first,
                           const float *sums, const uint64_t alive[MASK_WORDS], int32_t g,
                           struct ads_front *f) {
    int32_t from = g * s->delta, ahead = from < s->d ? s->delta : 0;
    f->count = 0;
    for (int32_t w = 0; w < MASK_WORDS; w++) {
        for (uint64_t rest = alive[w]; rest != 0; rest &= rest - 1) {
            int32_t j = w * 64 + __builtin_ctzll(rest);
            front_add(f, first + j, sums[j]);
            front_prefetch(rows + (int64_t)(first + j) * s->d + from, ahead);
        }
    }
}

static inline void search_block(const struct vertical_index *v, const struct ads_search *s,
                                int64_t block, float *sums, struct ads_front *front) {
    float tau = s->dist[s->k - 1];
    int32_t first = (int32_t)(block * ADS_BLOCK), left;
    int32_t m = v->base.n - first < ADS_BLOCK ? (int32_t)(v->base.n - first) : ADS_BLOCK;
    uint64_t alive[MASK_WORDS];
    for (int32_t w = 0; w < MASK_WORDS; w++) {
        int32_t bits = m - w * 64;
        alive[w] = bits >= 64 ? ~0ull : bits > 0 ? (1ull << bits) - 1 : 0;
    }
    memset(sums, 0, ADS_BLOCK * sizeof *sums);
    int32_t g = advance(v, s, block, tau, sums, alive, &left);
    if (s->counts != NULL) {
        s->counts[g] += (uint32_t)(m - left);
    }
    if (left == 0) {
        return;
    }
    collect(s, v->base.rotated, first, sums, alive, g, front);
    front_run(front, s, v->base.rotated, SIDE_BY_SIDE, g, tau, s->counts);
    if (s->counts != NULL) {
        s->counts[s->levels] += (uint32_t)front->count;
    }
    for (int32_t i = 0; i < front->count; i++) {
        if (front->sum[i] < s->dist[s->k - 1]) {
            topk_insert(s->ids, s->dist, s->k, front->id[i], front->sum[i]);
        }
    }
}

static void search_one(const void *index, const struct ads_search *s) {
    const struct vertical_index *v = index;
    _Alignas(64) float sums[ADS_BLOCK];
    struct ads_front front;
    for (int64_t block = 0; block < v->blocks; block++) {
        search_block(v, s, block, sums, &front);
    }
}

static enum status search(const void *index, const float *queries, int64_t nq,
                          const struct knn_params *params, struct knn_result *out) {
    const struct vertical_index *v = index;
    if (params->delta > 0 && v->dims < v->base.d && v->dims % params->delta != 0) {
        return status_set(ST_INPUT, "ads_vertical: delta %d does not divide %d", params->delta,
                          v->dims);
    }
    return ads_each_query(&v->base, queries, nq, params, out, search_one, v);
}

static const struct knn_impl impl = {.pruned = true,
                                     .vertical = true,
                                     .batch = 1,
                                     .build = vertical_build,
                                     .search = search,
                                     .destroy = vertical_destroy};

#define ADS_FAMILY ads_vertical
#include "ads_kernel_row.h"
