/* Verification of any kernel of the transformer: small networks of awkward sizes, parts of them,
 * and S004's smaller one. */
#include <stdio.h>
#include <string.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "../../harness/judge/operation.h"
#include "transformer_check.h"
#include "transformer_mutants.h"

enum { SEED = 43 };

struct transformer_case {
    const char *name;
    int prompts;
    bool ties; /* keys and values that lie between two steps (set_ties) */
    struct transformer_shape shape;
    struct transformer_pass pass;
};

#define MICRO                                                                                      \
    { 32, 128, 4, 2, 512, 256 }

static const struct transformer_case cases[] = {
    {"one token, d 4", 4, false, {1, 4, 1, 1, 1, 3}, {0, 1, 1, 1, true}},
    {"window 1", 4, false, {5, 16, 2, 1, 19, 11}, {0, 1, 5, 1, true}},
    {"window 3, two layers", 4, false, {7, 24, 3, 2, 37, 20}, {0, 2, 7, 3, true}},
    {"ties", 2, true, {5, 16, 2, 1, 20, 33}, {0, 1, 5, 2, true}},
    {"window of the prompt, three layers", 4, false, {5, 16, 2, 3, 64, 33}, {0, 3, 5, 5, true}},
    {"wider window, frozen", 4, false, {6, 40, 5, 2, 33, 17}, {0, 2, 6, 64, false}},
    {"last layers, shorter prompt", 4, false, {9, 32, 4, 3, 50, 65}, {1, 3, 4, 2, true}},
    {"last layer, few tokens, frozen", 4, false, {9, 32, 4, 3, 50, 65}, {2, 3, 3, 2, false}},
    {"last token alone", 4, false, {6, 40, 5, 2, 33, 17}, {0, 2, 1, 4, true}},
    {"no layer", 4, false, {4, 16, 2, 2, 16, 9}, {1, 1, 2, 2, true}},
    {"micro, tier 0", 2, false, MICRO, {0, 2, 32, 8, true}},
    {"micro, tier 1", 2, false, MICRO, {1, 2, 16, 4, true}},
    {"micro, tier 2", 2, false, MICRO, {1, 2, 4, 4, false}},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

/* --- networks --------------------------------------------------------------------------------- */

/* Floats that float32 does not round: every embedding is 2^20 (50 + 14) with signs that alternate,
 * so that its norm is 1 with these signs; a key is then the sum of a row of weights with them,
 * over 256, and the largest of each head is 254 / 256, of which every odd sum is half a step off.
 */
static void set_ties(struct transformer_weights *w) {
    static const int sums[] = {254, 1, 3, 5, -7, -9, 2, 253};
    const int32_t d = w->shape.d, count = sizeof sums / sizeof sums[0];
    w->embedding_scale = 0x1p20F;
    w->qkv_scale = 0x1p-8F;
    for (int32_t i = 0; i < d; i++) {
        const int sign = i % 2 == 0 ? 1 : -1;
        for (int32_t row = 0; row < w->shape.logits; row++) {
            w->embedding[row * d + i] = (int8_t)(50 * sign);
        }
        for (int32_t row = 0; row < w->shape.seq; row++) {
            w->place[row * d + i] = (int8_t)(14 * sign);
        }
        for (int32_t row = 0; row < 3 * d; row++) {
            const int sum = sums[row % count], rest = sum % d;
            w->qkv[row * d + i] = (int8_t)(sign * (sum / d + (i < rest) - (i < -rest)));
        }
    }
}

static enum status make_weights(const struct transformer_case *c, struct transformer_weights *out) {
    const enum status st = transformer_weights_make(&c->shape, SEED, out);
    if (st == ST_OK && c->ties) {
        set_ties(out);
    }
    return st;
}

/* Built from weights that are gone by the time it runs. */
static void *build(const struct transformer_impl *impl, const struct transformer_case *c) {
    struct transformer_weights w;
    if (make_weights(c, &w) != ST_OK) {
        return NULL;
    }
    void *state = impl->build(&w);
    const struct transformer_shape *s = &c->shape;
#define X(name, rows, width) memset(w.name, 0, (size_t)(rows) * (size_t)(width));
    TRANSFORMER_MATRICES(X)
#undef X
    transformer_weights_free(&w);
    return state;
}

static void fill_prompt(const struct transformer_case *c, int prompt, int32_t *tokens) {
    for (int32_t i = 0; i < c->shape.seq; i++) {
        uint32_t words[4];
        rng_words(SEED, 100 + (uint32_t)prompt, (uint64_t)i, 0, words);
        tokens[i] = (int32_t)rng_below(words[0], (uint32_t)c->shape.logits);
    }
}

/* What one case runs with. */
struct bench {
    const struct transformer_case *c;
    const struct transformer_impl *impl;
    void *state;
    struct transformer_weights weights;
    struct transformer_trace trace;
    int32_t *tokens;
};

/* --- what a token reaches --------------------------------------------------------------------- */

/* A network's answer to a prompt, for comparing answers to others. */
struct reach {
    struct bench *b;
    float *logits, *other; /* (logits) */
    float *earlier;        /* (seq, d) */
    struct judge j;
};

static void answer(const struct reach *r, float *logits, struct transformer_trace *trace) {
    r->b->impl->run(r->b->state, &r->b->c->pass, r->b->tokens, logits, trace, NULL);
}

/* Whether another token at a place changes the logits. */
static bool changes(const struct reach *r, int32_t place) {
    const int32_t kept = r->b->tokens[place];
    r->b->tokens[place] = (kept + 1) % r->b->c->shape.logits;
    answer(r, r->other, NULL);
    r->b->tokens[place] = kept;
    return memcmp(r->logits, r->other, (size_t)r->b->c->shape.logits * sizeof *r->logits) != 0;
}

/* Through a layer, a token reaches those of which it is in the window; none before the pass's first
 * is read. */
static void judge_places(struct reach *r) {
    const struct transformer_pass *p = &r->b->c->pass;
    const int32_t last = r->b->c->shape.seq - 1, first = last + 1 - p->seq;
    const int64_t reach = (int64_t)(p->end_layer - p->first_layer) * (p->window - 1);
    for (int32_t place = 0; place <= last; place++) {
        const bool reaches = place >= first && last - place <= reach;
        if (changes(r, place) != reaches) {
            judge_fail(&r->j, "another token at place %d %s the logits", place,
                       reaches ? "does not change" : "changes");
        }
    }
}

/* What the last layer leaves of the earlier tokens does not depend on the last. */
static void judge_later(struct reach *r) {
    const struct transformer_pass *p = &r->b->c->pass;
    const int32_t last = r->b->c->shape.seq - 1, kept = r->b->tokens[last];
    const float *x =
        p->end_layer > p->first_layer ? r->b->trace.layers[p->end_layer - 1].x : r->b->trace.x;
    const size_t bytes = (size_t)(p->seq - 1) * (size_t)r->b->c->shape.d * sizeof *x;
    answer(r, r->other, &r->b->trace);
    memcpy(r->earlier, x, bytes);
    r->b->tokens[last] = (kept + 1) % r->b->c->shape.logits;
    answer(r, r->other, &r->b->trace);
    r->b->tokens[last] = kept;
    if (memcmp(r->earlier, x, bytes) != 0) {
        judge_fail(&r->j, "the last token changes what earlier ones leave");
    }
}

static enum status verify_reach(struct reach *r, struct verification *v) {
    const struct transformer_shape *s = &r->b->c->shape;
    const size_t x = (size_t)s->seq * (size_t)s->d, logits = (size_t)s->logits;
    r->earlier = mem_alloc_array(x + 2 * logits, sizeof *r->earlier);
    if (r->earlier == NULL) {
        return ST_SYSTEM;
    }
    r->logits = r->earlier + x;
    r->other = r->logits + logits;
    judge_begin(&r->j);
    answer(r, r->logits, NULL);
    judge_places(r);
    judge_later(r);
    verification_add(v, r->b->c->name, r->j.verdict, r->j.reason);
    judge_end(&r->j);
    mem_free(r->earlier);
    return ST_OK;
}

/* --- cases ------------------------------------------------------------------------------------ */

static enum status verify_prompt(struct bench *b, int prompt, struct verification *v) {
    struct transformer_problem p = {
        .weights = &b->weights, .pass = &b->c->pass, .tokens = b->tokens};
    struct judge j;
    fill_prompt(b->c, prompt, b->tokens);
    enum status st = transformer_problem_solve(&p);
    if (st != ST_OK) {
        return st;
    }
    judge_begin(&j);
    transformer_mutants_expected = p.logits;
    st = transformer_call_check(b->impl, b->state, &p, &b->trace, &j);
    transformer_mutants_expected = NULL;
    verification_add(v, b->c->name, j.verdict, j.reason);
    judge_end(&j);
    transformer_problem_free(&p);
    return st;
}

static void verify_flush(const struct bench *b, struct verification *v) {
    int64_t bytes;
    const unsigned char *cache = b->impl->cache(b->state, &bytes);
    b->impl->flush(b->state);
    bool empty = true;
    for (int64_t i = 0; i < bytes; i++) {
        empty = empty && cache[i] == 0;
    }
    if (!empty) {
        verification_add(v, b->c->name, VERDICT_FAIL, "a flush leaves bytes in the cache");
    }
}

/* Each prompt in the same buffer, which an answer kept from before cannot pass. */
static enum status verify_prompts(struct bench *b, struct verification *v) {
    enum status st = ST_OK;
    for (int i = 0; i < b->c->prompts && st == ST_OK && v->verdict != VERDICT_FAIL; i++) {
        st = verify_prompt(b, i, v);
    }
    if (st == ST_OK && v->verdict != VERDICT_FAIL && !b->c->ties) {
        struct reach r = {.b = b};
        st = verify_reach(&r, v);
    }
    verify_flush(b, v);
    return st;
}

static enum status verify_case(const struct kernel *kernel, size_t index, struct verification *v) {
    struct bench b = {.c = &cases[index], .impl = kernel->impl};
    enum status st = make_weights(b.c, &b.weights);
    if (st != ST_OK) {
        return st;
    }
    b.tokens = mem_alloc_array((size_t)b.c->shape.seq, sizeof *b.tokens);
    b.state = build(b.impl, b.c);
    st = b.tokens == NULL || b.state == NULL ? ST_SYSTEM
                                             : transformer_trace_make(&b.c->shape, &b.trace);
    if (st == ST_OK) {
        st = verify_prompts(&b, v);
        transformer_trace_free(&b.trace);
    }
    b.impl->release(b.state);
    mem_free(b.tokens);
    transformer_weights_free(&b.weights);
    return st;
}

extern const struct operation operation_transformer;
const struct operation operation_transformer = {
    .name = "transformer",
    .forms = {""},
    .case_count = CASE_COUNT,
    .verify_case = verify_case,
    .mutants = transformer_mutants,
};
