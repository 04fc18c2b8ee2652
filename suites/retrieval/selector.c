/* The list compiled into a table, as in suites/registry.c. */
#include "selector.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "select_project.h"

#define SELECTOR(name) SELECTOR_ID_##name,
enum selector_id {
#include "selectors.h"
    SELECTOR_COUNT
};
#undef SELECTOR

#define SELECTOR(name) extern const struct selector selector_##name;
#include "selectors.h"
#undef SELECTOR

const struct selector *const selectors[SELECTOR_COUNT + 1] = {
#define SELECTOR(name) [SELECTOR_ID_##name] = &selector_##name,
#include "selectors.h"
#undef SELECTOR
};

const struct selector *selector_find(const char *name) {
    for (size_t i = 0; selectors[i] != NULL; i++) {
        if (strcmp(selectors[i]->name, name) == 0) {
            return selectors[i];
        }
    }
    return NULL;
}

struct selector_params selector_defaults(void) {
    return (struct selector_params){
        .page = 16, .sinks = 4, .graph = "graph/faiss", .m = 32, .ef_construction = 40, .ef = 64};
}

/* --- a selector as attention ------------------------------------------------------------------ */

enum status selector_open(const struct selector *method, const struct selector_params *params,
                          const bool *layers, const struct lm_shape *shape, int64_t capacity,
                          void **state) {
    *state = NULL;
    enum status st = method->learned ? select_project_fits(params->projections, shape) : ST_OK;
    st = st == ST_OK && method->learned
             ? select_project_covers(params->projections, layers, shape->layers)
             : st;
    return st == ST_OK ? method->open(shape, capacity, params, state) : st;
}

enum status selector_outcome(const struct selector *method, int32_t layer, enum status st) {
    return st == ST_OK ? ST_OK
                       : status_set(st,
                                    "%s could not choose the keys of layer %" PRId32
                                    ": no memory, or scores that are not numbers",
                                    method->name, layer);
}
