/* The retrieval experiment's plan, its sets of layers, and its statistics of losses. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../harness/run/run.h"
#include "../retrieval_layers.h"
#include "../retrieval_loss_metrics.h"
#include "../retrieval_methods.h"

/* --- layers ----------------------------------------------------------------------------------- */

static void assert_layers(const struct retrieval_layer_set *s, const int32_t *wanted, int32_t n) {
    assert_int_equal(retrieval_layers_count(s), n);
    for (int32_t i = 0; i < n; i++) {
        assert_true(s->in[wanted[i]]);
    }
}

static void headline_leaves_out_the_edges(void **state) {
    (void)state;
    const struct retrieval_layer_set s = retrieval_layers_headline(30);
    assert_int_equal(retrieval_layers_count(&s), 26);
    assert_false(s.in[2] || s.in[29]);
    assert_true(s.in[3] && s.in[28]);
    const struct retrieval_layer_set none = retrieval_layers_headline(4);
    assert_int_equal(retrieval_layers_count(&none), 0);
}

static void pilot_is_the_seeds(void **state) {
    (void)state;
    static const int32_t six[] = {4, 8, 12, 16, 20, 24}, two[] = {4, 8};
    const struct retrieval_layer_set s = retrieval_layers_pilot(30),
                                     few = retrieval_layers_pilot(9);
    assert_layers(&s, six, 6);
    assert_layers(&few, two, 2);
}

static void even_layers_are_spread(void **state) {
    (void)state;
    static const int32_t three[] = {1, 5, 8};
    const struct retrieval_layer_set s = retrieval_layers_even(10, 3);
    assert_layers(&s, three, 3);
    for (int32_t n = 0; n <= 30; n++) {
        const struct retrieval_layer_set of_30 = retrieval_layers_even(30, n);
        assert_int_equal(retrieval_layers_count(&of_30), n);
    }
}

static void strongest_layers_come_first(void **state) {
    (void)state;
    static const int32_t two[] = {1, 4}, three[] = {1, 3, 4};
    static const double known[] = {0.5, 0.9, 0.1, 0.7, 0.9};
    struct retrieval_layer_set s = retrieval_layers_strongest(known, 5, 2);
    assert_layers(&s, two, 2);
    s = retrieval_layers_strongest(known, 5, 3);
    assert_layers(&s, three, 3);
    s = retrieval_layers_strongest(known, 5, 9);
    assert_int_equal(retrieval_layers_count(&s), 5);
}

/* --- plan ------------------------------------------------------------------------------------- */

static struct run planned(enum profile profile) {
    struct run r = {.options = {.profile = profile, .experiment_count = 1}};
    r.options.experiments[0] = experiment_find("retrieval");
    assert_int_equal(run_plan(&r), ST_OK);
    return r;
}

static void forget(struct run *r) {
    for (size_t i = 0; i < r->group_count; i++) {
        free(r->groups[i]->group.cells);
        free(r->groups[i]);
    }
    free(r->groups);
}

/* run_plan refuses two cells of one id. */
static void each_cell_names_its_method_and_its_texts(void **state) {
    (void)state;
    for (int profile = PROFILE_SMOKE; profile <= PROFILE_FULL; profile++) {
        struct run r = planned((enum profile)profile);
        struct retrieval_size size;
        assert_int_equal(retrieval_size_of(&r, 8192, &size), ST_OK);
        const struct group *g = &r.groups[0]->group;
        for (size_t i = 0; i < g->cell_count; i++) {
            const struct cell *c = &g->cells[i];
            const struct retrieval_method *m = retrieval_method_of(c);
            assert_true((m == NULL) == (strcmp(c->arm, "full") == 0));
            if (!retrieval_part_is(c, "identity")) {
                const enum retrieval_set set = retrieval_set_of(c, &size);
                assert_true(set < RETRIEVAL_HELD);
                assert_int_equal(cell_integer(c, "tokens", 0), size.sets[set].tokens);
            }
        }
        forget(&r);
    }
}

