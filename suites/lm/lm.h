/* A Llama-architecture language model: weights out of a GGUF file, float32 forward, KV cache, and
 * attention as a plug.
 *
 * One layer: x = rmsnorm(h); q, k, v = x Wq', x Wk', x Wv'; q and k are rotated by their position;
 * h += attention(q, K, V) Wo'; x = rmsnorm(h); h += (silu(x Wg') * (x Wu')) Wd'.
 * Query head i reads KV head i / (heads / kv_heads).  A GGUF file of this architecture holds the
 * rows of Wq and Wk in an order in which rotation acts on adjacent pairs (2i, 2i + 1). Sources:
 * Touvron et al., "LLaMA" (2023); Su et al., "RoFormer" (2021); Ainslie et al., "GQA" (2023); Zhang
 * and Sennrich, "Root Mean Square Layer Normalization" (2019); Shazeer, "GLU Variants" (2020).
 */
#ifndef ATTEST_SUITES_LM_LM_H
#define ATTEST_SUITES_LM_LM_H

#include <stdbool.h>
#include <stdint.h>

#include "../../datasets/gguf.h"
#include "../../harness/base/status.h"

struct lm_shape {
    int32_t layers, heads, kv_heads, head_dim, hidden, ffn, vocabulary;
    int32_t context;  /* positions that the model was trained for */
    double rope_base; /* pair i of a head turns by position * rope_base^(-2i / head_dim) */
    double epsilon;   /* of the norms */
    bool tied;        /* the output matrix is the embedding */
};

struct lm_model;

/* Dequantises every weight of a model to float32, about 4 bytes a parameter, on `threads` threads.
 * The file may be closed afterwards.  ST_INPUT with one line: another architecture, a metadata key
 * or tensor that this forward does not compute with (scaled rotation, biases, experts), a tensor
 * missing, of another shape, or not finite. */
enum status lm_load(const struct gguf *g, int threads, struct lm_model **out);
void lm_free(struct lm_model *m);
const struct lm_shape *lm_shape(const struct lm_model *m);

/* --- attention as a plug --------------------------------------------------------------------- */

/* One layer's attention over `tokens` new queries.  Query t is row past + t of the cache; it may
 * read the keys first[past + t] .. past + t, its own included: those of its own segment that are
 * not later.  A padding token, segment -1, reads none, and its output is 0. */
struct lm_attention_call {
    const struct lm_shape *shape;
    int32_t layer;
    int threads;
    int64_t past, tokens;
    const float *x;          /* (tokens, hidden) the layer's input behind its norm */
    const float *q;          /* (tokens, heads, head_dim) rotated */
    const float *k, *v;      /* (kv_heads, capacity, head_dim), rows 0 .. past + tokens - 1 are set;
                              * keys are rotated */
    int64_t capacity;        /* rows from one KV head to the next */
    const int32_t *segment;  /* (past + tokens) */
    const int32_t *position; /* (past + tokens) from 0 in each segment */
    const int64_t *first;    /* (past + tokens) first key of the segment */
    float *out;              /* (tokens, heads, head_dim) to be written whole */
};

/* Called from the thread that called lm_forward, once a layer, in order; it may use workers_run. */
struct lm_attention {
    enum status (*run)(void *context, const struct lm_attention_call *call);
    void *context;
};

/* softmax(q K' / sqrt(head_dim)) V over the allowed keys; the context is not used. */
enum status lm_attention_full(void *context, const struct lm_attention_call *call);

/* What becomes of one query's scores q k / sqrt(head_dim) over the keys first .. row: they are
 * replaced by the weights that its values are added up with.  Called from several threads at once,
 * `thread` of call->threads; not for padding. */
struct lm_weighing {
    void (*run)(void *context, const struct lm_attention_call *call, int thread, int64_t head,
                int64_t row, float *scores, int64_t keys);
    void *context;
};

/* Attention with these weights instead of the softmax of all scores.  One that leaves the softmax
 * gives the bits of lm_attention_full. */
