#include "attention_mutants.h"

#include <math.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "../lm/row_math.h"
#include "attention.h"
#include "attention_select.h"

extern const struct kernel kernel_attention_full, kernel_attention_topk,
    kernel_attention_int8_token;

double *attention_mutants_expected;

/* What the kernel under verification was opened with, and how many were opened: what a mutant keeps
 * is forgotten with its state, so that no reason hangs on where memory happened to lie. */
static struct attention_params opened;
static int openings;

static const struct attention_impl *full_kernel(void) { return kernel_attention_full.impl; }

static const struct attention_impl *topk_kernel(void) { return kernel_attention_topk.impl; }

static const struct attention_impl *int8_kernel(void) { return kernel_attention_int8_token.impl; }

#define OPEN(form)                                                                                 \
    static enum status open_##form(const struct lm_shape *shape, int64_t capacity,                 \
                                   const struct attention_params *params, void **state) {          \
        opened = *params;                                                                          \
        openings++;                                                                                \
        return form##_kernel()->open(shape, capacity, params, state);                              \
    }                                                                                              \
    static void close_##form(void *state) { form##_kernel()->close(state); }
OPEN(full)
OPEN(topk)
OPEN(int8)

/* A mutant is written once, over the kernel `real` that it spoils, and stands in the table once for
 * each form. */
#define ATTEND(name)                                                                               \
    static enum status name##_of(const struct attention_impl *real, void *state,                   \
                                 const struct lm_attention_call *call);                            \
    static enum status name##_full(void *state, const struct lm_attention_call *call) {            \
        return name##_of(full_kernel(), state, call);                                              \
    }                                                                                              \
    static enum status name##_topk(void *state, const struct lm_attention_call *call) {            \
        return name##_of(topk_kernel(), state, call);                                              \
    }                                                                                              \
    static enum status name##_int8(void *state, const struct lm_attention_call *call) {            \
        return name##_of(int8_kernel(), state, call);                                              \
    }                                                                                              \
    static enum status name##_of(const struct attention_impl *real, void *state,                   \
                                 const struct lm_attention_call *call)

#define ANSWER real->run(state, call)

/* Values of a call's queries and outputs. */
static int64_t width_of(const struct lm_attention_call *call) {
    return (int64_t)call->shape->heads * call->shape->head_dim;
}

static size_t values_of(const struct lm_attention_call *call) {
    return (size_t)(call->tokens * width_of(call));
}

/* An answer kept from an earlier call. */
enum { KEPT = 16384 };

struct kept {
    int opening;
    const float *q;
    int64_t past;
    size_t values;
    float out[KEPT];
};

static void keep(struct kept *to, const struct lm_attention_call *call) {
    to->opening = openings;
    to->q = call->q;
    to->past = call->past;
    to->values = values_of(call) <= KEPT ? values_of(call) : 0;
    memcpy(to->out, call->out, to->values * sizeof *to->out);
}

/* Whether it answers a call of this place and size. */
static bool fits(const struct kept *k, const struct lm_attention_call *call) {
    return k->opening == openings && k->values == values_of(call) && k->past == call->past &&
           k->q == call->q;
}

static void give(const struct kept *from, const struct lm_attention_call *call) {
    memcpy(call->out, from->out, from->values * sizeof *from->out);
}

/* --- every form ------------------------------------------------------------------------------- */

ATTEND(zero) {
    (void)real;
    (void)state;
    memset(call->out, 0, values_of(call) * sizeof *call->out);
    return ST_OK;
}

ATTEND(untouched) {
    (void)real;
    (void)state;
    (void)call;
    return ST_OK;
}

/* Answers a call with the first answer it ever gave there. */
ATTEND(first_answer) {
    static struct kept first;
    const enum status st = ANSWER;
    if (fits(&first, call)) {
        give(&first, call);
    } else {
        keep(&first, call);
    }
    return st;
}

ATTEND(nan_output) {
    const enum status st = ANSWER;
    for (size_t i = 0; i < values_of(call); i++) {
        call->out[i] = NAN;
    }
    return st;
}

static enum status spoil_expected(enum status st, double value,
                                  const struct lm_attention_call *call) {
    for (size_t i = 0; i < values_of(call); i++) {
        call->out[i] *= 2;
    }
    if (attention_mutants_expected != NULL) {
        *attention_mutants_expected = value;
    }
    return st;
}

ATTEND(nan_expectation) { return spoil_expected(ANSWER, NAN, call); }

