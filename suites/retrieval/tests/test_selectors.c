/* Which keys selectors choose: against plain float64 loops, by hand, and what must change nothing.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../key_set.h"
#include "selector_case.h"

static const int64_t budgets[] = {1, 5, 8, 16, 20, 40, 200};
enum { BUDGETS = sizeof budgets / sizeof *budgets };

static const struct case_way ways[] = {{CASE_N, 64}, {CASE_N, 1}, {CASE_N, 17}, {70, 64}, {1, 1}};
enum { WAYS = sizeof ways / sizeof *ways, LAYER = 1 };

/* Of one selector: (heads, budgets, tokens, words). */
typedef uint64_t set_table[CASE_HEADS][BUDGETS][CASE_N][CASE_WORDS];

static void fill_table(const char *name, const struct attention_problem *p, struct case_way way,
                       set_table sets) {
    const struct selector_params params = case_params();
    const struct selector *method = selector_find(name);
    assert_non_null(method);
    memset(sets, 0, sizeof(set_table));
    assert_int_equal(case_sets(method, &params, p, LAYER, way, budgets, BUDGETS, &sets[0][0][0][0]),
                     ST_OK);
}

static int has(const uint64_t *set, int64_t key) { return set[key / 64] >> (key % 64) & 1; }

static int64_t size_of(const uint64_t *set) {
    int64_t count = 0;
    for (int w = 0; w < CASE_WORDS; w++) {
        count += __builtin_popcountll(set[w]);
    }
    return count;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* --- masks ------------------------------------------------------------------------------------ */

static void ranges_are_what_single_keys_make(void **state) {
    (void)state;
    enum { KEYS = 200 };
    for (int64_t from = 0; from < KEYS; from++) {
        for (int64_t behind = from; behind <= KEYS; behind++) {
            uint64_t range[4] = {0}, single[4] = {0};
            int32_t keys[KEYS];
            key_set_add_range(range, from, behind);
            for (int64_t j = from; j < behind; j++) {
                key_set_add(single, j);
            }
            assert_memory_equal(range, single, sizeof range);
            const int64_t high = smaller(behind, 130);
            const int64_t count = key_set_list(range, smaller(from, 60), high, keys);
            assert_int_equal(count, high > from ? high - from : 0);
            for (int64_t i = 0; i < count; i++) {
                assert_int_equal(keys[i], from - smaller(from, 60) + i);
            }
        }
    }
}

/* --- against float64 -------------------------------------------------------------------------- */

static double dot(const float *a, const float *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += (double)a[i] * (double)b[i];
    }
    return sum;
}

static const float *key_of(const struct attention_problem *p, int64_t kv, int64_t j) {
    return p->k + (kv * p->capacity + j) * CASE_D;
}

/* What a method ranks the keys of a query by: values (row + 1), set from the first key on. */
typedef void values_of(const struct attention_problem *p, int64_t head, int64_t row,
                       double *values);

static void scores_of(const struct attention_problem *p, int64_t head, int64_t row,
                      double *values) {
    const float *q = p->q + row * CASE_WIDTH + head * CASE_D;
    for (int64_t j = p->first[row]; j <= row; j++) {
        values[j] = dot(q, key_of(p, head / (CASE_HEADS / CASE_KV_HEADS), j), CASE_D) / 4;
    }
}

static void mean_weights_of(const struct attention_problem *p, int64_t head, int64_t row,
                            double *values) {
    double scores[CASE_N];
    (void)head;
    for (int64_t j = p->first[row]; j <= row; j++) {
        values[j] = 0;
    }
    for (int64_t h = 0; h < CASE_HEADS; h++) {
        double sum = 0;
        scores_of(p, h, row, scores);
        for (int64_t j = p->first[row]; j <= row; j++) {
            sum += exp(scores[j]);
        }
        for (int64_t j = p->first[row]; j <= row; j++) {
            values[j] += exp(scores[j]) / sum / CASE_HEADS;
        }
    }
}

static double cosine(const double *a, const double *b, int n) {
    double ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < n; i++) {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return ab / sqrt(aa) / sqrt(bb);
}

