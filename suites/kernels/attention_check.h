/* The attention operation under the judge: made-up sequences, the float64 oracle's answers with
 * what rounding may do to each, and what a kernel's answers must satisfy. */
#ifndef ATTEST_SUITES_KERNELS_ATTENTION_CHECK_H
#define ATTEST_SUITES_KERNELS_ATTENTION_CHECK_H

#include "../../harness/judge/judge.h"
#include "../../reference/attention.h"
#include "attention.h"

/* Whole numbers keep every score exact in float32, and many of them equal. */
enum attention_values { ATTENTION_WHOLE, ATTENTION_GAUSSIAN, ATTENTION_EVEN };

/* A sequence of one layer, with the oracle's answers. */
struct attention_problem {
    struct lm_shape shape;
    int64_t n, capacity;          /* tokens; rows from one KV head to the next */
    enum attention_values values; /* EVEN: keys of length zero, so that all weights are equal */
    float *q;                     /* (n, heads, head_dim) */
    float *k, *v;                 /* (kv_heads, capacity, head_dim) */
    int32_t *segment, *position;  /* (n) */
    int64_t *first;               /* (n) */
    double *expected;             /* (n, heads, head_dim) */
    double *hard, *likely;        /* the same: bounds of the error */
};

/* Segments: the token at which each begins, ascending from 0, `documents` of them; padding (n) or
 * NULL: tokens that belong to none.  layer is one of shape->layers, heads a multiple of kv_heads.
 */
enum status attention_problem_new(const struct lm_shape *shape, int64_t n,
                                  struct attention_problem *out);
void attention_problem_free(struct attention_problem *p);

/* Fills the values at random and the segments with `lengths` (ends with 0; negative: padding). */
void attention_problem_fill(struct attention_problem *p, uint64_t seed, const int64_t *lengths);

/* Works out the oracle's answers for a form. ST_SYSTEM: no memory. */
enum status attention_problem_solve(struct attention_problem *p, enum attention_form form,
                                    const struct attention_params *params);

/* The call for tokens past .. past + tokens - 1, their answers to `out` (n, heads, head_dim). */
struct lm_attention_call attention_problem_call(const struct attention_problem *p, int32_t layer,
                                                int64_t past, int64_t tokens, int threads,
                                                float *out);

/* What rounding does to a query's answer over n keys, of which `magnitude` is sum p |v|: each score
 * is off by at most e = `scores` sum |q k| / sqrt(d), gamma_(d+2) at worst, and its distance to the
 * largest by another rounding, so that weights change by the factor exp(2 e + range u) at most both
 * ways; the exponential by two units in the last place; the sums over n weights and values by
 * gamma_n each, in `sums`, gamma_(2n+20) at worst.  Weights are cut off at e^-87. */
double attention_bound(const struct ref_attention_answer *a, double scores, double sums, int64_t n,
                       double magnitude);

/* Judges a call's answer to its token t and a head.  int8_channel: the call must hold the whole
 * document, and the scales be those of its keys.  ST_SYSTEM: no memory. */
enum status attention_judge_row(const struct lm_attention_call *call, enum attention_form form,
                                const struct attention_params *params, int64_t t, int64_t head,
                                struct judge *j);

/* Lets a kernel answer the whole sequence, `step` tokens a call (0: all at once), and judges it. */
enum status attention_check(const struct attention_impl *impl, void *state,
                            const struct attention_problem *p, int64_t step, int threads,
                            struct judge *j);

#endif
