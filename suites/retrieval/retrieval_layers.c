#include "retrieval_layers.h"

struct retrieval_layer_set retrieval_layers_inner(int32_t layers, int32_t first, int32_t last) {
    struct retrieval_layer_set s = {{false}};
    for (int32_t i = first; i < layers - last; i++) {
        s.in[i] = true;
    }
    return s;
}

struct retrieval_layer_set retrieval_layers_headline(int32_t layers) {
    return retrieval_layers_inner(layers, 3, 1);
}

struct retrieval_layer_set retrieval_layers_pilot(int32_t layers) {
    struct retrieval_layer_set s = {{false}};
    for (int32_t i = 4; i <= 24 && i < layers; i += 4) {
        s.in[i] = true;
    }
    return s;
}

const char retrieval_headline[] = "inner", retrieval_pilot[] = "pilot";

bool retrieval_has_pilot(int32_t layers) { return layers > 24; }

struct retrieval_layer_set retrieval_layers_even(int32_t layers, int32_t n) {
    struct retrieval_layer_set s = {{false}};
    for (int32_t i = 0; i < n; i++) {
        s.in[(2 * i + 1) * layers / (2 * n)] = true;
    }
    return s;
}

struct retrieval_layer_set retrieval_layers_strongest(const double *values, int32_t layers,
                                                      int32_t n) {
    struct retrieval_layer_set s = {{false}};
    for (int32_t taken = 0; taken < n && taken < layers; taken++) {
        int32_t best = -1;
        for (int32_t i = 0; i < layers; i++) {
            best = !s.in[i] && (best < 0 || values[i] > values[best]) ? i : best;
        }
        s.in[best] = true;
    }
    return s;
}

int32_t retrieval_layers_count(const struct retrieval_layer_set *s) {
    int32_t n = 0;
    for (int32_t i = 0; i < RETRIEVAL_LAYERS; i++) {
        n += s->in[i];
    }
    return n;
}
