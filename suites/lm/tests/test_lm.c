/* The forward against the oracle on a tiny random model, and its promises about segments, blocks
 * and refusals. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lm.h"
#include "tiny.h"

/* Two float32 computations of a logit, or one and the float64 oracle, may differ by this part of
 * the largest logit.  Seen: 4e-6, and 1.3 or more for the mutants, which must exceed the bound a
 * hundred times. */
static const double BOUND = 4e-5;

enum { N = 150, LOGITS = N * TINY_VOCABULARY };

static struct lm_model *model;
static int32_t ids[N], one_document[N], packed[N];
static double expected[LOGITS], largest;

static struct lm_model *load(const struct tiny_change *change) {
    struct lm_model *m;
    const enum status st = tiny_load(change, &m);
    if (st != ST_OK) {
        assert_null(m);
        assert_int_equal(st, ST_INPUT);
    }
    return m;
}

static int setup(void **state) {
    (void)state;
    tiny_tokens(ids, N);
    for (int t = 0; t < N; t++) {
        packed[t] = tiny_segment(t);
    }
    model = load(NULL);
    if (model == NULL || ref_llama(tiny_reference(), ids, one_document, N, expected) != 0) {
        return -1;
    }
    for (int i = 0; i < LOGITS; i++) {
        largest = fmax(largest, fabs(expected[i]));
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    lm_free(model);
    return 0;
}

/* Logits of all tokens, forwarded `step` at a time. */
static void logits_of(const struct lm_attention *attention, const int32_t *tokens,
                      const int32_t *segments, int step, int threads, float *out) {
    static float hidden[N * TINY_HIDDEN];
    struct lm_session *s;
    assert_int_equal(lm_session_new(model, N, threads, &s), ST_OK);
    for (int t = 0; t < N; t += step) {
        const int n = step < N - t ? step : N - t;
        const ptrdiff_t at = (ptrdiff_t)t * TINY_HIDDEN;
        assert_int_equal(lm_forward(s, attention, tokens + t,
                                    segments == NULL ? NULL : segments + t, n, hidden + at),
                         ST_OK);
    }
    assert_int_equal(lm_session_length(s), N);
    lm_logits(model, hidden, N, threads, out);
    lm_session_free(s);
}

/* Largest difference from the oracle as a part of the largest logit; NaN counts as infinite. */
static double distance(const float *logits, const double *wanted) {
    double most = 0;
    for (int i = 0; i < LOGITS; i++) {
        const double difference = fabs((double)logits[i] - wanted[i]) / largest;
        most = difference <= most ? most : isnan(difference) ? INFINITY : difference;
    }
    return most;
}

static void forward_agrees_with_the_oracle(void **state) {
    (void)state;
    static float logits[LOGITS];
    for (int threads = 1; threads <= 3; threads++) {
        logits_of(NULL, ids, NULL, N, threads, logits);
        assert_true(distance(logits, expected) <= BOUND);
    }
}

static void packed_documents_agree_with_the_oracle(void **state) {
    (void)state;
    static float logits[LOGITS];
    static double wanted[LOGITS];
    assert_int_equal(ref_llama(tiny_reference(), ids, packed, N, wanted), 0);
    logits_of(NULL, ids, packed, N, 2, logits);
    assert_true(distance(logits, wanted) <= BOUND);
    assert_false(distance(logits, expected) <= 100 * BOUND); /* one document is another thing */
}

static void decode_agrees_with_prefill(void **state) {
    (void)state;
    static float logits[LOGITS];
    static double wanted[LOGITS];
    assert_int_equal(ref_llama(tiny_reference(), ids, packed, N, wanted), 0);
    static const int steps[] = {1, 2, 7, 64, 65};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        logits_of(NULL, ids, NULL, steps[i], 2, logits);
        assert_true(distance(logits, expected) <= BOUND);
        logits_of(NULL, ids, packed, steps[i], 2, logits);
        assert_true(distance(logits, wanted) <= BOUND);
    }
}

/* --- attention written out, right and wrong -------------------------------------------------- */

