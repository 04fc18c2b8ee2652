/* The transformer's weights, what its passes multiply and keep, and its oracle against values known
 * by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "../../../harness/base/memory.h"
#include "../../../harness/judge/kernel.h"
#include "../../../reference/transformer.h"
#include "../transformer_check.h"
#include "../transformer_mutants.h"

enum { SEED = 5, MOST_SEQ = 64, MOST_LOGITS = 1024 };

static const struct transformer_shape micro = {32, 128, 4, 2, 512, 256},
                                      baseline = {64, 256, 4, 4, 1024, 1024},
                                      small = {6, 24, 3, 2, 40, 9};

static void fill_tokens(const struct transformer_shape *s, int32_t *tokens) {
    for (int32_t i = 0; i < s->seq; i++) {
        tokens[i] = (5 * i + 3) % s->logits;
    }
}

/* A network on the plain kernel. */
struct network {
    const struct transformer_impl *impl;
    struct transformer_weights weights;
    void *state;
    int32_t tokens[MOST_SEQ];
};

static void open_network(const struct transformer_shape *shape, struct network *n) {
    n->impl = kernel_find("transformer/scalar")->impl;
    assert_int_equal(transformer_weights_make(shape, SEED, &n->weights), ST_OK);
    n->state = n->impl->build(&n->weights);
    assert_non_null(n->state);
    fill_tokens(shape, n->tokens);
}

static void close_network(struct network *n) {
    n->impl->release(n->state);
    transformer_weights_free(&n->weights);
}

/* --- weights ---------------------------------------------------------------------------------- */

static void weights_are_seeded_and_never_zero(void **state) {
    (void)state;
    struct transformer_weights w, again, other;
    assert_int_equal(transformer_weights_make(&small, 1, &w), ST_OK);
    assert_int_equal(transformer_weights_make(&small, 1, &again), ST_OK);
    assert_int_equal(transformer_weights_make(&small, 2, &other), ST_OK);
    const struct transformer_shape *s = &small;
    int seen[256] = {0};
#define X(name, rows, width)                                                                       \
    assert_memory_equal(w.name, again.name, (size_t)((rows) * (width)));                           \
    assert_memory_not_equal(w.name, other.name, (size_t)((rows) * (width)));                       \
    for (int32_t i = 0; i < (rows) * (width); i++) {                                               \
        seen[w.name[i] + 128]++;                                                                   \
    }
    TRANSFORMER_MATRICES(X)
#undef X
    assert_int_equal(seen[0], 0);
    assert_int_equal(seen[128], 0);
    assert_true(seen[1] > 0 && seen[127] > 0 && seen[129] > 0 && seen[255] > 0);
    /* The first ones, which no machine may have otherwise. */
    assert_int_equal(judge_checksum(w.qkv, 64), UINT64_C(0xc9dbac20e3d328f9));
    transformer_weights_free(&w);
    transformer_weights_free(&again);
    transformer_weights_free(&other);
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    const struct transformer_shape wrong[] = {
        {0, 8, 2, 1, 8, 8}, {4, 8, 3, 1, 8, 8}, {4, 0, 1, 1, 8, 8}, {4, 8, 2, 0, 8, 8},
        {4, 8, 2, 1, 0, 8}, {4, 8, 2, 1, 8, 0}, {4, 8, 0, 1, 8, 8}, {4, 8, 2, 1, 65537, 8},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct transformer_weights w;
        assert_int_equal(transformer_weights_make(&wrong[i], 1, &w), ST_INPUT);
    }
}

/* Scales keep a row's variance, or logits would say nothing of the network. */
static void logits_have_variance(void **state) {
    (void)state;
    struct network n;
    const struct transformer_pass pass = {0, 2, 32, 8, true};
    float logits[MOST_LOGITS];
    double squares = 0;
    open_network(&micro, &n);
    n.impl->run(n.state, &pass, n.tokens, logits, NULL, NULL);
    for (int32_t i = 0; i < micro.logits; i++) {
        squares += (double)logits[i] * (double)logits[i] / micro.logits;
    }
    assert_true(squares > 0.7 && squares < 1.4);
    close_network(&n);
}

/* --- what a pass does ------------------------------------------------------------------------- */

static struct transformer_counts count(struct network *n, const struct transformer_pass *pass) {
    float logits[MOST_LOGITS];
    struct transformer_counts counts;
    n->impl->run(n->state, pass, n->tokens, logits, NULL, &counts);
    return counts;
}

static double macs(struct network *n, const struct transformer_pass *pass) {
    const struct transformer_counts c = count(n, pass);
    return (double)(c.gemm_macs + c.attention_macs);
}