static void mean_cosines_of(const struct attention_problem *p, int64_t head, int64_t row,
                            double *values) {
    (void)head;
    for (int64_t j = p->first[row]; j <= row; j++) {
        double q[CASE_D] = {0}, k[CASE_D] = {0};
        for (int i = 0; i < CASE_D; i++) {
            for (int h = 0; h < CASE_HEADS; h++) {
                q[i] += (double)p->q[row * CASE_WIDTH + h * CASE_D + i];
            }
            for (int kv = 0; kv < CASE_KV_HEADS; kv++) {
                k[i] += (double)key_of(p, kv, j)[i];
            }
        }
        values[j] = cosine(q, k, CASE_D);
    }
}

static void learned_cosines_of(const struct attention_problem *p, int64_t head, int64_t row,
                               double *values) {
    const struct projection_set *set = case_projections();
    const int64_t layer = (int64_t)LAYER * CASE_SEARCH * CASE_WIDTH;
    (void)head;
    for (int64_t j = p->first[row]; j <= row; j++) {
        double q[CASE_SEARCH], k[CASE_SEARCH];
        for (int i = 0; i < CASE_SEARCH; i++) {
            q[i] = dot(set->wq + layer + i * CASE_WIDTH, p->q + row * CASE_WIDTH, CASE_WIDTH);
            k[i] = dot(set->wk + layer + i * CASE_WIDTH, p->q + j * CASE_WIDTH, CASE_WIDTH);
        }
        values[j] = cosine(q, k, CASE_SEARCH);
    }
}

static const double *sorted_values;

static int better_first(const void *a, const void *b) {
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    if (sorted_values[x] != sorted_values[y]) {
        return sorted_values[x] > sorted_values[y] ? -1 : 1;
    }
    return x < y ? -1 : x > y;
}

/* The set is that of the k best of values first .. row, but for keys within `doubt` of the k-th.
 * Without doubt it is that set exactly, ties going to the smaller key. */
static void check_set(const uint64_t *set, const double *values, int64_t first, int64_t row,
                      int64_t k, double doubt) {
    int32_t order[CASE_N];
    const int64_t n = row + 1 - first, kept = smaller(k, n);
    for (int64_t i = 0; i < n; i++) {
        order[i] = (int32_t)(first + i);
    }
    sorted_values = values;
    qsort(order, (size_t)n, sizeof *order, better_first);
    assert_int_equal(size_of(set), kept);
    for (int64_t i = 0; i < n; i++) {
        const double distance = fabs(values[order[i]] - values[order[kept - 1]]);
        assert_true(has(set, order[i]) == (i < kept) || distance < doubt);
    }
}

static void check_largest(const char *name, const struct attention_problem *p, values_of *rank_by,
                          double doubt) {
    static set_table sets;
    double values[CASE_N];
    for (int w = 0; w < WAYS; w++) {
        fill_table(name, p, ways[w], sets);
        for (int64_t row = 0; row < CASE_N; row++) {
            for (int64_t h = 0; h < (selector_find(name)->shared ? 1 : CASE_HEADS); h++) {
                rank_by(p, h, row, values);
                for (int b = 0; b < BUDGETS; b++) {
                    const uint64_t *set = sets[h][b][row];
                    if (p->segment[row] < 0) {
                        assert_int_equal(size_of(set), 0);
                    } else {
                        check_set(set, values, p->first[row], row, budgets[b], doubt);
                    }
                }
            }
        }
    }
}

/* Rounding of the float32 sums, far below the distance of most values. */
static const double DOUBT = 4e-6;

static void sets_are_the_largest(void **state) {
    (void)state;
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    check_largest("oracle_per_head", &p, scores_of, DOUBT);
    check_largest("oracle_shared", &p, mean_weights_of, DOUBT / 10);
    check_largest("raw_qk", &p, mean_cosines_of, DOUBT);
    check_largest("learned", &p, learned_cosines_of, DOUBT);
    attention_problem_free(&p);
}

static void ties_go_to_the_smaller_key(void **state) {
    (void)state;
    struct attention_problem p = case_problem(6, ATTENTION_WHOLE);
    check_largest("oracle_per_head", &p, scores_of, 0);
    attention_problem_free(&p);
}

/* --- window and random ------------------------------------------------------------------------ */

