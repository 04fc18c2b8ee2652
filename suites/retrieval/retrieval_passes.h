/* Recall and mass of every method over the sets of sequences: one pass of the model a set, made
 * when a cell first asks for it. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_PASSES_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_PASSES_H

#include "retrieval_layers.h"
#include "retrieval_measure.h"
#include "retrieval_methods.h"

/* The sequences of a set; they stay the source's.  Those from retrieval_first_text() on are the
 * set's own.  ST_SKIP: the text gives too few. */
enum status retrieval_texts(struct retrieval_source *s, enum retrieval_set set,
                            const struct text_sequences **out);
int64_t retrieval_first_text(const struct retrieval_source *s, enum retrieval_set set);
/* How many sequences of its own a set came to have. */
int64_t retrieval_text_count(const struct retrieval_source *s, enum retrieval_set set);

/* What a sum is over. */
struct retrieval_question {
    enum retrieval_set set;
    const struct retrieval_method *method;
    int64_t budget;
    struct retrieval_layer_set layers;
    enum retrieval_population population;
};

/* What was found, over the layers asked for. */
struct retrieval_sums {
    struct retrieval_sum total;
    size_t count;
    struct retrieval_sum each[RETRIEVAL_TEXTS]; /* (count) of each of the set's sequences */
};

/* ST_SKIP: the method is not to be had, or has no projections of one of the layers. */
enum status retrieval_sums(struct retrieval_source *s, const struct retrieval_question *q,
                           struct retrieval_sums *out);

/* What searches did over all queries of the same; the population is not asked. */
enum status retrieval_searched(struct retrieval_source *s, const struct retrieval_question *q,
                               struct selector_counts *out);

/* What the judge found of the set's pass: the worst so far, and why. */
void retrieval_pass_verdict(const struct retrieval_source *s, enum retrieval_set set,
                            struct cell *c);

void retrieval_passes_free(struct retrieval_passes *p);

#endif
