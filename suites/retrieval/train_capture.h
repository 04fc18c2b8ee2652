/* What search projections are trained on: inputs of a language model's layers over many sequences,
 * kept in memory in half precision. */
#ifndef ATTEST_SUITES_RETRIEVAL_TRAIN_CAPTURE_H
#define ATTEST_SUITES_RETRIEVAL_TRAIN_CAPTURE_H

#include "../../datasets/text.h"
#include "../lm/lm.h"

struct train_capture {
    int32_t hidden, layer_count;
    const int32_t *layers; /* (layer_count) ascending; borrowed */
    int64_t sequences, tokens;
    uint16_t **x; /* (layer_count) of (sequences, tokens, hidden), behind the layer's norm */
};

/* Bytes that a capture takes. */
double train_capture_bytes(int64_t layers, int64_t sequences, int64_t tokens, int64_t hidden);

/* Runs the model once over every sequence; `step` is called before each. The session is emptied.
 * ST_INPUT: a layer that the model lacks; what the forward returns.  ST_SYSTEM. */
enum status train_capture(struct lm_session *s, const struct text_sequences *texts,
                          const int32_t *layers, int32_t layer_count,
                          void (*step)(void *context, int64_t sequence), void *context,
                          struct train_capture *out);
void train_capture_free(struct train_capture *c);

#endif
