/* ADSampling over dimension-major blocks (PDX, Kuffo et al., SIGMOD 2025): the loop of every ISA variant.
 *
 * Layout: planes of PLANE_DIMS dimensions; in a plane block after block; in a block dimension after
 * dimension, ADS_BLOCK candidates each.  So the first group of all blocks, which is all that most
 * candidates ever need, is one stream.  Only the first ADS_VERTICAL_DIMS dimensions are kept this way;
 * survivors go on in the row-major copy.
 *
 * The including file defines group_l2sq (ads_finish.h),
 *   static inline void add_dims(const float *block, const float *query, int32_t dims, float *sums)
 * (ADS_BLOCK sums over `dims` dimensions),
 *   static inline uint64_t below(const float *sums, float limit)   (bit j: sums[j] < limit, 64 sums)
 * PREFETCH(p), and ADS_VARIANT, ADS_ISA, ADS_SOURCE. */
#include <stdlib.h>

#include "../../../harness/cpu.h"
#include "../../../harness/kernel.h"
#include "../ads_schedule.h"
#include "ads_finish.h"

enum { PLANE_DIMS = 32, FLOATS_PER_LINE = 16, MASK_WORDS = ADS_BLOCK / 64 };

struct vertical_index {
    struct knn_base base;
    float *planes;
    int64_t blocks;
    int32_t dims; /* kept dimension-major */
};

static float *dim_of_block(const struct vertical_index *v, int64_t block, int32_t dim)
{
    int64_t plane = dim / PLANE_DIMS, within = dim % PLANE_DIMS;
    return v->planes + ((plane * v->blocks + block) * PLANE_DIMS + within) * ADS_BLOCK;
}

static void destroy(void *index)
{
    struct vertical_index *v = index;
    if (v != NULL) {
        mem_free(v->planes);
        free(v);
    }
}

static enum status build(const struct knn_base *base, void **index)
{
    struct vertical_index *v = calloc(1, sizeof *v);
    if (v == NULL) {
        return status_set(ST_SYSTEM, "ads_vertical: out of memory");
    }
    v->base = *base;
    v->blocks = (base->n + ADS_BLOCK - 1) / ADS_BLOCK;
    v->dims = base->d < ADS_VERTICAL_DIMS ? base->d : ADS_VERTICAL_DIMS;
    size_t planes = (size_t)(v->dims + PLANE_DIMS - 1) / PLANE_DIMS;
    v->planes = mem_alloc_array(planes * (size_t)v->blocks, PLANE_DIMS * ADS_BLOCK * sizeof(float));
    if (v->planes == NULL) {
        destroy(v);
        return ST_SYSTEM;
    }
    for (int64_t j = 0; j < base->n; j++) {
        for (int32_t i = 0; i < v->dims; i++) {
            dim_of_block(v, j / ADS_BLOCK, i)[j % ADS_BLOCK] = base->rotated[j * base->d + i];
        }
    }
    *index = v;
    return ST_OK;
}

/* Adds dimensions [from, to) of a block to its sums. */
static inline void add_range(const struct vertical_index *v, int64_t block, const float *query,
                             int32_t from, int32_t to, float *sums)
{
    while (from < to) {
        int32_t end = (from / PLANE_DIMS + 1) * PLANE_DIMS;
        end = end < to ? end : to;
        add_dims(dim_of_block(v, block, from), query + from, end - from, sums);
        from = end;
    }
}

/* Keeps in alive[] the candidates whose sums are below limit; returns how many. */
static inline int32_t prune(const float *sums, float limit, uint64_t alive[MASK_WORDS])
{
    int32_t left = 0;
    for (int32_t w = 0; w < MASK_WORDS; w++) {
        alive[w] &= below(sums + (ptrdiff_t)w * 64, limit);
        left += __builtin_popcountll(alive[w]);
    }
    return left;
}

/* Advances all candidates of a block together.  Returns the number of groups read; *left survive. */
static inline int32_t advance(const struct vertical_index *v, const struct ads_search *s,
                              int64_t block, float *sums, uint64_t alive[MASK_WORDS], int32_t *left)
{
    float start = s->dist[s->k - 1];
    int32_t g = 0, read = 0;
    do {
        int32_t to = read + s->delta < v->dims ? read + s->delta : v->dims;
        add_range(v, block, s->query, read, to, sums);
        read = to;
        g++;
        if (read == s->d || read < g * s->delta) {
            break; /* complete, or a group cut short by the end of the planes: no test here */
        }
        *left = prune(sums, start * s->ratio[g], alive);
    } while (read < v->dims && *left * ADS_SURVIVORS > ADS_BLOCK);
    return g;
}

