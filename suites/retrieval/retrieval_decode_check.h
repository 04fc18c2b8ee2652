/* A decoder's attention watched: judged against the float64 oracle, its inputs traced. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_DECODE_CHECK_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_DECODE_CHECK_H

#include "../../harness/judge/judge.h"
#include "decode_plug.h"
#include "retrieval_decode_recall.h"

struct decode_watch {
    struct decode_plug *plug;
    int64_t budget;             /* most keys of a set */
    struct judge *judge;        /* of decoded tokens' outputs, all layers and heads; NULL: none */
    struct decode_trace *trace; /* NULL: none */
};

/* The plug, watched; judged as chosen_check() does. */
struct lm_attention decode_watch_attention(struct decode_watch *w);

#endif
