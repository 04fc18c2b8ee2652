/* Training on a tiny model: what is captured, that the loss falls, and that nothing but the seed
 * decides what comes out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../datasets/half.h"
#include "../../lm/tests/tiny.h"
#include "../train.h"
#include "../train_capture.h"

enum { SEQUENCES = 5, TOKENS = 70, CELLS = SEQUENCES * TOKENS, D = 16 };

static struct lm_model *model;
static struct lm_session *session;
static int32_t ids[CELLS], segments[CELLS], positions[CELLS];
static const struct text_sequences texts = {
    .count = SEQUENCES, .length = TOKENS, .ids = ids, .segments = segments, .positions = positions};
static const int32_t layers[TINY_LAYERS] = {0, 1};

/* Each sequence two documents, the second one of 20 tokens. */
static int setup(void **state) {
    (void)state;
    tiny_tokens(ids, CELLS);
    for (int i = 0; i < CELLS; i++) {
        const int t = i % TOKENS, second = t >= TOKENS - 20;
        segments[i] = second;
        positions[i] = second ? t - (TOKENS - 20) : t;
    }
    enum status st = tiny_load(NULL, &model);
    st = st == ST_OK ? lm_session_new(model, TOKENS, 2, &session) : st;
    return st == ST_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    lm_session_free(session);
    lm_free(model);
    return 0;
}

/* --- capture ---------------------------------------------------------------------------------- */

/* Of sequence 3. */
struct seen {
    float x[TINY_LAYERS][TOKENS * TINY_HIDDEN], q[TINY_LAYERS][TOKENS * TINY_HEADS * TINY_HEAD_DIM];
    float k[TINY_LAYERS][TINY_KV_HEADS * TOKENS * TINY_HEAD_DIM];
};

static enum status look(void *context, const struct lm_attention_call *call) {
    struct seen *s = context;
    const int32_t l = call->layer;
    memcpy(s->x[l], call->x, sizeof s->x[l]);
    memcpy(s->q[l], call->q, sizeof s->q[l]);
    for (int h = 0; h < TINY_KV_HEADS; h++) {
        memcpy(s->k[l] + h * TOKENS * TINY_HEAD_DIM, call->k + h * call->capacity * TINY_HEAD_DIM,
               TOKENS * TINY_HEAD_DIM * sizeof s->k[l][0]);
    }
    return lm_attention_full(NULL, call);
}

static void look_at_sequence(int64_t sequence, struct seen *s) {
    const struct lm_attention plug = {look, s};
    lm_session_truncate(session, 0);
    assert_int_equal(lm_forward(session, &plug, ids + sequence * TOKENS,
                                segments + sequence * TOKENS, TOKENS, NULL),
                     ST_OK);
}

static void count(void *context, int64_t sequence) {
    int64_t *calls = context;
    assert_int_equal(sequence, (*calls)++);
}

static void inputs_are_the_layers_rounded(void **state) {
    (void)state;
    static struct seen seen;
    struct train_capture c;
    int64_t calls = 0;
    assert_int_equal(train_capture(session, &texts, layers, TINY_LAYERS, count, &calls, &c), ST_OK);
    assert_int_equal(calls, SEQUENCES);
    look_at_sequence(3, &seen);
    for (int l = 0; l < TINY_LAYERS; l++) {
        const uint16_t *x = c.x[l] + 3 * TOKENS * TINY_HIDDEN;
        for (int i = 0; i < TOKENS * TINY_HIDDEN; i++) {
            assert_int_equal(x[i], float_to_half(seen.x[l][i]));
        }
    }
    train_capture_free(&c);
}

/* The same sums in the same order but for sgemm's blocking. */
static void queries_and_keys_are_rebuilt(void **state) {
    (void)state;
    static struct seen seen;
    enum { WIDTH = (TINY_HEADS + TINY_KV_HEADS) * TINY_HEAD_DIM };
    static float qk[TOKENS * WIDTH], turns[TOKENS * TINY_HEAD_DIM];
    look_at_sequence(3, &seen);
    lm_turns(lm_shape(model), TOKENS, turns);
    for (int32_t l = 0; l < TINY_LAYERS; l++) {
        lm_queries_keys(model, l, seen.x[l], positions, turns, TOKENS, qk);
        for (int t = 0; t < TOKENS; t++) {
            for (int i = 0; i < TINY_HEADS * TINY_HEAD_DIM; i++) {
                const float want = seen.q[l][t * TINY_HEADS * TINY_HEAD_DIM + i];
                assert_true(fabsf(qk[t * WIDTH + i] - want) < 2e-5F);
            }
            for (int i = 0; i < TINY_KV_HEADS * TINY_HEAD_DIM; i++) {
                const int h = i / TINY_HEAD_DIM, at = i % TINY_HEAD_DIM;
                const float want = seen.k[l][(h * TOKENS + t) * TINY_HEAD_DIM + at];
                assert_true(fabsf(qk[t * WIDTH + TINY_HEADS * TINY_HEAD_DIM + i] - want) < 2e-5F);
            }
        }
    }
}

