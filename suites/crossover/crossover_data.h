/* Keys, values and queries of one attention layer at one context length, with the vectors that a
 * graph searches: what every arm of the crossover experiment works on. */
#ifndef ATTEST_SUITES_CROSSOVER_CROSSOVER_DATA_H
#define ATTEST_SUITES_CROSSOVER_CROSSOVER_DATA_H

#include <stdint.h>

#include "../../harness/base/status.h"

enum crossover_kind {
    CROSSOVER_CAPTURED,  /* a language model's own keys, values and late queries; d 64 */
    CROSSOVER_RESAMPLED, /* synthetic: captured tokens drawn again, each with Gaussian noise */
    CROSSOVER_GAUSSIAN,  /* synthetic: everything independent and Gaussian; attention is diffuse */
    CROSSOVER_PLANTED,   /* synthetic: each query has a few keys planted whose scores have a heavy
                          * tail; the rest is Gaussian */
    CROSSOVER_KINDS
};
extern const char *const crossover_kind_names[CROSSOVER_KINDS]; /* "captured", ... */

struct crossover_plan {
    enum crossover_kind kind;
    int64_t n;        /* keys of each KV head */
    int32_t d, heads; /* KV heads; each has one query head */
    int64_t queries;
    uint64_t seed;
};

struct crossover_data {
    struct crossover_plan plan;
    float *k, *v; /* (heads, n, d) */
    float *q;     /* (heads, queries, d) */
    /* Unit vectors whose inner products order keys as a graph sees them, one set for each of
     * `graphs` searches: a KV head's own keys, or one set for all heads. */
    int32_t graphs, d_search;
    float *search_k; /* (graphs, n, d_search) */
    float *search_q; /* (graphs, queries, d_search) */
    char note[200];  /* how they were made, for the record */
};

/* ST_INPUT: more captured keys than there are, or another d than they have. */
enum status crossover_data_new(const struct crossover_plan *plan, int threads,
                               struct crossover_data *out);
void crossover_data_free(struct crossover_data *d);

/* The oracle's answer to one query of one head in float64. */
struct crossover_oracle {
    double *weights; /* (n) softmax of q k / sqrt(d) */
    double *out;     /* (d) */
};
enum status crossover_oracle_new(const struct crossover_data *d, int32_t head, int64_t query,
                                 struct crossover_oracle *o);
void crossover_oracle_free(struct crossover_oracle *o);

/* What a selection keeps of the oracle's attention: chosen (count) ascending rows, out (d) the
 * attention output over them. */
struct crossover_quality {
    double recall; /* |chosen & the count largest| / count */
    double mass;   /* sum of the oracle's weights over chosen */
    double cosine; /* of out and the oracle's out; NaN where one is 0 */
};
struct crossover_quality crossover_quality_of(const struct crossover_data *d,
                                              const struct crossover_oracle *o,
                                              const int32_t *chosen, int64_t count,
                                              const float *out);

#endif
