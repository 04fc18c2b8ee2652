/* Keys, values and queries of one attention layer at one context length, with the vectors that a
 * graph searches: what every arm of the crossover experiment works on. */
#ifndef ATTEST_SUITES_CROSSOVER_CROSSOVER_DATA_H
#define ATTEST_SUITES_CROSSOVER_CROSSOVER_DATA_H

#include <stdint.h>

#include "../../datasets/trace.h"
#include "../../harness/base/status.h"

/* What each kind is made of, and its limits, stand in the file named after it. */
enum crossover_kind {
    CROSSOVER_CAPTURED,  /* a language model's own keys, values and late queries */
    CROSSOVER_RESAMPLED, /* synthetic: captured tokens drawn again, each with Gaussian noise */
    CROSSOVER_GAUSSIAN,  /* synthetic: everything independent and Gaussian; attention is diffuse */
    CROSSOVER_PLANTED,   /* synthetic: each query has a few keys planted whose scores have a heavy
                          * tail; the rest is in random directions */
    CROSSOVER_KINDS
};
extern const char *const crossover_kind_names[CROSSOVER_KINDS]; /* "captured", ... */

struct crossover_plan {
    enum crossover_kind kind;
    int64_t n;        /* keys of each KV head */
    int32_t d, heads; /* KV heads */
    int64_t queries;  /* of each KV head */
    uint64_t seed;
    const struct trace *trace; /* captured, resampled: what was captured; NULL: the committed one */
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

/* The same bytes for any number of threads; of the synthetic kinds but planted, N keys are the
 * first of any larger N.  ST_INPUT: more captured keys, heads or queries than there are, or another
 * d than they have; planted: more queries than keys can be planted for, or more keys than d
 * dimensions can tell planted ones from. */
enum status crossover_data_new(const struct crossover_plan *plan, int threads,
                               struct crossover_data *out);
void crossover_data_free(struct crossover_data *d);

/* A head's keys and values (n, d), one of its queries (d), and that query's search vector. */
const float *crossover_keys_of(const struct crossover_data *d, int32_t head);
const float *crossover_values_of(const struct crossover_data *d, int32_t head);
const float *crossover_query_of(const struct crossover_data *d, int32_t head, int64_t query);
const float *crossover_search_query_of(const struct crossover_data *d, int32_t head, int64_t query);

/* The oracle's answer to one query of one head in float64. */
struct crossover_oracle {
    double *weights; /* (n) softmax of q k / sqrt(d) */
    double *largest; /* (n) the same, descending: the mass of the K largest is a sum of the first */
    double *out;     /* (d) */
};
enum status crossover_oracle_new(const struct crossover_data *d, int32_t head, int64_t query,
                                 struct crossover_oracle *o);
void crossover_oracle_free(struct crossover_oracle *o);

/* What a selection keeps of the oracle's attention: chosen (count) ascending rows, each once, out
 * (d) the attention output over them. */
struct crossover_quality {
    double recall; /* share of chosen whose weight is at least the count-th largest, so that of
                    * equal keys any will do; NaN where none is chosen */
    double mass;   /* sum of the oracle's weights over chosen */
    double cosine; /* of out and the oracle's out; NaN where one is 0 */
};
struct crossover_quality crossover_quality_of(const struct crossover_data *d,
                                              const struct crossover_oracle *o,
                                              const int32_t *chosen, int64_t count,
                                              const float *out);

#endif