enum mutation { RIGHT, HALF_SPLIT_ROTATION, WRONG_KV_HEAD, MASK_SHORT, MASK_LONG };

/* Turns an adjacent-pair rotation of a head back and turns pairs (i, i + d / 2) instead. */
static void rotate_half_split(double *head, int32_t position) {
    const int half = TINY_HEAD_DIM / 2;
    ref_rotate(head, TINY_HEAD_DIM, -position, 100);
    for (int i = 0; i < half; i++) {
        const double angle = position * pow(100, -2.0 * i / TINY_HEAD_DIM);
        const double a = head[i], b = head[i + half];
        head[i] = a * cos(angle) - b * sin(angle);
        head[i + half] = a * sin(angle) + b * cos(angle);
    }
}

static void take_head(const float *in, enum mutation mutation, int32_t position, double *out) {
    for (int i = 0; i < TINY_HEAD_DIM; i++) {
        out[i] = (double)in[i];
    }
    if (mutation == HALF_SPLIT_ROTATION) {
        rotate_half_split(out, position);
    }
}

static int kv_head_of(int head, enum mutation mutation) {
    return mutation == WRONG_KV_HEAD ? head % TINY_KV_HEADS : head / (TINY_HEADS / TINY_KV_HEADS);
}

/* One query of one head, with the oracle's attention. */
static void attend_written_out(const struct lm_attention_call *c, enum mutation mutation, int64_t t,
                               int head) {
    static double k[N * TINY_HEAD_DIM], v[N * TINY_HEAD_DIM], weights[N];
    double q[TINY_HEAD_DIM], out[TINY_HEAD_DIM];
    const int64_t row = c->past + t, first = c->first[row];
    const int64_t end = c->past + c->tokens - 1;
    int64_t last = row + (mutation == MASK_LONG) - (mutation == MASK_SHORT);
    last = last < first ? first : last > end ? end : last;
    const int64_t base = kv_head_of(head, mutation) * c->capacity;
    for (int64_t j = first; j <= last; j++) {
        take_head(c->k + (base + j) * TINY_HEAD_DIM, mutation, c->position[j],
                  k + j * TINY_HEAD_DIM);
        take_head(c->v + (base + j) * TINY_HEAD_DIM, RIGHT, 0, v + j * TINY_HEAD_DIM);
    }
    const int64_t at = (t * TINY_HEADS + head) * TINY_HEAD_DIM;
    take_head(c->q + at, mutation, c->position[row], q);
    ref_attention(q, k, v, TINY_HEAD_DIM, TINY_HEAD_DIM, first, last, weights, out);
    for (int i = 0; i < TINY_HEAD_DIM; i++) {
        c->out[at + i] = (float)out[i];
    }
}

static enum status written_out(void *context, const struct lm_attention_call *c) {
    for (int64_t t = 0; t < c->tokens; t++) {
        for (int head = 0; head < TINY_HEADS; head++) {
            attend_written_out(c, *(const enum mutation *)context, t, head);
        }
    }
    return ST_OK;
}

static double distance_of(enum mutation mutation) {
    static float logits[LOGITS];
    const struct lm_attention attention = {written_out, &mutation};
    logits_of(&attention, ids, NULL, N, 2, logits);
    return distance(logits, expected);
}

static void attention_can_be_replaced(void **state) {
    (void)state;
    assert_true(distance_of(RIGHT) <= BOUND);
}

static void wrong_rotation_is_caught(void **state) {
    (void)state;
    assert_false(distance_of(HALF_SPLIT_ROTATION) <= 100 * BOUND);
}

static void wrong_kv_heads_are_caught(void **state) {
    (void)state;
    assert_false(distance_of(WRONG_KV_HEAD) <= 100 * BOUND);
}

static void masks_off_by_one_are_caught(void **state) {
    (void)state;
    assert_false(distance_of(MASK_SHORT) <= 100 * BOUND);
    assert_false(distance_of(MASK_LONG) <= 100 * BOUND);
}

