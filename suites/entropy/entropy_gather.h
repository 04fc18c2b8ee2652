/* Entropies of a whole model, or of the layers of a trace, text by text: computed, judged against
 * the float64 oracle and reduced to means at each N. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_GATHER_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_GATHER_H

#include "../lm/lm.h"
#include "entropy_curves.h"
#include "entropy_keys.h"
#include "entropy_rows.h"

/* Curves that are kept: the model's keys at the last row, and at all rows; then each kind of keys
 * at the last few rows. */
enum { ENTROPY_SERIES_LAST, ENTROPY_SERIES_ALL, ENTROPY_SERIES_FEW };
enum { ENTROPY_SERIES = ENTROPY_SERIES_FEW + ENTROPY_KEYS };

/* The population and the keys of a series. */
enum entropy_population entropy_series_population(size_t series);
enum entropy_keys entropy_series_keys(size_t series);

struct entropy_results {
    size_t texts, layers, heads, points;
    const int32_t *numbers; /* (layers) of the layers; NULL: 0, 1, ... */
    int64_t length;         /* tokens of each text */
    uint64_t seed;
    int threads;
    struct entropy_mean *values[ENTROPY_SERIES]; /* (texts, layers * heads, ENTROPY_POINTS) */
    struct judge *judges;                        /* (layers) */
};

/* Room for everything above, whose counts are set; zeroed. */
enum status entropy_results_new(struct entropy_results *r);
void entropy_results_free(struct entropy_results *r);

/* Some heads of one series. */
struct entropy_view entropy_view_of(const struct entropy_results *r, size_t series, size_t first,
                                    size_t count);

/* One layer of one text: all its keys, and its queries at the rows that the series of the last few
 * need. */
struct entropy_layer {
    size_t text, layer; /* in the results */
    int32_t kv_heads, d;
    int64_t capacity; /* rows from one KV head to the next */
    const float *k;   /* (kv_heads, capacity, d), `length` of them set */
    const float *q;   /* (heads, points, ENTROPY_TAIL, d) rows N - ENTROPY_TAIL .. N - 1 */
};

/* Fills the series of the last row and of the last few rows of a layer. */
enum status entropy_gather_layer(struct entropy_results *r, const struct entropy_layer *l);

/* Runs the model over one text of `length` tokens and fills everything of it; the session is
 * emptied first.  ST_SYSTEM: memory; what the forward returns. */
enum status entropy_gather_text(struct entropy_results *r, size_t text, struct lm_session *s,
                                const struct lm_shape *shape, const int32_t *ids);

#endif
