#include "projections.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../harness/base/memory.h"
#include "../harness/record/record.h"
#include "half.h"

/* Bounds on what a file may ask memory for. */
enum { WIDTH_MOST = 1 << 16, POINTS_MOST = 1 << 16 };

/* --- the struct ------------------------------------------------------------------------------- */

/* Values of wq, and of wk. */
static size_t weight_count(const struct projection_set *s) {
    return (size_t)s->layer_count * (size_t)s->d_search * (size_t)s->hidden;
}

enum status projection_set_new(struct projection_set *s) {
    const size_t points = (size_t)s->points;
    s->wq = mem_alloc_array(weight_count(s), sizeof *s->wq);
    s->wk = mem_alloc_array(weight_count(s), sizeof *s->wk);
    s->step = mem_alloc_array(points, sizeof *s->step);
    s->loss = mem_alloc_array(points, (size_t)s->layer_count * sizeof *s->loss);
    return s->wq == NULL || s->wk == NULL || s->step == NULL || s->loss == NULL ? ST_SYSTEM : ST_OK;
}

void projections_free(struct projections *p) {
    for (int32_t i = 0; i < p->set_count; i++) {
        mem_free(p->sets[i].wq);
        mem_free(p->sets[i].wk);
        mem_free(p->sets[i].step);
        mem_free(p->sets[i].loss);
    }
    *p = (struct projections){.set_count = 0};
}

int32_t projection_set_layer(const struct projection_set *s, int32_t layer) {
    for (int32_t i = 0; i < s->layer_count; i++) {
        if (s->layers[i] == layer) {
            return i;
        }
    }
    return -1;
}

const struct projection_set *projections_find(const struct projections *p, int32_t d_search,
                                              uint64_t seed) {
    for (int32_t i = 0; i < p->set_count; i++) {
        if (p->sets[i].d_search == d_search && p->sets[i].seed == seed) {
            return &p->sets[i];
        }
    }
    return NULL;
}

/* --- names ------------------------------------------------------------------------------------ */

/* Attributes of `plan`. */
struct count_field {
    const char *name;
    int64_t *at;
    int64_t least;
};

struct number_field {
    const char *name;
    double *at;
};

enum { COUNTS = 6, NUMBERS = 6 };

static struct model_source source_of(struct projection_plan *p) {
    return (struct model_source){p->model, p->model_digest, p->text, p->text_digest};
}

static void count_fields(struct projection_plan *p, struct count_field out[COUNTS]) {
    out[0] = (struct count_field){"sequences", &p->sequences, 1};
    out[1] = (struct count_field){"tokens", &p->tokens, 1};
    out[2] = (struct count_field){"steps", &p->steps, 1};
    out[3] = (struct count_field){"warmup", &p->warmup, 0};
    out[4] = (struct count_field){"batch", &p->batch, 1};
    out[5] = (struct count_field){"positives", &p->positives, 1};
}

static void number_fields(struct projection_plan *p, struct number_field out[NUMBERS]) {
    out[0] = (struct number_field){"rate", &p->rate};
    out[1] = (struct number_field){"decay", &p->decay};
    out[2] = (struct number_field){"beta1", &p->beta1};
    out[3] = (struct number_field){"beta2", &p->beta2};
    out[4] = (struct number_field){"clip", &p->clip};
    out[5] = (struct number_field){"temperature", &p->temperature};
}

