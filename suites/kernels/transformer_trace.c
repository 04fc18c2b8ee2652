#include "transformer_trace.h"

#include <string.h>

#include "../../harness/base/memory.h"

static const size_t line = 64;

/* The next array within memory, or, where there is none yet, how much it takes. */
static void *place(struct transformer_trace *t, int64_t count, size_t size) {
    void *at = t->memory != NULL ? t->memory + t->bytes : NULL;
    t->bytes += ((size_t)count * size + line - 1) / line * line;
    return at;
}

static void place_all(struct transformer_trace *t) {
    const struct transformer_shape *s = &t->shape;
    t->bytes = 0;
    t->x = place(t, (int64_t)s->seq * s->d, sizeof *t->x);
    for (int32_t l = 0; l < s->layers; l++) {
#define X(type, name, width) t->layers[l].name = place(t, (int64_t)s->seq * (width), sizeof(type));
        TRANSFORMER_STAGES(X)
#undef X
    }
    t->last = (struct transformer_last){
        .normed = place(t, s->d, sizeof *t->last.normed),
        .normed_kept = place(t, s->d, sizeof *t->last.normed_kept),
        .sum = place(t, s->logits, sizeof *t->last.sum),
        .logits = place(t, s->logits, sizeof *t->last.logits),
    };
}

enum status transformer_trace_make(const struct transformer_shape *shape,
                                   struct transformer_trace *out) {
    *out = (struct transformer_trace){.shape = *shape};
    out->layers = mem_alloc_array((size_t)shape->layers, sizeof *out->layers);
    if (out->layers == NULL) {
        return ST_SYSTEM;
    }
    place_all(out);
    out->memory = mem_alloc(out->bytes);
    if (out->memory == NULL) {
        transformer_trace_free(out);
        return ST_SYSTEM;
    }
    place_all(out);
    memset(out->memory, 0xFF, out->bytes);
    return ST_OK;
}

void transformer_trace_free(struct transformer_trace *t) {
    mem_free(t->layers);
    mem_free(t->memory);
    t->layers = NULL;
    t->memory = NULL;
}
