/* A kernel of the operation attention in the whole model: as its attention, beside its attention,
 * and switched off. */
#ifndef ATTEST_SUITES_ENTROPY_ENTROPY_SPARSE_PLUG_H
#define ATTEST_SUITES_ENTROPY_ENTROPY_SPARSE_PLUG_H

#include "../../datasets/trace.h"
#include "../../harness/judge/judge.h"
#include "../kernels/attention.h"

struct entropy_plug {
    const struct attention_impl *impl;
    struct attention_params params;
    void *state;
    bool off; /* the kernel is there, and the model's own attention runs */
};

/* ST_SYSTEM: memory, or no such kernel. */
enum status entropy_plug_open(const char *kernel, const struct attention_params *params,
                              const struct lm_shape *shape, int64_t capacity,
                              struct entropy_plug *out);
void entropy_plug_close(struct entropy_plug *p);

/* The plug as the model's attention; it must outlive the use. */
struct lm_attention entropy_plug_attention(struct entropy_plug *p);

/* The pass over `tokens` tokens that the kernel wants before, if it wants one; the session is
 * emptied. */
enum status entropy_plug_observe(struct entropy_plug *p, struct lm_session *s, const int32_t *ids,
                                 int64_t tokens);

/* What a kernel's outputs are like, given the model's own queries, keys and values. */
struct entropy_likeness {
    double cosine;  /* mean over queries and heads, of the outputs' cosine with full attention's */
    uint64_t count; /* of them */
};

/* Runs full attention through the model over up to one block of tokens, and the kernel beside it on
 * what each layer gets: compares their outputs, and judges the kernel's at some rows of the first,
 * the middle and the last layer against the float64 oracle. */
enum status entropy_plug_compare(struct entropy_plug *p, const struct lm_model *m,
                                 const int32_t *ids, int64_t tokens, int threads, struct judge *j,
                                 struct entropy_likeness *out);

/* The shape that a trace's layers have. */
struct lm_shape entropy_trace_shape(const struct trace *t);

/* The same over a trace's layers at the rows of its queries; judged at the last of them.  The plug
 * is open for the trace's shape. */
enum status entropy_plug_trace(struct entropy_plug *p, const struct trace *t, int threads,
                               struct judge *j, struct entropy_likeness *out);

#endif