static void check_keys(const uint64_t *set, const int64_t *keys, int64_t count) {
    assert_int_equal(size_of(set), count);
    for (int64_t i = 0; i < count; i++) {
        assert_true(has(set, keys[i]));
    }
}

static void window_by_hand(void **state) {
    (void)state;
    static set_table sets;
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    fill_table("window", &p, ways[0], sets);
    /* Row 84 is the 21st token of the document that begins at 64; sinks are 4. */
    check_keys(sets[0][0][84], (const int64_t[]){84}, 1);
    check_keys(sets[0][1][84], (const int64_t[]){64, 65, 66, 67, 84}, 5);
    check_keys(sets[0][2][84], (const int64_t[]){64, 65, 66, 67, 81, 82, 83, 84}, 8);
    assert_int_equal(size_of(sets[0][4][84]), 20);
    assert_false(has(sets[0][4][84], 68));
    assert_int_equal(size_of(sets[0][5][84]), 21);
    assert_int_equal(size_of(sets[0][4][62]), 0); /* padding */
    attention_problem_free(&p);
}

/* Every set has its size; over the rows of a document that are long enough each of its first keys
 * is drawn as often as another. */
static void random_is_uniform(void **state) {
    (void)state;
    static set_table sets;
    enum { SEEDS = 400, ROW = 59, K = 20, BUDGET = 4 };
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    struct selector_params params = case_params();
    int64_t drawn[ROW + 1] = {0};
    double chi_square = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        params.seed = seed;
        assert_int_equal(case_sets(selector_find("random"), &params, &p, LAYER, ways[0], budgets,
                                   BUDGETS, &sets[0][0][0][0]),
                         ST_OK);
        for (int64_t row = 0; row < CASE_N; row++) {
            const int64_t n = p.segment[row] < 0 ? 0 : row + 1 - p.first[row];
            assert_int_equal(size_of(sets[0][BUDGET][row]), smaller(K, n));
        }
        for (int64_t j = 0; j <= ROW; j++) {
            drawn[j] += has(sets[0][BUDGET][ROW], j);
        }
    }
    const double expected = SEEDS * (double)K / (ROW + 1);
    for (int64_t j = 0; j <= ROW; j++) {
        chi_square += ((double)drawn[j] - expected) * ((double)drawn[j] - expected) / expected;
    }
    /* Without replacement the sum is (1 - K / n) times one of 59 degrees of freedom: mean 39,
     * deviation 7. */
    assert_true(chi_square > 15 && chi_square < 75);
    attention_problem_free(&p);
}

static void random_depends_on_seed_layer_and_row(void **state) {
    (void)state;
    static uint64_t a[CASE_N][CASE_WORDS], b[CASE_N][CASE_WORDS];
    static const int64_t k = 10;
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    struct selector_params params = case_params();
    const struct selector *method = selector_find("random");
    assert_int_equal(case_sets(method, &params, &p, 0, ways[0], &k, 1, &a[0][0]), ST_OK);
    assert_int_equal(case_sets(method, &params, &p, 1, ways[0], &k, 1, &b[0][0]), ST_OK);
    assert_memory_not_equal(a[50], b[50], sizeof *a);
    assert_memory_not_equal(a[50], a[51], sizeof *a);
    params.seed++;
    assert_int_equal(case_sets(method, &params, &p, 0, ways[0], &k, 1, &b[0][0]), ST_OK);
    assert_memory_not_equal(a[50], b[50], sizeof *a);
    attention_problem_free(&p);
}

/* --- Quest ------------------------------------------------------------------------------------ */

