/* Losses of a set's sequences under one way of attention after the other, each computed once a run.
 */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_LOSSES_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_LOSSES_H

#include "retrieval_layers.h"
#include "retrieval_methods.h"
#include "retrieval_loss_metrics.h"

/* One way of attention over a set: a method with a budget in some layers, full attention in the
 * others. */
struct retrieval_way {
    enum retrieval_set set;
    const struct retrieval_method *method; /* NULL: full attention; the rest is then not used */
    int64_t budget;
    struct retrieval_layer_set layers;
};

struct retrieval_loss {
    const struct lm_loss *sequences; /* (count) stay the source's */
    size_t count;
    enum verdict verdict; /* of the method's attention over the first text; FAIL: the losses are
                           * worth nothing */
    const char *reason;   /* stays the source's */
};

/* Losses of the set's first `texts` sequences, or of as many as the text gives.  A budget as large
 * as the sequences are long needs no forward: the losses are full attention's, since the plug gives
 * its bits (part "identity"). ST_SKIP: the method is not to be had. */
enum status retrieval_losses_of(struct retrieval_source *s, const struct retrieval_way *way,
                                int64_t texts, struct retrieval_loss *out);

/* Lowers the cell's verdict to that of the losses.  False: they failed. */
bool retrieval_loss_verdict(const struct retrieval_loss *l, struct cell *c);

void retrieval_losses_free(struct retrieval_losses *l);

#endif
