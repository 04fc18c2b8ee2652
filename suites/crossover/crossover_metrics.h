/* What the crossover experiment computes from counts and seconds, each as a function of numbers, so
 * that fixtures can check it. */
#ifndef ATTEST_SUITES_CROSSOVER_CROSSOVER_METRICS_H
#define ATTEST_SUITES_CROSSOVER_CROSSOVER_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../harness/judge/stats.h"
#include "../kernels/scores.h"

/* --- counts of one step ----------------------------------------------------------------------- */

/* Bytes of a key of d values in a format, its scale included. */
int64_t crossover_key_bytes(enum scores_format format, int32_t d);

/* What a step reads: keys scored and page bounds estimated in whole, what a graph search counted,
 * and rows attended to, all heads together. */
struct crossover_work {
    int64_t scored, pages, attended;                    /* keys, pages, rows */
    enum scores_format format;                          /* of the scored keys */
    int64_t graph_evaluations, graph_hops, graph_bytes; /* of the search */
    int32_t d, d_search;
};

/* Keys, pages (one bound each) or graph nodes that are compared with a query. */
double crossover_evaluations(const struct crossover_work *w);

/* Nodes whose links the search read. */
double crossover_hops(const struct crossover_work *w);

/* Multiply-adds: d a key, 2 d a page, d_search an evaluation of the graph, and 2 d a row attended
 * to, its key's and its value's. */
double crossover_macs(const struct crossover_work *w);

/* Bytes of keys, bounds, vectors, links and values that are read, each as often as it is. */
double crossover_bytes(const struct crossover_work *w);

/* Evaluations of `graphs` searches by the seed's model: M ef log2(N) each. */
double crossover_evaluations_model(int64_t m, int64_t ef, int64_t n, int32_t graphs);

/* N at which Quest's scan of every head's pages costs the multiply-adds of so many evaluations:
 * page / 2 evaluations d_search / d, shared by the heads (definitions, section 2). */
double crossover_counted_n(double evaluations, int32_t page, int32_t d_search, int32_t d,
                           int32_t heads);

/* --- seconds ---------------------------------------------------------------------------------- */

/* Microseconds a step at quantile p of samples of so many steps; p 0.5: the median, with its
 * interval. */
struct interval crossover_step_us(const double *seconds, size_t n, int64_t steps, double p);

/* Median microseconds of a stage whose seconds a step are given; NaN if it does not occur. */
double crossover_stage_us(const double *seconds, size_t n);

/* Seconds of building so far, and one graph more: its first vectors' and its last ones'. */
double crossover_build_s(double before, double first, double last);

/* Microseconds a vector, of `count` inserted in so many seconds. */
double crossover_insert_us(double seconds, int64_t count);

/* Steps after which building has cost no more than what each step saves; NaN where the graph's
 * steps save nothing. */
double crossover_break_even(double build_s, double graph_us, double other_us);

/* Bytes a second of a scan over those of the reading arm in the same rounds, medians. */
struct interval crossover_bandwidth_share(const double *seconds, double bytes,
                                          const double *base_seconds, double base_bytes, size_t n);

/* The other's time over this one's in the same rounds, medians: above 1 this one is faster. */
struct interval crossover_speed_ratio(const double *this_seconds, const double *other_seconds,
                                      size_t n);

/* --- equal quality, crossing ------------------------------------------------------------------ */

/* Mass of at least .95 and a cosine of at least .99; of NaN no. */
bool crossover_quality_holds(double mass, double cosine);

/* Index of the least finite cost; n where there is none. */
size_t crossover_cheapest(const double *cost, size_t n);

enum crossover_crossing_kind {
    CROSSOVER_CROSSES,
    CROSSOVER_NEVER,     /* the first is dearer at the largest N */
    CROSSOVER_ALWAYS,    /* the first is no dearer at any N */
    CROSSOVER_UNMEASURED /* no N has both costs */
};

struct crossover_crossing {
    enum crossover_crossing_kind kind;
    double n;        /* NaN unless it crosses */
    double from, to; /* least and largest N that have both costs; NaN if none */
};

/* From where on `first` costs no more than `second`, up to the largest N measured: the last change,
 * on straight lines between neighbouring N in a log-log plot.  N ascend; where a cost is NaN, N is
 * left out. */
struct crossover_crossing crossover_crossing_of(const double *n, const double *first,
                                                const double *second, size_t count);

#endif