/* One head of one dimension over a document of 21 keys behind one of 3: pages of 8 begin at 3. */
static void quest_by_hand(void **state) {
    (void)state;
    enum { N = 24, PAGE = 8 };
    static const struct lm_shape shape = {.layers = 1, .heads = 1, .kv_heads = 1, .head_dim = 1};
    static const int64_t lengths[] = {3, 21, 0}, k[] = {4, 8, 16, 23, 24};
    struct attention_problem p;
    struct selector_params params = selector_defaults();
    const struct selector *quest = selector_find("quest");
    uint64_t sets[5][1];
    float out[N];
    void *s;
    params.page = PAGE;
    assert_int_equal(attention_problem_new(&shape, N, &p), ST_OK);
    attention_problem_fill(&p, 1, lengths);
    for (int j = 0; j < N; j++) {
        p.k[j] = 0;
    }
    p.k[5] = 2;    /* the first page's largest */
    p.k[14] = -3;  /* the second page's smallest */
    p.k[0] = 100;  /* of another document */
    p.k[23] = 100; /* of the own page */
    assert_int_equal(quest->open(&shape, N, &params, &s), ST_OK);
    const struct lm_attention_call call = attention_problem_call(&p, 0, 0, N, 1, out);
    assert_int_equal(quest->begin(s, &call), ST_OK);
    struct selector_block block = {
        .t = 23, .rows = 1, .budget = k, .budgets = 5, .words = 1, .sets = &sets[0][0]};
    for (int sign = -1; sign <= 1; sign += 2) {
        p.q[23] = (float)sign;
        p.q[22] = (float)sign;
        block.t = 23;
        assert_int_equal(quest->select(s, &call, &block), ST_OK);
        /* Row 23 is the fifth of the third page, 19 .. 26. */
        assert_int_equal(sets[0][0], UINT64_C(0xf) << 20);  /* the 4 latest of it */
        assert_int_equal(sets[1][0], UINT64_C(0x1f) << 19); /* its 5 */
        const int best = sign > 0 ? 3 : 11;                 /* by q high or q low */
        assert_int_equal(sets[2][0], sets[1][0] | UINT64_C(0xff) << best);
        assert_int_equal(sets[3][0], sets[2][0]);              /* 2 pages, not 3 */
        assert_int_equal(sets[4][0], UINT64_C(0x1fffff) << 3); /* all pages fit */
    }
    block.t = 18; /* The last row of the second page: it is the own page. */
    assert_int_equal(quest->select(s, &call, &block), ST_OK);
    assert_int_equal(sets[1][0], UINT64_C(0xff) << 11);
    assert_int_equal(sets[2][0], UINT64_C(0xffff) << 3);
    quest->close(s);
    attention_problem_free(&p);
}

static double bound_of(const struct attention_problem *p, int64_t head, int64_t row, int64_t page) {
    const int64_t from = p->first[row] + page * CASE_PAGE;
    double sum = 0;
    for (int64_t i = 0; i < CASE_D; i++) {
        const double q = (double)p->q[row * CASE_WIDTH + head * CASE_D + i];
        double best = -INFINITY;
        for (int64_t j = from; j < from + CASE_PAGE; j++) {
            const float *k = key_of(p, head / (CASE_HEADS / CASE_KV_HEADS), j);
            best = fmax(best, q * (double)k[i]);
        }
        sum += best;
    }
    return sum;
}

/* Whole pages, the best ones, the own one among them. */
static void check_pages(const struct attention_problem *p, int64_t head, int64_t row, int64_t k,
                        const uint64_t *set) {
    const int64_t own = (row - p->first[row]) / CASE_PAGE, wanted = k / CASE_PAGE;
    double bounds[CASE_N];
    uint64_t pages = 0;
    for (int64_t j = p->first[row]; j <= row; j++) {
        const int64_t page = (j - p->first[row]) / CASE_PAGE;
        assert_int_equal(has(set, j), has(set, p->first[row] + page * CASE_PAGE));
        pages |= (uint64_t)has(set, j) << page;
    }
    assert_true(has(&pages, own));
    for (int64_t page = 0; page < own; page++) {
        bounds[page] = bound_of(p, head, row, page);
    }
    pages &= ~(UINT64_C(1) << own);
    if (wanted > 1 && own > 0) {
        uint64_t mask[CASE_WORDS] = {pages};
        check_set(mask, bounds, 0, own - 1, wanted - 1, 0);
    } else {
        assert_int_equal(pages, 0);
    }
}

static void quest_takes_the_best_pages(void **state) {
    (void)state;
    static set_table sets;
    struct attention_problem p = case_problem(8, ATTENTION_WHOLE);
    for (int w = 0; w < WAYS; w++) {
        fill_table("quest", &p, ways[w], sets);
        for (int64_t row = 0; row < CASE_N; row++) {
            for (int64_t h = 0; h < CASE_HEADS; h++) {
                for (int b = 2; b < BUDGETS && p.segment[row] >= 0; b++) {
                    assert_true(size_of(sets[h][b][row]) <= budgets[b]);
                    check_pages(&p, h, row, budgets[b], sets[h][b][row]);
                }
            }
        }
    }
    attention_problem_free(&p);
}