ATTEND(infinite_expectation) { return spoil_expected(ANSWER, INFINITY, call); }

/* The last eighth of each query's keys. */
ATTEND(dropped_tail) {
    enum status st = ANSWER;
    for (int64_t t = 0; t < call->tokens && st == ST_OK; t++) {
        const int64_t row = call->past + t;
        struct lm_attention_call one = *call;
        one.past = row - (row - call->first[row] + 1) / 8;
        one.tokens = 1;
        one.q += t * width_of(call);
        one.out += t * width_of(call);
        st = real->run(state, &one);
    }
    return st;
}

ATTEND(out_of_bounds) {
    const enum status st = ANSWER;
    call->out[values_of(call)] = 0;
    return st;
}

ATTEND(mutated_query) {
    const enum status st = ANSWER;
    *(float *)(uintptr_t)call->q += 1;
    return st;
}

ATTEND(mutated_keys) {
    const enum status st = ANSWER;
    *(float *)(uintptr_t)call->k += 1;
    return st;
}

/* Right the first time a query's address is seen, then the same answer for whatever lies there. */
ATTEND(cached_by_pointer) {
    enum { SLOTS = 16 };
    static struct kept cache[SLOTS];
    struct kept *slot = &cache[((uintptr_t)call->q >> 6) % SLOTS];
    const enum status st = ANSWER;
    if (fits(slot, call)) {
        give(slot, call);
    } else {
        keep(slot, call);
    }
    return st;
}

/* Its own half of the tokens; the other half's thread is not waited for. */
ATTEND(half_the_tokens) {
    struct lm_attention_call half = *call;
    half.tokens /= 2;
    return real->run(state, &half);
}

ATTEND(warm_up_only) {
    enum { WARM_UP = 8 };
    static int calls, seen;
    calls = seen == openings ? calls + 1 : 0;
    seen = openings;
    return calls < WARM_UP ? ANSWER : ST_OK;
}

/* Gives what the call before has worked out by now. */
ATTEND(one_call_late) {
    static struct kept pending, ready;
    ready = pending;
    const enum status st = ANSWER;
    keep(&pending, call);
    if (ready.opening == openings && ready.values == values_of(call)) {
        give(&ready, call);
    } else {
        memset(call->out, 0xFF, values_of(call) * sizeof *call->out);
    }
    return st;
}

/* Every token also reads the next. */
ATTEND(sees_the_future) {
    struct lm_attention_call later = *call;
    const enum status st = ANSWER;
    later.past++;
    later.tokens--;
    return st == ST_OK && later.tokens > 0 ? real->run(state, &later) : st;
}

/* No token but a call's first reads itself. */
ATTEND(misses_itself) {
    struct lm_attention_call earlier = *call;
    const enum status st = ANSWER;
    earlier.tokens--;
    earlier.q += width_of(call);
    earlier.out += width_of(call);
    return st == ST_OK && earlier.tokens > 0 ? real->run(state, &earlier) : st;
}

/* All is one document, padding too. */
ATTEND(leaks_segments) {
    enum { ROWS = 1024 };
    static const int64_t first[ROWS];
    static const int32_t segment[ROWS];
    struct lm_attention_call one = *call;
    one.first = first;
    one.segment = segment;
    return call->past + call->tokens <= ROWS ? real->run(state, &one) : ST_SYSTEM;
}

/* Scores divided by d instead of its root. */
ATTEND(wrong_scale) {
    static float q[KEPT];
    struct lm_attention_call scaled = *call;
    if (values_of(call) > KEPT) {
        return ST_SYSTEM;
    }
    for (size_t i = 0; i < values_of(call); i++) {
        q[i] = call->q[i] / sqrtf((float)call->shape->head_dim);
    }
    scaled.q = q;
    return real->run(state, &scaled);
}

/* Query head i reads KV head i % kv_heads: the heads of a group take turns instead of standing
 * together. */
ATTEND(wrong_kv_head) {
    static float q[KEPT], out[KEPT];
    const int64_t heads = call->shape->heads, kv = call->shape->kv_heads;
    const size_t d = (size_t)call->shape->head_dim;
    struct lm_attention_call other = *call;
    if (values_of(call) > KEPT) {
        return ST_SYSTEM;
    }
    for (int64_t i = 0; i < call->tokens * heads; i++) {
        const int64_t head = i % heads, place = head % kv * (heads / kv) + head / kv;
        memcpy(q + (size_t)(i - head + place) * d, call->q + (size_t)i * d, d * sizeof *q);
    }
    other.q = q;
    other.out = out;
    const enum status st = real->run(state, &other);
    for (int64_t i = 0; i < call->tokens * heads; i++) {
        const int64_t head = i % heads, place = head % kv * (heads / kv) + head / kv;
        memcpy(call->out + (size_t)i * d, out + (size_t)(i - head + place) * d, d * sizeof *out);
    }
    return st;
}

