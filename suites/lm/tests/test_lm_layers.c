/* A session that runs some of the layers, against the oracle of a model that has no others. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tiny.h"

/* As in test_lm.c: two computations of a logit differ by less than this part of the largest. */
static const double BOUND = 4e-5;

enum { N = 60, LOGITS = N * TINY_VOCABULARY };

static struct lm_model *model;
static struct lm_session *session;
static int32_t ids[N], one_document[N];
static float hidden[N * TINY_HIDDEN], whole[N * TINY_HIDDEN];

static int setup(void **state) {
    (void)state;
    tiny_tokens(ids, N);
    return tiny_load(NULL, &model) == ST_OK && lm_session_new(model, N, 2, &session) == ST_OK &&
                   lm_forward(session, NULL, ids, NULL, N, whole) == ST_OK
               ? 0
               : -1;
}

static int teardown(void **state) {
    (void)state;
    lm_session_free(session);
    lm_free(model);
    return 0;
}

/* `step` tokens at a time. */
static void forward(const struct lm_attention *attention, int step) {
    lm_session_truncate(session, 0);
    for (int t = 0; t < N; t += step) {
        assert_int_equal(lm_forward(session, attention, ids + t, NULL, step,
                                    hidden + (ptrdiff_t)t * TINY_HIDDEN),
                         ST_OK);
    }
}

static void all_layers_change_no_bit(void **state) {
    (void)state;
    assert_int_equal(lm_session_layers(session, 0, TINY_LAYERS), ST_OK);
    forward(NULL, N);
    assert_memory_equal(hidden, whole, sizeof whole);
}

/* Largest difference of the logits from those of a model with the layers first .. end - 1 alone, as
 * a part of the largest. */
static double distance_from(int32_t first, int32_t end) {
    static float logits[LOGITS];
    static double wanted[LOGITS];
    struct ref_llama part = *tiny_reference();
    double most = 0, largest = 0;
    part.layer += first;
    part.layers = end - first;
    assert_int_equal(ref_llama(&part, ids, one_document, N, wanted), 0);
    lm_logits(model, hidden, N, 2, logits);
    for (int i = 0; i < LOGITS; i++) {
        most = fmax(most, fabs((double)logits[i] - wanted[i]));
        largest = fmax(largest, fabs(wanted[i]));
    }
    return most / largest;
}

static void some_layers_are_a_model_of_their_own(void **state) {
    (void)state;
    for (int32_t layer = 0; layer < TINY_LAYERS; layer++) {
        assert_int_equal(lm_session_layers(session, layer, layer + 1), ST_OK);
        forward(NULL, N);
        assert_true(distance_from(layer, layer + 1) <= BOUND);
        assert_false(distance_from(0, TINY_LAYERS) <= 100 * BOUND);
        assert_false(distance_from(TINY_LAYERS - 1 - layer, TINY_LAYERS - layer) <= 100 * BOUND);
        forward(NULL, 5);
        assert_true(distance_from(layer, layer + 1) <= BOUND);
    }
}

/* What a plug sees: which layers, as bits. */
static enum status note_layer(void *context, const struct lm_attention_call *c) {
    *(unsigned *)context |= 1U << c->layer;
    return lm_attention_full(NULL, c);
}

static void attention_is_asked_for_these_layers_alone(void **state) {
    (void)state;
    unsigned seen = 0;
    const struct lm_attention attention = {note_layer, &seen};
    assert_int_equal(lm_session_layers(session, 1, 2), ST_OK);
    forward(&attention, N);
    assert_int_equal(seen, 1U << 1);
}

static void a_change_empties_the_cache(void **state) {
    (void)state;
    forward(NULL, N);
    assert_int_equal(lm_session_length(session), N);
    assert_int_equal(lm_session_layers(session, 0, 1), ST_OK);
    assert_int_equal(lm_session_length(session), 0);
}

static void layers_that_are_none_are_refused(void **state) {
    (void)state;
    static const int32_t refused[][2] = {
        {-1, 1}, {0, 0}, {1, 1}, {2, 1}, {0, TINY_LAYERS + 1}, {TINY_LAYERS, TINY_LAYERS + 1}};
    assert_int_equal(lm_session_layers(session, 1, 2), ST_OK);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(lm_session_layers(session, refused[i][0], refused[i][1]), ST_INPUT);
    }
    forward(NULL, N);
    assert_true(distance_from(1, 2) <= BOUND);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_layers_change_no_bit),
        cmocka_unit_test(some_layers_are_a_model_of_their_own),
        cmocka_unit_test(attention_is_asked_for_these_layers_alone),
        cmocka_unit_test(a_change_empties_the_cache),
        cmocka_unit_test(layers_that_are_none_are_refused),
    };
    return cmocka_run_group_tests_name("lm_layers", tests, setup, teardown);
}