/* --- graphs ----------------------------------------------------------------------------------- */

static const char *const graphs[] = {"graph/faiss", "graph/hnswlib"};

/* Sets of hnsw by the kernel; false: it cannot run here. */
static bool search_graphs(const char *graph, const struct attention_problem *p, struct case_way way,
                          set_table sets) {
    struct selector_params params = case_params();
    params.graph = graph;
    memset(sets, 0, sizeof(set_table));
    const enum status st = case_sets(selector_find("hnsw"), &params, p, LAYER, way, budgets,
                                     BUDGETS, &sets[0][0][0][0]);
    assert_true(st == ST_OK || st == ST_SKIP);
    return st == ST_OK;
}

/* A search for as many keys as the graph has finds every key, so that what is left behind the
 * filter is what the scan chooses; and so it is in a graph that has grown by insertion. */
static void graphs_asked_for_everything_are_the_scan(void **state) {
    (void)state;
    static set_table found;
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    double values[CASE_N];
    for (size_t g = 0; g < sizeof graphs / sizeof *graphs; g++) {
        for (int w = 0; w < WAYS && search_graphs(graphs[g], &p, ways[w], found); w++) {
            for (int64_t row = 0; row < CASE_N; row++) {
                for (int b = 3; b < BUDGETS && p.segment[row] >= 0; b++) { /* 4 K > 60 */
                    learned_cosines_of(&p, 0, row, values);
                    check_set(found[0][b][row], values, p.first[row], row, budgets[b], DOUBT);
                }
            }
        }
    }
    attention_problem_free(&p);
}

/* At any budget: at least one key and at most K, none that is later or of another document. */
static void graphs_give_allowed_keys(void **state) {
    (void)state;
    static set_table found;
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    for (size_t g = 0; g < sizeof graphs / sizeof *graphs; g++) {
        for (int w = 0; w < WAYS && search_graphs(graphs[g], &p, ways[w], found); w++) {
            for (int64_t row = 0; row < CASE_N; row++) {
                for (int b = 0; b < BUDGETS; b++) {
                    const uint64_t *set = found[0][b][row];
                    const int64_t n = p.segment[row] < 0 ? 0 : row + 1 - p.first[row];
                    int64_t allowed = 0;
                    for (int64_t j = p.first[row]; j <= row; j++) {
                        allowed += has(set, j);
                    }
                    assert_int_equal(allowed, size_of(set));
                    assert_true(allowed >= (n > 0) && allowed <= smaller(budgets[b], n));
                }
            }
        }
    }
    attention_problem_free(&p);
}

/* A sequence that is cut and goes on otherwise is searched as if it had never been longer. */
static void graphs_forget_what_is_cut(void **state) {
    (void)state;
    enum { CUT = 90 };
    static float unused[CASE_N * CASE_WIDTH];
    static uint64_t fresh[CASE_N][CASE_WORDS], cut[CASE_N][CASE_WORDS];
    static const int64_t k = 16; /* 4 K > 60: everything is found */
    const struct selector *hnsw = selector_find("hnsw");
    const struct selector_params params = case_params();
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    struct attention_problem other = case_problem(6, ATTENTION_GAUSSIAN);
    for (int twice = 0; twice < 2; twice++) {
        void *s;
        assert_int_equal(hnsw->open(&case_shape, CASE_N, &params, &s), ST_OK);
        for (int64_t past = 0; past < CASE_N; past += CUT) {
            const int64_t tokens = smaller(CUT, CASE_N - past);
            const struct lm_attention_call wrong =
                attention_problem_call(&other, 0, past, tokens, 2, unused);
            const struct lm_attention_call call =
                attention_problem_call(&p, 0, past, tokens, 2, unused);
            assert_true(!twice || past == 0 || hnsw->begin(s, &wrong) == ST_OK);
            assert_int_equal(hnsw->begin(s, &call), ST_OK);
            for (int64_t t = 0; t < tokens; t++) {
                const struct selector_block block = {.t = t,
                                                     .rows = 1,
                                                     .budget = &k,
                                                     .budgets = 1,
                                                     .words = CASE_WORDS,
                                                     .sets = (twice ? cut : fresh)[past + t]};
                assert_int_equal(hnsw->select(s, &call, &block), ST_OK);
            }
        }
        const struct selector_counts counts = hnsw->counts(s, 0);
        assert_true(counts.evaluated > 0);
        assert_int_equal(counts.present, 60 * 60 + 26 * 26 + 24 * 50 + 36 * 36);
        hnsw->close(s);
    }
    assert_memory_equal(fresh, cut, sizeof fresh);
    attention_problem_free(&p);
    attention_problem_free(&other);
}