enum status lm_attention_weighed(const struct lm_weighing *weighing,
                                 const struct lm_attention_call *call);

/* --- forward --------------------------------------------------------------------------------- */

/* A KV cache and the space to work in; several may share one model. */
struct lm_session;

/* Room for `capacity` tokens.  Sets OpenBLAS to one thread: parallelism is ours. */
enum status lm_session_new(const struct lm_model *m, int64_t capacity, int threads,
                           struct lm_session **out);
void lm_session_free(struct lm_session *s);

const struct lm_model *lm_session_model(const struct lm_session *s);
int lm_session_threads(const struct lm_session *s);

/* Tokens in the cache. */
int64_t lm_session_length(const struct lm_session *s);

/* Forgets the tokens from `length` on; length <= lm_session_length. */
void lm_session_truncate(struct lm_session *s, int64_t length);

/* From now on a forward runs layers first .. end - 1 alone, the first of them on the embeddings;
 * the cache is emptied.  A new session runs all.  ST_INPUT: none, or not the model's. */
enum status lm_session_layers(struct lm_session *s, int32_t first, int32_t end);

/* Appends `count` tokens, in blocks: prefill is one call, decode one call a token.  segments
 * (count): the document of each token, or NULL: all of one; a document's tokens stand together,
 * later documents have higher numbers, -1 is padding, and positions restart with each document.
 * attention NULL: lm_attention_full.  hidden (count, hidden), or NULL: the last layer's output
 * behind the final norm.
 * ST_INPUT: an id outside the vocabulary, no room in the cache, a position outside the model's
 * context, segments out of order; what the plug returns.  After a failure the cache is as before.
 */
enum status lm_forward(struct lm_session *s, const struct lm_attention *attention,
                       const int32_t *ids, const int32_t *segments, int64_t count, float *hidden);

/* turns (positions, head_dim / 2, 2): cosine and sine of the angle by which pair i of position p
 * turns. */
void lm_turns(const struct lm_shape *s, int64_t positions, float *turns);

/* The queries and keys that a layer's attention works on, out of the x of lm_attention_call, so
 * that they need not be kept: qk (count, heads + kv_heads, head_dim), queries first, rotated by
 * position (count).  On the caller's thread. */
void lm_queries_keys(const struct lm_model *m, int32_t layer, const float *x,
                     const int32_t *position, const float *turns, int64_t count, float *qk);

/* Logits (count, vocabulary) of rows of `hidden` (count, hidden). */
void lm_logits(const struct lm_model *m, const float *hidden, int64_t count, int threads,
               float *logits);

/* nll[i] = log(sum_v exp(z[i][v])) - z[i][target[i]] in nats, z the logits of row i of `hidden`
 * (count, hidden); logits and their exponentials in float32, sums in float64: at most
 * 2^-24 (19 + ln vocabulary), 2e-6 for 50,000 entries, from the sum over the same logits without
 * rounding.  The bits do not depend on `threads`.  target[i] < 0: nll[i] is 0; logits that are not
 * finite: NaN.  ST_INPUT: a target outside the vocabulary; ST_SYSTEM: no memory. */
enum status lm_nll(const struct lm_model *m, const float *hidden, const int32_t *target,
                   int64_t count, int threads, double *nll);

/* Loss of a sequence: -log p(token t + 1 | tokens up to t) over every pair of neighbours that lie
 * in one document. */
struct lm_loss {
    double sum; /* nats */
    int64_t predictions;
};

/* Empties the cache, forwards a sequence (see lm_forward) and adds up its loss.  nll (count - 1) or
 * NULL: the terms, 0 where there is no prediction.  ST_INPUT also when the loss is not finite. */
enum status lm_sequence_loss(struct lm_session *s, const struct lm_attention *attention,
                             const int32_t *ids, const int32_t *segments, int64_t count,
                             double *nll, struct lm_loss *out);

#endif
