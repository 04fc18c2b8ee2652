/* A sparse plug's attention watched: judged against the float64 oracle over the very keys that the
 * method chose. */
#ifndef ATTEST_SUITES_RETRIEVAL_SPARSE_CHECK_H
#define ATTEST_SUITES_RETRIEVAL_SPARSE_CHECK_H

#include "../../harness/judge/judge.h"
#include "selector.h"

struct sparse_watch {
    struct sparse_plug *plug;
    const bool *layers;  /* (layers of the model) that the plug substitutes */
    int64_t budget;      /* most keys of a set */
    struct judge *judge; /* NULL: none */
};

/* The plug, watched.  Judged of each call: the first, the middle and the last query in the first,
 * the middle and the last of the substituted layers, three heads each, as chosen_check() does. */
struct lm_attention sparse_watch_attention(struct sparse_watch *w);

#endif
