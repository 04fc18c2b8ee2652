#include "retrieval_measure_fixtures.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "retrieval_measure.h"
#include "retrieval_rows.h"

/* --- a case ----------------------------------------------------------------------------------- */

/* Heads of one dimension, each with keys of its own: a weight of softmax is what the case says. */
enum { HEADS = 3, TOKENS = 4 };

struct sample {
    double weight[HEADS][TOKENS];   /* of each key, in the last query's row; rows add up to 1 */
    uint64_t chosen[HEADS][TOKENS]; /* each query's set of each head: bit j is key j */
    int32_t segment[TOKENS];
    int64_t budget;
};

/* Space of a call with the sample's weights. */
struct space {
    struct lm_shape shape;
    float q[TOKENS * HEADS], k[HEADS * TOKENS];
    int64_t first[TOKENS];
};

static struct lm_attention_call call_of(const struct sample *s, struct space *space) {
    *space =
        (struct space){.shape = {.layers = 1, .heads = HEADS, .kv_heads = HEADS, .head_dim = 1}};
    for (int t = 0; t < TOKENS; t++) {
        const bool new = t == 0 || s->segment[t] != s->segment[t - 1] || s->segment[t] < 0;
        space->first[t] = new ? t : space->first[t - 1];
        for (int h = 0; h < HEADS; h++) {
            space->q[t * HEADS + h] = 1;
            space->k[h * TOKENS + t] = (float)log(s->weight[h][t]);
        }
    }
    return (struct lm_attention_call){.shape = &space->shape,
                                      .threads = 1,
                                      .tokens = TOKENS,
                                      .q = space->q,
                                      .k = space->k,
                                      .capacity = TOKENS,
                                      .segment = s->segment,
                                      .first = space->first};
}

/* A method that chooses what the sample says. */
static enum status choose(void *state, const struct lm_attention_call *call,
                          const struct selector_block *block) {
    const struct sample *s = state;
    (void)call;
    for (int64_t i = 0; i < block->rows; i++) {
        block->sets[i * block->words] = s->chosen[block->head][block->t + i];
    }
    return ST_OK;
}

static const struct selector method = {.name = "sample", .select = choose};

/* Adds the sample's queries, as a run does it: taught, chosen for, added up, padding left out. */
static enum status add(struct retrieval_rows *r, const struct sample *s,
                       struct retrieval_sum *sums) {
    struct space space;
    struct sample copy = *s;
    const struct lm_attention_call call = call_of(s, &space);
    enum status st = ST_OK;
    for (int64_t t = 0; t < TOKENS && st == ST_OK; t++) {
        if (s->segment[t] >= 0) {
            st = retrieval_rows_teach(r, &call, t, 1);
            st = st == ST_OK ? retrieval_rows_choose(r, &call, &method, &copy, 0) : st;
            if (st == ST_OK) {
                retrieval_rows_add(r, &call, sums);
            }
        }
    }
    return st;
}

/* The quality of `count` samples, one after the other through the same space. */
static enum status measure(const struct sample *samples, size_t count,
                           enum retrieval_population population, struct retrieval_quality *out) {
    struct retrieval_sum sums[RETRIEVAL_POPULATIONS] = {{.queries = 0}};
    const struct lm_shape shape = {.layers = 1, .heads = HEADS, .kv_heads = HEADS, .head_dim = 1};
    struct retrieval_rows r;
    enum status st = retrieval_rows_new(&shape, &samples->budget, 1, TOKENS, &r);
    for (size_t i = 0; i < count && st == ST_OK; i++) {
        st = add(&r, &samples[i], sums);
    }
    retrieval_rows_free(&r);
    *out = retrieval_quality_of(&sums[population]);
    return st;
}

/* One document, all keys alike, everything chosen. */
static struct sample alike(int64_t budget) {
    struct sample s = {.budget = budget};
    for (int h = 0; h < HEADS; h++) {
        for (int t = 0; t < TOKENS; t++) {
            s.weight[h][t] = 0.25;
            s.chosen[h][t] = (UINT64_C(2) << t) - 1;
        }
    }
    return s;
}

/* --- (a) more keys wanted than any query has -------------------------------------------------- */

/* What the scripts did: only queries with n_t >= K, and an empty sum over max(1, 0) queries. */
static double filtered(const double *of, int64_t budget) {
    double sum = 0;
    int queries = 0;
    for (int t = 0; t < TOKENS; t++) {
        sum += t + 1 >= budget ? of[t] : 0;
        queries += t + 1 >= budget;
    }
    return sum / (queries > 1 ? queries : 1);
}

static const double ones[TOKENS] = {1, 1, 1, 1};

