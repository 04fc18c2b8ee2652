/* What the actions of `attest lm` work on. */
#ifndef ATTEST_HARNESS_CMD_LM_H
#define ATTEST_HARNESS_CMD_LM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../datasets/gguf.h"
#include "../../suites/lm/lm.h"

struct lm_job;

struct lm_action {
    const char *name;
    enum status (*run)(struct lm_job *job);
    bool pinned_text; /* without --text: the first sequence of the pinned texts */
};

struct lm_options {
    const struct lm_action *action;
    const char *model, *text, *out;
    int64_t context, sequences, threads; /* 0: not given */
    bool json, quiet, special, help;
};

struct lm_job {
    const struct lm_options *o;
    struct gguf *g;
    int32_t *ids;
    size_t count;
    char text[256], text_digest[65]; /* name of the text, and digest of its tokens */
    struct lm_model *model;
    struct lm_session *session;
    int64_t window; /* tokens a window */
    int64_t windows;
};

/* Loads the model and cuts the text into windows of at least so many tokens. */
enum status lm_job_load(struct lm_job *job, int64_t least_tokens);

/* cmd_lm_entropy.c: entropies of every head with their fits; a trace written to --out. */
enum status lm_entropy(struct lm_job *job);
enum status lm_trace(struct lm_job *job);

#endif
