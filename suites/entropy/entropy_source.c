#include "entropy_source.h"

#include "entropy_sparse_losses.h"

const char entropy_traced[] = "trace";

enum status entropy_open_trace(struct run *run, struct entropy_source *s) {
    enum status st = trace_committed(&s->held);
    if (st != ST_OK) {
        return st;
    }
    const struct trace *t = s->trace = &s->held;
    struct tree *node = run_plan_dataset(run, entropy_traced);
    return node != NULL && tree_set_string(node, "source", t->model) &&
                   tree_set_string(node, "source_digest", t->model_digest) &&
                   tree_set_string(node, "text", t->text) &&
                   tree_set_string(node, "text_digest", t->text_digest) &&
                   tree_set_string(node, "digest", t->digest)
               ? ST_OK
               : status_set(ST_SYSTEM, "out of memory");
}

void entropy_close(struct entropy_source *s) {
    trace_free(&s->held);
    s->trace = NULL;
    entropy_losses_free(s->losses);
    s->losses = NULL;
    lm_source_close(&s->lm);
}

enum status entropy_sequences(const struct entropy_source *s, int32_t length, int64_t most,
                              struct text_sequences *out) {
    const struct text_plan plan = {.part = TEXT_EVALUATION, .length = length, .most = most};
    return lm_source_sequences(&s->lm, &plan, out);
}