/* What the searches of one budget compare does not hang on the other budgets of the block. */
static void searches_are_counted_by_budget(void **state) {
    (void)state;
    enum { COUNTED = 3 };
    static float unused[CASE_N * CASE_WIDTH];
    static uint64_t sets[COUNTED * SELECTOR_ROWS * CASE_WORDS];
    static const int64_t few[COUNTED] = {1, 4, 16};
    const struct selector *hnsw = selector_find("hnsw");
    struct selector_params params = case_params();
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    const struct lm_attention_call call = attention_problem_call(&p, 0, 0, CASE_N, 2, unused);
    struct selector_counts found[COUNTED];
    params.m = 2; /* few links, or the first node's lead everywhere */
    params.ef = 1;
    for (size_t i = 0; i <= COUNTED; i++) {
        const size_t alone = i - 1; /* first all together */
        const struct selector_block block = {.rows = SELECTOR_ROWS,
                                             .budget = i == 0 ? few : &few[alone],
                                             .budgets = i == 0 ? COUNTED : 1,
                                             .words = CASE_WORDS,
                                             .sets = sets};
        void *s;
        assert_int_equal(hnsw->open(&case_shape, CASE_N, &params, &s), ST_OK);
        assert_int_equal(hnsw->begin(s, &call), ST_OK);
        assert_int_equal(hnsw->select(s, &call, &block), ST_OK);
        for (size_t b = 0; b < COUNTED && i == 0; b++) {
            found[b] = hnsw->counts(s, b);
        }
        if (i > 0) {
            assert_int_equal(hnsw->counts(s, 0).evaluated, found[alone].evaluated);
            assert_int_equal(hnsw->counts(s, 0).present, found[alone].present);
            assert_int_equal(hnsw->counts(s, 1).present, 0);
        }
        hnsw->close(s);
    }
    assert_true(found[0].evaluated > 0 && found[0].evaluated < found[COUNTED - 1].evaluated);
    attention_problem_free(&p);
}

static void graphs_that_cannot_grow_are_refused(void **state) {
    (void)state;
    struct selector_params params = case_params();
    static const char *const names[] = {"graph/flat_scalar", "graph/nothing"};
    for (int i = 0; i < 2; i++) {
        void *s;
        params.graph = names[i];
        assert_int_equal(selector_find("hnsw")->open(&case_shape, CASE_N, &params, &s), ST_INPUT);
        selector_find("hnsw")->close(s);
    }
}

/* --- what must change nothing ----------------------------------------------------------------- */

/* Only what other documents and later tokens hold is changed; of hnsw's the documents alone, since
 * its graph holds later keys. */
static void nothing_leaks(void **state) {
    (void)state;
    static set_table before, after;
    enum { FROM = 64, BEHIND = 100, DOCUMENT_END = 114 };
    const struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    for (size_t i = 0; selectors[i] != NULL; i++) {
        struct attention_problem changed = case_problem(5, ATTENTION_GAUSSIAN);
        struct attention_problem other = case_problem(6, ATTENTION_GAUSSIAN);
        const char *name = selectors[i]->name;
        const int64_t behind = strcmp(name, "hnsw") == 0 ? DOCUMENT_END : BEHIND;
        case_replace(&changed, &other, 2, behind);
        fill_table(name, &p, ways[0], before);
        fill_table(name, &changed, ways[0], after);
        int64_t different = 0;
        for (int64_t h = 0; h < (selectors[i]->shared ? 1 : CASE_HEADS); h++) {
            for (int b = 0; b < BUDGETS; b++) {
                assert_memory_equal(before[h][b][FROM], after[h][b][FROM],
                                    (size_t)(behind - FROM) * sizeof before[h][b][FROM]);
                different += memcmp(before[h][b], after[h][b], sizeof before[h][b]) != 0;
            }
        }
        /* The values do matter to those that look at them. */
        assert_int_equal(different > 0, strcmp(name, "window") != 0 && strcmp(name, "random") != 0);
        attention_problem_free(&changed);
        attention_problem_free(&other);
    }
    struct attention_problem done = p;
    attention_problem_free(&done);
}

