#include "trace.h"

#include <string.h>

#include "../harness/base/memory.h"
#include "../harness/record/record.h"
#include "carried.h"
#include "half.h"

CARRY(attest_trace, "datasets/traces/smollm2.h5");

/* --- the struct ------------------------------------------------------------------------------- */

/* Values of q, and of k or v. */
static size_t query_values(const struct trace *t) {
    return (size_t)t->layer_count * (size_t)t->heads * (size_t)t->position_count *
           (size_t)t->head_dim;
}

static size_t key_values(const struct trace *t) {
    return (size_t)t->layer_count * (size_t)t->kv_heads * (size_t)t->tokens * (size_t)t->head_dim;
}

enum status trace_new(struct trace *t) {
    t->positions = mem_alloc_array((size_t)t->position_count, sizeof *t->positions);
    t->k = mem_alloc_array(key_values(t), sizeof *t->k);
    t->v = mem_alloc_array(key_values(t), sizeof *t->v);
    t->q = mem_alloc_array(query_values(t), sizeof *t->q);
    return t->positions == NULL || t->k == NULL || t->v == NULL || t->q == NULL ? ST_SYSTEM : ST_OK;
}

void trace_free(struct trace *t) {
    mem_free(t->positions);
    mem_free(t->k);
    mem_free(t->v);
    mem_free(t->q);
    *t = (struct trace){.tokens = 0};
}

/* --- names ------------------------------------------------------------------------------------ */

/* Attributes of `plan`: whole numbers. */
struct number_field {
    const char *name;
    int32_t *at;
    int64_t most;
};

enum { NUMBERS = 3 };

static struct model_source source_of(struct trace *t) {
    return (struct model_source){t->model, t->model_digest, t->text, t->text_digest};
}

static void number_fields(struct trace *t, struct number_field out[NUMBERS]) {
    out[0] = (struct number_field){"heads", &t->heads, 1024};
    out[1] = (struct number_field){"kv_heads", &t->kv_heads, 1024};
    out[2] = (struct number_field){"head_dim", &t->head_dim, 1024};
}

/* Datasets of `outputs`. */
struct value_field {
    const char *name;
    float *values;
    uint64_t dims[TREE_RANK_MAX];
};

enum { VALUES = 3 };

