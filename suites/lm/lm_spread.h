/* Which of many layers, tokens or heads are judged against an oracle: the first, the middle, the
 * last. */
#ifndef ATTEST_SUITES_LM_LM_SPREAD_H
#define ATTEST_SUITES_LM_LM_SPREAD_H

#include <stdbool.h>
#include <stdint.h>

enum { LM_SPREAD = 3 };

/* Of n, n >= 1, the first for i = 0, the middle for 1 and the last for 2. */
static inline int64_t lm_spread(int64_t n, int64_t i) { return (n - 1) * i / (LM_SPREAD - 1); }

/* Whether it is one of them. */
static inline bool lm_spread_has(int64_t n, int64_t place) {
    return place == lm_spread(n, 0) || place == lm_spread(n, 1) || place == lm_spread(n, 2);
}

#endif