/* The first cell of each context is full attention, which is timed twice. */
static void each_context_is_decoded_in_a_group(void **state) {
    (void)state;
    for (int profile = PROFILE_SMOKE; profile <= PROFILE_FULL; profile++) {
        struct run r = planned((enum profile)profile);
        assert_int_equal(r.groups[0]->group.rounds, 0);
        assert_int_equal(r.group_count, profile == PROFILE_FULL ? 3 : 2);
        for (size_t i = 1; i < r.group_count; i++) {
            const struct group *g = &r.groups[i]->group;
            assert_true(g->rounds >= 30);
            assert_string_equal(g->cells[g->control].arm, "full");
            for (size_t c = 0; c < g->cell_count; c++) {
                assert_true(retrieval_part_is(&g->cells[c], "decode"));
                assert_int_equal(cell_integer(&g->cells[c], "context", 0),
                                 cell_integer(&g->cells[0], "context", 0));
            }
        }
        forget(&r);
    }
}

static void budgets_fit_together(void **state) {
    (void)state;
    for (int profile = PROFILE_SMOKE; profile <= PROFILE_FULL; profile++) {
        struct run r = {.options = {.profile = (enum profile)profile}};
        struct retrieval_size size;
        assert_int_equal(retrieval_size_of(&r, 8192, &size), ST_OK);
        for (size_t i = 0; size.ppl_budgets[i] != 0; i++) {
            assert_true(retrieval_has_budget(size.budgets, size.ppl_budgets[i]));
        }
        assert_true(retrieval_has_budget(size.ppl_budgets, size.few_budget));
        assert_true(retrieval_has_budget(size.budgets, RETRIEVAL_LAYER_BUDGET));
        assert_true(size.coverage_texts <= size.sets[RETRIEVAL_SINGLE].texts);
        assert_int_equal(size.sets[RETRIEVAL_HELD].tokens, size.sets[RETRIEVAL_SINGLE].tokens);
        assert_int_equal(retrieval_size_of(&r, 100, &size), ST_INPUT);
        assert_int_equal(retrieval_size_of(&r, 200, &size), ST_OK);
        assert_int_equal(size.sets[RETRIEVAL_SINGLE].tokens, 200);
        assert_int_equal(size.sets[RETRIEVAL_WHOLE].texts, 0);
    }
}

static void methods_are_found_with_their_losses(void **state) {
    (void)state;
    assert_int_equal(retrieval_method_find("quest")->page, 16);
    assert_int_equal(retrieval_method_find("learned")->d_search, 128);
    assert_string_equal(retrieval_method_find("hnsw")->graph, "graph/faiss");
    assert_null(retrieval_method_find("full"));
}

/* --- losses ----------------------------------------------------------------------------------- */

static void near(double a, double b) { assert_true(fabs(a - b) < 1e-12); }

/* Sequences of different lengths count by their tokens in PPL, and alike in the delta. */
static void losses_are_weighted_as_defined(void **state) {
    (void)state;
    const struct lm_loss full[] = {{30, 10}, {5, 5}}, other[] = {{35, 10}, {6, 5}};
    near(retrieval_ppl(full, 2), exp(35.0 / 15));
    near(retrieval_ppl_gap(other, full, 2).value, exp(6.0 / 15) - 1);
    near(retrieval_nll_delta(other, full, 2).value, (0.5 + 0.2) / 2);
}

static void an_interval_is_between_the_pairs(void **state) {
    (void)state;
    struct lm_loss a[40], b[40];
    for (int i = 0; i < 40; i++) {
        a[i] = (struct lm_loss){10 * (i + 1) + i % 2, 10};
        b[i] = (struct lm_loss){10 * (i + 1), 10};
    }
    const struct interval d = retrieval_nll_delta(a, b, 40);
    near(d.value, 0.05);
    assert_true(d.lo > 0.03 && d.lo < 0.05 && d.hi > 0.05 && d.hi < 0.07);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headline_leaves_out_the_edges),
        cmocka_unit_test(pilot_is_the_seeds),
        cmocka_unit_test(even_layers_are_spread),
        cmocka_unit_test(strongest_layers_come_first),
        cmocka_unit_test(each_cell_names_its_method_and_its_texts),
        cmocka_unit_test(each_context_is_decoded_in_a_group),
        cmocka_unit_test(budgets_fit_together),
        cmocka_unit_test(methods_are_found_with_their_losses),
        cmocka_unit_test(losses_are_weighted_as_defined),
        cmocka_unit_test(an_interval_is_between_the_pairs),
    };
    return cmocka_run_group_tests_name("retrieval", tests, NULL, NULL);
}