static enum status pass_on(void *context, const struct lm_attention_call *c) {
    (*(int *)context)++;
    return lm_attention_full(NULL, c);
}

/* A plug that is there but switched off changes no bit. */
static void a_plug_that_passes_on_changes_no_bit(void **state) {
    (void)state;
    static float plain[LOGITS], plugged[LOGITS];
    int calls = 0;
    const struct lm_attention attention = {pass_on, &calls};
    logits_of(NULL, ids, packed, N, 2, plain);
    logits_of(&attention, ids, packed, N, 2, plugged);
    assert_int_equal(calls, TINY_LAYERS);
    assert_memory_equal(plain, plugged, sizeof plain);
}

static enum status refuse_layer_one(void *context, const struct lm_attention_call *c) {
    (void)context;
    return c->layer == 1 ? status_set(ST_CHECK, "no: said the plug") : lm_attention_full(NULL, c);
}

static void what_the_plug_returns_comes_back(void **state) {
    (void)state;
    const struct lm_attention attention = {refuse_layer_one, NULL};
    struct lm_session *s;
    assert_int_equal(lm_session_new(model, N, 1, &s), ST_OK);
    assert_int_equal(lm_forward(s, &attention, ids, NULL, 9, NULL), ST_CHECK);
    assert_string_equal(status_message(), "no: said the plug");
    assert_int_equal(lm_session_length(s), 0);
    lm_session_free(s);
}

/* What a plug sees of layer 1 is the oracle's layer 0 behind a norm. */
struct seen {
    float x[N * TINY_HIDDEN];
};

static enum status look(void *context, const struct lm_attention_call *c) {
    struct seen *seen = context;
    if (c->layer == 1) {
        memcpy(seen->x, c->x, sizeof seen->x);
    }
    return lm_attention_full(NULL, c);
}

static void one_layer_agrees_with_the_oracle(void **state) {
    (void)state;
    static struct seen seen;
    static float logits[LOGITS];
    static double h[N * TINY_HIDDEN];
    const struct ref_llama *r = tiny_reference();
    const struct lm_attention attention = {look, &seen};
    logits_of(&attention, ids, NULL, N, 2, logits);
    for (int t = 0; t < N; t++) {
        for (int i = 0; i < TINY_HIDDEN; i++) {
            h[t * TINY_HIDDEN + i] = (double)r->embedding[ids[t] * TINY_HIDDEN + i];
        }
    }
    assert_int_equal(ref_llama_layer(r, 0, one_document, N, h), 0);
    for (int t = 0; t < N; t++) {
        const double *row = h + (ptrdiff_t)t * TINY_HIDDEN;
        double sum = 0;
        for (int i = 0; i < TINY_HIDDEN; i++) {
            sum += row[i] * row[i];
        }
        for (int i = 0; i < TINY_HIDDEN; i++) {
            const double x = row[i] / sqrt(sum / TINY_HIDDEN + r->epsilon) *
                             (double)r->layer[1].attention_norm[i];
            assert_true(fabs((double)seen.x[t * TINY_HIDDEN + i] - x) <= BOUND);
        }
    }
}

/* --- segments -------------------------------------------------------------------------------- */

static int same_bits(const void *a, const void *b, size_t size) { return memcmp(a, b, size) == 0; }

/* Every token outside a document changes; no bit of the document's logits does. */
static void segments_never_leak(void **state) {
    (void)state;
    static float before[LOGITS], after[LOGITS];
    int32_t changed[N];
    logits_of(NULL, ids, packed, N, 2, before);
    for (int t = 0; t < N; t++) {
        changed[t] = packed[t] == 1 ? ids[t] : (ids[t] + 7) % TINY_VOCABULARY;
    }
    logits_of(NULL, changed, packed, N, 2, after);
    for (int t = 0; t < N; t++) {
        const ptrdiff_t at = (ptrdiff_t)t * TINY_VOCABULARY;
        const int same = same_bits(before + at, after + at, TINY_VOCABULARY * sizeof *after);
        assert_int_equal(same, packed[t] == 1);
    }
}