/* The shares of S004's tiers in the work of its tier 0, as the definitions work them out. */
static void tiers_have_their_share_of_the_work(void **state) {
    (void)state;
    const struct {
        const struct transformer_shape *shape;
        struct transformer_pass pass[3];
        double share_1, share_2;
    } cases[] = {
        {&micro, {{0, 2, 32, 8, true}, {1, 2, 16, 4, true}, {1, 2, 4, 4, false}}, 0.251, 0.0645},
        {&baseline,
         {{0, 4, 64, 16, true}, {2, 4, 32, 8, true}, {3, 4, 8, 4, false}},
         0.250,
         0.0323},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct network n;
        open_network(cases[i].shape, &n);
        const double all = macs(&n, &cases[i].pass[0]);
        assert_true(fabs(macs(&n, &cases[i].pass[1]) / all - cases[i].share_1) < 0.0005);
        assert_true(fabs(macs(&n, &cases[i].pass[2]) / all - cases[i].share_2) < 0.00005);
        assert_int_equal(count(&n, &cases[i].pass[0]).weight_bytes,
                         transformer_weight_bytes(cases[i].shape, cases[i].shape->layers));
        close_network(&n);
    }
}

/* Passes leave nothing behind that a later one reads. */
static void passes_do_not_depend_on_earlier_ones(void **state) {
    (void)state;
    struct network n;
    const struct transformer_pass whole = {0, 2, 6, 3, true}, part = {1, 2, 3, 2, false};
    float first[MOST_LOGITS], between[MOST_LOGITS], again[MOST_LOGITS];
    const size_t bytes = (size_t)small.logits * sizeof(float);
    open_network(&small, &n);
    n.impl->run(n.state, &whole, n.tokens, first, NULL, NULL);
    n.impl->run(n.state, &part, n.tokens, between, NULL, NULL);
    n.impl->flush(n.state);
    n.impl->run(n.state, &whole, n.tokens, again, NULL, NULL);
    assert_memory_equal(first, again, bytes);
    assert_memory_not_equal(first, between, bytes);
    close_network(&n);
}

/* --- the proof of one call -------------------------------------------------------------------- */

static enum verdict proved(const struct kernel *k, const struct transformer_shape *shape,
                           const struct transformer_pass *pass) {
    struct transformer_weights w;
    struct judge j;
    int32_t tokens[MOST_SEQ];
    assert_int_equal(transformer_weights_make(shape, SEED, &w), ST_OK);
    fill_tokens(shape, tokens);
    judge_begin(&j);
    assert_int_equal(transformer_check(k, &w, pass, tokens, &j), ST_OK);
    judge_end(&j);
    transformer_weights_free(&w);
    return j.verdict;
}

static void a_call_is_proved_at_any_size(void **state) {
    (void)state;
    const struct transformer_pass all = {0, 2, 32, 8, true}, few = {3, 4, 8, 4, false};
    const char *const names[] = {"transformer/avx2", "transformer/scalar", "transformer/vnni"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct kernel *k = kernel_find(names[i]);
        if (kernel_unavailable(k) == NULL) {
            assert_int_equal(proved(k, &micro, &all), VERDICT_PASS);
            assert_int_equal(proved(k, &baseline, &few), VERDICT_PASS);
        }
    }
    for (const struct mutant *m = transformer_mutants; m->name != NULL; m++) {
        if (strcmp(m->name, "window_one_narrower") == 0) {
            assert_int_equal(proved(&m->kernel, &baseline, &few), VERDICT_FAIL);
        }
    }
}

/* --- weights matter --------------------------------------------------------------------------- */

/* Whether one other weight changes what a pass leaves; that weight is put back. */
static bool matters(struct network *n, const struct transformer_trace *before,
                    struct transformer_trace *after, int8_t *weight) {
    const struct transformer_pass pass = {0, 2, 6, 6, true};
    float logits[MOST_LOGITS];
    const int8_t kept = *weight;
    *weight = (int8_t)(kept > 0 ? kept - 100 : kept + 100);
    void *state = n->impl->build(&n->weights);
    *weight = kept;
    assert_non_null(state);
    n->impl->run(state, &pass, n->tokens, logits, after, NULL);
    n->impl->release(state);
    return memcmp(before->memory, after->memory, before->bytes) != 0;
}

static void every_matrix_matters(void **state) {
    (void)state;
    struct network n;
    struct transformer_trace before, after;
    const struct transformer_pass pass = {0, 2, 6, 6, true};
    const struct transformer_shape *s = &small;
    float logits[MOST_LOGITS];
    open_network(s, &n);
    assert_int_equal(transformer_trace_make(s, &before), ST_OK);
    assert_int_equal(transformer_trace_make(s, &after), ST_OK);
    n.impl->run(n.state, &pass, n.tokens, logits, &before, NULL);
    n.impl->run(n.state, &pass, n.tokens, logits, &after, NULL);
    assert_memory_equal(before.memory, after.memory, before.bytes);
    /* The last row of each matrix; of the embedding, that of the last token. */
#define X(name, rows, width)                                                                       \
    for (int32_t i = 0; i < (width); i += (width)-1) {                                             \
        const bool looked_up = n.weights.name == n.weights.embedding;                              \
        const int32_t row = looked_up ? n.tokens[s->seq - 1] : (rows)-1;                           \
        assert_true(matters(&n, &before, &after, n.weights.name + row * (width) + i));             \
    }
    TRANSFORMER_MATRICES(X)
#undef X
    transformer_trace_free(&before);
    transformer_trace_free(&after);
    close_network(&n);
}

