#include "transformer_check.h"

#include <math.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../../reference/transformer.h"
#include "transformer_stages.h"

/* --- oracle ----------------------------------------------------------------------------------- */

static struct transformer_counts recount(const struct transformer_shape *s,
                                         const struct transformer_pass *pass) {
    struct transformer_counts c = {.gemm_macs = (int64_t)s->logits * s->d,
                                   .weight_bytes = (int64_t)s->logits * s->d};
    const int64_t d = s->d, row_bytes = 2 * (d + 4 * (int64_t)s->heads);
    for (int32_t l = pass->first_layer; l < pass->end_layer; l++) {
        const int64_t weights = 3 * d * d + d * d + d * s->ffn + s->ffn * d;
        c.weight_bytes += weights;
        for (int32_t t = 0; t < pass->seq; t++) {
            c.gemm_macs += weights;
            c.kv_written_bytes += pass->keep_kv ? row_bytes : 0;
            for (int32_t j = 0; j <= t; j++) {
                const bool read = j > t - pass->window;
                c.attention_macs += read ? 2 * d : 0;
                c.kv_read_bytes += read ? row_bytes : 0;
            }
        }
    }
    return c;
}

static int run_oracle(const struct transformer_problem *p) {
    const struct transformer_weights *w = p->weights;
    const struct transformer_shape *s = &w->shape;
    const struct ref_transformer net = {
        .seq = s->seq,
        .d = s->d,
        .heads = s->heads,
        .ffn = s->ffn,
        .logits = s->logits,
#define X(name, rows, width) .name = w->name,
        TRANSFORMER_MATRICES(X)
#undef X
            .embedding_scale = (double)w->embedding_scale,
        .qkv_scale = (double)w->qkv_scale,
        .out_scale = (double)w->out_scale,
        .up_scale = (double)w->up_scale,
        .down_scale = (double)w->down_scale,
        .head_scale = (double)w->head_scale,
        .first_layer = p->pass->first_layer,
        .end_layer = p->pass->end_layer,
        .tokens = p->pass->seq,
        .window = p->pass->window,
    };
    return ref_transformer(&net, p->tokens, p->logits);
}

enum status transformer_problem_solve(struct transformer_problem *p) {
    p->logits = mem_alloc_array((size_t)p->weights->shape.logits, sizeof *p->logits);
    if (p->logits == NULL) {
        return ST_SYSTEM;
    }
    p->counts = recount(&p->weights->shape, p->pass);
    if (run_oracle(p) != 0) {
        transformer_problem_free(p);
        return status_set(ST_SYSTEM, "oracle: out of memory");
    }
    return ST_OK;
}

void transformer_problem_free(struct transformer_problem *p) {
    mem_free(p->logits);
    p->logits = NULL;
}

/* --- cache ------------------------------------------------------------------------------------ */

/* Puts the pass's traced rows at their places in a copy of the cache. */
static void expect_cache(const struct transformer_problem *p, const struct transformer_trace *trace,
                         unsigned char *cache) {
    enum { ARRAYS = 4 };
    const struct transformer_shape *s = &p->weights->shape;
    const size_t seq = (size_t)s->seq, tokens = (size_t)p->pass->seq, d = (size_t)s->d;
    const size_t scales = (size_t)s->heads * sizeof(float);
    const size_t widths[ARRAYS] = {scales, scales, d, d};
    for (int a = 0; a < ARRAYS; a++) {
        for (int32_t l = p->pass->first_layer; l < p->pass->end_layer; l++) {
            const struct transformer_stages *of = &trace->layers[l];
            const void *rows[ARRAYS] = {of->k_scale, of->v_scale, of->k_kept, of->v_kept};
            const size_t row = (size_t)l * seq + seq - tokens;
            memcpy(cache + row * widths[a], rows[a], tokens * widths[a]);
        }
        cache += (size_t)s->layers * seq * widths[a];
    }
}

/* --- judging ---------------------------------------------------------------------------------- */

/* The cache, which a call touches besides its logits: before, and after the first answer. */
struct witness {
    unsigned char *before, *after;
    size_t bytes;
};

static void copy_cache(const struct transformer_impl *impl, const void *state, unsigned char *to) {
    int64_t bytes;
    const void *cache = impl->cache(state, &bytes);
    memcpy(to, cache, (size_t)bytes);
}

static enum status witness_new(const struct transformer_impl *impl, const void *state,
                               struct witness *out) {
    int64_t bytes;
    impl->cache(state, &bytes);
    out->bytes = (size_t)bytes;
    out->before = mem_alloc_array(2, out->bytes);
    if (out->before == NULL) {
        return ST_SYSTEM;
    }
    out->after = out->before + out->bytes;
    copy_cache(impl, state, out->before);
    return ST_OK;
}

