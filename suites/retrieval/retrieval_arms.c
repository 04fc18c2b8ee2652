#include "retrieval_arms.h"

#include "../../harness/base/memory.h"

static enum status check_measured(const struct retrieval_measured *m, const struct lm_shape *shape,
                                  int64_t count) {
    bool ascending = m->budget_count > 0 && m->budget_count <= SELECTOR_BUDGETS;
    for (size_t b = 0; b < m->budget_count && ascending; b++) {
        ascending = m->budgets[b] > (b > 0 ? m->budgets[b - 1] : 0);
    }
    if (!ascending) {
        return status_set(ST_INPUT, "retrieval: budgets are not 1 to %d ascending numbers of keys",
                          SELECTOR_BUDGETS);
    }
    if (m->layers != shape->layers || m->stride < 1 || count < 1) {
        return status_set(
            ST_INPUT, "retrieval: %d layers of %d, every %lld-th of %lld queries asked for",
            (int)m->layers, (int)shape->layers, (long long)m->stride, (long long)count);
    }
    return ST_OK;
}

enum status retrieval_arms_open(const struct retrieval_measured *m, const struct lm_shape *shape,
                                int64_t capacity, struct retrieval_arms *out) {
    *out = (struct retrieval_arms){.arm = m->arms};
    enum status st = check_measured(m, shape, capacity);
    if (st != ST_OK) {
        return st;
    }
    out->state = mem_alloc_array(m->arm_count, sizeof *out->state);
    if (out->state == NULL) {
        return ST_SYSTEM;
    }
    for (size_t a = 0; a < m->arm_count && st == ST_OK; a++) {
        const struct retrieval_arm *arm = &m->arms[a];
        st = arm->method->learned && arm->params.projections == NULL
                 ? status_set(ST_INPUT, "retrieval: %s needs projections; attest train makes them",
                              arm->method->name)
                 : arm->method->open(shape, capacity, &arm->params, &out->state[a]);
        out->count = a + 1; /* what a failure left is closed too */
    }
    if (st != ST_OK) {
        retrieval_arms_close(out);
    }
    return st;
}

void retrieval_arms_close(struct retrieval_arms *a) {
    for (size_t i = 0; i < a->count; i++) {
        a->arm[i].method->close(a->state[i]);
    }
    mem_free(a->state);
    *a = (struct retrieval_arms){.count = 0};
}

bool retrieval_arm_has(const struct retrieval_arm *arm, int32_t layer) {
    return !arm->method->learned || projection_set_layer(arm->params.projections, layer) >= 0;
}

enum status retrieval_arms_begin(const struct retrieval_arms *a,
                                 const struct lm_attention_call *call) {
    enum status st = ST_OK;
    for (size_t i = 0; i < a->count && st == ST_OK; i++) {
        if (retrieval_arm_has(&a->arm[i], call->layer)) {
            st = a->arm[i].method->begin(a->state[i], call);
        }
    }
    return st;
}