/* --- training --------------------------------------------------------------------------------- */

static void hear(void *context, double share, const char *what) {
    double *last = context;
    assert_true(share >= *last && share <= 1 && what[0] != '\0');
    *last = share;
}

static enum status train(int threads, int32_t first_layer, double rate, struct projections *p) {
    double last = 0;
    const struct train_job job = {.session = session,
                                  .threads = threads,
                                  .texts = &texts,
                                  .layers = layers + first_layer,
                                  .layer_count = TINY_LAYERS - first_layer,
                                  .progress = hear,
                                  .context = &last};
    *p = (struct projections){.set_count = 3,
                              .sets = {{.d_search = D, .seed = 1},
                                       {.d_search = D, .seed = 2},
                                       {.d_search = D / 2, .seed = 1}}};
    train_plan(&p->plan, 60);
    p->plan.rate = rate;
    p->plan.batch = 2;
    return train_projections(&job, p);
}

static void the_loss_falls(void **state) {
    (void)state;
    struct projections p;
    assert_int_equal(train(2, 0, 3e-3, &p), ST_OK);
    assert_int_equal(p.plan.sequences, SEQUENCES);
    assert_int_equal(p.plan.tokens, TOKENS);
    for (int i = 0; i < p.set_count; i++) {
        const struct projection_set *s = &p.sets[i];
        assert_int_equal(s->layer_count, TINY_LAYERS);
        assert_int_equal(s->hidden, TINY_HIDDEN);
        assert_int_equal(s->step[s->points - 1], 60);
        for (int64_t l = 0; l < s->layer_count; l++) {
            assert_true(s->loss[l * s->points + s->points - 1] < 0.8F * s->loss[l * s->points]);
        }
    }
    projections_free(&p);
}

static bool same(const struct projection_set *a, int32_t at, const struct projection_set *b,
                 int32_t bt) {
    const size_t count = (size_t)a->d_search * TINY_HIDDEN;
    return memcmp(a->wq + (size_t)at * count, b->wq + (size_t)bt * count, count * sizeof(float)) ==
               0 &&
           memcmp(a->wk + (size_t)at * count, b->wk + (size_t)bt * count, count * sizeof(float)) ==
               0;
}

static void only_the_seed_decides(void **state) {
    (void)state;
    struct projections one, two, alone;
    assert_int_equal(train(1, 0, 1e-3, &one), ST_OK);
    assert_int_equal(train(2, 0, 1e-3, &two), ST_OK);
    assert_int_equal(train(2, 1, 1e-3, &alone), ST_OK);
    for (int i = 0; i < one.set_count; i++) {
        assert_true(same(&one.sets[i], 0, &two.sets[i], 0));
        assert_true(same(&one.sets[i], 1, &two.sets[i], 1));
        assert_true(same(&one.sets[i], 1, &alone.sets[i], 0));
        assert_false(same(&one.sets[i], 0, &one.sets[i], 1));
    }
    assert_false(same(&one.sets[0], 0, &one.sets[1], 0));
    projections_free(&one);
    projections_free(&two);
    projections_free(&alone);
}

static void what_cannot_be_trained_is_refused(void **state) {
    (void)state;
    static const int32_t none[] = {TINY_LAYERS};
    struct projections p = {.set_count = 1, .sets = {{.d_search = D}}};
    double last = 0;
    const struct train_job job = {session, 2, &texts, none, 1, hear, &last};
    train_plan(&p.plan, 10);
    assert_int_equal(train_projections(&job, &p), ST_INPUT);
    assert_non_null(strstr(status_message(), "no layer 2"));
    assert_int_equal(p.set_count, 0);
    assert_int_equal(train(2, 0, 1e30, &p), ST_INPUT);
    assert_non_null(strstr(status_message(), "--rate"));
    assert_int_equal(p.set_count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_are_the_layers_rounded),
        cmocka_unit_test(queries_and_keys_are_rebuilt),
        cmocka_unit_test(the_loss_falls),
        cmocka_unit_test(only_the_seed_decides),
        cmocka_unit_test(what_cannot_be_trained_is_refused),
    };
    return cmocka_run_group_tests_name("train model", tests, setup, teardown);
}
