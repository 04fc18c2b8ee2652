/* Search projections: round trip, bent ones that are refused, those that the program carries. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../harness/record/record.h"
#include "../projections.h"
#include "support.h"

enum { LAYERS = 2, HIDDEN = 6, POINTS = 3, SETS = 2 };

static const int32_t widths[SETS] = {4, 2};

/* Values that half precision holds. */
static struct projections some_projections(void) {
    struct projections p = {.plan = {.model = "m.gguf",
                                     .model_digest = "aa",
                                     .text = "t",
                                     .text_digest = "bb",
                                     .sequences = 7,
                                     .tokens = 32,
                                     .steps = 30,
                                     .warmup = 3,
                                     .batch = 2,
                                     .rate = 1e-3,
                                     .decay = 0.01,
                                     .beta1 = 0.9,
                                     .beta2 = 0.95,
                                     .clip = 1,
                                     .temperature = 0.07,
                                     .positives = 16}};
    for (int32_t i = 0; i < SETS; i++) {
        struct projection_set *s = &p.sets[p.set_count++];
        *s = (struct projection_set){.d_search = widths[i],
                                     .seed = 5 + (uint64_t)i,
                                     .hidden = HIDDEN,
                                     .layer_count = LAYERS,
                                     .layers = {1, 5},
                                     .points = POINTS};
        assert_int_equal(projection_set_new(s), ST_OK);
        for (int k = 0; k < LAYERS * s->d_search * HIDDEN; k++) {
            s->wq[k] = (float)k / 8;
            s->wk[k] = -(float)(k + i);
        }
        for (int k = 0; k < LAYERS * POINTS; k++) {
            s->step[k % POINTS] = 10 * (k % POINTS + 1);
            s->loss[k] = 3 - (float)k / 3;
        }
    }
    return p;
}

static struct tree *tree_of(const struct projections *p) {
    struct tree *root;
    assert_int_equal(projections_to_tree(p, &root), ST_OK);
    return root;
}

static void projections_come_back(void **state) {
    (void)state;
    struct projections p = some_projections(), back;
    struct tree *root = tree_of(&p);
    assert_int_equal(projections_from_tree(root, "x", &back), ST_OK);
    assert_memory_equal(&back.plan, &p.plan, sizeof p.plan);
    assert_int_equal(back.set_count, SETS);
    assert_int_equal(strlen(back.digest), 64);
    for (int i = 0; i < SETS; i++) {
        const struct projection_set *a = &p.sets[i], *b = &back.sets[i];
        const size_t bytes = LAYERS * (size_t)widths[i] * HIDDEN * sizeof *a->wq;
        assert_int_equal(b->d_search, widths[i]);
        assert_int_equal(b->seed, 5 + i);
        assert_int_equal(b->hidden, HIDDEN);
        assert_int_equal(b->layer_count, LAYERS);
        assert_int_equal(b->layers[1], 5);
        assert_memory_equal(a->wq, b->wq, bytes);
        assert_memory_equal(a->wk, b->wk, bytes);
        assert_memory_equal(a->step, b->step, POINTS * sizeof *a->step);
        assert_memory_equal(a->loss, b->loss, LAYERS * POINTS * sizeof *a->loss);
    }
    projections_free(&back);
    projections_free(&p);
    tree_free(root);
}

static void sets_and_layers_are_found(void **state) {
    (void)state;
    struct projections p = some_projections();
    assert_ptr_equal(projections_find(&p, 2, 6), &p.sets[1]);
    assert_null(projections_find(&p, 2, 5));
    assert_int_equal(projection_set_layer(&p.sets[0], 5), 1);
    assert_int_equal(projection_set_layer(&p.sets[0], 4), -1);
    projections_free(&p);
}

static void what_halves_lack_is_refused(void **state) {
    (void)state;
    const float wrong[] = {65505, NAN, -INFINITY};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct projections p = some_projections();
        struct tree *root;
        p.sets[1].wk[3] = wrong[i];
        assert_int_equal(projections_to_tree(&p, &root), ST_INPUT);
        assert_null(root);
        projections_free(&p);
    }
}

/* --- bent trees ------------------------------------------------------------------------------- */

static struct tree *at(struct tree *r, const char *path) {
    struct tree *node = tree_find(r, path);
    assert_non_null(node);
    return node;
}

static void other_kind(struct tree *r) { tree_set_string(at(r, "plan"), "kind", "run"); }

static void long_name(struct tree *r) {
    char name[MODEL_RECORD_NAME + 1];
    memset(name, 'm', MODEL_RECORD_NAME);
    name[MODEL_RECORD_NAME] = '\0';
    tree_set_string(at(r, "plan"), "model", name);
}

static void more_attributes(struct tree *r) { tree_set_i64(at(r, "plan"), "more", 1); }

static void no_steps(struct tree *r) { tree_set_i64(at(r, "plan"), "steps", 0); }

static void infinite_rate(struct tree *r) { tree_set_f64(at(r, "plan"), "rate", INFINITY); }

static void negative_decay(struct tree *r) { tree_set_f64(at(r, "plan"), "decay", -1); }

static void wider(struct tree *r) { tree_set_i64(at(r, "plan/set-00"), "d_search", 8); }

static void immense(struct tree *r) { tree_set_i64(at(r, "plan/set-01"), "hidden", INT64_MAX); }

