/* Every arm under the judge before it is timed. */
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../harness/judge/judge.h"
#include "../../harness/run/roofline.h"
#include "../../reference/int8_gemm.h"
#include "../kernels/transformer_check.h"
#include "tiers_gate_check.h"
#include "tiers_latency.h"
#include "tiers_metrics.h"

/* --- products --------------------------------------------------------------------------------- */

static enum status judge_product(const struct tiers_product *p, struct judge *j) {
    double *want = mem_alloc_array((size_t)p->m * (size_t)p->n, sizeof *want);
    if (want == NULL) {
        return ST_SYSTEM;
    }
    ref_int8_gemm(p->a, p->w, p->m, p->n, p->k, want);
    for (int64_t i = 0; i < (int64_t)p->m * p->n; i++) {
        judge_near(j, "sum", i, p->out[i], want[i], 0, 0);
    }
    mem_free(want);
    return ST_OK;
}

static enum status judge_products(struct tiers_latency_arm *a, struct judge *j) {
    struct tiers_product p;
    enum status st = ST_OK;
    for (int32_t i = 0; st == ST_OK && tiers_products_get(a->products, i, &p); i++) {
        st = judge_product(&p, j);
    }
    a->counts.gemm_macs = tiers_products_macs(a->products);
    return st;
}

/* --- requests --------------------------------------------------------------------------------- */

/* Whether the answer is that of a pass over the same prompt, to the bit, or what was kept. */
static void judge_answer(const struct tiers_latency_group *s, struct tiers_latency_arm *a,
                         const struct tiers_request *r, const float *logits, float *again,
                         struct judge *j) {
    const size_t bytes = (size_t)s->config->shape.logits * sizeof *logits;
    memset(again, 0, bytes);
    if (a->tier == TIERS_CACHED && a->hit) {
        memcpy(again, a->server.kept, bytes);
    } else if (a->tier != TIERS_CACHED) {
        const struct transformer_pass pass = tiers_server_pass(&a->server, a->tier, a->flushed);
        a->server.impl->run(a->server.network, &pass, r->tokens, again, NULL, NULL);
    }
    if (memcmp(logits, again, bytes) != 0) {
        judge_fail(j, "tier %d answers other logits than its pass, or than were kept", a->tier);
    }
}

static void judge_request(const struct tiers_latency_group *s, struct tiers_latency_arm *a, int i,
                          struct judge *j) {
    const size_t count = (size_t)s->config->shape.logits;
    float *logits = judge_output(j, "logits", count * sizeof *logits);
    float *again = judge_output(j, "logits again", count * sizeof *again);
    if (logits == NULL || again == NULL) {
        return;
    }
    judge_poison(j);
    a->counts = (struct transformer_counts){0};
    const struct tiers_answer answer = tiers_serve(&a->server, &a->requests[i], logits, &a->counts);
    judge_called(j);
    tiers_gate_check(&a->requests[i].packet, j);
    if (answer.tier != a->tier || answer.flush != a->flushed || answer.hit != a->hit) {
        judge_fail(j, "request %d went to tier %d, meant for %d", i, answer.tier, a->tier);
    }
    judge_answer(s, a, &a->requests[i], logits, again, j);
    a->answers[i] = judge_checksum(logits, count * sizeof *logits);
    if (a->tier != TIERS_CACHED && i > 0 && a->answers[i] == a->answers[i - 1]) {
        judge_fail(j, "two prompts have the same logits");
    }
}

/* Each request with outputs of its own; the first also stage by stage against the oracle. */
static enum status judge_requests(const struct tiers_latency_group *s, struct tiers_latency_arm *a,
                                  struct judge *verdict) {
    enum status st = ST_OK;
    if (a->tier != TIERS_CACHED) {
        const struct transformer_pass pass = tiers_server_pass(&a->server, a->tier, a->flushed);
        st = transformer_check(a->kernel, &s->weights, &pass, a->requests[0].tokens, verdict);
    }
    for (int i = 0; i < TIERS_LATENCY_REQUESTS && st == ST_OK; i++) {
        struct judge j;
        judge_begin(&j);
        judge_watch(&j, "prompt", a->requests[i].tokens,
                    (size_t)s->config->shape.seq * sizeof *a->requests[i].tokens);
        judge_request(s, a, i, &j);
        if (j.verdict != VERDICT_PASS) {
            judge_fail(verdict, "%s", j.reason);
        }
        judge_end(&j);
    }
    return st;
}

/* --- a cell ----------------------------------------------------------------------------------- */

static enum status judge_arm(const struct tiers_latency_group *s, struct tiers_latency_arm *a,
                             struct judge *j) {
    switch (a->kind) {
    case TIERS_ARM_GATE:
        for (int i = 0; i < TIERS_LATENCY_REQUESTS; i++) {
            tiers_gate_check(&a->requests[i].packet, j);
        }
        return ST_OK;
    case TIERS_ARM_PRODUCTS:
        return judge_products(a, j);
    case TIERS_ARM_PEAK: {
        const struct peak_impl *impl = a->kernel->impl;
        judge_near(j, "sum over lanes", TIERS_PEAK_STEPS, impl->run(TIERS_PEAK_STEPS),
                   (double)TIERS_PEAK_STEPS * impl->macs, 0, 0);
        return ST_OK;
    }
    default:
        return judge_requests(s, a, j);
    }
}

/* What tier 0's pass does, which all are compared with. */
static struct transformer_counts counts_of_tier_0(const struct tiers_latency_group *s,
                                                  const struct tiers_latency_arm *a) {
    const struct transformer_pass pass = tiers_pass(s->config, 0, false);
    struct transformer_counts counts;
    a->server.impl->run(a->server.network, &pass, s->tokens, s->logits, NULL, &counts);
    return counts;
}

static void add_counts(const struct tiers_latency_group *s, const struct tiers_latency_arm *a,
                       struct cell *c) {
    const struct transformer_counts *n = &a->counts;
    cell_metric(c, "macs", "macs", true, (double)(n->gemm_macs + n->attention_macs), 1);
    if (a->server.impl == NULL) {
        return;
    }
    const struct transformer_counts all = counts_of_tier_0(s, a);
    cell_metric(c, "attention_macs", "macs", true, (double)n->attention_macs, 1);
    cell_metric(c, "macs_ratio", "ratio", true, tiers_macs_ratio(n, &all), 1);
    cell_metric(c, "bytes", "bytes", true,
                (double)(n->weight_bytes + n->kv_read_bytes + n->kv_written_bytes), 1);
    cell_metric(c, "kv_read_bytes", "bytes", true, (double)n->kv_read_bytes, 1);
    cell_metric(c, "kv_written_bytes", "bytes", true, (double)n->kv_written_bytes, 1);
}

enum status tiers_latency_check(struct run *run, struct group *g, struct cell *c) {
    const struct tiers_latency_group *s = g->state;
    struct tiers_latency_arm *a = c->state;
    struct judge j;
    (void)run;
    judge_begin(&j);
    const enum status st = judge_arm(s, a, &j);
    if (st == ST_OK && a->kind != TIERS_ARM_GATE && a->kind != TIERS_ARM_PEAK) {
        add_counts(s, a, c);
    }
    cell_verdict(c, j.verdict, "%s", j.reason);
    judge_end(&j);
    return st;
}
