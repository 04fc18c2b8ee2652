/* A trace: queries, keys and values of a few layers of a language model over one text, in half
 * precision, so that experiments on attention run where the weights are absent.
 *
 * A trace is a record (harness/record/record.h) that this program wrote.  Below `plan`: what it was
 * made from, its shape, datasets `layers` and `positions`; below `outputs`: k, v (layers, kv_heads,
 * tokens, 2 head_dim) and q (layers, heads, positions, 2 head_dim), each value two bytes, the low
 * one first.  Keys and queries are rotated by their positions.
 */
#ifndef ATTEST_DATASETS_TRACE_H
#define ATTEST_DATASETS_TRACE_H

#include <stdint.h>

#include "model_record.h"

enum { TRACE_LAYERS = 64, TRACE_TOKENS = 1 << 16 };

struct trace {
    /* The weights' file, and its SHA-256; the text, and the digest of its tokens. */
    char model[MODEL_RECORD_NAME], model_digest[MODEL_RECORD_DIGEST];
    char text[MODEL_RECORD_NAME], text_digest[MODEL_RECORD_DIGEST];
    int32_t layer_count, heads, kv_heads, head_dim;
    int32_t layers[TRACE_LAYERS]; /* numbers of the layers, ascending */
    int64_t tokens;
    int64_t position_count;
    int64_t *positions; /* of the queries, ascending, below tokens */
    float *k, *v;       /* (layer_count, kv_heads, tokens, head_dim) */
    float *q;           /* (layer_count, heads, position_count, head_dim) */
    char digest[65];    /* of the record's content */
};

/* Room for a trace whose shape is set.  ST_SYSTEM. */
enum status trace_new(struct trace *t);
void trace_free(struct trace *t);

/* The trace as a record's tree; *root is the caller's.  ST_INPUT: a value outside of half
 * precision; ST_SYSTEM. */
enum status trace_to_tree(const struct trace *t, struct tree **root);

/* The trace in a record's tree.  ST_INPUT with one line: something is missing, more than there
 * should be, of another shape, or not finite.  On failure *out is empty. */
enum status trace_from_tree(const struct tree *root, const char *label, struct trace *out);

/* The trace at PATH, sealed as any record. */
enum status trace_open(const char *path, struct trace *out);

/* The trace that the repository has, SmolLM2-135M-Instruct; the program carries its bytes. */
enum status trace_committed(struct trace *out);

#endif
