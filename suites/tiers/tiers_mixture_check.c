/* A stream under the judge: every packet at the gate, the first requests at the server, and one of
 * each kind stage by stage. */
#include <stdlib.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../kernels/transformer_check.h"
#include "tiers_gate_check.h"
#include "tiers_latency_metrics.h"
#include "tiers_metrics.h"
#include "tiers_mixture.h"

enum { SERVED = 200 };

/* --- the gate --------------------------------------------------------------------------------- */

/* Where every request goes, and which of tier 3 find their logits. */
static void send_all(struct tiers_mixture_arm *a, struct judge *j) {
    uint64_t kept = 0;
    for (int64_t i = 0; i < a->stream.count; i++) {
        const struct tiers_request *r = &a->stream.requests[i];
        const enum tiers_kind kind = (enum tiers_kind)a->stream.intended[i];
        const struct tiers_decision d = tiers_gate(&r->packet);
        tiers_gate_check(&r->packet, j);
        if (d.tier != tiers_kind_tier(kind) || d.flush != (kind == TIERS_KIND_FLUSH)) {
            judge_fail(j, "request %lld went to tier %d, meant for %d", (long long)i, d.tier,
                       tiers_kind_tier(kind));
        }
        a->tier[i] = (uint8_t)d.tier;
        a->hit[i] = d.tier == TIERS_CACHED && kept != 0 && r->signature == kept;
        kept = d.tier == TIERS_CACHED ? kept : r->signature;
    }
}

/* --- the server ------------------------------------------------------------------------------- */

/* The server's bytes before a request. */
struct before {
    float *logits, *kept, *computed; /* computed: the last that were; all (logits) */
    const int32_t *tokens;           /* of which */
    int8_t *cache;
    int64_t cache_bytes;
};

static bool all_zero(const void *data, size_t bytes) {
    const unsigned char *p = data;
    return bytes == 0 || (p[0] == 0 && memcmp(p, p + 1, bytes - 1) == 0);
}

/* Tiers 2 and 3 leave the cache of keys and values alone; behind a flush it is empty. */
static void judge_cache(const struct tiers_mixture_arm *a, const struct before *b,
                        struct tiers_answer answer, struct judge *j) {
    int64_t bytes;
    const int8_t *cache = a->server.impl->cache(a->server.network, &bytes);
    const bool same = memcmp(cache, b->cache, (size_t)bytes) == 0;
    if (answer.tier >= 2 && !same) {
        judge_fail(j, "tier %d changed the cache of keys", answer.tier);
    }
    if (answer.flush && !all_zero(cache, (size_t)bytes)) {
        judge_fail(j, "keys are left behind a flush");
    }
    if (answer.tier < 2 && !answer.flush && all_zero(cache, (size_t)bytes)) {
        judge_fail(j, "tier %d wrote no keys", answer.tier);
    }
}

static void judge_logits(const struct before *b, struct tiers_answer answer, const int32_t *tokens,
                         size_t bytes, struct judge *j) {
    if (answer.tier != TIERS_CACHED && tokens != b->tokens &&
        memcmp(b->logits, b->computed, bytes) == 0) {
        judge_fail(j, "tier %d answered another prompt as the one before it", answer.tier);
    } else if (answer.tier == TIERS_CACHED && answer.hit &&
               memcmp(b->logits, b->kept, bytes) != 0) {
        judge_fail(j, "a hit is not what was kept");
    } else if (answer.tier == TIERS_CACHED && !answer.hit && !all_zero(b->logits, bytes)) {
        judge_fail(j, "a miss is not zero");
    }
}

static void serve_one(struct tiers_mixture_arm *a, int64_t i, struct before *b, struct judge *j) {
    const size_t bytes = (size_t)a->server.config->shape.logits * sizeof *b->logits;
    memcpy(b->kept, a->server.kept, bytes);
    memcpy(b->cache, a->server.impl->cache(a->server.network, &b->cache_bytes),
           (size_t)b->cache_bytes);
    memset(b->logits, JUDGE_POISON, bytes);
    const struct tiers_answer answer =
        tiers_serve(&a->server, &a->stream.requests[i], b->logits, NULL);
    if (answer.tier != a->tier[i] || answer.hit != (a->hit[i] != 0)) {
        judge_fail(j, "request %lld was served by tier %d, the gate sent it to %d", (long long)i,
                   answer.tier, a->tier[i]);
    }
    const int32_t *tokens = a->stream.requests[i].tokens;
    judge_logits(b, answer, tokens, bytes, j);
    judge_cache(a, b, answer, j);
    if (answer.tier != TIERS_CACHED) {
        memcpy(b->computed, b->logits, bytes);
        b->tokens = tokens;
    }
}

static enum status serve_first(struct tiers_mixture_arm *a, struct judge *j) {
    const size_t logits = (size_t)a->server.config->shape.logits;
    struct before b = {.logits = mem_alloc_array(logits, sizeof(float)),
                       .kept = mem_alloc_array(logits, sizeof(float)),
                       .computed = mem_alloc_array(logits, sizeof(float))};
    a->server.impl->cache(a->server.network, &b.cache_bytes);
    b.cache = mem_alloc((size_t)b.cache_bytes);
    const bool ok = b.logits != NULL && b.kept != NULL && b.computed != NULL && b.cache != NULL;
    a->server.has_kept = false;
    for (int64_t i = 0; i < a->stream.count && i < SERVED && ok; i++) {
        serve_one(a, i, &b, j);
    }
    mem_free(b.logits);
    mem_free(b.kept);
    mem_free(b.computed);
    mem_free(b.cache);
    return ok ? ST_OK : ST_SYSTEM;
}