static void negative_seed(struct tree *r) { tree_set_i64(at(r, "plan/set-00"), "seed", -1); }

static void set_attributes(struct tree *r) { tree_set_i64(at(r, "plan/set-01"), "more", 1); }

static void layers_out_of_order(struct tree *r) {
    ((int32_t *)at(r, "plan/set-01/layers")->value.data)[0] = 5;
}

static void set_without_outputs(struct tree *r) {
    assert_non_null(tree_group(at(r, "plan"), "set-02"));
}

static void set_of_another_name(struct tree *r) {
    assert_non_null(tree_group(at(r, "plan"), "more"));
    assert_non_null(tree_group(at(r, "outputs"), "more"));
}

static void more_outputs(struct tree *r) {
    assert_non_null(tree_group(at(r, "outputs/set-00"), "more"));
}

static void other_shape(struct tree *r) {
    uint64_t *dims = at(r, "outputs/set-00/wk")->value.dims;
    dims[0] *= 2;
    dims[1] /= 2;
}

static void other_type(struct tree *r) { at(r, "outputs/set-01/loss")->value.type = TREE_I32; }

static void steps_out_of_order(struct tree *r) {
    ((int64_t *)at(r, "outputs/set-00/step")->value.data)[2] = 20;
}

static void infinite_loss(struct tree *r) {
    ((float *)at(r, "outputs/set-00/loss")->value.data)[1] = INFINITY;
}

static void infinite_weight(struct tree *r) {
    unsigned char *bytes = at(r, "outputs/set-01/wq")->value.data;
    bytes[4] = 0;
    bytes[5] = 0x7c;
}

static void bent_projections_are_refused(void **state) {
    (void)state;
    static void (*const bends[])(struct tree *) = {other_kind,
                                                   long_name,
                                                   more_attributes,
                                                   no_steps,
                                                   infinite_rate,
                                                   negative_decay,
                                                   wider,
                                                   immense,
                                                   negative_seed,
                                                   set_attributes,
                                                   layers_out_of_order,
                                                   set_without_outputs,
                                                   set_of_another_name,
                                                   more_outputs,
                                                   other_shape,
                                                   other_type,
                                                   steps_out_of_order,
                                                   infinite_loss,
                                                   infinite_weight};
    for (size_t i = 0; i < sizeof bends / sizeof bends[0]; i++) {
        struct projections p = some_projections(), back;
        struct tree *root = tree_of(&p);
        bends[i](root);
        assert_refused(projections_from_tree(root, "bent", &back), "bent", "attest train");
        assert_int_equal(back.set_count, 0);
        projections_free(&p);
        tree_free(root);
    }
}

static void an_empty_tree_is_refused(void **state) {
    (void)state;
    struct tree *root = tree_new();
    struct projections back;
    assert_int_equal(projections_from_tree(root, "empty", &back), ST_INPUT);
    assert_non_null(tree_group(root, "plan"));
    assert_non_null(tree_group(root, "outputs"));
    assert_int_equal(projections_from_tree(root, "empty", &back), ST_INPUT);
    tree_free(root);
}

/* --- files ------------------------------------------------------------------------------------ */

static void a_file_keeps_its_seal(void **state) {
    (void)state;
    struct projections p = some_projections(), back;
    struct tree *root = tree_of(&p);
    char path[PATH_MAX_TEST];
    strcpy(path, scratch_path("p.h5"));
    assert_int_equal(record_write(root, path, NULL), ST_OK);
    assert_int_equal(projections_open(path, &back), ST_OK);
    assert_memory_equal(back.sets[1].wk, p.sets[1].wk, LAYERS * 2 * HIDDEN * sizeof(float));
    projections_free(&back);
    scratch_write("p.h5", "something else", 14);
    assert_int_equal(projections_open(path, &back), ST_RECORD);
    projections_free(&p);
    tree_free(root);
}

/* The bytes in the program are those of the files in the repository, or it says how to make them.
 */
static void committed_projections_are_of_the_pinned_model(void **state) {
    (void)state;
    struct projections p;
    const enum status st = projections_committed(&p);
    if (st == ST_SKIP) {
        assert_non_null(strstr(status_message(), "attest train"));
        assert_int_equal(p.set_count, 0);
        return;
    }
    assert_int_equal(st, ST_OK);
    assert_string_equal(p.plan.model, "SmolLM2-135M-Instruct.Q4_1.gguf");
    assert_string_equal(p.plan.model_digest,
                        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");
    const struct projection_set *all = projections_find(&p, 128, 1);
    assert_non_null(all);
    assert_int_equal(all->layer_count, 30);
    assert_int_equal(all->hidden, 576);
    for (int64_t i = 0; i < all->layer_count; i++) {
        const float *curve = all->loss + i * all->points;
        assert_true(curve[all->points - 1] < curve[0]);
    }
    projections_free(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(projections_come_back),
        cmocka_unit_test(sets_and_layers_are_found),
        cmocka_unit_test(what_halves_lack_is_refused),
        cmocka_unit_test(bent_projections_are_refused),
        cmocka_unit_test(an_empty_tree_is_refused),
        cmocka_unit_test(a_file_keeps_its_seal),
        cmocka_unit_test(committed_projections_are_of_the_pinned_model),
    };
    return cmocka_run_group_tests_name("projections", tests, scratch_make, scratch_remove);
}