enum status retrieval_recall_of_few_keys(struct fixture_values *v) {
    const struct sample s = alike(8);
    struct retrieval_quality q;
    const enum status st = measure(&s, 1, RETRIEVAL_ALL, &q);
    *v = (struct fixture_values){q.recall_per_head, 1, filtered(ones, s.budget), 0};
    return st;
}

enum status retrieval_mass_of_few_keys(struct fixture_values *v) {
    const struct sample s = alike(8);
    struct retrieval_quality q;
    const enum status st = measure(&s, 1, RETRIEVAL_ALL, &q);
    *v = (struct fixture_values){q.mass, 1, filtered(ones, s.budget), 1e-6};
    return st;
}

enum status retrieval_recall_of_none(struct fixture_values *v) {
    const struct sample s = alike(8);
    struct retrieval_quality q;
    const enum status st = measure(&s, 1, RETRIEVAL_LONG, &q);
    *v = (struct fixture_values){q.recall_per_head, NAN, filtered(ones, s.budget), 0};
    return st;
}

enum status retrieval_mass_of_none(struct fixture_values *v) {
    const struct sample s = alike(8);
    struct retrieval_quality q;
    const enum status st = measure(&s, 1, RETRIEVAL_LONG, &q);
    *v = (struct fixture_values){q.mass, NAN, filtered(ones, s.budget), 0};
    return st;
}

/* --- (b) slots behind the mask ---------------------------------------------------------------- */

/* Of four slots the first query may read one; the method fills the others with what comes later. */
static struct sample overfull(void) {
    struct sample s = alike(4);
    for (int h = 0; h < HEADS; h++) {
        for (int t = 0; t < TOKENS; t++) {
            s.chosen[h][t] = 0xf;
        }
    }
    return s;
}

/* Query t's list and the teacher's are both of four keys, the masked ones last; they are compared
 * without asking which slots are masked: 4 / min(4, n_t), over n_t = 1 .. 4. */
enum status retrieval_recall_of_masked(struct fixture_values *v) {
    const struct sample s = overfull();
    struct retrieval_quality q;
    double wrong = 0;
    for (int t = 0; t < TOKENS; t++) {
        wrong += (double)__builtin_popcountll(s.chosen[0][t]) / (t + 1) / TOKENS;
    }
    const enum status st = measure(&s, 1, RETRIEVAL_ALL, &q);
    *v = (struct fixture_values){q.recall_per_head, 1, wrong, 0};
    return st;
}

/* Weights of keys that a query may not read, from a softmax over the whole row. */
enum status retrieval_mass_of_masked(struct fixture_values *v) {
    struct sample s = alike(1);
    struct retrieval_quality q;
    double wrong = 0;
    for (int h = 0; h < HEADS; h++) {
        for (int t = 0; t < TOKENS; t++) {
            s.chosen[h][t] = 1;
            wrong += s.weight[h][0] / HEADS / TOKENS;
        }
    }
    const enum status st = measure(&s, 1, RETRIEVAL_ALL, &q);
    *v = (struct fixture_values){q.mass, (1 + 1 / 2.0 + 1 / 3.0 + 1 / 4.0) / TOKENS, wrong, 1e-6};
    return st;
}

/* --- (c) one teacher for all batches ---------------------------------------------------------- */

/* In the first batch all heads look at the first key, in the second at the last; each method's set
 * is its own teacher's. */
static void batches(struct sample *two) {
    for (int b = 0; b < 2; b++) {
        two[b] = alike(1);
        for (int h = 0; h < HEADS; h++) {
            for (int t = 0; t < TOKENS; t++) {
                two[b].weight[h][t] = t == (b == 0 ? 0 : TOKENS - 1) ? 0.7 : 0.1;
                two[b].chosen[h][t] = UINT64_C(1) << (b == 0 || t < TOKENS - 1 ? 0 : t);
            }
        }
    }
}

/* Both batches' sets against the weights of the one that came last. */
static enum status against_last(struct retrieval_quality *out) {
    struct sample two[2];
    batches(two);
    memcpy(two[0].weight, two[1].weight, sizeof two[0].weight);
    return measure(two, 2, RETRIEVAL_LONG, out);
}

enum status retrieval_recall_of_aliased(struct fixture_values *v) {
    struct sample two[2];
    struct retrieval_quality right, wrong;
    batches(two);
    enum status st = measure(two, 2, RETRIEVAL_LONG, &right);
    st = st == ST_OK ? against_last(&wrong) : st;
    *v = (struct fixture_values){right.recall_per_head, 1, wrong.recall_per_head, 0};
    return st;
}

/* First batch: 7/8, 7/9, 7/10 of the weight at two, three and four keys; second: 1/2, 1/3, 7/10. */
enum status retrieval_mass_of_aliased(struct fixture_values *v) {
    struct sample two[2];
    struct retrieval_quality right, wrong;
    batches(two);
    enum status st = measure(two, 2, RETRIEVAL_LONG, &right);
    st = st == ST_OK ? against_last(&wrong) : st;
    const double first = 7 / 8.0 + 7 / 9.0 + 0.7, second = 1 / 2.0 + 1 / 3.0 + 0.7;
    *v = (struct fixture_values){right.mass, (first + second) / 6, wrong.mass, 1e-6};
    return st;
}