/* --- oracle ----------------------------------------------------------------------------------- */

static void near(double got, double want) { assert_true(fabs(got - want) < 1e-9); }

static void stages_of_the_oracle_are_known_by_hand(void **state) {
    (void)state;
    double out[4];
    const double row[4] = {1, 2, 3, 6};
    const struct ref_moments m = ref_norm(row, 4, out);
    near(m.mean, 3);
    near(m.variance, 3.5);
    near(m.magnitude, 3);
    near(out[3], 3 / sqrt(3.50001));
    const double wide[4] = {-254, 1, 3, 127};
    near(ref_quantise(wide, 4, out), 2);
    near(out[0], -127);
    near(out[3], 63.5);
    const double zeros[4] = {0, 0, 0, 0};
    near(ref_quantise(zeros, 4, out), 0);
    near(out[1], 0);
    const double halves[] = {0.5, 1.5, 2.5, -0.5, -1.5, 2.4, -2.6},
                 even[] = {0, 2, 2, 0, -2, 2, -3};
    for (size_t i = 0; i < sizeof even / sizeof even[0]; i++) {
        near(ref_round(halves[i]), even[i]);
    }
    near(ref_gelu(0), 0);
    near(ref_gelu(1), 0.5 * (1 + tanh(0.79788456080286541 * 1.044715)));
    near(ref_gelu(-1), ref_gelu(1) - 1);
}

/* Scores 2 / sqrt(2) and 4 / sqrt(2). */
static void attention_of_the_oracle_is_known_by_hand(void **state) {
    (void)state;
    const int8_t k[4] = {127, 0, 0, 127}, v[4] = {127, 127, -127, 127};
    const double k_scale[2] = {2.0 / 127, 4.0 / 127}, v_scale[2] = {1.0 / 127, 3.0 / 127};
    const struct ref_kept kept = {k, v, k_scale, v_scale, 2, 1};
    double out[2], magnitude[2], nearness[2], weights[2];
    struct ref_attention_answer a = {
        .out = out, .magnitude = magnitude, .near = nearness, .weights = weights};
    const double q[2] = {1, 1}, e = exp(-sqrt(2));
    assert_int_equal(ref_kept_attention(&kept, q, 0, 0, 1, &a), 0);
    near(weights[1], 1 / (1 + e));
    near(out[0], (e - 3) / (1 + e));
    near(out[1], (e + 3) / (1 + e));
    assert_int_equal(ref_kept_attention(&kept, q, 0, 1, 1, &a), 0);
    near(out[0], -3);
}

/* A network of one layer and one token, of which attention gives its own value back. */
static void network_of_the_oracle_is_known_by_hand(void **state) {
    (void)state;
    const int8_t embedding[4] = {3, 1, 1, 3}, place[2] = {1, 1};
    const int8_t qkv[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, -1, 0, 0}, out[4] = {1, 0, 0, 1};
    const int8_t up[2] = {1, -1}, down[2] = {1, 1}, head[4] = {1, -1, 1, 1};
    const struct ref_transformer net = {
        .seq = 1,
        .d = 2,
        .heads = 1,
        .ffn = 1,
        .logits = 2,
        .embedding = embedding,
        .place = place,
        .qkv = qkv,
        .out = out,
        .up = up,
        .down = down,
        .head = head,
        .embedding_scale = 1,
        .qkv_scale = 1,
        .out_scale = 1,
        .up_scale = 1,
        .down_scale = 1,
        .head_scale = 127,
        .end_layer = 1,
        .tokens = 1,
        .window = 1,
    };
    const int32_t tokens[1] = {0};
    double logits[2];
    assert_int_equal(ref_transformer(&net, tokens, logits), 0);
    /* x = (4, 2): norm (1, -1) r, r = 1 / sqrt(1 + 1e-5); v = (2 r, 0); x = (4 + 2 r, 2).  Its norm
     * is again (1, -1) s; gelu(2 s) goes to both, so that the last norm is (1, -1) s, too. */
    const double r = 1 / sqrt(1 + 1e-5), half = (2 + 2 * r) / 2;
    const double s = half / sqrt(half * half + 1e-5);
    near(logits[0], 127 * 2 * s);
    near(logits[1], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_seeded_and_never_zero),
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(logits_have_variance),
        cmocka_unit_test(tiers_have_their_share_of_the_work),
        cmocka_unit_test(passes_do_not_depend_on_earlier_ones),
        cmocka_unit_test(a_call_is_proved_at_any_size),
        cmocka_unit_test(every_matrix_matters),
        cmocka_unit_test(stages_of_the_oracle_are_known_by_hand),
        cmocka_unit_test(attention_of_the_oracle_is_known_by_hand),
        cmocka_unit_test(network_of_the_oracle_is_known_by_hand),
    };
    return cmocka_run_group_tests_name("transformer", tests, NULL, NULL);
}
