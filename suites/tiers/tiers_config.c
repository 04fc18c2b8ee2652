#include "tiers_config.h"

#include <stddef.h>
#include <string.h>

const struct tiers_config tiers_configs[TIERS_CONFIGS] = {
    {.name = "micro",
     .shape = {.seq = 32, .d = 128, .heads = 4, .layers = 2, .ffn = 512, .logits = 256},
     .window = 8,
     .window_1 = 4,
     .layers_1 = 1,
     .seq_1 = 16,
     .seq_2 = 4},
    {.name = "baseline",
     .shape = {.seq = 64, .d = 256, .heads = 4, .layers = 4, .ffn = 1024, .logits = 1024},
     .window = 16,
     .window_1 = 8,
     .layers_1 = 2,
     .seq_1 = 32,
     .seq_2 = 8},
};

const struct tiers_config *tiers_config_find(const char *name) {
    for (size_t i = 0; i < TIERS_CONFIGS; i++) {
        if (strcmp(tiers_configs[i].name, name) == 0) {
            return &tiers_configs[i];
        }
    }
    return NULL;
}

struct transformer_pass tiers_pass(const struct tiers_config *c, int tier, bool flushed) {
    const int32_t layers = c->shape.layers;
    const struct transformer_pass passes[TIERS_CACHED] = {
        {0, layers, c->shape.seq, c->window, .keep_kv = true},
        {layers - c->layers_1, layers, c->seq_1, c->window_1, .keep_kv = !flushed},
        {layers - 1, layers, c->seq_2, TIERS_WINDOW_2, .keep_kv = false},
    };
    return passes[tier];
}
