/* Attention of a decoder: one query a call, whose chosen keys are gathered.  What sparse_plug
 * (selector.h) computes by weighing all keys is here computed from the chosen ones alone. */
#ifndef ATTEST_SUITES_RETRIEVAL_DECODE_PLUG_H
#define ATTEST_SUITES_RETRIEVAL_DECODE_PLUG_H

#include "selector.h"

struct decode_plug;

/* method NULL: all keys are read in every layer, by the kernel that reads chosen ones, which is no
 * slower at it than lm_attention_full; the next three are then not used.  layers
 * (shape->layers): which are substituted; in the others all keys are read.  Errors as
 * sparse_plug_open. */
enum status decode_plug_open(const struct selector *method, const struct selector_params *params,
                             int64_t budget, const bool *layers, const struct lm_shape *shape,
                             int64_t capacity, struct decode_plug **out);
void decode_plug_close(struct decode_plug *p);

/* The plug to forward with.  A call of several tokens is a part of the prompt: full attention, and
 * the method takes in its keys.  A call of one token is a decoded one. */
struct lm_attention decode_plug_attention(struct decode_plug *p);

/* What the layer attended last chose for its decoded token, set_words(capacity) words; NULL: it
 * read all keys. */
const uint64_t *decode_plug_set(const struct decode_plug *p, int64_t head);

/* Seconds that decoded tokens have taken since open. */
struct decode_seconds {
    double attention; /* taking keys in, choosing, attending, over all layers */
    double insertion; /* of it, taking keys in */
};
struct decode_seconds decode_plug_seconds(const struct decode_plug *p);

/* Whether searches are counted, which slows them; they are until this says no. */
void decode_plug_count(struct decode_plug *p, bool counted);
struct selector_counts decode_plug_counts(const struct decode_plug *p);

#endif