static enum status padding_is_zero(void *context, const struct lm_attention_call *c) {
    (void)context;
    const int64_t width = (int64_t)TINY_HEADS * TINY_HEAD_DIM;
    assert_int_equal(lm_attention_full(NULL, c), ST_OK);
    for (int64_t i = 0; i < c->tokens * width; i++) {
        assert_true(c->segment[c->past + i / width] >= 0 || c->out[i] == 0);
    }
    return ST_OK;
}

static void padding_reads_nothing(void **state) {
    (void)state;
    static float logits[LOGITS];
    const struct lm_attention attention = {padding_is_zero, NULL};
    logits_of(&attention, ids, packed, N, 1, logits);
}

static void segments_out_of_order_are_refused(void **state) {
    (void)state;
    static const int32_t wrong[][4] = {{1, 0, 0, 0}, {0, -1, 0, 0}, {0, 1, 0, 1}, {-2, 0, 0, 0}};
    struct lm_session *s;
    assert_int_equal(lm_session_new(model, N, 1, &s), ST_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(lm_forward(s, NULL, ids, wrong[i], 4, NULL), ST_INPUT);
        assert_int_equal(lm_session_length(s), 0);
    }
    lm_session_free(s);
}

/* --- the cache ------------------------------------------------------------------------------- */

static void a_truncated_cache_goes_on_as_if_it_had_been_short(void **state) {
    (void)state;
    static float first[20 * TINY_HIDDEN], second[20 * TINY_HIDDEN];
    struct lm_session *s;
    assert_int_equal(lm_session_new(model, N, 2, &s), ST_OK);
    assert_int_equal(lm_forward(s, NULL, ids, packed, 60, NULL), ST_OK);
    lm_session_truncate(s, 45);
    assert_int_equal(lm_forward(s, NULL, ids + 45, packed + 45, 20, first), ST_OK);
    lm_session_truncate(s, 45);
    assert_int_equal(lm_forward(s, NULL, ids + 45, packed + 45, 20, second), ST_OK);
    assert_memory_equal(first, second, sizeof first);
    lm_session_free(s);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    struct lm_session *s;
    int32_t wrong = TINY_VOCABULARY, many[TINY_CONTEXT + 1] = {0};
    assert_int_equal(lm_session_new(model, 10, 1, &s), ST_OK);
    assert_int_equal(lm_forward(s, NULL, ids, NULL, 11, NULL), ST_INPUT);
    assert_int_equal(lm_forward(s, NULL, &wrong, NULL, 1, NULL), ST_INPUT);
    wrong = -1;
    assert_int_equal(lm_forward(s, NULL, &wrong, NULL, 1, NULL), ST_INPUT);
    assert_int_equal(lm_forward(s, NULL, ids, NULL, 10, NULL), ST_OK);
    assert_int_equal(lm_forward(s, NULL, ids, NULL, 1, NULL), ST_INPUT);
    assert_int_equal(lm_session_length(s), 10);
    lm_session_free(s);
    assert_int_equal(lm_session_new(model, TINY_CONTEXT + 1, 1, &s), ST_OK);
    assert_int_equal(lm_forward(s, NULL, many, NULL, TINY_CONTEXT + 1, NULL), ST_INPUT);
    assert_non_null(strstr(status_message(), "context of 160"));
    assert_int_equal(lm_forward(s, NULL, many, NULL, TINY_CONTEXT, NULL), ST_OK);
    lm_session_free(s);
    assert_int_equal(lm_session_new(model, 0, 1, &s), ST_INPUT);
}

/* --- loss ------------------------------------------------------------------------------------ */

static double loss_of(const double *logits, int32_t target) {
    double sum = 0;
    for (int i = 0; i < TINY_VOCABULARY; i++) {
        sum += exp(logits[i]);
    }
    return log(sum) - logits[target];
}

