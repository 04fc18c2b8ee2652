/* A selector: a method that chooses, for each query, which of the keys it may read are read.
 *
 * Sets are bit masks over cache rows: bit j of a query's mask is key j.  A method works on what the
 * model gives one layer's attention (suites/lm/lm.h).  Adding one is one file and one line in
 * selectors.h.  Source: S002; definitions, section 3.
 */
#ifndef ATTEST_SUITES_RETRIEVAL_SELECTOR_H
#define ATTEST_SUITES_RETRIEVAL_SELECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "../../datasets/projections.h"
#include "../lm/lm.h"

enum { SELECTOR_BUDGETS = 8 };

struct selector_params {
    int32_t page;  /* Quest */
    int32_t sinks; /* window: first keys of a document that are always read */
    uint64_t seed; /* random */
    const struct projection_set *projections; /* learned, hnsw; borrowed */
    const char *graph;                        /* hnsw: kernel, "graph/faiss" */
    int32_t m, ef_construction, ef;           /* hnsw */
};

/* 32, 40 and 64 links and candidates, pages of 16, 4 sinks. */
struct selector_params selector_defaults(void);

/* Consecutive queries of one head whose sets are wanted for several budgets.  How queries are put
 * into blocks changes a set by no more than rounding does: where two keys score within it. */
struct selector_block {
    int thread;            /* of call->threads: whose space may be used */
    int64_t head;          /* 0 of shared methods */
    int64_t t, rows;       /* tokens t .. t + rows - 1 of the call, at most SELECTOR_ROWS */
    const int64_t *budget; /* (budgets) K, ascending: at most min(K, n_t) keys may be chosen */
    size_t budgets;        /* at most SELECTOR_BUDGETS */
    bool uncounted; /* the library's own search, not its counting twin: same keys, other time */
    int64_t words;  /* of one mask: at least set_words(past + tokens) */
    uint64_t *sets; /* (budgets, rows, words) to be written whole; padding: none */
};

enum { SELECTOR_ROWS = 64 };

/* What searches at one budget did since open(). */
struct selector_counts {
    uint64_t evaluated; /* vectors compared with a query */
    uint64_t present;   /* vectors that an exhaustive search would have compared */
};

struct selector {
    const char *name; /* of the arm: "quest" */
    bool shared;      /* one set for all heads */
    bool learned;     /* needs params->projections to have the layer */
    bool teacher;     /* knows the full attention's weights: an upper bound, no method */
    const char *source;
    /* Room for sequences of up to `capacity` tokens.  ST_INPUT: no projections, or another
     * model's; ST_SKIP: the graph kernel cannot run here; ST_SYSTEM.  What a failure left in
     * *state, NULL too, is for close(). */
    enum status (*open)(const struct lm_shape *shape, int64_t capacity,
                        const struct selector_params *params, void **state);
    /* A layer's new keys: past == 0 begins the layer's sequence anew, else they are appended to
     * what came before.  select() answers for the layer that was begun last; may use workers_run.
     * ST_SYSTEM. */
    enum status (*begin)(void *state, const struct lm_attention_call *call);
    /* Chooses; may be called from several threads at once.  At least one key a query is chosen.
     * Nothing of another segment changes a set, nor of a later token, but that the graph of hnsw
     * holds the call's later keys too.  ST_SYSTEM; ST_INPUT: a score is NaN; the line is the
     * calling thread's. */
    enum status (*select)(void *state, const struct lm_attention_call *call,
                          const struct selector_block *block);
    /* Of the budget-th of the blocks' budgets; NULL where nothing is searched. */
    struct selector_counts (*counts)(const void *state, size_t budget);
    void (*close)(void *state);
};

extern const struct selector *const selectors[]; /* sorted by name, NULL-terminated */
const struct selector *selector_find(const char *name);

/* --- a selector as attention ------------------------------------------------------------------ */

/* Opens a method for the layers (shape->layers) in which it is to choose.  Errors as open(), and
 * ST_SKIP: a learned method without projections of one of them.  *state is for close() whatever is
 * returned. */
enum status selector_open(const struct selector *method, const struct selector_params *params,
                          const bool *layers, const struct lm_shape *shape, int64_t capacity,
                          void **state);

/* What threads that chose a layer's keys came to.  Unless it is ST_OK its line is written anew:
 * that of the thread that failed is seen by that thread only. */
enum status selector_outcome(const struct selector *method, int32_t layer, enum status st);

/* Attention over the chosen keys only in some layers, full attention in the others. */
struct sparse_plug;

/* layers (shape->layers): which are substituted. ST_SKIP: a learned method without projections of
 * a substituted layer. */
enum status sparse_plug_open(const struct selector *method, const struct selector_params *params,
                             const struct lm_shape *shape, int64_t capacity, int64_t budget,
                             const bool *layers, struct sparse_plug **out);
/* The plug to forward with: scores of all keys are computed, those not chosen weigh 0.  Where a
 * query's set is all it may read, the bits are those of lm_attention_full. */
struct lm_attention sparse_plug_attention(struct sparse_plug *p);
/* What the layer attended last, with this call, chose for the call's token t; NULL: that layer is
 * not substituted. */
const uint64_t *sparse_plug_set(const struct sparse_plug *p, const struct lm_attention_call *call,
                                int64_t t, int64_t head);
void sparse_plug_close(struct sparse_plug *p);

#endif
