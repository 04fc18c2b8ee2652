/* Which layers of a model are substituted. */
#ifndef ATTEST_SUITES_RETRIEVAL_RETRIEVAL_LAYERS_H
#define ATTEST_SUITES_RETRIEVAL_RETRIEVAL_LAYERS_H

#include <stdbool.h>
#include <stdint.h>

enum { RETRIEVAL_LAYERS = 1024 }; /* lm_load refuses more */

struct retrieval_layer_set {
    bool in[RETRIEVAL_LAYERS];
};

/* Every layer but the first `first` and the last `last`; none where there are no more. */
struct retrieval_layer_set retrieval_layers_inner(int32_t layers, int32_t first, int32_t last);

/* The headline: without the first three and the last. */
struct retrieval_layer_set retrieval_layers_headline(int32_t layers);

/* S002's six: 4, 8, 12, 16, 20, 24; those that the model has. */
struct retrieval_layer_set retrieval_layers_pilot(int32_t layers);

/* Names of the two in cells. */
extern const char retrieval_headline[], retrieval_pilot[];

/* Whether a model has all of the pilot's layers. */
bool retrieval_has_pilot(int32_t layers);

/* n layers, evenly spaced. */
struct retrieval_layer_set retrieval_layers_even(int32_t layers, int32_t n);

/* The n layers with the largest values (layers), equal ones from the first on. */
struct retrieval_layer_set retrieval_layers_strongest(const double *values, int32_t layers,
                                                      int32_t n);

int32_t retrieval_layers_count(const struct retrieval_layer_set *s);

#endif
