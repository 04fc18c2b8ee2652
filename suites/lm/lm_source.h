/* A language model, its tokenizer and texts as an experiment's data: the pinned ones or the user's,
 * opened once a group and stated in the record's plan. */
#ifndef ATTEST_SUITES_LM_LM_SOURCE_H
#define ATTEST_SUITES_LM_LM_SOURCE_H

#include "../../datasets/text.h"
#include "../../datasets/tokenizer.h"
#include "../../harness/run/experiment.h"
#include "lm.h"

/* What is known before anything is read. */
struct lm_description {
    const char *dataset; /* "smollm2", or "model" of a user's file */
    int32_t layers, heads, context;
};

struct lm_source {
    struct run *run;
    const char *dataset;
    int threads;
    char digest[65]; /* of the weights' file: the pinned one's SHA-256, else ours */
    struct lm_model *model;
    struct tokenizer *tokenizer;
    struct text_corpus corpus;
};

/* The model that the run reads: the pinned one's without opening it, a user's out of its metadata.
 * ST_INPUT: no such file, or no model. */
enum status lm_describe(const struct run *run, struct lm_description *out);

/* Opens weights and texts, and states them in the record's plan.  ST_SKIP: the pinned weights or
 * the texts are not on this machine; the line names the command that brings them. */
enum status lm_source_open(struct run *run, int threads, struct lm_source *out);
void lm_source_close(struct lm_source *s);

/* Sequences of the source's texts; their digest goes into the record's plan.  ST_INPUT: none is
 * that long. */
enum status lm_source_sequences(const struct lm_source *s, const struct text_plan *plan,
                                struct text_sequences *out);

/* Marks every unfinished cell of a group as skipped. */
void lm_source_skip(struct group *g, const char *reason);

#endif
