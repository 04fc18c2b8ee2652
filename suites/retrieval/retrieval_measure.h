/* Recall and attention mass of selections, measured beside the full model: one forward computes the
 * teacher's weights of every layer, and every method's sets at every budget against them. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_MEASURE_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_MEASURE_H

#include "../../harness/judge/judge.h"
#include "selector.h"

/* All queries; only those that may read more than K keys. */
enum retrieval_population { RETRIEVAL_ALL, RETRIEVAL_LONG, RETRIEVAL_POPULATIONS };
extern const char *const retrieval_population_names[RETRIEVAL_POPULATIONS]; /* "all", "long" */

/* Sums over the queries of one sequence, layer, arm, budget and population. */
struct retrieval_sum {
    uint64_t queries;
    double recall_per_head; /* of mean_h |T_h & S_h| / K_t, T_h the K_t largest of A[h] */
    double recall_shared;   /* of mean_h |T & S_h| / K_t, T the K_t largest of mean_h A */
    double mass;            /* of mean_h sum_{j in S_h} A[h][j] */
    double kept, allowed;   /* of K_t and of n_t */
    double read;            /* of mean_h |S_h|: what the method really reads */
};

struct retrieval_arm {
    const struct selector *method;
    struct selector_params params;
};

/* What is measured, and where it goes. */
struct retrieval_measured {
    const struct retrieval_arm *arms;
    size_t arm_count;
    const int64_t *budgets;
    size_t budget_count;
    int64_t stride; /* of each document every stride-th query is measured, its last ones first; 1:
                     * all */
    int32_t layers;
    const bool *only; /* (layers) which are measured; NULL: all */
    int64_t sequences;
    struct retrieval_sum *sums;     /* (sequences, arms, budgets, layers, populations) */
    struct selector_counts *counts; /* (sequences, arms, budgets, layers) of what searches did */
};

enum status retrieval_measured_new(struct retrieval_measured *m); /* shape is set; zeroed */
void retrieval_measured_free(struct retrieval_measured *m);
struct retrieval_sum *retrieval_sum_at(const struct retrieval_measured *m, int64_t sequence,
                                       size_t arm, size_t budget, int32_t layer,
                                       enum retrieval_population population);
struct selector_counts *retrieval_counts_at(const struct retrieval_measured *m, int64_t sequence,
                                            size_t arm, size_t budget, int32_t layer);

/* Forwards one sequence of the model, with its own attention, and fills the sequence's sums; who
 * measures which queries changes no bit of them.  Where learned projections lack a layer, nothing
 * is measured.  The session is emptied first.  ST_INPUT: budgets that are not ascending from 1 on,
 * another number of layers than the model's, a learned method without projections, scores that are
 * not finite; what the forward and the methods return. */
enum status retrieval_measure(struct retrieval_measured *m, int64_t sequence, struct lm_session *s,
                              const int32_t *ids, const int32_t *segments, int64_t count);

/* Judges what is measured at three queries of the first, the middle and the last layer against the
 * float64 oracle, every arm and budget: recall, which may differ from the oracle's only by keys
 * whose score is as near to the K_t-th largest as rounding can bring it, and mass; sets must keep
 * to allowed keys and to the budget.  Sums are left alone. */
enum status retrieval_measure_judge(const struct retrieval_measured *m, struct lm_session *s,
                                    const int32_t *ids, const int32_t *segments, int64_t count,
                                    struct judge *j);

/* Metrics out of sums; NaN where no query is: "no data" is not 0. */
struct retrieval_quality {
    uint64_t queries;
    double recall_per_head, recall_shared, mass, retained_share, read_share;
};
struct retrieval_quality retrieval_quality_of(const struct retrieval_sum *total);
void retrieval_sum_add(struct retrieval_sum *to, const struct retrieval_sum *from);

#endif
