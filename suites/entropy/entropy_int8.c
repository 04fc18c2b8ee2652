/* The part "int8": what an 8-bit KV cache takes and what it costs, and the plain path's bits with
 * the sparse one switched off. */
#include <stdlib.h>
#include <string.h>

#include "entropy_sparse.h"
#include "entropy_sparse_losses.h"
#include "entropy_sparse_plug.h"

static const char *const kernel_names[] = {"attention/int8_token", "attention/int8_channel"};

enum { KERNELS = sizeof kernel_names / sizeof kernel_names[0] };

static const struct attention_params one_document = {.documents = 1};

static enum status add_caches(const struct entropy_plan *p, int64_t tokens, int64_t texts) {
    for (size_t i = 0; i < KERNELS; i++) {
        struct cell *c = entropy_sized_cell(p, tokens, texts, "int8", kernel_names[i]);
        if (c == NULL) {
            return ST_SYSTEM;
        }
        cell_param_integer(c, "context", tokens);
    }
    return ST_OK;
}

/* Of a trace there are outputs, but no losses. */
static enum status plan(const struct entropy_plan *p) {
    struct entropy_sparse_size size;
    if (p->trace != NULL) {
        return add_caches(p, p->trace->tokens, 1);
    }
    enum status st = entropy_sparse_size_of(p->run, p->model.context, &size);
    st = st == ST_OK ? add_caches(p, size.tokens, size.texts) : st;
    if (st == ST_OK &&
        entropy_sized_cell(p, size.compared, 1, "flag_off", "attention/topk") == NULL) {
        st = ST_SYSTEM;
    }
    return st;
}

bool entropy_int8_is_cache(const struct cell *c) {
    return entropy_part_is(c, entropy_int8_part.name) && strcmp(c->arm, "int8") == 0;
}

static enum status prepare(struct entropy_source *s, void **out) {
    if (s->trace != NULL) {
        return ST_OK;
    }
    struct entropy_losses **losses = calloc(1, sizeof(struct entropy_losses *));
    *out = losses;
    return losses == NULL ? status_set(ST_SYSTEM, "out of memory") : entropy_losses_open(s, losses);
}

/* Bytes of a cache for the cell's tokens, as it is allocated, beside the layout's formula. */
static enum status add_bytes(const struct lm_shape *shape, int64_t tokens, struct cell *c) {
    struct entropy_plug plug;
    const enum status st = entropy_plug_open(c->kernel, &one_document, shape, tokens, &plug);
    if (st != ST_OK) {
        return st;
    }
    const double ratio = entropy_kv_ratio(plug.impl->cache_bytes(plug.state), tokens, shape->layers,
                                          shape->kv_heads, shape->head_dim);
    const bool by_channel = plug.impl->form == ATTENTION_INT8_CHANNEL;
    entropy_plug_close(&plug);
    cell_metric(c, "kv_bytes_ratio", "ratio", true, ratio, 1);
    cell_metric(c, "kv_bytes_formula", "ratio", true,
                entropy_kv_formula(by_channel, shape->head_dim, tokens), 1);
    return ST_OK;
}

/* The outputs over one block of the first text; the judge's verdict becomes the cell's. */
static enum status compare(const struct entropy_source *s, const int32_t *ids, int64_t length,
                           struct cell *c) {
    struct entropy_likeness likeness;
    struct entropy_plug plug;
    struct judge j;
    enum status st =
        entropy_plug_open(c->kernel, &one_document, lm_shape(s->lm.model), length, &plug);
    if (st != ST_OK) {
        return st;
    }
    judge_begin(&j);
    st = entropy_plug_compare(&plug, s->lm.model, ids, length, s->threads, &j, &likeness);
    entropy_plug_close(&plug);
    if (st == ST_OK) {
        cell_verdict(c, j.verdict, "%s", j.reason);
        cell_metric(c, "output_cosine", "cosine", true, likeness.cosine, likeness.count);
    }
    judge_end(&j);
    return st;
}

static void add_losses(const struct entropy_losses_view *v, int64_t context, struct cell *c) {
    const uint64_t n = (uint64_t)v->texts * (uint64_t)(context - 1);
    const size_t last = v->contexts - 1;
    const struct interval dppl = entropy_dppl(v, last), gap = entropy_ppl_gap(v, last);
    cell_metric(c, "ppl_full", "ppl", true, entropy_ppl(v->full, v->texts, last), n);
    cell_metric(c, "ppl_sparse", "ppl", true, entropy_ppl(v->sparse, v->texts, last), n);
    metric_interval(cell_metric(c, "dppl", "ppl", true, dppl.value, v->texts), dppl.lo, dppl.hi);
    metric_interval(cell_metric(c, "ppl_gap", "share", true, gap.value, v->texts), gap.lo, gap.hi);
}

static enum status check_trace(const struct entropy_source *s, struct cell *c) {
    const struct lm_shape shape = entropy_trace_shape(s->trace);
    struct entropy_likeness likeness;
    struct entropy_plug plug;
    struct judge j;
    enum status st = entropy_plug_open(c->kernel, &one_document, &shape, s->trace->tokens, &plug);
    if (st != ST_OK) {
        return st;
    }
    judge_begin(&j);
    st = entropy_plug_trace(&plug, s->trace, s->threads, &j, &likeness);
    entropy_plug_close(&plug);
    cell_verdict(c, j.verdict, "%s", j.reason);
    judge_end(&j);
    if (st != ST_OK || c->verdict == VERDICT_FAIL) {
        return st;
    }
    cell_metric(c, "output_cosine", "cosine", true, likeness.cosine, likeness.count);
    return add_bytes(&shape, s->trace->tokens, c);
}

static enum status check(struct entropy_source *s, void *opaque, struct cell *c) {
    if (s->trace != NULL) {
        return check_trace(s, c);
    }
    struct entropy_losses *losses = *(struct entropy_losses **)opaque;
    const int64_t tokens = cell_integer(c, "tokens", 0);
    const int32_t *ids = entropy_losses_ids(losses, 0);
    struct entropy_sparse_size size;
    struct entropy_losses_view v = {.texts = entropy_losses_texts(losses)};
    if (entropy_is_identity(c)) {
        return entropy_check_identity(s, ids, tokens, true, c);
    }
    enum status st = entropy_sparse_size_of(s->run, lm_shape(s->lm.model)->context, &size);
    st = st == ST_OK ? compare(s, ids, size.compared, c) : st;
    if (st != ST_OK || c->verdict == VERDICT_FAIL) {
        return st;
    }
    st = st == ST_OK ? add_bytes(lm_shape(s->lm.model), tokens, c) : st;
    st = st == ST_OK ? entropy_losses_of(losses, "attention/full",
                                         &(const struct attention_params){.k = 0}, &v.full)
                     : st;
    st = st == ST_OK ? entropy_losses_of(losses, c->kernel, &one_document, &v.sparse) : st;
    if (st == ST_OK) {
        v.contexts = size.contexts;
        memcpy(v.context, size.context, sizeof v.context);
        add_losses(&v, tokens, c);
    }
    return st;
}

static void release(void *state) { free(state); }

const struct entropy_part entropy_int8_part = {"int8", plan, prepare, check, release};
