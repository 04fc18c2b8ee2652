/* The part "identity": a budget as large as the text gives full attention's logits bit by bit. */
#include "../lm/lm_identity.h"
#include "retrieval_cells.h"

/* A graph search may miss keys whatever the budget. */
static bool is_exact(const struct retrieval_method *m) { return m->losses && m->graph[0] == '\0'; }

static enum status plan(const struct retrieval_plan *p) {
    for (size_t i = 0; i < RETRIEVAL_METHODS; i++) {
        if (is_exact(&retrieval_methods[i])) {
            struct cell *c = retrieval_method_cell(p, &retrieval_methods[i]);
            if (c == NULL) {
                return ST_SYSTEM;
            }
            cell_param_integer(c, "tokens", p->size.identity_tokens);
            cell_param_integer(c, "kept", p->size.identity_tokens);
        }
    }
    return ST_OK;
}

static enum status compare(const struct retrieval_source *s, struct sparse_plug *plug,
                           const int32_t *ids, int64_t tokens, struct cell *c) {
    const struct lm_attention attention = sparse_plug_attention(plug);
    struct lm_identity found;
    const enum status st = lm_identity(&attention, s->lm.model, ids, tokens, s->lm.threads, &found);
    if (st == ST_OK) {
        cell_metric(c, "logit_max_abs_diff", "logits", true, found.largest, found.logits);
        cell_verdict(c, found.same_bits ? VERDICT_PASS : VERDICT_FAIL, "%s",
                     found.same_bits ? "" : "logits differ from the plain path's in their bits");
    }
    return st;
}

static enum status check(struct retrieval_source *s, struct cell *c) {
    const int32_t layers = lm_shape(s->lm.model)->layers;
    const struct retrieval_layer_set all = retrieval_layers_inner(layers, 0, 0);
    const int64_t tokens = s->size.identity_tokens;
    const struct text_sequences *texts;
    const struct selector *selector;
    struct selector_params params;
    struct sparse_plug *plug;
    enum status st = retrieval_texts(s, RETRIEVAL_SINGLE, &texts);
    st = st == ST_OK ? retrieval_method_open(s, retrieval_method_of(c), &selector, &params) : st;
    if (st != ST_OK) {
        return st;
    }
    st = sparse_plug_open(selector, &params, lm_shape(s->lm.model), tokens, tokens, all.in, &plug);
    if (st == ST_OK) {
        st = compare(s, plug, texts->ids, tokens, c);
        sparse_plug_close(plug);
    }
    return st;
}

const struct retrieval_part retrieval_identity_part = {"identity", plan, check};