static void value_fields(const struct trace *t, struct value_field out[VALUES]) {
    const uint64_t layers = (uint64_t)t->layer_count;
    const uint64_t bytes = HALF_BYTES * (uint64_t)t->head_dim;
    const uint64_t tokens = (uint64_t)t->tokens, kv = (uint64_t)t->kv_heads;
    out[0] = (struct value_field){"k", t->k, {layers, kv, tokens, bytes}};
    out[1] = (struct value_field){
        "q", t->q, {layers, (uint64_t)t->heads, (uint64_t)t->position_count, bytes}};
    out[2] = (struct value_field){"v", t->v, {layers, kv, tokens, bytes}};
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool store_plan(const struct trace *t, struct tree *plan) {
    struct trace copy = *t;
    const struct model_source source = source_of(&copy);
    struct number_field numbers[NUMBERS];
    number_fields(&copy, numbers);
    bool ok = model_record_store(&model_record_trace, &source, plan) &&
              tree_set_i64(plan, "tokens", t->tokens);
    for (size_t i = 0; i < NUMBERS && ok; i++) {
        ok = tree_set_i64(plan, numbers[i].name, *numbers[i].at);
    }
    const uint64_t layers = (uint64_t)t->layer_count, positions = (uint64_t)t->position_count;
    return ok && tree_dataset(plan, "layers", TREE_I32, 1, &layers, t->layers) != NULL &&
           tree_dataset(plan, "positions", TREE_I64, 1, &positions, t->positions) != NULL;
}

enum status trace_to_tree(const struct trace *t, struct tree **root) {
    struct value_field values[VALUES];
    value_fields(t, values);
    *root = tree_new();
    struct tree *outputs = tree_group(*root, "outputs");
    const bool ok = store_plan(t, tree_group(*root, "plan")) && outputs != NULL &&
                    tree_group(*root, "measurements") != NULL;
    enum status st = ok ? ST_OK : model_record_no_memory(&model_record_trace);
    for (size_t i = 0; i < VALUES && st == ST_OK; i++) {
        st = model_record_store_halves(&model_record_trace, values[i].values, values[i].name,
                                       TREE_RANK_MAX, values[i].dims, outputs);
    }
    if (st != ST_OK) {
        tree_free(*root);
        *root = NULL;
    }
    return st;
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum status refuse(const char *label, const char *what) {
    return model_record_refuse(&model_record_trace, label, what);
}

static enum status read_shape(const struct tree *plan, const char *label, struct trace *t) {
    const struct model_source source = source_of(t);
    struct number_field numbers[NUMBERS];
    number_fields(t, numbers);
    const enum status st =
        model_record_read(&model_record_trace, plan, label, 1 + NUMBERS, &source);
    if (st != ST_OK || plan->child_count != 2) {
        return st != ST_OK ? st : refuse(label, "plan");
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        const int64_t value = tree_get_i64(plan, numbers[i].name, 0);
        if (value < 1 || value > numbers[i].most) {
            return refuse(label, numbers[i].name);
        }
        *numbers[i].at = (int32_t)value;
    }
    t->tokens = tree_get_i64(plan, "tokens", 0);
    if (t->tokens < 1 || t->tokens > TRACE_TOKENS || t->heads % t->kv_heads != 0) {
        return refuse(label, "tokens or heads");
    }
    return model_record_layers(&model_record_trace, plan, label, TRACE_LAYERS, t->layers,
                               &t->layer_count);
}

static enum status read_positions(const struct tree *plan, const char *label, struct trace *t) {
    const struct tree *node = tree_find(plan, "positions");
    const int64_t *at = model_record_is(node, TREE_I64, 1) ? node->value.data : NULL;
    if (at == NULL || node->value.dims[0] < 1 || node->value.dims[0] > (uint64_t)t->tokens) {
        return refuse(label, "plan/positions");
    }
    t->position_count = (int64_t)node->value.dims[0];
    for (int64_t i = 0; i < t->position_count; i++) {
        if (at[i] < 0 || at[i] >= t->tokens || (i > 0 && at[i] <= at[i - 1])) {
            return refuse(label, "its positions are not in order");
        }
    }
    return ST_OK;
}

static enum status check_values(const struct value_field *f, const struct tree *outputs,
                                const char *label) {
    return model_record_has(tree_find(outputs, f->name), TREE_U8, TREE_RANK_MAX, f->dims)
               ? ST_OK
               : refuse(label, f->name);
}

static size_t value_count(const struct value_field *f) {
    return (size_t)(f->dims[0] * f->dims[1] * f->dims[2] * f->dims[3] / HALF_BYTES);
}

static enum status read_values(const struct value_field *f, const struct tree *outputs,
                               const char *label) {
    const unsigned char *bytes = tree_find(outputs, f->name)->value.data;
    return halves_decode(bytes, value_count(f), f->values)
               ? ST_OK
               : refuse(label, "a value that is not finite");
}

static enum status read_trace(const struct tree *root, const char *label, struct trace *t) {
    struct value_field values[VALUES];
    const struct tree *plan = tree_find(root, "plan"), *outputs = tree_find(root, "outputs");
    if (plan == NULL || outputs == NULL || outputs->child_count != VALUES ||
        outputs->attribute_count != 0) {
        return refuse(label, "plan or outputs");
    }
    enum status st = read_shape(plan, label, t);
    st = st == ST_OK ? read_positions(plan, label, t) : st;
    value_fields(t, values);
    /* Settled against the bytes that are there before memory is asked for. */
    for (size_t i = 0; i < VALUES && st == ST_OK; i++) {
        st = check_values(&values[i], outputs, label);
    }
    st = st == ST_OK ? trace_new(t) : st;
    if (st == ST_OK) {
        memcpy(t->positions, tree_find(plan, "positions")->value.data,
               (size_t)t->position_count * sizeof *t->positions);
        value_fields(t, values);
    }
    for (size_t i = 0; i < VALUES && st == ST_OK; i++) {
        st = read_values(&values[i], outputs, label);
    }
    return st;
}

enum status trace_from_tree(const struct tree *root, const char *label, struct trace *out) {
    *out = (struct trace){.tokens = 0};
    enum status st = read_trace(root, label, out);
    if (st != ST_OK) {
        trace_free(out);
        return st;
    }
    tree_digest(root, out->digest);
    return ST_OK;
}

enum status trace_open(const char *path, struct trace *out) {
    struct tree *root;
    char shown[ESCAPE_LINE];
    *out = (struct trace){.tokens = 0};
    enum status st = model_record_open(path, shown, &root);
    st = st == ST_OK ? trace_from_tree(root, shown, out) : st;
    tree_free(root);
    return st;
}

static enum status check(const struct tree *root, const char *label) {
    struct trace t;
    const enum status st = trace_from_tree(root, label, &t);
    trace_free(&t);
    return st;
}

const struct model_record model_record_trace = {
    .kind = "attention trace", .remedy = "make one with attest lm trace", .check = check};

enum status trace_committed(struct trace *out) {
    struct tree *root;
    *out = (struct trace){.tokens = 0};
    enum status st = record_decode(attest_trace, (size_t)attest_trace_size, "the trace", &root);
    if (st == ST_OK) {
        st = trace_from_tree(root, "the trace", out);
        tree_free(root);
    }
    return st;
}
