/* The k-NN operation under the judge: oracle answers, and what a kernel's answers must satisfy. */
#ifndef ATTEST_SUITES_KERNELS_KNN_CHECK_H
#define ATTEST_SUITES_KERNELS_KNN_CHECK_H

#include "../../harness/judge/judge.h"
#include "../../harness/judge/kernel.h"
#include "knn.h"

/* Queries against a base, with the exact float64 answers. */
struct knn_problem {
    struct knn_base base;
    const float *queries; /* (nq,d) */
    int64_t nq;
    int32_t k;
    float *rotated_queries; /* (nq,d), owned; NULL without rotated base */
    int32_t *exact_ids;     /* (nq,k), owned */
    double *exact_dist;     /* (nq,k), owned */
    bool whole_numbers;     /* float arithmetic is exact here: equality is demanded */
};

/* Computes rotated queries and exact answers on `threads` threads.  base, queries, nq, k are set by
 * the caller and borrowed. */
enum status knn_problem_solve(struct knn_problem *p, int threads);
void knn_problem_free(struct knn_problem *p);

/* Float64 ADSampling answers of the first nq queries of a problem. */
struct knn_pruned_oracle {
    int64_t nq;
    int32_t level_count; /* ceil(d/delta) + 1 */
    int32_t *ids;        /* (nq,k) */
    double *dist;        /* (nq,k) */
    uint64_t *levels;    /* (nq,level_count) */
    uint64_t *ambiguous; /* (nq) */
    int *undetermined;   /* (nq) */
};

enum status knn_pruned_oracle_new(const struct knn_problem *p, const struct knn_params *params,
                                  bool vertical, int64_t nq, int threads,
                                  struct knn_pruned_oracle *out);
void knn_pruned_oracle_free(struct knn_pruned_oracle *o);

/* What a kernel answered: buffers owned by the judge, valid until judge_end. */
struct knn_answers {
    const int32_t *ids;     /* (nq,k) */
    const float *dist;      /* (nq,k) */
    const uint32_t *levels; /* (nq,level_count), pruned kernels only */
    int32_t level_count;
};

/* Runs the kernel on the first nq queries of the problem and judges it: canaries, poison, inputs;
 * every distance against float64; the lists against the exact oracle, or (pruned) the lists and
 * dimensions read against the pruned oracle; then again, uncounted, on other queries in one and the
 * same buffer, which an answer kept from before cannot pass.  pruned: NULL for exact kernels. */
enum status knn_check(const struct kernel *kernel, const void *index, const struct knn_problem *p,
                      int64_t nq, const struct knn_params *params, int threads,
                      const struct knn_pruned_oracle *pruned, struct judge *j,
                      struct knn_answers *out);

#endif