/* Group of set `index` below `plan` and `outputs`. */
static const char *set_name(int32_t index, char name[16]) {
    snprintf(name, 16, "set-%02d", (int)index);
    return name;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool store_plan(const struct projection_plan *p, struct tree *plan) {
    struct projection_plan copy = *p;
    const struct model_source source = source_of(&copy);
    struct count_field counts[COUNTS];
    struct number_field numbers[NUMBERS];
    count_fields(&copy, counts);
    number_fields(&copy, numbers);
    bool ok = model_record_store(&model_record_projections, &source, plan);
    for (size_t i = 0; i < COUNTS && ok; i++) {
        ok = tree_set_i64(plan, counts[i].name, *counts[i].at);
    }
    for (size_t i = 0; i < NUMBERS && ok; i++) {
        ok = tree_set_f64(plan, numbers[i].name, *numbers[i].at);
    }
    return ok;
}

static bool store_shape(const struct projection_set *s, struct tree *group) {
    const uint64_t layers = (uint64_t)s->layer_count;
    return group != NULL && tree_set_i64(group, "d_search", s->d_search) &&
           tree_set_i64(group, "seed", (int64_t)s->seed) &&
           tree_set_i64(group, "hidden", s->hidden) &&
           tree_dataset(group, "layers", TREE_I32, 1, &layers, s->layers) != NULL;
}

static enum status store_weights(const struct projection_set *s, const float *values,
                                 const char *name, struct tree *group) {
    const uint64_t dims[] = {(uint64_t)s->layer_count, (uint64_t)s->d_search,
                             HALF_BYTES * (uint64_t)s->hidden};
    return model_record_store_halves(&model_record_projections, values, name, 3, dims, group);
}

static enum status store_set(const struct projection_set *s, struct tree *plan,
                             struct tree *outputs) {
    const uint64_t dims[] = {(uint64_t)s->layer_count, (uint64_t)s->points};
    if (!store_shape(s, plan) || outputs == NULL ||
        tree_dataset(outputs, "loss", TREE_F32, 2, dims, s->loss) == NULL ||
        tree_dataset(outputs, "step", TREE_I64, 1, dims + 1, s->step) == NULL) {
        return model_record_no_memory(&model_record_projections);
    }
    const enum status st = store_weights(s, s->wk, "wk", outputs);
    return st == ST_OK ? store_weights(s, s->wq, "wq", outputs) : st;
}

enum status projections_to_tree(const struct projections *p, struct tree **root) {
    *root = tree_new();
    struct tree *plan = tree_group(*root, "plan"), *outputs = tree_group(*root, "outputs");
    const bool ok =
        store_plan(&p->plan, plan) && outputs != NULL && tree_group(*root, "measurements") != NULL;
    enum status st = ok ? ST_OK : model_record_no_memory(&model_record_projections);
    for (int32_t i = 0; i < p->set_count && st == ST_OK; i++) {
        char name[16];
        set_name(i, name);
        st = store_set(&p->sets[i], tree_group(plan, name), tree_group(outputs, name));
    }
    if (st != ST_OK) {
        tree_free(*root);
        *root = NULL;
    }
    return st;
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum status refuse(const char *label, const char *what) {
    return model_record_refuse(&model_record_projections, label, what);
}

static enum status read_plan(const struct tree *plan, const char *label,
                             struct projection_plan *p) {
    const struct model_source source = source_of(p);
    struct count_field counts[COUNTS];
    struct number_field numbers[NUMBERS];
    count_fields(p, counts);
    number_fields(p, numbers);
    const enum status st =
        model_record_read(&model_record_projections, plan, label, COUNTS + NUMBERS, &source);
    if (st != ST_OK) {
        return st;
    }
    for (size_t i = 0; i < COUNTS; i++) {
        *counts[i].at = tree_get_i64(plan, counts[i].name, -1);
        if (*counts[i].at < counts[i].least) {
            return refuse(label, counts[i].name);
        }
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        *numbers[i].at = tree_get_f64(plan, numbers[i].name, NAN);
        if (!(isfinite(*numbers[i].at) && *numbers[i].at >= 0)) {
            return refuse(label, numbers[i].name);
        }
    }
    return ST_OK;
}

static enum status read_shape(const struct tree *group, const char *label,
                              struct projection_set *s) {
    if (group == NULL || group->attribute_count != 3 || group->child_count != 1) {
        return refuse(label, "a set of plan");
    }
    const int64_t d = tree_get_i64(group, "d_search", 0), hidden = tree_get_i64(group, "hidden", 0);
    const int64_t seed = tree_get_i64(group, "seed", -1);
    if (d < 1 || d > WIDTH_MOST || hidden < 1 || hidden > WIDTH_MOST || seed < 0) {
        return refuse(label, "d_search, hidden or seed");
    }
    s->d_search = (int32_t)d;
    s->hidden = (int32_t)hidden;
    s->seed = (uint64_t)seed;
    return model_record_layers(&model_record_projections, group, label, PROJECTIONS_LAYERS,
                               s->layers, &s->layer_count);
}

/* Settled against the bytes that are there before memory is asked for. */
static enum status check_outputs(const struct tree *group, const char *label,
                                 struct projection_set *s) {
    const struct tree *steps = group == NULL ? NULL : tree_find(group, "step");
    if (steps == NULL || !model_record_is(steps, TREE_I64, 1) || steps->value.dims[0] < 1 ||
        steps->value.dims[0] > POINTS_MOST || group->child_count != 4 ||
        group->attribute_count != 0) {
        return refuse(label, "a set of outputs");
    }
    s->points = (int64_t)steps->value.dims[0];
    const uint64_t layers = (uint64_t)s->layer_count;
    const uint64_t weights[] = {layers, (uint64_t)s->d_search, HALF_BYTES * (uint64_t)s->hidden};
    const uint64_t loss[] = {layers, (uint64_t)s->points};
    return model_record_has(tree_find(group, "wq"), TREE_U8, 3, weights) &&
                   model_record_has(tree_find(group, "wk"), TREE_U8, 3, weights) &&
                   model_record_has(tree_find(group, "loss"), TREE_F32, 2, loss)
               ? ST_OK
               : refuse(label, "outputs of another shape");
}

static enum status read_curve(const struct tree *group, const char *label,
                              struct projection_set *s) {
    const size_t points = (size_t)s->points, count = points * (size_t)s->layer_count;
    memcpy(s->step, tree_find(group, "step")->value.data, points * sizeof *s->step);
    memcpy(s->loss, tree_find(group, "loss")->value.data, count * sizeof *s->loss);
    for (size_t i = 0; i < points; i++) {
        if (s->step[i] < 1 || (i > 0 && s->step[i] <= s->step[i - 1])) {
            return refuse(label, "its steps are not in order");
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(s->loss[i])) {
            return refuse(label, "a loss that is not finite");
        }
    }
    return ST_OK;
}

static enum status read_set(const struct tree *root, int32_t index, const char *label,
                            struct projections *p) {
    char name[16], path[64];
    struct projection_set *s = &p->sets[index];
    set_name(index, name);
    (void)snprintf(path, sizeof path, "plan/%s", name);
    enum status st = read_shape(tree_find(root, path), label, s);
    (void)snprintf(path, sizeof path, "outputs/%s", name);
    const struct tree *outputs = tree_find(root, path);
    st = st == ST_OK ? check_outputs(outputs, label, s) : st;
    if (st != ST_OK) {
        return st;
    }
    p->set_count++; /* from here on projections_free has to free it */
    st = projection_set_new(s);
    st = st == ST_OK ? read_curve(outputs, label, s) : st;
    if (st == ST_OK &&
        !(halves_decode(tree_find(outputs, "wq")->value.data, weight_count(s), s->wq) &&
          halves_decode(tree_find(outputs, "wk")->value.data, weight_count(s), s->wk))) {
        st = refuse(label, "a weight that is not finite");
    }
    return st;
}

static enum status read_all(const struct tree *root, const char *label, struct projections *p) {
    const struct tree *plan = tree_find(root, "plan"), *outputs = tree_find(root, "outputs");
    if (plan == NULL || outputs == NULL || outputs->attribute_count != 0 || plan->child_count < 1 ||
        plan->child_count > PROJECTIONS_SETS || outputs->child_count != plan->child_count) {
        return refuse(label, "plan or outputs");
    }
    enum status st = read_plan(plan, label, &p->plan);
    for (int32_t i = 0; i < (int32_t)plan->child_count && st == ST_OK; i++) {
        st = read_set(root, i, label, p);
    }
    return st;
}

enum status projections_from_tree(const struct tree *root, const char *label,
                                  struct projections *out) {
    *out = (struct projections){.set_count = 0};
    const enum status st = read_all(root, label, out);
    if (st != ST_OK) {
        projections_free(out);
        return st;
    }
    tree_digest(root, out->digest);
    return ST_OK;
}

enum status projections_open(const char *path, struct projections *out) {
    struct tree *root;
    char shown[ESCAPE_LINE];
    *out = (struct projections){.set_count = 0};
    enum status st = model_record_open(path, shown, &root);
    st = st == ST_OK ? projections_from_tree(root, shown, out) : st;
    tree_free(root);
    return st;
}

static enum status check(const struct tree *root, const char *label) {
    struct projections p;
    const enum status st = projections_from_tree(root, label, &p);
    projections_free(&p);
    return st;
}

const struct model_record model_record_projections = {
    .kind = "search projections", .remedy = "make them with attest train", .check = check};
