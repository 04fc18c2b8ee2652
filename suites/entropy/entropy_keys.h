/* What a query's keys are replaced by, to see what of an entropy's growth comes from the keys that
 * the model computed. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_KEYS_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_KEYS_H

#include <stdint.h>

enum entropy_keys {
    ENTROPY_MODEL,    /* none: the model's own */
    ENTROPY_RANDOM,   /* N(0, s^2) in each dimension, s^2 = mean |k|^2 / d over the keys read */
    ENTROPY_NORM,     /* each key's own norm, a random direction */
    ENTROPY_SHUFFLED, /* the sequence's keys in random order: also later ones are read */
    ENTROPY_VARIANCE, /* N(0, s^2) with s such that the logits of this very query have the
                       * variance that they have over the model's keys */
    ENTROPY_KEYS
};
extern const char *const entropy_keys_names[ENTROPY_KEYS];

/* The keys of one KV head of a layer, and where their random numbers come from. */
struct entropy_head {
    const float *k;        /* (length, d) */
    const double *squared; /* (length) entropy_squared_norms */
    int64_t length;
    int32_t d;
    uint64_t seed, row; /* no two heads of a run share `row` */
};

/* out (length): |k|^2 of every key. */
void entropy_squared_norms(const float *k, int64_t length, int32_t d, double *out);

/* Keys (length, d) of a control; for RANDOM and VARIANCE standard Gaussian ones, which
 * entropy_query_scale goes with.  From the seed and the model's keys alone. */
void entropy_make_keys(const struct entropy_head *h, enum entropy_keys which, float *out);

/* What q (d) is multiplied by, which is as well as the first n of the keys that were made; 1 where
 * those are scaled already.  logits (n) is space to work in. */
double entropy_query_scale(const struct entropy_head *h, enum entropy_keys which, const float *made,
                           const float *q, int64_t n, float *logits);

#endif
