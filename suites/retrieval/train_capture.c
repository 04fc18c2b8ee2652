#include "train_capture.h"

#include <inttypes.h>

#include "../../datasets/half.h"
#include "../../harness/base/memory.h"

double train_capture_bytes(int64_t layers, int64_t sequences, int64_t tokens, int64_t hidden) {
    return (double)layers * (double)sequences * (double)tokens * (double)hidden * HALF_BYTES;
}

static enum status check_layers(const struct lm_shape *shape, const int32_t *layers,
                                int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        if (layers[i] < 0 || layers[i] >= shape->layers) {
            return status_set(ST_INPUT,
                              "train: the model has no layer %" PRId32 ", it has %" PRId32,
                              layers[i], shape->layers);
        }
    }
    return ST_OK;
}

static enum status allocate(struct train_capture *c) {
    const size_t rows = (size_t)c->sequences * (size_t)c->tokens;
    c->x = mem_alloc_array((size_t)c->layer_count, sizeof *c->x);
    for (int32_t i = 0; i < c->layer_count && c->x != NULL; i++) {
        c->x[i] = mem_alloc_array(rows, (size_t)c->hidden * sizeof **c->x);
        if (c->x[i] == NULL) {
            return ST_SYSTEM;
        }
    }
    return c->x != NULL ? ST_OK : ST_SYSTEM;
}

struct watch {
    struct train_capture *capture;
    int64_t sequence;
};

static int32_t slot_of(const struct train_capture *c, int32_t layer) {
    for (int32_t i = 0; i < c->layer_count; i++) {
        if (c->layers[i] == layer) {
            return i;
        }
    }
    return -1;
}

static enum status keep(void *context, const struct lm_attention_call *call) {
    const struct watch *w = context;
    const struct train_capture *c = w->capture;
    const int32_t slot = slot_of(c, call->layer);
    if (slot >= 0) {
        const int64_t values = call->tokens * c->hidden;
        uint16_t *to = c->x[slot] + (w->sequence * c->tokens + call->past) * c->hidden;
        for (int64_t i = 0; i < values; i++) {
            to[i] = float_to_half(fmaxf(-65504, fminf(65504, call->x[i])));
        }
    }
    return lm_attention_full(NULL, call);
}

enum status train_capture(struct lm_session *s, const struct text_sequences *texts,
                          const int32_t *layers, int32_t layer_count,
                          void (*step)(void *context, int64_t sequence), void *context,
                          struct train_capture *out) {
    const struct lm_shape *shape = lm_shape(lm_session_model(s));
    *out = (struct train_capture){.hidden = shape->hidden,
                                  .layer_count = layer_count,
                                  .layers = layers,
                                  .sequences = texts->count,
                                  .tokens = texts->length};
    enum status st = check_layers(shape, layers, layer_count);
    st = st == ST_OK ? allocate(out) : st;
    for (int64_t i = 0; i < texts->count && st == ST_OK; i++) {
        struct watch w = {out, i};
        const struct lm_attention plug = {keep, &w};
        step(context, i);
        lm_session_truncate(s, 0);
        st = lm_forward(s, &plug, texts->ids + i * texts->length,
                        texts->segments + i * texts->length, texts->length, NULL);
    }
    if (st != ST_OK) {
        train_capture_free(out);
    }
    return st;
}

void train_capture_free(struct train_capture *c) {
    for (int32_t i = 0; i < c->layer_count && c->x != NULL; i++) {
        mem_free(c->x[i]);
    }
    mem_free(c->x);
    *c = (struct train_capture){.hidden = 0};
}