/* --- top-K ------------------------------------------------------------------------------------ */

static enum status keeps_all(void *state, const struct lm_attention_call *call) {
    (void)state;
    return lm_attention_full(NULL, call);
}

static enum status open_one_key_less(const struct lm_shape *shape, int64_t capacity,
                                     const struct attention_params *params, void **state) {
    struct attention_params less = *params;
    less.k -= params->k > 0;
    less.share /= 2;
    return open_topk(shape, capacity, &less, state);
}

static enum status topk_run(void *state, const struct lm_attention_call *call) {
    return topk_kernel()->run(state, call);
}

/* Keys that a case may have. */
enum { SPACE = 1024 + ATTENTION_SELECT_SLACK };

static bool choose(const float *scores, int64_t keys, int32_t *chosen, int64_t *k) {
    float space[SPACE];
    *k = attention_kept(&opened, keys);
    return keys + ATTENTION_SELECT_SLACK <= SPACE && *k < keys &&
           attention_select_scalar(scores, keys, *k, chosen, space) > 0;
}

static void weigh_without_norm(void *context, const struct lm_attention_call *call, int thread,
                               int64_t head, int64_t row, float *scores, int64_t keys) {
    int32_t chosen[SPACE];
    float kept[SPACE];
    int64_t k;
    (void)context;
    (void)call;
    (void)thread;
    (void)head;
    (void)row;
    const bool sparse = choose(scores, keys, chosen, &k);
    row_math()->softmax(scores, keys);
    for (int64_t i = 0; sparse && i < k; i++) {
        kept[i] = scores[chosen[i]];
        scores[chosen[i]] = 0;
    }
    for (int64_t i = 0; sparse && i < keys; i++) {
        scores[i] = 0;
    }
    for (int64_t i = 0; sparse && i < k; i++) {
        scores[chosen[i]] = kept[i];
    }
}

/* The weights of the chosen keys as they are among all, which do not add up to 1. */
static enum status not_normalised(void *state, const struct lm_attention_call *call) {
    const struct lm_weighing weighing = {weigh_without_norm, NULL};
    (void)state;
    return lm_attention_weighed(&weighing, call);
}

static void weigh_last_of_ties(void *context, const struct lm_attention_call *call, int thread,
                               int64_t head, int64_t row, float *scores, int64_t keys) {
    int32_t chosen[SPACE];
    float reversed[SPACE], kept[SPACE];
    int64_t k;
    (void)context;
    (void)call;
    (void)thread;
    (void)head;
    (void)row;
    for (int64_t i = 0; i < keys && i < SPACE; i++) {
        reversed[i] = scores[keys - 1 - i];
    }
    if (!choose(reversed, keys, chosen, &k)) {
        row_math()->softmax(scores, keys);
        return;
    }
    for (int64_t i = 0; i < k; i++) {
        kept[i] = reversed[chosen[i]];
    }
    row_math()->softmax(kept, k);
    memset(scores, 0, (size_t)keys * sizeof *scores);
    for (int64_t i = 0; i < k; i++) {
        scores[keys - 1 - chosen[i]] = kept[i];
    }
}

static enum status larger_index_on_ties(void *state, const struct lm_attention_call *call) {
    const struct lm_weighing weighing = {weigh_last_of_ties, NULL};
    (void)state;
    return lm_attention_weighed(&weighing, call);
}

/* --- INT8 ------------------------------------------------------------------------------------- */

enum rounding { NONE, TOWARDS_ZERO, UNSIGNED_STEPS, NEIGHBOUR };

static float round_value(const float *x, int64_t row, int64_t i, int64_t d,
                         enum rounding rounding) {
    const int64_t scaled = rounding == NEIGHBOUR && row > 0 ? row - 1 : row;
    float most = 0;
    for (int64_t c = 0; c < d; c++) {
        most = fmaxf(most, fabsf(x[scaled * d + c]));
    }
    const float steps = rounding == UNSIGNED_STEPS ? 255 : 127;
    const float s = most > 0 ? most / steps : 1, at = x[row * d + i] / s;
    switch (rounding) {
    case NONE:
        return x[row * d + i];
    case TOWARDS_ZERO:
        return truncf(at) * s;
    case UNSIGNED_STEPS:
    case NEIGHBOUR:
        return fmaxf(-127, fminf(127, nearbyintf(at))) * s;
    }
    return 0;
}