/* Calls and blocks of any size: where rounding does not matter, no bit changes. */
static void blocks_and_steps_change_nothing(void **state) {
    (void)state;
    static set_table whole, parts;
    static const char *const names[] = {"oracle_per_head", "quest", "random", "window"};
    struct attention_problem p = case_problem(7, ATTENTION_WHOLE);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fill_table(names[i], &p, ways[0], whole);
        for (int w = 1; w < WAYS; w++) {
            fill_table(names[i], &p, ways[w], parts);
            assert_memory_equal(whole, parts, sizeof whole);
        }
    }
    attention_problem_free(&p);
}

static void budgets_do_not_depend_on_each_other(void **state) {
    (void)state;
    static set_table all;
    static uint64_t one[CASE_HEADS][1][CASE_N][CASE_WORDS];
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    const struct selector_params params = case_params();
    for (size_t i = 0; selectors[i] != NULL; i++) {
        fill_table(selectors[i]->name, &p, ways[0], all);
        for (int b = 0; b < BUDGETS; b++) {
            memset(one, 0, sizeof one);
            assert_int_equal(case_sets(selectors[i], &params, &p, LAYER, ways[0], &budgets[b], 1,
                                       &one[0][0][0][0]),
                             ST_OK);
            for (int h = 0; h < CASE_HEADS; h++) {
                assert_memory_equal(all[h][b], one[h][0], sizeof all[h][b]);
            }
        }
    }
    attention_problem_free(&p);
}

static void what_is_no_number_is_refused(void **state) {
    (void)state;
    static uint64_t sets[CASE_HEADS * BUDGETS * CASE_N * CASE_WORDS];
    static const char *const names[] = {"hnsw",          "learned", "oracle_per_head",
                                        "oracle_shared", "quest",   "raw_qk"};
    struct attention_problem p = case_problem(5, ATTENTION_GAUSSIAN);
    const struct selector_params params = case_params();
    for (int i = 0; i < CASE_WIDTH; i++) {
        p.q[140 * CASE_WIDTH + i] = NAN;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(
            case_sets(selector_find(names[i]), &params, &p, LAYER, ways[0], budgets, BUDGETS, sets),
            ST_INPUT);
    }
    attention_problem_free(&p);
}

static void names_are_found(void **state) {
    (void)state;
    for (size_t i = 0; selectors[i] != NULL; i++) {
        assert_ptr_equal(selector_find(selectors[i]->name), selectors[i]);
        assert_true(i == 0 || strcmp(selectors[i - 1]->name, selectors[i]->name) < 0);
    }
    assert_null(selector_find("nothing"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(ranges_are_what_single_keys_make),
        cmocka_unit_test(sets_are_the_largest),
        cmocka_unit_test(ties_go_to_the_smaller_key),
        cmocka_unit_test(window_by_hand),
        cmocka_unit_test(random_is_uniform),
        cmocka_unit_test(random_depends_on_seed_layer_and_row),
        cmocka_unit_test(quest_by_hand),
        cmocka_unit_test(quest_takes_the_best_pages),
        cmocka_unit_test(graphs_asked_for_everything_are_the_scan),
        cmocka_unit_test(graphs_give_allowed_keys),
        cmocka_unit_test(graphs_forget_what_is_cut),
        cmocka_unit_test(searches_are_counted_by_budget),
        cmocka_unit_test(graphs_that_cannot_grow_are_refused),
        cmocka_unit_test(nothing_leaks),
        cmocka_unit_test(blocks_and_steps_change_nothing),
        cmocka_unit_test(budgets_do_not_depend_on_each_other),
        cmocka_unit_test(what_is_no_number_is_refused),
    };
    return cmocka_run_group_tests_name("selectors", tests, NULL, NULL);
}
