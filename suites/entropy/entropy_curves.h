/* From entropies of rows to curves over the context length, fits and effective numbers of keys. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_CURVES_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_CURVES_H

#include <stddef.h>
#include <stdint.h>

#include "../../harness/judge/stats.h"

/* N = 2^i from ENTROPY_SHORTEST on, at most ENTROPY_POINTS of them. */
enum { ENTROPY_SHORTEST = 64, ENTROPY_POINTS = 8, ENTROPY_TAIL = 8, ENTROPY_TEXTS = 256 };

/* How many N fit `length` tokens, and the i-th of them. */
size_t entropy_point_count(int64_t length);
int64_t entropy_context(size_t point);

/* Which rows stand for a context of N tokens.  Row t reads t + 1 keys.  LAST: row N - 1; ALL: rows
 * 0 .. N - 1; TAIL: the last ENTROPY_TAIL of them. */
enum entropy_population { ENTROPY_LAST, ENTROPY_ALL, ENTROPY_LAST_FEW, ENTROPY_POPULATIONS };
extern const char *const entropy_population_names[ENTROPY_POPULATIONS];
void entropy_rows_of(enum entropy_population p, int64_t context, int64_t *first, int64_t *behind);

/* What ln N a point is fitted at: ln N; for LAST_FEW the mean ln n of its rows, which uniform
 * weights reach exactly. */
double entropy_abscissa(enum entropy_population p, int64_t context);

/* Mean over rows of H and of exp H. */
struct entropy_mean {
    double h, exp_h;
};

/* Over the population's rows; h[t] is of row t. */
struct entropy_mean entropy_over_rows(enum entropy_population p, int64_t context, const double *h);

/* Values of some heads: those `first` .. `first` + `count` - 1 of each text. */
struct entropy_view {
    const struct entropy_mean *values; /* (texts, heads, ENTROPY_POINTS) */
    enum entropy_population population;
    size_t texts, heads, points;
    size_t first, count;
};

/* Mean over the view's texts and heads at one point, and how many rows that is. */
struct entropy_mean entropy_at(const struct entropy_view *v, size_t point);
uint64_t entropy_rows_behind(const struct entropy_view *v, size_t point);

/* Numbers of keys that as many equal weights would have the entropy of: exp(mean H), a geometric
 * mean, and mean exp(H), which is never smaller. */
double entropy_keys_exp_mean(const struct entropy_view *v, size_t point);
double entropy_keys_mean_exp(const struct entropy_view *v, size_t point);

/* Slope of H between N/2 and N; NaN at the first point. */
double entropy_local_slope(const struct entropy_view *v, size_t point);

/* H_N = alpha ln N + beta through the means over texts and heads at each N. */
struct stats_line entropy_line(const struct entropy_view *v);

/* alpha with its bootstrap interval over texts, at most ENTROPY_TEXTS; NaN bounds below 2. */
struct interval entropy_alpha(const struct entropy_view *v);

#endif