/* --- one of each kind ------------------------------------------------------------------------- */

static enum status prove(const struct tiers_mixture_group *s, struct tiers_mixture_arm *a,
                         enum tiers_kind kind, struct judge *j) {
    int64_t i = 0;
    while (i < a->stream.count && a->stream.intended[i] != kind) {
        i++;
    }
    a->counts[kind] = (struct transformer_counts){0};
    if (i == a->stream.count) {
        return ST_OK;
    }
    const struct tiers_request *r = &a->stream.requests[i];
    tiers_serve(&a->server, r, s->aside, &a->counts[kind]);
    if (kind == TIERS_KIND_3) {
        return ST_OK;
    }
    const struct transformer_pass pass =
        tiers_server_pass(&a->server, tiers_kind_tier(kind), kind == TIERS_KIND_FLUSH);
    struct judge one;
    judge_begin(&one);
    const enum status st = transformer_check(a->kernel, &s->weights, &pass, r->tokens, &one);
    if (one.verdict == VERDICT_FAIL) {
        judge_fail(j, "%s", one.reason);
    } else if (one.verdict == VERDICT_MARGINAL) {
        judge_marginal(j, "%s", one.reason);
    }
    judge_end(&one);
    return st;
}

/* --- counts ----------------------------------------------------------------------------------- */

/* What the requests of a stream do, in the mean. */
struct work {
    double macs, bytes, kv_read, kv_written;
};

static void add_work(struct work *w, const struct transformer_counts *n, double share) {
    w->macs += share * (double)(n->gemm_macs + n->attention_macs);
    w->kv_read += share * (double)n->kv_read_bytes;
    w->kv_written += share * (double)n->kv_written_bytes;
    w->bytes += share * (double)(n->weight_bytes + n->kv_read_bytes + n->kv_written_bytes);
}

static void add_counts(const struct tiers_mixture_group *s, const struct tiers_mixture_arm *a,
                       struct cell *c) {
    const double each = 1 / (double)a->stream.count;
    const struct transformer_pass pass = tiers_pass(s->config, 0, false);
    struct transformer_counts full = {0};
    struct work mix = {0}, all = {0};
    double ratio[TIERS] = {0};
    a->server.impl->run(a->server.network, &pass, a->stream.tokens, s->aside, NULL, &full);
    add_work(&all, &full, 1);
    for (int64_t i = 0; i < a->stream.count; i++) {
        const enum tiers_kind kind = (enum tiers_kind)a->stream.intended[i];
        add_work(&mix, &a->counts[kind], each);
        ratio[tiers_kind_tier(kind)] = tiers_macs_ratio(&a->counts[kind], &full);
    }
    const size_t n = (size_t)a->stream.count;
    const struct tiers_shares shares = tiers_shares(a->tier, a->hit, n);
    const char *const names[TIERS] = {"tier_share", "tier_1_share", "tier_2_share", "tier_3_share"};
    for (int tier = 0; tier < TIERS; tier++) {
        cell_metric(c, names[tier], "share", true, shares.tier[tier], n);
    }
    cell_metric(c, "sent_elsewhere", "requests", true,
                (double)tiers_sent_elsewhere(a->stream.intended, a->tier, n), n);
    cell_metric(c, "cache_hit_share", "share", true, shares.hit, n);
    cell_metric(c, "macs", "macs", true, mix.macs, n);
    cell_metric(c, "macs_ratio", "ratio", true, mix.macs / all.macs, n);
    cell_metric(c, "bytes", "bytes", true, mix.bytes, n);
    cell_metric(c, "bytes_saved_share", "share", true, tiers_saved_share(mix.bytes, all.bytes), n);
    cell_metric(c, "kv_read_bytes", "bytes", true, mix.kv_read, n);
    cell_metric(c, "kv_written_bytes", "bytes", true, mix.kv_written, n);
    cell_metric(c, "kv_saved_share", "share", true,
                tiers_saved_share(mix.kv_read + mix.kv_written, all.kv_read + all.kv_written), n);
    cell_metric(c, "speedup_bound", "ratio", true, tiers_speedup_bound(shares.tier, ratio), n);
}

/* --- a cell ----------------------------------------------------------------------------------- */

enum status tiers_mixture_check(struct run *run, struct group *g, struct cell *c) {
    const struct tiers_mixture_group *s = g->state;
    struct tiers_mixture_arm *a = c->state;
    struct judge j;
    (void)run;
    judge_begin(&j);
    send_all(a, &j);
    enum status st = serve_first(a, &j);
    for (enum tiers_kind kind = 0; kind < TIERS_KINDS && st == ST_OK; kind++) {
        st = prove(s, a, kind, &j);
    }
    if (st == ST_OK) {
        add_counts(s, a, c);
    }
    cell_verdict(c, j.verdict, "%s", j.reason);
    judge_end(&j);
    return st;
}
