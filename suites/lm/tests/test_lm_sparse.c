/* Sparse and 8-bit attention in a whole tiny model: what must not change any bit of the logits, and
 * what may by a bound only. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../harness/judge/kernel.h"
#include "../../kernels/attention.h"
#include "tiny.h"

enum { N = 150, LOGITS = N * TINY_VOCABULARY };

static struct lm_model *model;
static int32_t ids[N], packed[N];

static int setup(void **state) {
    (void)state;
    tiny_tokens(ids, N);
    for (int t = 0; t < N; t++) {
        packed[t] = tiny_segment(t);
    }
    return tiny_load(NULL, &model) == ST_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    lm_free(model);
    return 0;
}

static void forward(const struct lm_attention *attention, int step, float *logits) {
    static float hidden[N * TINY_HIDDEN];
    struct lm_session *s;
    assert_int_equal(lm_session_new(model, N, 2, &s), ST_OK);
    for (int t = 0; t < N; t += step) {
        const int n = step < N - t ? step : N - t;
        const ptrdiff_t at = (ptrdiff_t)t * TINY_HIDDEN;
        assert_int_equal(lm_forward(s, attention, ids + t, packed + t, n, hidden + at), ST_OK);
    }
    lm_logits(model, hidden, N, 2, logits);
    lm_session_free(s);
}

struct observer {
    const struct attention_impl *impl;
    void *state;
};

static enum status observe(void *context, const struct lm_attention_call *call) {
    const struct observer *o = context;
    const enum status st = o->impl->observe(o->state, call);
    return st == ST_OK ? lm_attention_full(NULL, call) : st;
}

/* Logits of the whole model with a kernel's attention, `step` tokens a call. */
static void logits_of(const char *kernel, const struct attention_params *params, int step,
                      float *logits) {
    const struct attention_impl *impl = kernel_find(kernel)->impl;
    void *state;
    assert_int_equal(impl->open(lm_shape(model), N, params, &state), ST_OK);
    if (impl->observe != NULL) {
        struct observer o = {impl, state};
        const struct lm_attention first = {observe, &o};
        forward(&first, N, logits);
    }
    const struct lm_attention attention = {impl->run, state};
    forward(&attention, step, logits);
    impl->close(state);
}

/* The largest difference as a part of the largest logit. */
static double distance(const float *a, const float *b) {
    double most = 0, largest = 0;
    for (int i = 0; i < LOGITS; i++) {
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
        largest = fmax(largest, fabs((double)a[i]));
        assert_true(isfinite(a[i]) && isfinite(b[i]));
    }
    return most / largest;
}

static void switched_off_is_the_plain_path(void **state) {
    (void)state;
    static float plain[LOGITS], off[LOGITS];
    static const int steps[] = {N, 1, 65};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        forward(NULL, steps[i], plain);
        logits_of("attention/full", &(struct attention_params){0}, steps[i], off);
        assert_memory_equal(plain, off, sizeof plain);
    }
}

static void all_keys_are_the_plain_path(void **state) {
    (void)state;
    static float plain[LOGITS], sparse[LOGITS];
    static const int steps[] = {N, 1, 65};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        forward(NULL, steps[i], plain);
        logits_of("attention/topk", &(struct attention_params){.k = N}, steps[i], sparse);
        assert_memory_equal(plain, sparse, sizeof plain);
        logits_of("attention/topk", &(struct attention_params){.share = 1}, steps[i], sparse);
        assert_memory_equal(plain, sparse, sizeof plain);
        logits_of("attention/topk", &(struct attention_params){.k = 8}, steps[i], sparse);
        assert_true(distance(plain, sparse) > 0.01);
    }
}

/* The tiny model has steep scores and few dimensions.  Seen: 0.043 and 0.045. */
static void eight_bits_are_near_the_plain_path(void **state) {
    (void)state;
    static float plain[LOGITS], kept[LOGITS];
    const struct attention_params params = {.documents = 3};
    forward(NULL, N, plain);
    logits_of("attention/int8_token", &params, N, kept);
    assert_true(distance(plain, kept) > 1e-4 && distance(plain, kept) < 0.1);
    logits_of("attention/int8_channel", &params, N, kept);
    assert_true(distance(plain, kept) > 1e-4 && distance(plain, kept) < 0.1);
}

/* Step by step, keys differ by rounding from a prefill's, which may move a value by a whole step of
 * its 8 bits: the bound is that of a few such moves, not of float32.  Seen: 2e-6, none. */
static void eight_bits_decode_like_prefill(void **state) {
    (void)state;
    static float prefill[LOGITS], decoded[LOGITS];
    const struct attention_params params = {.documents = 3};
    static const char *const names[] = {"attention/int8_token", "attention/int8_channel"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        logits_of(names[i], &params, N, prefill);
        logits_of(names[i], &params, 1, decoded);
        assert_true(distance(prefill, decoded) < 0.01);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(switched_off_is_the_plain_path),
        cmocka_unit_test(all_keys_are_the_plain_path),
        cmocka_unit_test(eight_bits_are_near_the_plain_path),
        cmocka_unit_test(eight_bits_decode_like_prefill),
    };
    return cmocka_run_group_tests_name("lm_sparse", tests, setup, teardown);
}