static inline __attribute__((always_inline)) void
block_survivors(const struct vertical_index *v, const struct ads_search *s, int64_t block,
                const float *sums, const uint64_t alive[MASK_WORDS], int32_t g, const bool counting)
{
    int32_t read = g * s->delta;
    const float *rows = v->base.rotated + block * ADS_BLOCK * s->d;
    for (int32_t w = 0; w < MASK_WORDS; w++) {
        for (uint64_t rest = alive[w]; rest != 0; rest &= rest - 1) {
            const float *row = rows + (int64_t)(w * 64 + __builtin_ctzll(rest)) * s->d;
            for (int32_t i = read; i < read + s->delta && i < s->d; i += FLOATS_PER_LINE) {
                PREFETCH(row + i);
            }
        }
    }
    for (int32_t w = 0; w < MASK_WORDS; w++) {
        for (uint64_t rest = alive[w]; rest != 0; rest &= rest - 1) {
            int32_t j = w * 64 + __builtin_ctzll(rest);
            ads_finish(s, rows + (int64_t)j * s->d, (int32_t)(block * ADS_BLOCK) + j, g, sums[j],
                       counting);
        }
    }
}

static inline __attribute__((always_inline)) void
search_blocks(const struct vertical_index *v, const struct ads_search *s, const bool counting)
{
    _Alignas(64) float sums[ADS_BLOCK];
    for (int64_t block = 0; block < v->blocks; block++) {
        int64_t left_over = v->base.n - block * ADS_BLOCK;
        int32_t m = left_over < ADS_BLOCK ? (int32_t)left_over : ADS_BLOCK, left = m;
        uint64_t alive[MASK_WORDS];
        for (int32_t w = 0; w < MASK_WORDS; w++) {
            int32_t bits = m - w * 64;
            alive[w] = bits >= 64 ? ~0ull : bits > 0 ? (1ull << bits) - 1 : 0;
        }
        memset(sums, 0, sizeof sums);
        int32_t g = advance(v, s, block, sums, alive, &left);
        if (counting) {
            s->counts[g] += (uint32_t)(m - left);
        }
        if (left > 0) {
            block_survivors(v, s, block, sums, alive, g, counting);
        }
    }
}

static enum status search(const void *index, const float *queries, int64_t nq,
                          const struct knn_params *params, struct knn_result *out)
{
    const struct vertical_index *v = index;
    struct ads_query query;
    if (params->delta > 0 && v->dims < v->base.d && v->dims % params->delta != 0) {
        return status_set(ST_INPUT, "ads_vertical: delta %d does not divide %d", params->delta,
                          v->dims);
    }
    enum status st = ads_query_new(&v->base, params, &query);
    for (int64_t q = 0; q < nq && st == ST_OK; q++) {
        struct ads_search s = {query.rotated,          query.ratio, v->base.d,
                               params->delta,          query.levels, params->k,
                               out->ids + q * params->k, out->dist + q * params->k, NULL};
        topk_clear(s.ids, s.dist, s.k);
        ads_query_set(&v->base, queries + q * s.d, &query);
        if (out->levels != NULL) {
            s.counts = out->levels + q * (query.levels + 1);
            memset(s.counts, 0, ((size_t)query.levels + 1) * sizeof *s.counts);
            search_blocks(v, &s, true);
        } else {
            search_blocks(v, &s, false);
        }
    }
    if (st == ST_OK) {
        ads_query_free(&query);
    }
    return st;
}

static const struct knn_impl impl = {.pruned = true,
                                     .vertical = true,
                                     .batch = 1,
                                     .build = build,
                                     .search = search,
                                     .destroy = destroy};

#define ADS_JOIN(a, b) a##b
#define ADS_SYMBOL(variant) ADS_JOIN(kernel_ads_vertical_, variant)
#define ADS_TEXT(x) #x
#define ADS_NAME(variant) "ads_vertical/" ADS_TEXT(variant)

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