static void losses_follow_from_the_logits(void **state) {
    (void)state;
    static float hidden[N * TINY_HIDDEN];
    struct lm_session *s;
    double nll[N - 1];
    int32_t target[N - 1];
    memcpy(target, ids + 1, sizeof target);
    target[3] = -1;
    assert_int_equal(lm_session_new(model, N, 2, &s), ST_OK);
    assert_int_equal(lm_forward(s, NULL, ids, NULL, N, hidden), ST_OK);
    assert_int_equal(lm_nll(model, hidden, target, N - 1, 2, nll), ST_OK);
    for (int t = 0; t < N - 1; t++) {
        const double *z = expected + (ptrdiff_t)t * TINY_VOCABULARY;
        const double wanted = target[t] < 0 ? 0 : loss_of(z, target[t]);
        assert_true(fabs(nll[t] - wanted) <= 2 * BOUND * largest);
    }
    target[0] = TINY_VOCABULARY;
    assert_int_equal(lm_nll(model, hidden, target, 1, 2, nll), ST_INPUT);
    lm_session_free(s);
}

/* Only neighbours in one document are predictions: 39 + 69 + 36 of the packed ones. */
static void sequences_have_the_losses_of_their_documents(void **state) {
    (void)state;
    static double wanted[LOGITS];
    struct lm_session *s;
    struct lm_loss loss, again;
    double nll[N - 1], sum = 0;
    assert_int_equal(ref_llama(tiny_reference(), ids, packed, N, wanted), 0);
    assert_int_equal(lm_session_new(model, N, 2, &s), ST_OK);
    assert_int_equal(lm_sequence_loss(s, NULL, ids, packed, N, nll, &loss), ST_OK);
    assert_int_equal(loss.predictions, 144);
    for (int t = 0; t < N - 1; t++) {
        const int predicts = packed[t] >= 0 && packed[t] == packed[t + 1];
        const double term =
            predicts ? loss_of(wanted + (ptrdiff_t)t * TINY_VOCABULARY, ids[t + 1]) : 0;
        assert_true(fabs(nll[t] - term) <= 2 * BOUND * largest);
        sum += nll[t];
    }
    assert_true(loss.sum == sum);
    assert_int_equal(lm_sequence_loss(s, NULL, ids, packed, N, NULL, &again), ST_OK);
    assert_true(again.sum == loss.sum); /* the cache was emptied */
    assert_int_equal(lm_sequence_loss(s, NULL, ids, NULL, 1, NULL, &loss), ST_OK);
    assert_true(loss.sum == 0 && loss.predictions == 0);
    assert_int_equal(lm_sequence_loss(s, NULL, ids, NULL, 0, NULL, &loss), ST_INPUT);
    lm_session_free(s);
}

static enum status infinite(void *context, const struct lm_attention_call *c) {
    (void)context;
    for (int64_t i = 0; i < c->tokens * TINY_HEADS * TINY_HEAD_DIM; i++) {
        c->out[i] = INFINITY;
    }
    return ST_OK;
}

static void a_loss_that_is_not_finite_is_refused(void **state) {
    (void)state;
    const struct lm_attention attention = {infinite, NULL};
    struct lm_session *s;
    struct lm_loss loss;
    assert_int_equal(lm_session_new(model, N, 2, &s), ST_OK);
    assert_int_equal(lm_sequence_loss(s, &attention, ids, NULL, N, NULL, &loss), ST_INPUT);
    assert_non_null(strstr(status_message(), "not finite"));
    lm_session_free(s);
}

/* --- loading --------------------------------------------------------------------------------- */

