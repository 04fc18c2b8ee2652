#include "model_record.h"

#include <string.h>

#include "../harness/base/memory.h"
#include "../harness/record/record.h"
#include "half.h"

const struct model_record *model_record_of(const struct tree *root) {
    static const struct model_record *const kinds[] = {&model_record_projections,
                                                       &model_record_trace};
    const struct tree *plan = tree_find(root, "plan");
    const char *stated = plan == NULL ? NULL : tree_get_string(plan, "kind");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && stated != NULL; i++) {
        if (strcmp(stated, kinds[i]->kind) == 0) {
            return kinds[i];
        }
    }
    return NULL;
}

enum status model_record_refuse(const struct model_record *r, const char *label, const char *what) {
    return status_set(ST_INPUT, "%s: no %s of this program: %s; %s", label, r->kind, what,
                      r->remedy);
}

enum status model_record_no_memory(const struct model_record *r) {
    return status_set(ST_SYSTEM, "no memory for %s", r->kind);
}

enum status model_record_open(const char *path, char shown[ESCAPE_LINE], struct tree **root) {
    *root = NULL;
    escape_text(path, shown, ESCAPE_LINE);
    return record_read(path, root, NULL);
}

/* --- what it was made from -------------------------------------------------------------------- */

struct text_field {
    const char *name;
    char *text;
    size_t size;
};

enum { TEXTS = 4 };

static void text_fields(const struct model_source *s, struct text_field out[TEXTS]) {
    out[0] = (struct text_field){"model", s->model, MODEL_RECORD_NAME};
    out[1] = (struct text_field){"model_digest", s->model_digest, MODEL_RECORD_DIGEST};
    out[2] = (struct text_field){"text", s->text, MODEL_RECORD_NAME};
    out[3] = (struct text_field){"text_digest", s->text_digest, MODEL_RECORD_DIGEST};
}

bool model_record_store(const struct model_record *r, const struct model_source *s,
                        struct tree *plan) {
    struct text_field texts[TEXTS];
    text_fields(s, texts);
    bool ok = plan != NULL && tree_set_string(plan, "kind", r->kind);
    for (size_t i = 0; i < TEXTS && ok; i++) {
        ok = tree_set_string(plan, texts[i].name, texts[i].text);
    }
    return ok;
}

enum status model_record_read(const struct model_record *r, const struct tree *plan,
                              const char *label, size_t attributes, const struct model_source *s) {
    struct text_field texts[TEXTS];
    const char *stated = tree_get_string(plan, "kind");
    text_fields(s, texts);
    if (stated == NULL || strcmp(stated, r->kind) != 0 ||
        plan->attribute_count != 1 + TEXTS + attributes) {
        return model_record_refuse(r, label, "plan");
    }
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = tree_get_string(plan, texts[i].name);
        if (text == NULL || strlen(text) >= texts[i].size) {
            return model_record_refuse(r, label, texts[i].name);
        }
        escape_text(text, texts[i].text, texts[i].size);
    }
    return ST_OK;
}

/* --- datasets --------------------------------------------------------------------------------- */

bool model_record_is(const struct tree *node, enum tree_type type, int rank) {
    return node != NULL && !node->is_group && node->attribute_count == 0 &&
           node->value.type == type && node->value.rank == rank;
}

bool model_record_has(const struct tree *node, enum tree_type type, int rank,
                      const uint64_t *dims) {
    return model_record_is(node, type, rank) &&
           memcmp(node->value.dims, dims, (size_t)rank * sizeof *dims) == 0;
}

enum status model_record_layers(const struct model_record *r, const struct tree *group,
                                const char *label, int32_t most, int32_t *layers, int32_t *count) {
    const struct tree *node = tree_find(group, "layers");
    if (!model_record_is(node, TREE_I32, 1) || node->value.dims[0] < 1 ||
        node->value.dims[0] > (uint64_t)most) {
        return model_record_refuse(r, label, "layers");
    }
    *count = (int32_t)node->value.dims[0];
    memcpy(layers, node->value.data, (size_t)*count * sizeof *layers);
    for (int32_t i = 0; i < *count; i++) {
        if (layers[i] < 0 || (i > 0 && layers[i] <= layers[i - 1])) {
            return model_record_refuse(r, label, "its layers are not in order");
        }
    }
    return ST_OK;
}

enum status model_record_store_halves(const struct model_record *r, const float *values,
                                      const char *name, int rank, const uint64_t *dims,
                                      struct tree *group) {
    size_t count = 1;
    for (int i = 0; i < rank; i++) {
        count *= (size_t)dims[i];
    }
    count /= HALF_BYTES;
    unsigned char *bytes = mem_alloc_array(count, HALF_BYTES);
    enum status st = bytes != NULL ? halves_encode(values, count, r->kind, bytes) : ST_SYSTEM;
    if (st == ST_OK && tree_dataset(group, name, TREE_U8, rank, dims, bytes) == NULL) {
        st = model_record_no_memory(r);
    }
    mem_free(bytes);
    return st;
}
