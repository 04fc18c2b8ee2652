#include "trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../harness/base/escape.h"
#include "../harness/base/memory.h"
#include "../harness/record/record.h"
#include "half.h"

/* The path is looked up from the compiler's working directory and its -I directories. */
__asm__(".pushsection .rodata\n"
        ".balign 8\n"
        "attest_trace:\n"
        ".incbin \"datasets/traces/smollm2.h5\"\n"
        "attest_trace_end:\n"
        ".balign 8\n"
        "attest_trace_size:\n"
        ".quad attest_trace_end - attest_trace\n"
        ".popsection\n");
extern const char attest_trace[] __attribute__((visibility("hidden")));
extern const uint64_t attest_trace_size __attribute__((visibility("hidden")));

static const char kind[] = "attention trace";

/* --- the struct ------------------------------------------------------------------------------- */

static enum status no_memory(void) { return status_set(ST_SYSTEM, "no memory for a trace"); }

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

/* Attributes of `plan`: texts and whole numbers. */
struct text_field {
    const char *name;
    char *text;
    size_t size;
};

struct number_field {
    const char *name;
    int32_t *at;
    int64_t most;
};

enum { TEXTS = 4, NUMBERS = 3 };

static void text_fields(struct trace *t, struct text_field out[TEXTS]) {
    out[0] = (struct text_field){"model", t->model, sizeof t->model};
    out[1] = (struct text_field){"model_digest", t->model_digest, sizeof t->model_digest};
    out[2] = (struct text_field){"text", t->text, sizeof t->text};
    out[3] = (struct text_field){"text_digest", t->text_digest, sizeof t->text_digest};
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
    struct text_field texts[TEXTS];
    struct number_field numbers[NUMBERS];
    text_fields(&copy, texts);
    number_fields(&copy, numbers);
    bool ok = plan != NULL && tree_set_string(plan, "kind", kind) &&
              tree_set_i64(plan, "tokens", t->tokens);
    for (size_t i = 0; i < TEXTS && ok; i++) {
        ok = tree_set_string(plan, texts[i].name, texts[i].text);
    }
    for (size_t i = 0; i < NUMBERS && ok; i++) {
        ok = tree_set_i64(plan, numbers[i].name, *numbers[i].at);
    }
    const uint64_t layers = (uint64_t)t->layer_count, positions = (uint64_t)t->position_count;
    return ok && tree_dataset(plan, "layers", TREE_I32, 1, &layers, t->layers) != NULL &&
           tree_dataset(plan, "positions", TREE_I64, 1, &positions, t->positions) != NULL;
}

static size_t value_count(const struct value_field *f) {
    return (size_t)(f->dims[0] * f->dims[1] * f->dims[2] * f->dims[3] / HALF_BYTES);
}

static enum status store_values(const struct value_field *f, struct tree *outputs) {
    const size_t count = value_count(f);
    unsigned char *bytes = mem_alloc_array(count, HALF_BYTES);
    enum status st = bytes != NULL ? halves_encode(f->values, count, "trace", bytes) : ST_SYSTEM;
    if (st == ST_OK &&
        tree_dataset(outputs, f->name, TREE_U8, TREE_RANK_MAX, f->dims, bytes) == NULL) {
        st = no_memory();
    }
    mem_free(bytes);
    return st;
}

enum status trace_to_tree(const struct trace *t, struct tree **root) {
    struct value_field values[VALUES];
    value_fields(t, values);
    *root = tree_new();
    struct tree *outputs = tree_group(*root, "outputs");
    const bool ok = store_plan(t, tree_group(*root, "plan")) && outputs != NULL &&
                    tree_group(*root, "measurements") != NULL;
    enum status st = ok ? ST_OK : no_memory();
    for (size_t i = 0; i < VALUES && st == ST_OK; i++) {
        st = store_values(&values[i], outputs);
    }
    if (st != ST_OK) {
        tree_free(*root);
        *root = NULL;
    }
    return st;
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum status refuse(const char *label, const char *what) {
    return status_set(ST_INPUT, "%s: no trace of this program: %s", label, what);
}

static bool is_dataset(const struct tree *node, enum tree_type type, int rank) {
    return node != NULL && !node->is_group && node->attribute_count == 0 &&
           node->value.type == type && node->value.rank == rank;
}

static enum status read_layers(const struct tree *plan, const char *label, struct trace *t) {
    const struct tree *node = tree_find(plan, "layers");
    if (!is_dataset(node, TREE_I32, 1) || node->value.dims[0] < 1 ||
        node->value.dims[0] > TRACE_LAYERS) {
        return refuse(label, "plan/layers");
    }
    t->layer_count = (int32_t)node->value.dims[0];
    memcpy(t->layers, node->value.data, (size_t)t->layer_count * sizeof t->layers[0]);
    for (int32_t i = 0; i < t->layer_count; i++) {
        if (t->layers[i] < 0 || (i > 0 && t->layers[i] <= t->layers[i - 1])) {
            return refuse(label, "its layers are not in order");
        }
    }
    return ST_OK;
}

static enum status read_shape(const struct tree *plan, const char *label, struct trace *t) {
    struct text_field texts[TEXTS];
    struct number_field numbers[NUMBERS];
    text_fields(t, texts);
    number_fields(t, numbers);
    const char *stated = tree_get_string(plan, "kind");
    if (stated == NULL || strcmp(stated, kind) != 0 ||
        plan->attribute_count != 2 + TEXTS + NUMBERS || plan->child_count != 2) {
        return refuse(label, "plan");
    }
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = tree_get_string(plan, texts[i].name);
        if (text == NULL || strlen(text) >= texts[i].size) {
            return refuse(label, texts[i].name);
        }
        escape_text(text, texts[i].text, texts[i].size);
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
    return read_layers(plan, label, t);
}

static enum status read_positions(const struct tree *plan, const char *label, struct trace *t) {
    const struct tree *node = tree_find(plan, "positions");
    const int64_t *at = is_dataset(node, TREE_I64, 1) ? node->value.data : NULL;
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
    const struct tree *node = tree_find(outputs, f->name);
    const bool ok = is_dataset(node, TREE_U8, TREE_RANK_MAX) &&
                    memcmp(node->value.dims, f->dims, sizeof f->dims) == 0;
    return ok ? ST_OK : refuse(label, f->name);
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
    enum status st = record_read(path, &root, NULL);
    if (st != ST_OK) {
        return st;
    }
    escape_text(path, shown, sizeof shown);
    st = trace_from_tree(root, shown, out);
    tree_free(root);
    return st;
}

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