/* --- (d) one column, two statistics ----------------------------------------------------------- */

/* One head is sure of the first key, two lean to the second, which has the larger mean; only the
 * last token is a query of its own.  The method chose the second. */
static struct sample torn(void) {
    static const double weights[HEADS][2] = {{0.9, 0.1}, {0.2, 0.8}, {0.2, 0.8}};
    struct sample s = {.budget = 1, .segment = {-1, -1, 0, 0}};
    for (int h = 0; h < HEADS; h++) {
        for (int t = 0; t < TOKENS; t++) {
            s.weight[h][t] = weights[h][t % 2];
            s.chosen[h][t] = UINT64_C(1) << 3;
        }
    }
    return s;
}

static double largest_weight(const struct sample *s, int key) {
    double most = 0;
    for (int h = 0; h < HEADS; h++) {
        most = fmax(most, s->weight[h][key]);
    }
    return most;
}

/* Whether the set has the key with the largest max_h A. */
static double recall_of_largest(const struct sample *s) {
    const int key = largest_weight(s, 2) > largest_weight(s, 3) ? 2 : 3;
    return (double)(s->chosen[0][TOKENS - 1] >> key & 1);
}

enum status retrieval_recall_of_largest(struct fixture_values *v) {
    const struct sample s = torn();
    struct retrieval_quality q;
    const enum status st = measure(&s, 1, RETRIEVAL_LONG, &q);
    *v = (struct fixture_values){q.recall_per_head, 2 / 3.0, recall_of_largest(&s), 1e-15};
    return st;
}

enum status retrieval_shared_of_largest(struct fixture_values *v) {
    const struct sample s = torn();
    struct retrieval_quality q;
    const enum status st = measure(&s, 1, RETRIEVAL_LONG, &q);
    *v = (struct fixture_values){q.recall_shared, 1, recall_of_largest(&s), 0};
    return st;
}

enum status retrieval_shared_of_heads(struct fixture_values *v) {
    const struct sample s = torn();
    struct retrieval_quality q;
    const enum status st = measure(&s, 1, RETRIEVAL_LONG, &q);
    *v = (struct fixture_values){q.recall_shared, 1, q.recall_per_head, 0};
    return st;
}

enum status retrieval_mass_of_largest(struct fixture_values *v) {
    const struct sample s = torn();
    struct retrieval_quality q;
    const enum status st = measure(&s, 1, RETRIEVAL_LONG, &q);
    *v = (struct fixture_values){q.mass, (0.1 + 0.8 + 0.8) / 3, largest_weight(&s, 3), 1e-6};
    return st;
}

/* --- populations ------------------------------------------------------------------------------ */

enum status retrieval_queries_of_padding(struct fixture_values *v) {
    struct sample s = alike(2);
    struct retrieval_quality q;
    s.segment[TOKENS - 1] = -1;
    const enum status st = measure(&s, 1, RETRIEVAL_ALL, &q);
    *v = (struct fixture_values){(double)q.queries, 3, TOKENS, 0};
    return st;
}

/* Queries of exactly K keys, of which none is left out, counted as long ones. */
enum status retrieval_queries_of_equal(struct fixture_values *v) {
    const struct sample s = alike(2);
    struct retrieval_quality q;
    double wrong = 0;
    for (int t = 0; t < TOKENS; t++) {
        wrong += t + 1 >= s.budget;
    }
    const enum status st = measure(&s, 1, RETRIEVAL_LONG, &q);
    *v = (struct fixture_values){(double)q.queries, 2, wrong, 0};
    return st;
}

/* min(2, n_t) of n_t = 1 .. 4: 7 keys of 10. */
enum status retrieval_retained_of_ratios(struct fixture_values *v) {
    const struct sample s = alike(2);
    struct retrieval_quality q;
    double wrong = 0;
    for (int t = 0; t < TOKENS; t++) {
        wrong += fmin((double)s.budget, t + 1) / (t + 1) / TOKENS;
    }
    const enum status st = measure(&s, 1, RETRIEVAL_ALL, &q);
    *v = (struct fixture_values){q.retained_share, 0.7, wrong, 1e-15};
    return st;
}

/* 0 of max(1, 0) keys. */
enum status retrieval_retained_of_none(struct fixture_values *v) {
    const struct sample s = alike(8);
    struct retrieval_quality q;
    const enum status st = measure(&s, 1, RETRIEVAL_LONG, &q);
    *v = (struct fixture_values){q.retained_share, NAN, 0, 0};
    return st;
}