static void judge_cache(const struct transformer_problem *p, const struct transformer_trace *trace,
                        const struct witness *w, const void *now, struct judge *j) {
    if (p->pass->keep_kv) {
        expect_cache(p, trace, w->before);
    }
    if (memcmp(w->before, w->after, w->bytes) != 0 || memcmp(w->before, now, w->bytes) != 0) {
        judge_fail(j, "the cache holds other keys and values than %s",
                   p->pass->keep_kv ? "the pass's in its rows and the earlier ones beside"
                                    : "before a pass that keeps none");
    }
}

/* Rounding that falls to the other side of a tie goes on through the layers, so the oracle's own
 * pass and the kernel's drift apart (1 - cosine up to 1e-4); that they point the same way is all
 * that is asked. */
static void judge_direction(const struct transformer_problem *p, const float *logits,
                            struct judge *j) {
    static const double least = 0.999;
    double both = 0, ours = 0, theirs = 0;
    for (int32_t i = 0; i < p->weights->shape.logits; i++) {
        const double x = (double)logits[i], y = p->logits[i];
        both += x * y;
        ours += x * x;
        theirs += y * y;
    }
    const double cosine = both / sqrt(ours * theirs);
    if (!(cosine >= least)) {
        judge_fail(j, "logits: cosine with the oracle's %.6f < %.3f", cosine, least);
    }
}

static void judge_counts(const struct transformer_counts *got,
                         const struct transformer_counts *want, struct judge *j) {
    if (memcmp(got, want, sizeof *got) != 0) {
        judge_fail(j,
                   "counts: products %lld, attention %lld, weights %lld, keys and values read "
                   "%lld, written %lld; recounted %lld, %lld, %lld, %lld, %lld",
                   (long long)got->gemm_macs, (long long)got->attention_macs,
                   (long long)got->weight_bytes, (long long)got->kv_read_bytes,
                   (long long)got->kv_written_bytes, (long long)want->gemm_macs,
                   (long long)want->attention_macs, (long long)want->weight_bytes,
                   (long long)want->kv_read_bytes, (long long)want->kv_written_bytes);
    }
}

static void watch(const struct transformer_problem *p, struct judge *j) {
    const struct transformer_shape *s = &p->weights->shape;
#define X(name, rows, width)                                                                       \
    judge_watch(j, #name, p->weights->name, (size_t)(rows) * (size_t)(width));
    TRANSFORMER_MATRICES(X)
#undef X
    judge_watch(j, "tokens", p->tokens, (size_t)s->seq * sizeof *p->tokens);
    judge_watch(j, "expected logits", p->logits, (size_t)s->logits * sizeof *p->logits);
}

enum status transformer_call_check(const struct transformer_impl *impl, void *state,
                                   const struct transformer_problem *p,
                                   struct transformer_trace *trace, struct judge *j) {
    const size_t bytes = (size_t)p->weights->shape.logits * sizeof(float);
    struct transformer_counts counts;
    struct witness w;
    int64_t cached;
    watch(p, j);
    float *plain = judge_output(j, "logits", bytes), *traced = judge_output(j, "logits", bytes);
    if (plain == NULL || traced == NULL || witness_new(impl, state, &w) != ST_OK) {
        return ST_SYSTEM;
    }
    judge_poison(j);
    memset(trace->memory, JUDGE_POISON, trace->bytes);
    memset(&counts, JUDGE_POISON, sizeof counts);
    impl->run(state, p->pass, p->tokens, plain, NULL, NULL);
    judge_called(j);
    copy_cache(impl, state, w.after);
    impl->run(state, p->pass, p->tokens, traced, trace, &counts);
    judge_called(j);
    if (memcmp(plain, traced, bytes) != 0 || memcmp(traced, trace->last.logits, bytes) != 0) {
        judge_fail(j, "logits: a traced pass answers otherwise");
    }
    const enum status st = transformer_stages_check(p->weights, p->pass, p->tokens, trace, j);
    judge_cache(p, trace, &w, impl->cache(state, &cached), j);
    judge_counts(&counts, &p->counts, j);
    judge_direction(p, plain, j);
    mem_free(w.before);
    return st;
}

static enum status check_built(const struct transformer_impl *impl,
                               const struct transformer_problem *p, struct judge *j) {
    void *state = impl->build(p->weights);
    if (state == NULL) {
        return ST_SYSTEM;
    }
    struct transformer_trace trace;
    enum status st = transformer_trace_make(&p->weights->shape, &trace);
    if (st == ST_OK) {
        st = transformer_call_check(impl, state, p, &trace, j);
        transformer_trace_free(&trace);
    }
    impl->release(state);
    return st;
}

enum status transformer_check(const struct kernel *k, const struct transformer_weights *w,
                              const struct transformer_pass *pass, const int32_t *tokens,
                              struct judge *j) {
    struct transformer_problem p = {.weights = w, .pass = pass, .tokens = tokens};
    enum status st = transformer_problem_solve(&p);
    if (st == ST_OK) {
        st = check_built(k->impl, &p, j);
        transformer_problem_free(&p);
    }
    return st;
}
