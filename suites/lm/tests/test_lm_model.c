/* The forward of the real model against numbers computed outside of this project.
 *
 * They come from a float64 forward written in NumPy from the model's published description, over
 * the weights as the Python package gguf 0.19.0 dequantises them (gguf.quants.dequantize): rotation
 * of adjacent pairs, causal mask, no token added.  Its prompt is 12 tokens, "The capital of France
 * is Paris. The capital of Germany is"; the long one is id (7919 i + 13) mod 49152 for i below 256.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../../datasets/manifest.h"
#include "../lm.h"

/* float32 against float64: logits of up to 28 within 2e-4 (seen: 2e-5), losses within 1e-4. */
static const double BOUND = 2e-4, LOSS_BOUND = 1e-4;

enum { PROMPT = 12, LONG = 256, HIDDEN = 576, VOCABULARY = 49152 };

static const int32_t prompt[PROMPT] = {504, 3575, 282,  4649, 314,  7042,
                                       30,  378,  3575, 282,  4521, 314};
static struct lm_model *model; /* NULL: not here */
static float hidden[LONG * HIDDEN];

static int setup(void **state) {
    (void)state;
    struct manifest_row row;
    struct gguf *g;
    char path[4096];
    if (!manifest_find("smollm2", "weights", &row)) {
        return -1;
    }
    if (manifest_locate(&row, path, sizeof path) != ST_OK) {
        return 0;
    }
    if (gguf_open(path, row.sha256, &g) != ST_OK) {
        return -1;
    }
    const enum status st = lm_load(g, 2, &model);
    gguf_close(g);
    return st == ST_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    lm_free(model);
    return 0;
}

static void need_model(void) {
    if (model == NULL) {
        print_message("the model is not there: run datasets/fetch-smollm2.sh\n");
        skip();
    }
}

static void the_shape_is_the_published_one(void **state) {
    (void)state;
    need_model();
    const struct lm_shape *s = lm_shape(model);
    assert_int_equal(s->layers, 30);
    assert_int_equal(s->heads, 9);
    assert_int_equal(s->kv_heads, 3);
    assert_int_equal(s->head_dim, 64);
    assert_int_equal(s->hidden, HIDDEN);
    assert_int_equal(s->ffn, 1536);
    assert_int_equal(s->vocabulary, VOCABULARY);
    assert_int_equal(s->context, 8192);
    assert_true(s->rope_base == 100000 && s->epsilon == (double)1e-5F && s->tied);
}

/* Appends tokens `step` at a time to an empty cache; fills `hidden`. */
static void forward(const int32_t *ids, int count, int step) {
    struct lm_session *s;
    assert_int_equal(lm_session_new(model, count, 2, &s), ST_OK);
    for (int t = 0; t < count; t += step) {
        const int n = step < count - t ? step : count - t;
        assert_int_equal(lm_forward(s, NULL, ids + t, NULL, n, hidden + (ptrdiff_t)t * HIDDEN),
                         ST_OK);
    }
    lm_session_free(s);
}

static void check_last_logits(void) {
    static const struct {
        int32_t id;
        double logit;
    } wanted[] = {
        {11452, 16.3552929},  {4521, 12.4449047},   {422, 11.1266652},    {34391, 10.7132088},
        {4528, 9.66130354},   {3575, 9.17898842},   {441, 9.17515414},    {389, 8.75609767},
        {0, -3.76054003},     {1, -16.4680568},     {2, -13.6686284},     {1000, -1.8429047},
        {12345, -10.1914602}, {40000, -8.79850814}, {49151, -19.4335767},
    };
    static float logits[VOCABULARY];
    lm_logits(model, hidden + (ptrdiff_t)(PROMPT - 1) * HIDDEN, 1, 2, logits);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_true(fabs((double)logits[wanted[i].id] - wanted[i].logit) <= BOUND);
    }
    int32_t best = 0;
    for (int32_t id = 1; id < VOCABULARY; id++) {
        best = logits[id] > logits[best] ? id : best;
    }
    assert_int_equal(best, wanted[0].id); /* " Berlin" */
}

static void logits_agree_in_prefill_and_decode(void **state) {
    (void)state;
    need_model();
    forward(prompt, PROMPT, PROMPT);
    check_last_logits();
    forward(prompt, PROMPT, 1);
    check_last_logits();
}

static void losses_agree(void **state) {
    (void)state;
    need_model();
    static const double wanted[PROMPT - 1] = {11.5392964,  0.337615886, 2.43866236,  0.450949923,
                                              0.258081742, 0.380136891, 2.43566915,  0.856130302,
                                              0.241708262, 3.02268874,  0.0269252439};
    double nll[LONG - 1], sum = 0;
    int32_t ids[LONG];
    forward(prompt, PROMPT, PROMPT);
    assert_int_equal(lm_nll(model, hidden, prompt + 1, PROMPT - 1, 2, nll), ST_OK);
    for (int i = 0; i < PROMPT - 1; i++) {
        assert_true(fabs(nll[i] - wanted[i]) <= LOSS_BOUND);
    }
    for (int i = 0; i < LONG; i++) {
        ids[i] = (i * 7919 + 13) % VOCABULARY;
    }
    forward(ids, LONG, LONG);
    assert_int_equal(lm_nll(model, hidden, ids + 1, LONG - 1, 2, nll), ST_OK);
    for (int i = 0; i < LONG - 1; i++) {
        sum += nll[i];
    }
    assert_true(fabs(sum / (LONG - 1) - 13.73732222) <= LOSS_BOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shape_is_the_published_one),
        cmocka_unit_test(logits_agree_in_prefill_and_decode),
        cmocka_unit_test(losses_agree),
    };
    return cmocka_run_group_tests_name("lm_model", tests, setup, teardown);
}
