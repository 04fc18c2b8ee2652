#include "transformer_mutants.h"

#include <math.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "transformer_trace.h"

extern const struct kernel kernel_transformer_scalar;

double *transformer_mutants_expected;

/* The kernel that mutants spoil, and the sizes that it was built for. */
struct spoilt {
    const struct transformer_impl *impl;
    void *inner;
    struct transformer_shape shape;
    float up_scale;
};

static void *build(const struct transformer_weights *w) {
    struct spoilt *s = mem_alloc(sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    *s = (struct spoilt){
        .impl = kernel_transformer_scalar.impl, .shape = w->shape, .up_scale = w->up_scale};
    s->inner = s->impl->build(w);
    if (s->inner == NULL) {
        mem_free(s);
        s = NULL;
    }
    return s;
}

static void flush(void *state) {
    const struct spoilt *s = state;
    s->impl->flush(s->inner);
}

static const void *cache(const void *state, int64_t *bytes) {
    const struct spoilt *s = state;
    return s->impl->cache(s->inner, bytes);
}

static void release(void *state) {
    struct spoilt *s = state;
    if (s != NULL) {
        s->impl->release(s->inner);
        mem_free(s);
    }
}

#define PASS(name)                                                                                 \
    static void name(void *state, const struct transformer_pass *pass, const int32_t *tokens,      \
                     float *logits, struct transformer_trace *trace,                               \
                     struct transformer_counts *counts)

PASS(right) {
    const struct spoilt *s = state;
    s->impl->run(s->inner, pass, tokens, logits, trace, counts);
}

static const struct transformer_shape *shape_of(const void *state) {
    const struct spoilt *s = state;
    return &s->shape;
}

static size_t logits_of(const void *state) { return (size_t)shape_of(state)->logits; }

/* The logits that a mutant gives are those of its trace, too. */
static void trace_logits(const void *state, const float *logits, struct transformer_trace *trace) {
    if (trace != NULL) {
        memcpy(trace->last.logits, logits, logits_of(state) * sizeof *logits);
    }
}

/* --- kinds ------------------------------------------------------------------------------------ */

/* Logits kept from an earlier call. */
enum { MOST = 1024 };

struct kept {
    const int32_t *tokens;
    size_t count;
    float logits[MOST];
};

static void keep(struct kept *to, const int32_t *tokens, size_t count, const float *logits) {
    to->tokens = tokens;
    to->count = count <= MOST ? count : 0;
    memcpy(to->logits, logits, to->count * sizeof *logits);
}

static void give(const struct kept *from, float *logits) {
    memcpy(logits, from->logits, from->count * sizeof *logits);
}

PASS(zero) {
    right(state, pass, tokens, logits, trace, counts);
    memset(logits, 0, logits_of(state) * sizeof *logits);
    trace_logits(state, logits, trace);
}

PASS(untouched) {
    (void)state;
    (void)pass;
    (void)tokens;
    (void)logits;
    (void)trace;
    (void)counts;
}

/* Answers with the first answer of that size. */
PASS(first_answer) {
    static struct kept first;
    right(state, pass, tokens, logits, trace, counts);
    if (first.count == logits_of(state)) {
        give(&first, logits);
    } else {
        keep(&first, tokens, logits_of(state), logits);
    }
    trace_logits(state, logits, trace);
}

PASS(nan_output) {
    right(state, pass, tokens, logits, trace, counts);
    for (size_t i = 0; i < logits_of(state); i++) {
        logits[i] = NAN;
    }
    trace_logits(state, logits, trace);
}

PASS(nan_expectation) {
    right(state, pass, tokens, logits, trace, counts);
    if (transformer_mutants_expected != NULL) {
        *transformer_mutants_expected = NAN;
    }
}

/* The last eighth of the logits is left out. */
PASS(dropped_tail) {
    right(state, pass, tokens, logits, trace, counts);
    const size_t n = logits_of(state), dropped = (n + 7) / 8;
    memset(logits + n - dropped, 0, dropped * sizeof *logits);
    trace_logits(state, logits, trace);
}

PASS(out_of_bounds) {
    right(state, pass, tokens, logits, trace, counts);
    logits[logits_of(state)] = 0;
}

PASS(mutated_tokens) {
    right(state, pass, tokens, logits, trace, counts);
    *(int32_t *)(uintptr_t)tokens = tokens[0] == 0;
}

PASS(cached_by_pointer) {
    static struct kept cached;
    right(state, pass, tokens, logits, trace, counts);
    if (cached.tokens == tokens && cached.count == logits_of(state)) {
        give(&cached, logits);
    } else {
        keep(&cached, tokens, logits_of(state), logits);
    }
    trace_logits(state, logits, trace);
}

/* Its own half of the logits; the other half's thread is not waited for. */
PASS(half_the_logits) {
    float all[MOST];
    right(state, pass, tokens, all, trace, counts);
    memcpy(logits, all, logits_of(state) / 2 * sizeof *logits);
    trace_logits(state, logits, trace);
}

PASS(warm_up_only) {
    enum { WARM_UP = 8 };
    static int calls;
    if (calls++ % (2 * WARM_UP) < WARM_UP) {
        right(state, pass, tokens, logits, trace, counts);
    }
}

/* Gives what the call before has worked out by now. */
PASS(one_call_late) {
    static struct kept pending, ready;
    ready = pending;
    right(state, pass, tokens, logits, trace, counts);
    keep(&pending, tokens, logits_of(state), logits);
    if (ready.count == logits_of(state)) {
        give(&ready, logits);
    }
    trace_logits(state, logits, trace);
}

/* --- wrong in a way of this operation alone --------------------------------------------------- */

PASS(window_one_wider) {
    struct transformer_pass other = *pass;
    other.window++;
    right(state, &other, tokens, logits, trace, counts);
}

PASS(window_one_narrower) {
    struct transformer_pass other = *pass;
    other.window -= other.window > 1;
    right(state, &other, tokens, logits, trace, counts);
}

PASS(frozen_cache_written) {
    struct transformer_pass other = *pass;
    other.keep_kv = true;
    right(state, &other, tokens, logits, trace, counts);
}

PASS(cache_not_written) {
    struct transformer_pass other = *pass;
    other.keep_kv = false;
    right(state, &other, tokens, logits, trace, counts);
}

PASS(last_layer_skipped) {
    struct transformer_pass other = *pass;
    other.end_layer -= other.end_layer > other.first_layer;
    right(state, &other, tokens, logits, trace, counts);
}

PASS(earlier_tokens_read) {
    struct transformer_pass other = *pass;
    other.seq = shape_of(state)->seq;
    right(state, &other, tokens, logits, trace, counts);
}

/* Answers right where it is looked at, and zero elsewhere. */
PASS(right_when_traced) {
    right(state, pass, tokens, logits, trace, counts);
    if (trace == NULL) {
        memset(logits, 0, logits_of(state) * sizeof *logits);
    }
}

PASS(attention_not_counted) {
    right(state, pass, tokens, logits, trace, counts);
    if (counts != NULL) {
        counts->attention_macs = 0;
    }
}

/* What follows leaves the trace of a kernel whose stage is wrong; what comes behind that stage is
 * of no matter to the check. */

static int8_t away_from_even(float x, float scale) { return (int8_t)roundf(x / scale); }

PASS(ties_away_from_even) {
    right(state, pass, tokens, logits, trace, counts);
    const struct transformer_shape *s = shape_of(state);
    const int32_t d = s->d, part = d / s->heads;
    for (int32_t l = pass->first_layer; trace != NULL && l < pass->end_layer; l++) {
        const struct transformer_stages *of = &trace->layers[l];
        for (int32_t i = 0; i < pass->seq * d; i++) {
            const float k = of->qkv[i / d * 3 * d + d + i % d], scale = of->k_scale[i / part];
            of->k_kept[i] = scale > 0 ? away_from_even(k, scale) : 0;
        }
    }
}

PASS(gelu_without_its_cube) {
    const struct spoilt *spoilt = state;
    right(state, pass, tokens, logits, trace, counts);
    const int32_t ffn = shape_of(state)->ffn;
    for (int32_t l = pass->first_layer; trace != NULL && l < pass->end_layer; l++) {
        const struct transformer_stages *of = &trace->layers[l];
        for (int32_t i = 0; i < pass->seq * ffn; i++) {
            const float scale = of->ffn_normed_scale[i / ffn] * spoilt->up_scale;
            const float x = (float)of->up_sum[i] * scale;
            of->gelu[i] = x * (1 + tanhf(0.797884561F * x)) / 2;
        }
    }
}

/* One product of each layer saturates at 16 bits, as pairs of products do in vpmaddubsw. */
PASS(sums_of_16_bits) {
    right(state, pass, tokens, logits, trace, counts);
    const int32_t ffn = shape_of(state)->ffn;
    for (int32_t l = pass->first_layer; trace != NULL && l < pass->end_layer; l++) {
        int32_t *sum = trace->layers[l].up_sum;
        for (int32_t i = 0; i < pass->seq * ffn; i++) {
            sum[i] = sum[i] > INT16_MAX ? INT16_MAX : sum[i] < INT16_MIN ? INT16_MIN : sum[i];
        }
    }
}

/* --- table ------------------------------------------------------------------------------------ */

#define MUTANT(id, which)                                                                          \
    MUTANT_ROW("transformer", "int8", id, which, "", struct transformer_impl, build, id, flush,    \
               cache, release)

const struct mutant transformer_mutants[] = {
    MUTANT(zero, ZERO),
    MUTANT(first_answer, STALE),
    MUTANT(untouched, STALE),
    MUTANT(nan_output, NAN_OUTPUT),
    MUTANT(nan_expectation, NAN_EXPECTATION),
    MUTANT(dropped_tail, DROPPED_TAIL),
    MUTANT(out_of_bounds, OUT_OF_BOUNDS),
    MUTANT(mutated_tokens, MUTATED_INPUT),
    MUTANT(cached_by_pointer, CACHED_BY_POINTER),
    MUTANT(half_the_logits, LEFT_ELSEWHERE),
    MUTANT(warm_up_only, WARM_UP_ONLY),
    MUTANT(one_call_late, BEFORE_SYNC),
    MUTANT(attention_not_counted, OTHER),
    MUTANT(cache_not_written, OTHER),
    MUTANT(earlier_tokens_read, OTHER),
    MUTANT(frozen_cache_written, OTHER),
    MUTANT(gelu_without_its_cube, OTHER),
    MUTANT(last_layer_skipped, OTHER),
    MUTANT(right_when_traced, OTHER),
    MUTANT(sums_of_16_bits, OTHER),
    MUTANT(ties_away_from_even, OTHER),
    MUTANT(window_one_narrower, OTHER),
    MUTANT(window_one_wider, OTHER),
    {.name = NULL},
};