static void other_models_are_refused(void **state) {
    (void)state;
    static const struct {
        struct tiny_change change;
        const char *says;
    } rows[] = {
        {{.architecture = "gpt2"}, "'gpt2'"},
        {{.extra_key = "llama.rope.scaling.factor"}, "llama.rope.scaling.factor"},
        {{.extra_key = "llama.expert_count"}, "llama.expert_count"},
        {{.extra_key = "llama.vocab_size"}, "llama.vocab_size"}, /* says 1 */
        {{.extra_key = "llama.rope.dimension_count"}, "1 rotated"},
        {{.drop = "blk.1.ffn_up.weight"}, "'blk.1.ffn_up.weight' is missing"},
        {{.drop = "token_embd.weight"}, "'token_embd.weight' is missing"},
        {{.widen = "blk.0.attn_k.weight"}, "'blk.0.attn_k.weight' is 24 x 17"},
        {{.extra_tensor = "rope_freqs.weight"}, "rotation factors"},
        {{.extra_tensor = "blk.0.attn_q.bias"}, "biases"},
        {{.poison = "blk.1.ffn_down.weight"}, "'blk.1.ffn_down.weight' holds NaN"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(load(&rows[i].change));
        if (strstr(status_message(), rows[i].says) == NULL) {
            fail_msg("\"%s\" does not say %s", status_message(), rows[i].says);
        }
        assert_ptr_equal(strstr(status_message(), "tiny: "), status_message());
    }
}

/* Loads what is in `b` and, if that is a model, forwards three tokens: 1 accepted, 0 refused. */
static int try_model(const struct gguf_build *b) {
    struct gguf *g;
    struct lm_model *m;
    struct lm_session *s;
    float hidden[3 * TINY_HIDDEN];
    if (gguf_parse(b->data, b->size, "tiny", &g) != ST_OK) {
        return 0;
    }
    const enum status st = lm_load(g, 1, &m);
    gguf_close(g);
    assert_true(st == ST_OK || st == ST_INPUT);
    if (st != ST_OK) {
        return 0;
    }
    assert_int_equal(lm_shape(m)->hidden, TINY_HIDDEN);
    assert_int_equal(lm_session_new(m, 3, 1, &s), ST_OK);
    const enum status forwarded = lm_forward(s, NULL, ids, NULL, 3, hidden);
    assert_true(forwarded == ST_OK || forwarded == ST_INPUT); /* a shorter context or vocabulary */
    lm_session_free(s);
    lm_free(m);
    return 1;
}

/* Any byte before the weights set to any of some values: refused, or computed within bounds. */
static void no_changed_byte_leads_astray(void **state) {
    (void)state;
    static const unsigned char values[] = {0x00, 0x01, 0x02, 0x7f, 0x80, 0xff};
    const struct gguf_build b = tiny_file(NULL);
    const size_t head = b.size - sizeof(float) * TINY_VALUES;
    int accepted = 0, refused = 0;
    for (size_t i = 0; i < head * sizeof values; i++) {
        unsigned char *byte = &b.data[i / sizeof values];
        const unsigned char kept = *byte;
        *byte = values[i % sizeof values];
        const int good = try_model(&b);
        *byte = kept;
        accepted += good;
        refused += !good;
    }
    assert_true(accepted > 0 && refused > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_agrees_with_the_oracle),
        cmocka_unit_test(packed_documents_agree_with_the_oracle),
        cmocka_unit_test(one_layer_agrees_with_the_oracle),
        cmocka_unit_test(decode_agrees_with_prefill),
        cmocka_unit_test(attention_can_be_replaced),
        cmocka_unit_test(wrong_rotation_is_caught),
        cmocka_unit_test(wrong_kv_heads_are_caught),
        cmocka_unit_test(masks_off_by_one_are_caught),
        cmocka_unit_test(a_plug_that_passes_on_changes_no_bit),
        cmocka_unit_test(what_the_plug_returns_comes_back),
        cmocka_unit_test(segments_never_leak),
        cmocka_unit_test(padding_reads_nothing),
        cmocka_unit_test(segments_out_of_order_are_refused),
        cmocka_unit_test(a_truncated_cache_goes_on_as_if_it_had_been_short),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(losses_follow_from_the_logits),
        cmocka_unit_test(sequences_have_the_losses_of_their_documents),
        cmocka_unit_test(a_loss_that_is_not_finite_is_refused),
        cmocka_unit_test(other_models_are_refused),
        cmocka_unit_test(no_changed_byte_leads_astray),
    };
    return cmocka_run_group_tests_name("lm", tests, setup, teardown);
}
