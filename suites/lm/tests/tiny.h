/* A tiny random Llama model: as a GGUF file in memory, loaded, and as the oracle takes it. */
#ifndef ATTEST_SUITES_LM_TESTS_TINY_H
#define ATTEST_SUITES_LM_TESTS_TINY_H

#include "../../../datasets/gguf.h"
#include "../../../datasets/tests/gguf_build.h"
#include "../../../reference/llama.h"
#include "../lm.h"

/* No two widths are equal, so that none can stand in for another; 4 query heads share 2 KV heads.
 */
enum {
    TINY_LAYERS = 2,
    TINY_HEADS = 4,
    TINY_KV_HEADS = 2,
    TINY_HEAD_DIM = 8,
    TINY_HIDDEN = 24,
    TINY_FFN = 20,
    TINY_VOCABULARY = 50,
    TINY_CONTEXT = 160,
    /* Weights: more than the file pads. */
    TINY_VALUES = TINY_HIDDEN * (TINY_VOCABULARY + 1) +
                  TINY_LAYERS * TINY_HIDDEN *
                      (2 + 2 * (TINY_HEADS + TINY_KV_HEADS) * TINY_HEAD_DIM + 3 * TINY_FFN)
};

/* The oracle's view of the weights; the same on each call. */
const struct ref_llama *tiny_reference(void);

/* What tiny_file changes. */
struct tiny_change {
    const char *architecture; /* NULL: llama */
    const char *extra_key;    /* this u32 key more, or NULL */
    const char *drop, *widen; /* leaves this tensor out; gives it one row more */
    const char *poison;       /* its first value is NaN */
    const char *extra_tensor; /* a tensor of this name more */
};

/* The file, in static memory that the next call overwrites; change NULL: none. */
struct gguf_build tiny_file(const struct tiny_change *change);

/* That file loaded.  What lm_load returns; ST_SYSTEM: it is no GGUF file. */
enum status tiny_load(const struct tiny_change *change, struct lm_model **model);

/* The first `count` of a text's tokens, the same on each call. */
void tiny_tokens(int32_t *ids, int count);

/* The segment of token t where several documents are packed: one of 40 tokens, one of 70, 3 tokens
 * of padding, and a third document. */
int32_t tiny_segment(int t);

#endif