/* Full attention over keys and values rounded in a wrong way. */
static enum status attend_rounded(const struct lm_attention_call *call, enum rounding rounding) {
    const int64_t d = call->shape->head_dim, rows = call->shape->kv_heads * call->capacity;
    float *k = mem_alloc_array((size_t)(2 * rows), (size_t)d * sizeof *k), *v = k + rows * d;
    struct lm_attention_call rounded = *call;
    if (k == NULL) {
        return ST_SYSTEM;
    }
    for (int64_t at = 0; at < rows * d; at++) {
        k[at] = round_value(call->k, at / d, at % d, d, rounding);
        v[at] = round_value(call->v, at / d, at % d, d, rounding);
    }
    rounded.k = k;
    rounded.v = v;
    const enum status st = lm_attention_full(NULL, &rounded);
    mem_free(k);
    return st;
}

static enum status not_rounded(void *state, const struct lm_attention_call *call) {
    (void)state;
    return attend_rounded(call, NONE);
}

static enum status rounded_towards_zero(void *state, const struct lm_attention_call *call) {
    (void)state;
    return attend_rounded(call, TOWARDS_ZERO);
}

/* A scale for 255 steps, of which a signed byte has 127. */
static enum status unsigned_steps(void *state, const struct lm_attention_call *call) {
    (void)state;
    return attend_rounded(call, UNSIGNED_STEPS);
}

static enum status scale_of_the_token_before(void *state, const struct lm_attention_call *call) {
    (void)state;
    return attend_rounded(call, NEIGHBOUR);
}

static enum status by_token(void *state, const struct lm_attention_call *call) {
    return int8_kernel()->run(state, call);
}

/* --- table ------------------------------------------------------------------------------------ */

#define MUTANT(id, which, real, rule, function, begin)                                             \
    MUTANT_ROW("attention", "f32", id, which, #real, struct attention_impl,                        \
               .form = ATTENTION_##rule, .open = begin, .run = function, .close = close_##real)
#define TOPK(id) MUTANT(id, OTHER, topk, TOPK, id, open_topk)
#define INT8(id) MUTANT(id, OTHER, int8, INT8_TOKEN, id, open_int8)
#define EVERY(id, which)                                                                           \
    MUTANT(id, which, full, FULL, id##_full, open_full),                                           \
        MUTANT(id, which, topk, TOPK, id##_topk, open_topk),                                       \
        MUTANT(id, which, int8, INT8_TOKEN, id##_int8, open_int8)

const struct mutant attention_mutants[] = {
    EVERY(zero, ZERO),
    EVERY(first_answer, STALE),
    EVERY(untouched, STALE),
    EVERY(nan_output, NAN_OUTPUT),
    EVERY(infinite_expectation, NAN_EXPECTATION),
    EVERY(nan_expectation, NAN_EXPECTATION),
    EVERY(dropped_tail, DROPPED_TAIL),
    EVERY(out_of_bounds, OUT_OF_BOUNDS),
    EVERY(mutated_keys, MUTATED_INPUT),
    EVERY(mutated_query, MUTATED_INPUT),
    EVERY(cached_by_pointer, CACHED_BY_POINTER),
    EVERY(half_the_tokens, LEFT_ELSEWHERE),
    EVERY(warm_up_only, WARM_UP_ONLY),
    EVERY(one_call_late, BEFORE_SYNC),
    EVERY(leaks_segments, OTHER),
    EVERY(misses_itself, OTHER),
    EVERY(sees_the_future, OTHER),
    EVERY(wrong_kv_head, OTHER),
    EVERY(wrong_scale, OTHER),
    TOPK(keeps_all),
    TOPK(larger_index_on_ties),
    TOPK(not_normalised),
    MUTANT(one_key_less, OTHER, topk, TOPK, topk_run, open_one_key_less),
    INT8(not_rounded),
    INT8(rounded_towards_zero),
    INT8(scale_of_the_token_before),
    INT8(unsigned_steps),
    MUTANT(by_token, OTHER, int8, INT8_CHANNEL, by_token, open_int8),
    {.name = NULL},
};
